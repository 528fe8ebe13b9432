/* SPDX-License-Identifier: MIT */
/* One look at everything: memory, limits, rates, the last minutes. */
#include "config.h"

#include "base/units.h"
#include "top/graph.h"
#include "top/screens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The limits that are worth a line here, by name. */
static const char *const shown_limits[] = { "nofile", "nproc", "as",
	"memlock" };

static int
draw_limits(struct ui *ui, int row, int bottom)
{
	const struct source_detail *d = ui->process.detail;

	draw_limit_headings(ui, row++);
	for (size_t k = 0; k < sizeof shown_limits / sizeof shown_limits[0];
	     k++)
		for (size_t i = 0; i < d->n_limits; i++)
			if (row < bottom &&
			    strcmp(d->limits[i].name, shown_limits[k]) == 0)
				draw_limit(ui, row++, (int)i, false);
	return row;
}

/* ---- the past ------------------------------------------------------------------- */

static const struct chart {
	enum model_history which;
	const char *title;
	enum style style;
	enum cell_kind kind;
	bool agent;
} charts[] = {
	{ HISTORY_RSS, "RSS", STYLE_FILE, CELL_BYTES, false },
	{ HISTORY_LIVE, "live", STYLE_LIVE, CELL_BYTES, true },
	{ HISTORY_FDS, "descriptors", STYLE_PLAIN, CELL_COUNT, false },
	{ HISTORY_CPU, "CPU", STYLE_PLAIN, CELL_PERCENT, false },
	{ HISTORY_ALLOCS, "allocated/s", STYLE_PLAIN, CELL_BYTES, true },
};

#define CHART_ROWS 12
#define N_CHARTS ((int)(sizeof charts / sizeof charts[0]))

static void
draw_chart(struct ui *ui, int row, int column, int height, int width,
    const struct chart *chart, const struct process_view *p)
{
	struct canvas *c = &ui->canvas;
	double values[HISTORY], top = 0, now = -1;
	char text[VALUE_MAX];
	int n = p->n_history, at;

	for (int i = 0; i < n; i++) {
		values[i] = p->history[chart->which][i];
		top = fmax(top, values[i]);
	}
	if (n > 0)
		now = values[n - 1];
	at = column + canvas_put(c, row, column, STYLE_FAINT, chart->title);
	if (now >= 0)
		at += 1 + canvas_put(c, row, at + 1, STYLE_STRONG,
		    cell_shown(text, chart->kind, now, false));
	else
		at += 1 + canvas_put(c, row, at + 1, STYLE_FAINT, ui_none(ui));
	if (top > 0 && at + 12 <= column + width) {
		char most[VALUE_MAX + 8];

		snprintf(most, sizeof most, "max %s",
		    cell_shown(text, chart->kind, top, false));
		if (strlen(most) > 0 && most[strlen(most) - 1] == ' ')
			most[strlen(most) - 1] = '\0';
		canvas_right(c, row, column + width - 11, 11, STYLE_FAINT,
		    most);
	}
	/* With a little air above, or what is level would be a wall. */
	graph_area(c, row + 1, column, height, width, chart->style, values, n,
	    top * 1.25);
	for (int x = column; x < column + width; x++)
		if (strcmp(canvas_at(c, row + height, x) != NULL ?
			canvas_at(c, row + height, x)->text : "x", " ") == 0)
			canvas_put(c, row + height, x, STYLE_FAINT,
			    c->unicode ? "⣀" : "_");
}

/* How long ago the left edge of a chart is. */
static void
draw_times(struct ui *ui, int row, int column, int width)
{
	const struct model *m = &ui->model;
	struct canvas *c = &ui->canvas;
	char text[UNITS_MAX];
	int64_t each = ui->settings.delay;

	if (m->n_times > 1)
		each = (m->times[m->n_times - 1] - m->times[0]) /
		    (m->n_times - 1);
	if (each <= 0)
		return;
	canvas_printf(c, row, column, STYLE_FAINT, "%s ago",
	    units_duration(text, each * (2 * width - 1) /
		INT64_C(1000000000) * INT64_C(1000000000)));
	canvas_right(c, row, column + width - 3, 3, STYLE_FAINT, "now");
}

static int
draw_charts(struct ui *ui, int row, int bottom)
{
	const struct process_view *p = process_view_of(ui);
	struct canvas *c = &ui->canvas;
	bool agent = ui->process.row.agent, times;
	int n = 0, width, height, k = 0, most;

	if (p == NULL)
		return row;
	for (int i = 0; i < N_CHARTS; i++)
		n += agent || !charts[i].agent;
	most = c->columns / 26;
	n = n < most ? n : most < 1 ? 1 : most;
	width = (c->columns - 2 - 3 * (n - 1)) / n;
	height = bottom - row - 1;
	times = height > 4;
	height -= times;
	height = height > CHART_ROWS ? CHART_ROWS : height;
	if (height < 1)
		return row;
	/* Two values a column: no wider than there is history. */
	if (width > HISTORY / 2 + 10)
		width = HISTORY / 2 + 10;
	for (int i = 0; i < N_CHARTS && k < n; i++) {
		int column = 1 + k * (width + 3);

		if (!agent && charts[i].agent)
			continue;
		k++;
		draw_chart(ui, row, column, height, width, &charts[i], p);
		if (times)
			draw_times(ui, row + height + 1, column, width);
	}
	return row + height + 1 + times;
}

/* ---- what grows ----------------------------------------------------------------------- */

static void
overview_update(struct ui *ui)
{
	struct process_state *s = &ui->process;
	const struct calls_open none = { NULL, 0, 0 };

	if (s->detail->profile == NULL || s->detail->whole == NULL)
		return;
	/* It is a difference: that to the base for growth. */
	s->calls = calls_new(s->detail->profile);
	s->rows = calls_rows(s->calls,
	    calls_type(s->detail->profile, false), false, &none, "", 3,
	    &s->n_rows, &s->total);
}

static int
draw_growth(struct ui *ui, int row, int bottom)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	double seconds = (double)(s->detail->time - s->growth_time) / 1e9;
	char text[VALUE_MAX];
	bool any = false;

	if (s->rows == NULL || !(seconds > 0.5) || row + 1 >= bottom)
		return row;
	for (size_t i = 0; i < s->n_rows && row + 1 < bottom; i++) {
		const struct calls_row *r = &s->rows[i];
		double rate = (double)r->flat / seconds;

		if (rate < 1)
			continue;
		if (!any)
			canvas_put(c, row++, 1, STYLE_FAINT,
			    "GROWING FASTEST");
		any = true;
		cell_shown(text, CELL_BYTES, rate, true);
		canvas_right(c, row, 1, 8, STYLE_WARN, text);
		canvas_put(c, row, 9, STYLE_WARN, "/s");
		canvas_left(c, row, 13, c->columns / 2 - 13, STYLE_PLAIN,
		    r->name);
		canvas_left(c, row, c->columns / 2 + 2, c->columns / 2 - 3,
		    STYLE_FAINT, r->where[0] != '\0' ? r->where : r->module);
		row++;
	}
	return any ? row + 1 : row;
}

static void
overview_draw(struct ui *ui, int row, int bottom)
{
	bool roomy = ui->canvas.rows >= 22;

	if (tab_is_empty(ui, row, DETAIL_LEDGER))
		return;
	row = draw_ledger(ui, row, ui->canvas.rows >= 16) + roomy;
	if (ui->process.detail->knob[0] != '\0' && row < bottom)
		canvas_left(&ui->canvas, row++ - roomy, 16,
		    ui->canvas.columns - 17, STYLE_PLAIN,
		    ui->process.detail->knob);
	row = draw_limits(ui, row, bottom) + roomy;
	row = draw_growth(ui, row, bottom);
	draw_charts(ui, row, bottom);
}

const struct tab tab_overview = {
	.title = "Overview",
	.parts = DETAIL_LEDGER | DETAIL_LIMITS | DETAIL_PROFILE,
	.draw = overview_draw,
	.update = overview_update,
};
