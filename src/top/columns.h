/* SPDX-License-Identifier: MIT */
/*
 * Columns of the list. A column is one row of a table: its value serves the
 * screen, the order, the batch text and JSON.
 */
#ifndef ULLAGE_TOP_COLUMNS_H
#define ULLAGE_TOP_COLUMNS_H

#include "table/table.h"
#include "top/canvas.h"
#include "top/model.h"

#define LIST_COLUMNS_MAX 40

enum value_is {
	VALUE_NONE, /* not known */
	VALUE_NUMBER,
	VALUE_TEXT,
};

struct value {
	enum value_is is;
	double number;
	const char *text; /* borrowed from the row */
};

/* v is what the column's get gave. */
typedef void list_draw_fn(struct canvas *c, int row, int column, int width,
    const struct model *m, const struct process_view *p,
    const struct value *v);

struct list_column {
	struct column column; /* its key is saved in settings */
	int least, most;      /* columns on the screen */
	int weight;	      /* where there is no room, the lightest goes */
	unsigned needs;	      /* enum source_need */
	void (*get)(const struct model *m, const struct process_view *p,
	    struct value *v);
	list_draw_fn *draw; /* NULL: as its kind is drawn */
};

/* Behind the pid of a process that has an agent. */
const char *agent_mark(const struct canvas *c, bool quiet);

/* Ends with a row without a key. */
extern const struct list_column list_columns[];

/* Keys of the standard ones, NULL-terminated. */
extern const char *const list_columns_standard[];

const struct list_column *list_column_find(const char *key);

/* Numbers descending, texts ascending (m->reverse flips); unknown last. */
int list_column_compare(const struct list_column *column,
    const struct model *m, const struct process_view *a,
    const struct process_view *b);

/* Draws a value. */
void list_column_draw(const struct list_column *column, struct canvas *c,
    int row, int at, int width, const struct model *m,
    const struct process_view *p);

/* "1.94G", "38%", "3m 20s": text of a number by the kind of a column; with a
 * sign in front if it is a growth. Returns out. */
#define VALUE_MAX 32
char *cell_shown(char out[VALUE_MAX], enum cell_kind kind, double number,
    bool growth);

#endif
