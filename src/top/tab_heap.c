/* SPDX-License-Identifier: MIT */
/* Call sites that hold memory, and below each who called them. */
#include "config.h"

#include "base/units.h"
#include "top/action.h"
#include "top/graph.h"
#include "top/screens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITES_MAX 2000

const char *const heap_views[] = { "heap", "allocs", "peak", NULL };
static const char *const view_words[] = { "live", "allocated", "at the peak" };

static int
type_of(const struct process_state *s)
{
	int type = calls_type(s->detail->profile, s->objects);

	return type >= 0 ? type : calls_type(s->detail->profile, false);
}

void
heap_arrange(struct ui *ui)
{
	struct process_state *s = &ui->process;

	free(s->rows);
	s->rows = NULL;
	s->n_rows = 0;
	if (s->calls == NULL)
		return;
	s->rows = calls_rows(s->calls, type_of(s), s->by_cum, &s->open,
	    s->filter, SITES_MAX, &s->n_rows, &s->total);
}

static void
heap_update(struct ui *ui)
{
	struct process_state *s = &ui->process;

	if (s->detail->profile == NULL)
		return;
	s->calls = calls_new(s->detail->profile);
	heap_arrange(ui);
}

/* ---- drawing ----------------------------------------------------------------------- */

static char *
amount(char out[VALUE_MAX], const struct process_state *s, int64_t v)
{
	return cell_shown(out, s->objects ? CELL_COUNT : CELL_BYTES,
	    (double)v, s->base != NULL);
}

static void
draw_head(struct ui *ui, int row)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	const struct profile *p = s->detail->profile;
	double error = p->stderror[type_of(s)];
	char text[VALUE_MAX] = "";
	int at = 1;

	if (s->base != NULL && s->total == 0)
		at += canvas_put(c, row, at, STYLE_FAINT, "no growth");
	else
		at += canvas_put(c, row, at, s->view == 0 ? STYLE_LIVE :
		    STYLE_STRONG, amount(text, s, s->total));
	at += text[0] != '\0' && text[strlen(text) - 1] == ' ' ? 0 : 1;
	if (error > 0 && s->base == NULL)
		at += canvas_printf(c, row, at, STYLE_FAINT,
		    c->unicode ? "±%s" : "+-%s",
		    cell_shown(text, s->objects ? CELL_COUNT : CELL_BYTES,
			error, false)) + 1;
	at += canvas_printf(c, row, at, STYLE_FAINT, "%s%s in %zu site%s",
	    s->objects ? "objects " : "", view_words[s->view],
	    calls_sites(s->calls), calls_sites(s->calls) == 1 ? "" : "s") + 3;
	if (s->base != NULL)
		at += canvas_printf(c, row, at, STYLE_OURS,
		    "growth over %s",
		    units_duration(text, s->detail->time - s->base_time)) + 3;
	if (s->filter[0] != '\0')
		at += canvas_printf(c, row, at, STYLE_OURS, "only \"%s\"",
		    s->filter) + 3;
	if (s->detail->quiet)
		canvas_put(c, row, at, STYLE_WARN,
		    "as the agent left it; A wakes it");
	else if (s->detail->attached)
		canvas_printf(c, row, at, STYLE_FAINT,
		    "since the attach %s ago",
		    units_duration(text, (int64_t)s->detail->agent_since));
}

struct shape {
	int flat, flat_part, cum, cum_part, objects, age, rate, site, where;
	int site_width, where_width;
};

static struct shape
shape(const struct ui *ui)
{
	int columns = ui->canvas.columns;
	struct shape s = { .flat = 1, .flat_part = 9, .cum = 16 };
	int at = 24;

	if (columns >= 90) {
		s.cum_part = at;
		at += 7;
		s.objects = at;
		at += 9;
	}
	if (columns >= 100 && ui->process.base == NULL &&
	    ui->process.view == 0) {
		s.age = at;
		at += 7;
	}
	if (columns >= 110 && ui->process.base != NULL) {
		s.rate = at;
		at += 11;
	}
	s.site = at + 1;
	if (columns < 50) {
		s.flat_part = 0;
		s.cum = 9;
		s.site = 18;
	}
	s.where_width = columns >= 80 ? columns / 4 : 0;
	if (s.where_width > 40)
		s.where_width = 40;
	s.site_width = columns - s.site - s.where_width - 2;
	s.where = s.site + s.site_width + 1;
	return s;
}

static void
draw_headings(struct ui *ui, int row)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	struct shape h = shape(ui);
	enum style flat = s->by_cum ? STYLE_FAINT : STYLE_STRONG;

	canvas_right(c, row, h.flat, 7, flat, "FLAT");
	canvas_right(c, row, h.cum, 7, s->by_cum ? STYLE_STRONG : STYLE_FAINT,
	    "CUM");
	if (h.objects > 0)
		canvas_right(c, row, h.objects, 8, STYLE_FAINT, "OBJECTS");
	if (h.age > 0)
		canvas_right(c, row, h.age, 6, STYLE_FAINT, "AGE");
	if (h.rate > 0)
		canvas_right(c, row, h.rate, 9, STYLE_FAINT, "GROWTH/s");
	canvas_put(c, row, h.site + 2, STYLE_FAINT, "SITE");
	if (h.where_width > 0)
		canvas_put(c, row, h.where, STYLE_FAINT, "SOURCE");
}

/* "1m+": half of it is at least that old. */
static char *
age_text(char out[VALUE_MAX], int64_t seconds)
{
	char text[UNITS_MAX];

	if (seconds == 0)
		snprintf(out, VALUE_MAX, "<1s");
	else
		snprintf(out, VALUE_MAX, "%.*s+", (int)strcspn(
			units_duration(text, seconds * INT64_C(1000000000)),
			" "), text);
	return out;
}

static void
draw_numbers(struct ui *ui, int row, const struct calls_row *r,
    const struct shape *h)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	char text[VALUE_MAX];
	double whole = fabs((double)s->total), seconds;
	enum style style = r->depth > 0 ? STYLE_FAINT :
	    s->view == 0 && s->base == NULL ? STYLE_LIVE : STYLE_PLAIN;

	if (r->depth == 0) {
		canvas_right(c, row, h->flat, 7, style,
		    r->flat == 0 ? ui_none(ui) : amount(text, s, r->flat));
		if (h->flat_part > 0 && whole > 0 && r->flat != 0)
			canvas_right(c, row, h->flat_part, 5, STYLE_PLAIN,
			    cell_shown(text, CELL_PERCENT,
				(double)r->flat / whole, false));
	}
	canvas_right(c, row, h->cum, 7, r->depth > 0 ? STYLE_FAINT :
	    STYLE_PLAIN, amount(text, s, r->cum));
	if (h->cum_part > 0 && whole > 0 && r->depth == 0)
		canvas_right(c, row, h->cum_part, 5, STYLE_FAINT,
		    cell_shown(text, CELL_PERCENT,
			(double)r->cum / whole, false));
	if (h->objects > 0 && r->objects != 0)
		canvas_right(c, row, h->objects, 8, STYLE_FAINT,
		    cell_shown(text, CELL_COUNT, (double)r->objects,
			s->base != NULL));
	if (h->age > 0 && r->age >= 0 && r->depth == 0)
		canvas_right(c, row, h->age, 6, STYLE_PLAIN,
		    age_text(text, r->age));
	seconds = (double)(s->detail->time - s->base_time) / 1e9;
	if (h->rate > 0 && seconds > 0 && r->depth == 0)
		canvas_right(c, row, h->rate, 9, r->cum > 0 ? STYLE_WARN :
		    STYLE_FAINT, amount(text, s,
			(int64_t)((double)(r->flat != 0 ? r->flat : r->cum) /
			    seconds)));
}

static void
draw_site(struct ui *ui, int row, const struct calls_row *r)
{
	struct canvas *c = &ui->canvas;
	struct shape h = shape(ui);
	int indent = r->depth * 2, width = h.site_width;
	const char *arrow = !r->expandable ? " " : c->unicode ?
	    (r->expanded ? "▾" : "▸") : (r->expanded ? "-" : "+");

	draw_numbers(ui, row, r, &h);
	if (indent > width / 2)
		indent = width / 2;
	canvas_put(c, row, h.site + indent, STYLE_OURS, arrow);
	canvas_left(c, row, h.site + indent + 2, width - indent - 2,
	    STYLE_PLAIN, r->name);
	if (h.where_width > 0)
		canvas_left(c, row, h.where, h.where_width, STYLE_FAINT,
		    r->where[0] != '\0' ? r->where : r->module);
}

static void
heap_draw(struct ui *ui, int row, int bottom)
{
	struct process_state *s = &ui->process;
	struct scroll *l = process_scroll(ui);

	if (tab_needs_agent(ui, row) || tab_is_empty(ui, row, DETAIL_PROFILE))
		return;
	if (s->calls == NULL) {
		canvas_put(&ui->canvas, row, 1, STYLE_FAINT,
		    s->base != NULL ? "the baseline is set; reading ..." :
				      "reading ...");
		return;
	}
	draw_head(ui, row);
	row += bottom - row > 8 ? 2 : 1;
	draw_headings(ui, row++);
	s->first = row;
	scroll_fit(l, (long)s->n_rows, bottom - row);
	for (long i = l->top; i < l->n && row < bottom; i++, row++) {
		draw_site(ui, row, &s->rows[i]);
		if (i == l->at)
			draw_cursor(ui, row);
	}
	if (s->n_rows == 0)
		canvas_put(&ui->canvas, row, 1, STYLE_FAINT, s->base != NULL ?
		    "nothing has changed since the baseline" :
		    s->view == 0 ? "nothing that was sampled is live" :
				   "nothing is sampled yet");
}

/* ---- keys ------------------------------------------------------------------------------ */

static void
act_expand(struct ui *ui, int key)
{
	struct process_state *s = &ui->process;
	long at = process_scroll(ui)->at;

	(void)key;
	if (at >= (long)s->n_rows || !s->rows[at].expandable)
		return;
	calls_toggle(&s->open, s->rows[at].id);
	heap_arrange(ui);
}

static void
act_view(struct ui *ui, int key)
{
	struct process_state *s = &ui->process;

	(void)key;
	if (s->base != NULL) {
		ui_say(ui, STYLE_WARN, "the baseline is of this view; b ends "
		    "it first");
		return;
	}
	if (heap_views[++s->view] == NULL)
		s->view = 0;
	ui->detail_wanted = true;
}

static void
act_unit(struct ui *ui, int key)
{
	(void)key;
	ui->process.objects = !ui->process.objects;
	heap_arrange(ui);
}

static void
act_sort(struct ui *ui, int key)
{
	(void)key;
	ui->process.by_cum = !ui->process.by_cum;
	heap_arrange(ui);
}

/* The one that is shown becomes the base when the next has come. */
static void
act_baseline(struct ui *ui, int key)
{
	struct process_state *s = &ui->process;

	(void)key;
	if (s->base != NULL) {
		if (s->busy) {
			ui_say(ui, STYLE_FAINT, "a moment, please: reading");
			return;
		}
		profile_free(s->base);
		s->base = NULL;
	} else {
		s->base_wanted = true;
	}
	ui->detail_wanted = true;
}

static void
filter_changed(struct ui *ui, const char *text)
{
	snprintf(ui->process.filter, sizeof ui->process.filter, "%s", text);
	heap_arrange(ui);
}

static void
act_filter(struct ui *ui, int key)
{
	(void)key;
	prompt_ask(&ui->prompt, "show only", ui->process.filter,
	    "part of a function, file or library", filter_changed);
	ui->prompt.changed = filter_changed;
}

static const struct key_row heap_keys[] = {
	{ UI_ENTER, ' ', "Enter", "callers", "who called it: open, close", 0,
	    act_expand },
	{ 'v', 0, "v", "view", "live, allocated, at the peak", 0, act_view },
	{ 'u', 0, "u", "unit", "bytes or objects", 0, act_unit },
	{ '>', '<', "< >", "sort", "by flat or by cumulative", 0, act_sort },
	{ 'b', 0, "b", "baseline", "growth from now on; again: all of it", 0,
	    act_baseline },
	{ '\\', '/', "\\", "filter", "show only what matches", KEY_QUIET,
	    act_filter },
	{ 'w', 0, "w", "write", "write this profile to a file", 0,
	    action_write },
	KEY_END,
};

const struct tab tab_heap = {
	.title = "Heap",
	.parts = DETAIL_PROFILE,
	.keys = heap_keys,
	.draw = heap_draw,
	.update = heap_update,
};
