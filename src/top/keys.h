/* SPDX-License-Identifier: MIT */
/*
 * Keys. A key is one row of a table: what it does, its place in the footer
 * and its line of help come from there.
 */
#ifndef ULLAGE_TOP_KEYS_H
#define ULLAGE_TOP_KEYS_H

#include "top/canvas.h"

/* Characters are themselves; these are beyond Unicode. */
enum ui_key {
	UI_NONE = 0,
	UI_TAB = 9,
	UI_ENTER = 10,
	UI_ESC = 27,
	UI_UP = 0x200000,
	UI_DOWN,
	UI_LEFT,
	UI_RIGHT,
	UI_PAGE_UP,
	UI_PAGE_DOWN,
	UI_HOME,
	UI_END,
	UI_BACK_TAB,
	UI_BACKSPACE,
	UI_DELETE,
	UI_F1,
	UI_F12 = UI_F1 + 11,
	UI_REDRAW,
};

#define UI_F(n) (UI_F1 + (n) - 1)

enum key_flag {
	KEY_CHANGES = 1, /* changes a target: not there with --readonly */
	KEY_QUIET = 2,	 /* not in the footer */
};

struct ui;

struct key_row {
	int key, also;	   /* also: another one, or 0 */
	const char *label; /* as footer and help call it */
	const char *word;  /* in the footer */
	const char *help;  /* one sentence, small initial, no full stop */
	unsigned flags;
	void (*act)(struct ui *ui, int key);
};

/* Tables end with a row without a label. */
#define KEY_END { 0, 0, NULL, NULL, NULL, 0, NULL }

/* The row of a key; NULL if there is none (or it is not allowed). */
const struct key_row *key_find(const struct key_row *table, int key,
    bool readonly);

/* Draws as many as fit before column `end`; returns the column after the last
 * one and its gap. */
int keys_footer(struct canvas *c, int row, int column, int end,
    const struct key_row *table, bool readonly);

/* Columns that they would take, all of them. */
int keys_width(const struct canvas *c, const struct key_row *table,
    bool readonly);

#endif
