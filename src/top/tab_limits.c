/* SPDX-License-Identifier: MIT */
/* Limits: what is used of them, and when they are full. */
#include "config.h"

#include "top/action.h"
#include "top/graph.h"
#include "top/screens.h"
#include "base/units.h"

#include <stdio.h>
#include <string.h>

/* "18,214": the whole number, as an operator compares it with a file. */
static char *
whole(char out[40], uint64_t v)
{
	char digits[24];
	size_t n = 0, len;

	snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[n++] = ',';
		out[n++] = digits[i];
	}
	out[n] = '\0';
	return out;
}

static char *
value(char out[40], const struct source_limit *l, uint64_t v,
    const char *none)
{
	char text[40];

	if (v == NO_LIMIT)
		snprintf(out, 40, "unlimited");
	else if (v == NOT_KNOWN)
		snprintf(out, 40, "%s", none);
	else if (l->bytes)
		snprintf(out, 40, "%.30s%s", units_bytes(text, (int64_t)v),
		    v < 1000 ? " " : "");
	else if (l->unit[0] != '\0')
		snprintf(out, 40, "%.26s%s", whole(text, v), l->unit);
	else
		whole(out, v);
	return out;
}

struct shape {
	int name, used, bar, soft, hard, full, above; /* columns; 0: not there */
	int bar_width, above_width;
};

static struct shape
shape(const struct ui *ui)
{
	int columns = ui->canvas.columns;
	struct shape s = { .name = 1, .used = 13, .bar = 25 };
	int rest = columns - 25;

	if (columns < 60) {
		s.bar_width = 0;
		s.soft = 24;
		s.hard = columns >= 50 ? 37 : 0;
		return s;
	}
	s.bar_width = rest >= 120 ? 30 : rest >= 90 ? 20 : 8;
	s.soft = s.bar + s.bar_width + 1;
	s.hard = s.soft + 13;
	s.full = s.hard + 14;
	if (columns >= 110) {
		s.above = s.full + 20;
		s.above_width = columns - s.above - 1;
	}
	return s;
}

void
draw_limit_headings(struct ui *ui, int row)
{
	struct canvas *c = &ui->canvas;
	struct shape s = shape(ui);

	canvas_put(c, row, s.name, STYLE_FAINT, "RESOURCE");
	canvas_right(c, row, s.used, 10, STYLE_FAINT, "USED");
	canvas_right(c, row, s.soft, 12, STYLE_FAINT, "SOFT");
	if (s.hard > 0)
		canvas_right(c, row, s.hard, 12, STYLE_FAINT, "HARD");
	if (s.full > 0)
		canvas_put(c, row, s.full, STYLE_FAINT, "FULL IN");
	if (s.above > 0)
		canvas_put(c, row, s.above, STYLE_FAINT, "ABOVE IT");
}

static void
draw_time(struct ui *ui, int row, int column, int i, double fraction)
{
	const struct source_limit *l = &ui->process.detail->limits[i];
	struct canvas *c = &ui->canvas;
	struct trend_answer a;
	char text[TREND_TEXT_MAX];
	const char *shown;
	enum style style = STYLE_FAINT;

	if (l->used >= NOT_KNOWN || l->soft >= NOT_KNOWN || !l->binds ||
	    l->used == 0) {
		canvas_put(c, row, column, STYLE_FAINT,
		    !l->binds && l->soft < NOT_KNOWN ? "does not bind" :
						       ui_none(ui));
		return;
	}
	a = trend_ask(&ui->process.limits[i], (double)l->soft,
	    l->bytes ? 4096 : 1);
	/* The list has looked for longer. */
	if (a.verdict == TREND_TOO_FEW && strcmp(l->name, "nofile") == 0 &&
	    process_view_of(ui) != NULL)
		a = process_view_of(ui)->trend;
	shown = trend_text(text, &a, c->unicode);
	if (a.verdict == TREND_TOO_FEW)
		shown = ui_none(ui);
	if (a.verdict == TREND_FULL_IN)
		style = a.left < PRESSURE_NS ? STYLE_TROUBLE : STYLE_WARN;
	if (a.verdict == TREND_FULL || fraction >= 1)
		style = STYLE_TROUBLE, shown = "full";
	canvas_left(c, row, column, 19, style,
	    strncmp(shown, "in ", 3) == 0 ? shown + 3 : shown);
}

void
draw_limit(struct ui *ui, int row, int i, bool selected)
{
	const struct source_limit *l = &ui->process.detail->limits[i];
	struct canvas *c = &ui->canvas;
	struct shape s = shape(ui);
	double f = l->used < NOT_KNOWN && l->soft < NOT_KNOWN && l->soft > 0 ?
	    (double)l->used / (double)l->soft : 0;
	enum style style = l->binds ? graph_fullness(f) : STYLE_PLAIN;
	bool idle = l->used >= NOT_KNOWN && l->soft >= NOT_KNOWN;
	char text[40];

	canvas_left(c, row, s.name, 11, idle ? STYLE_FAINT :
	    style == STYLE_PLAIN ? STYLE_PLAIN : style, l->name);
	canvas_right(c, row, s.used, 10, l->used >= NOT_KNOWN ? STYLE_FAINT :
	    style, value(text, l, l->used, ui_none(ui)));
	if (f > 0)
		graph_bar(c, row, s.bar, s.bar_width, f, style);
	canvas_right(c, row, s.soft, 12, l->soft >= NOT_KNOWN ? STYLE_FAINT :
	    STYLE_PLAIN, value(text, l, l->soft, ui_none(ui)));
	if (s.hard > 0)
		canvas_right(c, row, s.hard, 12, l->hard >= NOT_KNOWN ?
		    STYLE_FAINT : STYLE_PLAIN,
		    value(text, l, l->hard, ui_none(ui)));
	if (s.full > 0)
		draw_time(ui, row, s.full, i, f);
	if (s.above > 0)
		canvas_left(c, row, s.above, s.above_width, STYLE_FAINT,
		    l->above);
	if (selected)
		draw_cursor(ui, row);
}

static void
limits_draw(struct ui *ui, int row, int bottom)
{
	struct process_state *s = &ui->process;
	struct scroll *l = process_scroll(ui);

	if (tab_is_empty(ui, row, DETAIL_LIMITS))
		return;
	draw_limit_headings(ui, row++);
	s->first = row;
	/* The last lines tell what the resource is, and all above it. */
	scroll_fit(l, (long)s->detail->n_limits, bottom - row - 3);
	for (long i = l->top; i < l->n && i < l->top + l->page; i++)
		draw_limit(ui, row++, (int)i, i == l->at);
	if (l->n > 0 && row + 1 < bottom)
		canvas_printf(&ui->canvas, row + 1, 1, STYLE_PLAIN, "%s: %s",
		    s->detail->limits[l->at].name,
		    s->detail->limits[l->at].help);
	if (l->n > 0 && row + 2 < bottom)
		canvas_left(&ui->canvas, row + 2, 1, ui->canvas.columns - 2,
		    STYLE_FAINT, s->detail->limits[l->at].above);
}

static void
act_edit(struct ui *ui, int key)
{
	struct source_detail *d = ui->process.detail;
	long at = process_scroll(ui)->at;

	(void)key;
	if (d != NULL && at < (long)d->n_limits)
		action_limit_of(ui, &d->limits[at]);
}

static const struct key_row limits_keys[] = {
	{ UI_ENTER, 'L', "Enter", "change", "change the limit under the "
	    "cursor", KEY_CHANGES, act_edit },
	KEY_END,
};

const struct tab tab_limits = {
	.title = "Limits",
	.parts = DETAIL_LIMITS,
	.keys = limits_keys,
	.draw = limits_draw,
};
