/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/graph.h"

#include <math.h>
#include <string.h>

/* Left eighths, and lower eighths, of a block. */
static const char *const across[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉",
	"█" };
static const char *const up[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇",
	"█" };
static const char ascii_up[] = " ..--==#";

static double
cut(double v, double low, double high)
{
	return !(v > low) ? low : v > high ? high : v;
}

static int
bar(struct canvas *c, int row, int column, int width, double fraction,
    enum style style)
{
	int eighths, full;

	if (width <= 0)
		return 0;
	eighths = (int)floor(cut(fraction, 0, 1) * width * 8 + 0.5);
	if (eighths == 0 && fraction > 0)
		eighths = 1;
	if (!c->unicode)
		eighths = (eighths + 4) / 8 * 8;
	full = eighths / 8;
	for (int i = 0; i < full; i++)
		canvas_put(c, row, column + i, style,
		    c->unicode ? across[8] : "#");
	if (eighths % 8 != 0)
		canvas_put(c, row, column + full++, style, across[eighths % 8]);
	return full;
}

void
graph_bar(struct canvas *c, int row, int column, int width, double fraction,
    enum style style)
{
	bar(c, row, column, width, fraction, style);
}

void
graph_meter(struct canvas *c, int row, int column, int width, double fraction,
    enum style style)
{
	int used;

	for (int i = 0; i < width; i++)
		canvas_put(c, row, column + i, STYLE_FAINT,
		    c->unicode ? "·" : ".");
	used = bar(c, row, column, width, fraction, style);
	(void)used;
}

enum style
graph_fullness(double fraction)
{
	return fraction >= 0.9 ? STYLE_TROUBLE :
	    fraction >= 0.75   ? STYLE_WARN :
				 STYLE_PLAIN;
}

const char *
graph_filling(const struct canvas *c, int i)
{
	static const char *const unicode[] = { "█", "▓", "▒", "░", "▞", "▚",
		"╱", "╲", "┼", "┄", "╳", "·" };
	static const char *const ascii[] = { "#", "=", "%", ":", "+", "-",
		"/", "\\", "x", "~", "*", "." };

	/* As many as a ledger has parts: without colours they are all that
	 * tells one from the other. */
	i %= (int)(sizeof ascii / sizeof ascii[0]);
	return c->unicode ? unicode[i] : ascii[i];
}

void
graph_stack(struct canvas *c, int row, int column, int width,
    const struct graph_part *parts, int n, double whole)
{
	double so_far = 0;
	int at = 0;

	if (!(whole > 0) || width <= 0)
		return;
	for (int i = 0; i < n; i++) {
		double v = cut(parts[i].value, 0, whole);
		int until;

		so_far += v;
		until = (int)floor(cut(so_far / whole, 0, 1) * width + 0.5);
		for (; at < until; at++)
			canvas_put(c, row, column + at, parts[i].style,
			    graph_filling(c, i));
	}
}

/* The value of a column counted from the right; negative if there is none. */
static double
from_right(const double *values, int n, int back)
{
	return back < n ? values[n - 1 - back] : -1;
}

void
graph_spark(struct canvas *c, int row, int column, int width,
    enum style style, const double *values, int n, double span)
{
	double low = INFINITY, high = -INFINITY;

	for (int i = 0; i < width; i++) {
		double v = from_right(values, n, i);

		if (v < 0)
			continue;
		low = fmin(low, v);
		high = fmax(high, v);
	}
	if (!(high >= low))
		return;
	/* A line that hardly moves stays low and level. */
	if (high - low < span)
		high = low + span;
	for (int i = 0; i < width; i++) {
		double v = from_right(values, n, i);
		int level;
		char one[2] = " ";

		if (v < 0)
			continue;
		level = 1 + (int)floor((v - low) / (high - low) * 6.999);
		one[0] = ascii_up[level > 7 ? 7 : level];
		canvas_put(c, row, column + width - 1 - i, style,
		    c->unicode ? up[level > 8 ? 8 : level] : one);
	}
}

/* Dots of a braille character, bottom to top, left and right half. */
static const unsigned char left_dots[] = { 0x40, 0x04, 0x02, 0x01 };
static const unsigned char right_dots[] = { 0x80, 0x20, 0x10, 0x08 };

/* A line of dots, and every other dot below it. */
static unsigned
column_dots(double v, double top, int height, int from_bottom,
    const unsigned char dots[4], int phase)
{
	unsigned mask = 0;
	int level;

	if (v < 0 || !(top > 0))
		return 0;
	level = (int)ceil(cut(v / top, 0, 1) * height * 4);
	for (int i = 0; i < 4; i++) {
		int at = from_bottom * 4 + i;

		if (at == level - 1 || (at < level && (at + phase) % 2 == 0))
			mask |= dots[i];
	}
	return mask;
}

void
graph_area(struct canvas *c, int row, int column, int height, int width,
    enum style style, const double *values, int n, double top)
{
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			int back = (width - 1 - x) * 2, bottom = height - 1 - y;
			unsigned dots = column_dots(from_right(values, n,
				back + 1), top, height, bottom, left_dots, 0) |
			    column_dots(from_right(values, n, back), top,
				height, bottom, right_dots, 1);
			char text[4] = { (char)0xe2,
				(char)(0xa0 | dots >> 6),
				(char)(0x80 | (dots & 0x3f)), '\0' };

			if (dots == 0)
				continue;
			canvas_put(c, row + y, column + x, style,
			    c->unicode ? text : dots & 0x36 ? "#" : ".");
		}
	}
}
