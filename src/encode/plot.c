/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/plot.h"
#include "base/units.h"
#include "table/html.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

/* The drawing, in its own units. */
#define WIDTH 560
#define HEIGHT 168
#define LEFT 58
#define RIGHT 10
#define TOP 8
#define BOTTOM 22
#define BAR_HEIGHT 26

#define ROWS 4 /* of the grid, from 0 up */

/* Coordinates with a point whatever the locale says. */
static void
coordinate(struct buf *out, double v)
{
	int hundredths = (int)lround(v * 100);

	if (hundredths < 0)
		hundredths = 0;
	buf_printf(out, "%d.%02d", hundredths / 100, hundredths % 100);
}

static void
value_text(struct buf *out, enum plot_unit unit, double v)
{
	char text[UNITS_MAX];

	switch (unit) {
	case PLOT_BYTES:
		buf_puts(out, units_bytes(text, (int64_t)v));
		break;
	case PLOT_CORES:
		buf_printf(out, "%d.%02d", (int)v,
		    (int)lround(v * 100) % 100);
		break;
	default:
		buf_printf(out, "%.0f", v);
	}
}

/* The smallest round step that is no less. */
static double
round_step(enum plot_unit unit, double step)
{
	static const double steps[] = { 1, 2, 5 };
	double power = unit == PLOT_CORES ? 0.01 : 1;

	if (unit == PLOT_BYTES) {
		for (power = 1024; power < step && isfinite(power); power *= 2)
			;
		return power;
	}
	for (; isfinite(power); power *= 10)
		for (int i = 0; i < 3; i++)
			if (power * steps[i] >= step)
				return power * steps[i];
	return step;
}

/* The top of the scale. */
static double
scale(const struct plot *p)
{
	double most = 0;

	for (size_t k = 0; k < p->n_lines; k++)
		for (size_t i = 0; i < p->n; i++)
			if (isfinite(p->lines[k].values[i]) &&
			    p->lines[k].values[i] > most)
				most = p->lines[k].values[i];
	return round_step(p->unit, most / ROWS) * ROWS;
}

static double
at_x(const struct plot *p, size_t i)
{
	int64_t span = p->times[p->n - 1] - p->times[0];

	return LEFT + (WIDTH - LEFT - RIGHT) *
	    (span > 0 ? (double)(p->times[i] - p->times[0]) / (double)span :
			1);
}

static double
at_y(double value, double top)
{
	return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
}

static void
grid(const struct plot *p, double top, struct buf *out)
{
	for (int i = 0; i <= ROWS; i++) {
		double value = top * i / ROWS, y = at_y(value, top);

		buf_printf(out, "<path class=\"grid\" d=\"M%d ", LEFT);
		coordinate(out, y);
		buf_printf(out, "H%d\"/><text x=\"%d\" y=\"", WIDTH - RIGHT,
		    LEFT - 6);
		coordinate(out, y + 4);
		buf_puts(out, "\" class=\"end\">");
		value_text(out, p->unit, value);
		buf_puts(out, "</text>\n");
	}
}

/* Where the time begins and ends. */
static void
time_axis(const struct plot *p, struct buf *out)
{
	int64_t span = p->times[p->n - 1] - p->times[0];
	char text[UNITS_MAX];

	buf_printf(out, "<text x=\"%d\" y=\"%d\">%s ago</text>"
			"<text x=\"%d\" y=\"%d\" class=\"end\">now</text>\n",
	    LEFT, HEIGHT - 6, units_duration(text, span), WIDTH - RIGHT,
	    HEIGHT - 6);
}

static void
style_class(struct buf *out, int style)
{
	if (style < 0)
		buf_puts(out, "limit");
	else
		buf_printf(out, "s%d", style);
}

static void
line(const struct plot *p, const struct plot_line *l, double top,
    struct buf *out)
{
	bool drawing = false;

	buf_puts(out, "<path class=\"line ");
	style_class(out, l->style);
	buf_puts(out, "\" data-name=\"");
	html_text(out, l->name);
	buf_puts(out, "\" d=\"");
	for (size_t i = 0; i < p->n; i++) {
		if (!isfinite(l->values[i])) {
			drawing = false;
			continue;
		}
		buf_puts(out, drawing ? "L" : "M");
		coordinate(out, at_x(p, i));
		buf_puts(out, " ");
		coordinate(out, at_y(l->values[i], top));
		drawing = true;
	}
	buf_puts(out, "\"/>\n");
}

static double
last(const struct plot *p, const struct plot_line *l)
{
	for (size_t i = p->n; i-- > 0;)
		if (isfinite(l->values[i]))
			return l->values[i];
	return NAN;
}

static void
legend(struct buf *out, int style, const char *name)
{
	buf_puts(out, "<span><i class=\"");
	style_class(out, style);
	buf_puts(out, "\"></i>");
	html_text(out, name);
	buf_puts(out, " <b>");
}

void
plot_lines(const struct plot *p, struct buf *out)
{
	double top = scale(p);

	buf_puts(out, "<figure><figcaption><strong>");
	html_text(out, p->title);
	buf_puts(out, "</strong>");
	for (size_t k = 0; k < p->n_lines; k++) {
		if (p->n == 0 || !isfinite(last(p, &p->lines[k])))
			continue;
		legend(out, p->lines[k].style, p->lines[k].name);
		value_text(out, p->unit, last(p, &p->lines[k]));
		buf_puts(out, "</b></span>");
	}
	buf_puts(out, "</figcaption>\n");
	if (p->n < 2) {
		buf_puts(out, "<p>A few seconds more, and there is a line "
			      "here.</p></figure>\n");
		return;
	}
	buf_printf(out, "<svg class=\"plot\" viewBox=\"0 0 %d %d\" "
			"role=\"img\" data-unit=\"%d\" data-from=\"%lld\" "
			"data-to=\"%lld\" data-scale=\"%lld\" "
			"aria-label=\"",
	    WIDTH, HEIGHT, p->unit, (long long)(p->times[0] / 1000000),
	    (long long)(p->times[p->n - 1] / 1000000),
	    (long long)(top * 100));
	html_text(out, p->title);
	buf_puts(out, "\">\n");
	grid(p, top, out);
	time_axis(p, out);
	for (size_t k = p->n_lines; k-- > 0;)
		line(p, &p->lines[k], top, out);
	buf_puts(out, "</svg></figure>\n");
}

void
plot_bar(const char *title, const struct plot_part *parts, size_t n,
    struct buf *out)
{
	double all = 0, x = 0;

	for (size_t i = 0; i < n; i++)
		all += parts[i].value;
	if (!(all > 0))
		return;
	buf_puts(out, "<figure class=\"wide\"><figcaption><strong>");
	html_text(out, title);
	buf_puts(out, "</strong>");
	for (size_t i = 0; i < n; i++) {
		legend(out, parts[i].style, parts[i].name);
		value_text(out, PLOT_BYTES, parts[i].value);
		buf_puts(out, "</b></span>");
	}
	buf_printf(out, "</figcaption>\n<svg class=\"bar\" viewBox=\"0 0 1000 "
			"%d\" preserveAspectRatio=\"none\" role=\"img\" "
			"aria-label=\"",
	    BAR_HEIGHT);
	html_text(out, title);
	buf_puts(out, "\">\n");
	for (size_t i = 0; i < n; i++) {
		double width = 1000 * parts[i].value / all;

		buf_printf(out, "<rect class=\"s%d\" height=\"%d\" x=\"",
		    parts[i].style, BAR_HEIGHT);
		coordinate(out, x);
		buf_puts(out, "\" width=\"");
		coordinate(out, width);
		buf_puts(out, "\"><title>");
		html_text(out, parts[i].name);
		buf_puts(out, "</title></rect>\n");
		x += width;
	}
	buf_puts(out, "</svg></figure>\n");
}
