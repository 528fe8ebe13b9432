/* SPDX-License-Identifier: MIT */
/*
 * Bars and curves out of characters: eighths of blocks where the terminal has
 * Unicode, ASCII otherwise.
 */
#ifndef ULLAGE_TOP_GRAPH_H
#define ULLAGE_TOP_GRAPH_H

#include "top/canvas.h"

/* A bar of up to `width` columns; fraction is cut to [0, 1]. What is not
 * nothing shows as an eighth at least. */
void graph_bar(struct canvas *c, int row, int column, int width,
    double fraction, enum style style);

/* The same with the rest of it drawn too, faintly: a meter. */
void graph_meter(struct canvas *c, int row, int column, int width,
    double fraction, enum style style);

/* Plain, warn, trouble by how full it is. */
enum style graph_fullness(double fraction);

/* Parts of a whole side by side, each in its style and filling. */
struct graph_part {
	double value; /* negative and not finite ones count as 0 */
	enum style style;
};
void graph_stack(struct canvas *c, int row, int column, int width,
    const struct graph_part *parts, int n, double whole);

/* The filling of part i of a stack, for its legend. */
const char *graph_filling(const struct canvas *c, int i);

/*
 * The last `n` values as a line of `width` columns, newest at the right, a
 * column for each; lowest and highest are those of the values, but the scale
 * is at least `span` (a flat line is a flat line). Negative: not known.
 */
void graph_spark(struct canvas *c, int row, int column, int width,
    enum style style, const double *values, int n, double span);

/* The same, `height` rows high and from zero: braille, two values a column. */
void graph_area(struct canvas *c, int row, int column, int height, int width,
    enum style style, const double *values, int n, double top);

#endif
