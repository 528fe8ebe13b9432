/* SPDX-License-Identifier: MIT */
/*
 * The line at the bottom that asks: for a text, or whether to do something
 * with its consequence. While it is open all keys are its own.
 */
#ifndef ULLAGE_TOP_PROMPT_H
#define ULLAGE_TOP_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "top/canvas.h"

#define PROMPT_TEXT_MAX 256

struct ui;

struct prompt {
	bool open;
	bool confirm; /* yes or no; else a text is asked for */
	char label[160];
	char text[PROMPT_TEXT_MAX]; /* UTF-8 */
	size_t len;
	char *lines;   /* above it: consequence, command; owned, or NULL */
	char hint[160]; /* to the right of a text */
	/* Called with the text, or "" for yes. */
	void (*done)(struct ui *ui, const char *text);
	/* After every key of a text; or NULL. */
	void (*changed)(struct ui *ui, const char *text);
};

void prompt_ask(struct prompt *p, const char *label, const char *text,
    const char *hint, void (*done)(struct ui *ui, const char *text));
void prompt_confirm(struct prompt *p, const char *question,
    const char *lines, void (*done)(struct ui *ui, const char *text));
void prompt_close(struct prompt *p);
void prompt_key(struct ui *ui, int key);

/* Draws it above `bottom` (exclusive); returns its first row. */
int prompt_draw(const struct prompt *p, struct canvas *c, int bottom);

#endif
