/* SPDX-License-Identifier: MIT */
/* The screens, and the tabs of the process screen. */
#ifndef ULLAGE_TOP_SCREENS_H
#define ULLAGE_TOP_SCREENS_H

#include "top/ui.h"

extern const struct screen screen_list, screen_process, screen_help,
    screen_columns;

/* To add a tab: a file tab_NAME.c with its struct, and a row in
 * screen_process.c. */
struct tab {
	const char *title;
	unsigned parts;	      /* enum detail_part that it shows */
	const struct key_row *keys;
	/* Draws into the rows from `row` to `bottom`, exclusive. */
	void (*draw)(struct ui *ui, int row, int bottom);
	/* After a new detail has come; or NULL. */
	void (*update)(struct ui *ui);
};

extern const struct tab tab_overview, tab_heap, tab_threads, tab_fds,
    tab_limits, tab_memory, tab_losses;

const struct tab *process_tab(const struct ui *ui);

/* The process in the list; NULL if it is gone. */
struct process_view *process_view_of(const struct ui *ui);

/* Frees what belongs to one process. */
void process_close(struct ui *ui);

/* Says why the tab is empty; true if it is. `part` is what it would show. */
bool tab_is_empty(struct ui *ui, int row, unsigned part);
/* The same for what needs an agent and has none. */
bool tab_needs_agent(struct ui *ui, int row);
/* A line about what more an agent would tell, if none records; returns the row
 * after. */
int tab_offer(struct ui *ui, int row, int bottom, const char *what);

/* Draws a line of the ledger and its legend; returns the row after. */
int draw_ledger(struct ui *ui, int row, bool legend);

/* Draws one limit in one line. */
void draw_limit(struct ui *ui, int row, int i, bool selected);
void draw_limit_headings(struct ui *ui, int row);

/* Rows of threads and descriptors from the table in the detail. */
void tab_table_update(struct ui *ui);
int tab_table_draw(struct ui *ui, int row, int bottom);

/* Selection and cursor of a list on a tab. */
struct scroll *process_scroll(struct ui *ui);
void draw_cursor(struct ui *ui, int row);

/* Rows of the heap again, after a change of view. */
void heap_arrange(struct ui *ui);

extern const char *const heap_views[]; /* kinds, NULL-terminated */

#endif
