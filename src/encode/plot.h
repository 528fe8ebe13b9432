/* SPDX-License-Identifier: MIT */
/*
 * Plots for pages, as SVG without a script: lines over time, and one bar of
 * parts. Colours are classes, which the page's style sheet knows (s0, s1...).
 */
#ifndef ULLAGE_ENCODE_PLOT_H
#define ULLAGE_ENCODE_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum plot_unit {
	PLOT_BYTES,
	PLOT_COUNT,
	PLOT_CORES, /* processors in use: "0.25" */
};

struct plot_line {
	const char *name;
	int style;	      /* 0 to 9; -1 is a limit, dashed */
	const double *values; /* one for each time; NAN is a gap */
};

struct plot {
	const char *title;
	enum plot_unit unit;
	const int64_t *times; /* ns since the epoch, ascending */
	size_t n;
	const struct plot_line *lines;
	size_t n_lines;
};

struct plot_part {
	const char *name;
	int style;
	double value; /* bytes */
};

/* A figure with its caption. Text is escaped. */
void plot_lines(const struct plot *p, struct buf *out);
void plot_bar(const char *title, const struct plot_part *parts, size_t n,
    struct buf *out);

#endif
