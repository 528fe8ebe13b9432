/* SPDX-License-Identifier: MIT */
/*
 * What is on the screen: cells with a meaning. Screens draw on a canvas and
 * know of no terminal; canvas_memory.c turns one into text for tests, and
 * terminal.c sends what has changed to a terminal.
 *
 * Everything outside of the canvas is cut off silently, so a screen may draw
 * on 1×1. Text from a target is made safe in here: whatever is put, no control
 * character gets into a cell.
 */
#ifndef ULLAGE_TOP_CANVAS_H
#define ULLAGE_TOP_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "top/theme.h"

#define CANVAS_TEXT_MAX 14

enum canvas_flag {
	CANVAS_SELECTED = 1, /* the row with the cursor */
	CANVAS_REVERSE = 2,  /* the tab, the heading that is sorted by */
	CANVAS_BOLD = 4,
};

struct canvas_cell {
	char text[CANVAS_TEXT_MAX]; /* UTF-8, one character and what combines
				     * with it; "" right of a wide one */
	uint8_t style;
	uint8_t flags;
};

struct canvas {
	int rows, columns;
	bool unicode; /* else only ASCII gets into cells */
	struct canvas_cell *cells; /* owned; rows × columns */
};

void canvas_init(struct canvas *c, int rows, int columns, bool unicode);
void canvas_free(struct canvas *c);
void canvas_resize(struct canvas *c, int rows, int columns);
void canvas_clear(struct canvas *c);

/* NULL outside. */
struct canvas_cell *canvas_at(const struct canvas *c, int row, int column);

/* Puts text, at most up to the right edge; returns the columns it took. */
int canvas_put(struct canvas *c, int row, int column, enum style style,
    const char *text);
int canvas_printf(struct canvas *c, int row, int column, enum style style,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Puts text into `width` columns, cut with an ellipsis, to the left or right. */
void canvas_left(struct canvas *c, int row, int column, int width,
    enum style style, const char *text);
void canvas_right(struct canvas *c, int row, int column, int width,
    enum style style, const char *text);

/* Columns that text would take. */
int canvas_width(const struct canvas *c, const char *text);

/* Blanks. */
void canvas_erase(struct canvas *c, int row, int column, int rows,
    int columns);

/* Adds flags to a stretch of a row. */
void canvas_flag(struct canvas *c, int row, int column, int width,
    unsigned flags);

/* Gives a stretch another style. */
void canvas_style(struct canvas *c, int row, int column, int width,
    enum style style);

/* ---- the memory back -------------------------------------------------------- */

/* Lines without blanks at the end. */
void canvas_text(const struct canvas *c, struct buf *out);

/* The same shape with a letter for the style of each cell that is not plain; S
 * where the row is selected and # where it is reversed. */
void canvas_styles(const struct canvas *c, struct buf *out);

#endif
