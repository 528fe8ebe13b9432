/* SPDX-License-Identifier: MIT */
/* One process: a line about it, tabs, and what the tab shows. */
#include "config.h"

#include "top/screens.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "top/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tab *const tabs[] = {
	&tab_overview,
	&tab_heap,
	&tab_threads,
	&tab_fds,
	&tab_limits,
	&tab_memory,
	&tab_losses,
};

#define N_TABS ((int)(sizeof tabs / sizeof tabs[0]))

const struct tab *
process_tab(const struct ui *ui)
{
	return tabs[ui->process.tab];
}

struct process_view *
process_view_of(const struct ui *ui)
{
	struct process_view *p = model_find(&ui->model, ui->process.pid);

	return p != NULL && p->row.start == ui->process.start ? p : NULL;
}

struct scroll *
process_scroll(struct ui *ui)
{
	return &ui->process.scroll[ui->process.tab];
}

/* ---- opening, closing, details ----------------------------------------------------- */

static void
free_lines(struct process_state *s)
{
	for (size_t i = 0; i < s->n_lines; i++)
		free(s->lines[i]);
	free(s->lines);
	s->lines = NULL;
	s->n_lines = 0;
}

static void
drop_detail(struct process_state *s)
{
	calls_free(s->calls);
	s->calls = NULL;
	free(s->rows);
	s->rows = NULL;
	s->n_rows = 0;
	free_lines(s);
	source_detail_free(s->detail);
	s->detail = NULL;
}

void
process_close(struct ui *ui)
{
	struct process_state *s = &ui->process;
	bool busy = s->busy;

	drop_detail(s);
	profile_free(s->base);
	profile_free(s->growth_base);
	calls_open_free(&s->open);
	for (int i = 0; i < LIMITS_MAX; i++)
		trend_free(&s->limits[i]);
	memset(s, 0, sizeof *s);
	s->busy = busy;
	s->sort = s->way = -1;
}

void
ui_open(struct ui *ui, int32_t pid)
{
	struct process_view *p = model_find(&ui->model, pid);

	if (p == NULL)
		return;
	/* A request that is out borrows the baseline; it must come back. */
	if (ui->process.busy &&
	    (ui->process.pid != pid || ui->process.start != p->row.start) &&
	    (ui->process.base != NULL || ui->process.growth_base != NULL)) {
		ui_say(ui, STYLE_FAINT, "a moment, please: still reading %d",
		    ui->process.pid);
		return;
	}
	if (ui->process.pid != pid || ui->process.start != p->row.start) {
		int tab = ui->process.tab;

		process_close(ui);
		ui->process.tab = tab;
	}
	ui->process.pid = pid;
	ui->process.start = p->row.start;
	ui->process.row = p->row;
	ui->detail_wanted = true;
	ui_go(ui, &screen_process);
}

/* Stacks are taken when somebody asks, not every other second: it stops the
 * threads. */
static bool
stays(const struct ui *ui)
{
	const struct process_state *s = &ui->process;

	return process_tab(ui) == &tab_threads && s->detail != NULL &&
	    s->detail->text != NULL;
}

bool
ui_request(struct ui *ui, struct source_request *r)
{
	struct process_state *s = &ui->process;

	if (ui->screen != &screen_process || s->busy || s->gone ||
	    (stays(ui) && !ui->detail_wanted))
		return false;
	memset(r, 0, sizeof *r);
	r->parts = process_tab(ui)->parts;
	r->pid = s->pid;
	r->start = s->start;
	r->kind = heap_views[process_tab(ui) == &tab_heap ? s->view : 0];
	r->base = process_tab(ui) == &tab_heap ? s->base : s->growth_base;
	r->way = s->way;
	r->sort = s->sort;
	r->invert = s->invert;
	s->busy = true;
	ui->detail_wanted = false;
	return true;
}

/* Those of the user count against nproc: the list knows them. */
static void
add_threads(const struct process_state *s, struct source_detail *d)
{
	for (size_t i = 0; i < d->n_limits; i++)
		if (strcmp(d->limits[i].name, "nproc") == 0 &&
		    d->limits[i].used == NOT_KNOWN)
			d->limits[i].used = s->row.user_threads;
}

static void
add_trends(struct process_state *s, const struct source_detail *d)
{
	for (size_t i = 0; i < d->n_limits; i++) {
		if (d->limits[i].used >= NOT_KNOWN)
			continue;
		trend_add(&s->limits[i], d->time, (double)d->limits[i].used);
		trend_trim(&s->limits[i], INT64_C(120000000000));
	}
}

/* A base to compare with, of half a minute to a minute ago. */
static void
keep_growth_base(struct process_state *s, struct source_detail *d)
{
	struct profile **now = d->whole != NULL ? &d->whole : &d->profile;

	if (s->growth_base != NULL &&
	    d->time - s->growth_time < INT64_C(60000000000))
		return;
	if (*now == NULL || (s->growth_base == NULL && now != &d->profile))
		return;
	profile_free(s->growth_base);
	s->growth_base = *now;
	s->growth_time = d->time;
	*now = NULL;
}

static void
keep_baseline(struct ui *ui, struct source_detail *d)
{
	struct process_state *s = &ui->process;

	s->base_wanted = false;
	if (d->profile == NULL || s->base != NULL)
		return;
	s->base = d->profile;
	s->base_time = d->time;
	d->profile = NULL;
	ui->detail_wanted = true;
}

void
ui_detail(struct ui *ui, struct source_detail *d)
{
	struct process_state *s = &ui->process;
	const struct tab *tab = process_tab(ui);

	s->busy = false;
	if (d->pid != s->pid || d->start != s->start || d->gone) {
		if (d->pid == s->pid && d->start == s->start && d->gone)
			s->gone = true;
		source_detail_free(d);
		return;
	}
	if ((d->parts & DETAIL_LIMITS) != 0) {
		add_threads(s, d);
		add_trends(s, d);
	}
	/* Made for another tab meanwhile. */
	if ((d->parts & tab->parts) != tab->parts) {
		source_detail_free(d);
		ui->detail_wanted = true;
		return;
	}
	if (tab == &tab_heap && s->base_wanted)
		keep_baseline(ui, d);
	drop_detail(s);
	s->detail = d;
	if (tab->update != NULL)
		tab->update(ui);
	if (tab == &tab_overview)
		keep_growth_base(s, d);
}

/* ---- drawing ---------------------------------------------------------------------------- */

void
draw_cursor(struct ui *ui, int row)
{
	canvas_flag(&ui->canvas, row, 0, ui->canvas.columns, CANVAS_SELECTED);
}

/* What follows the name, as far as there is room. */
static void
title_facts(const struct ui *ui, char out[160])
{
	const struct source_row *r = &ui->process.row;
	char up[UNITS_MAX], every[UNITS_MAX];
	uint64_t now = (uint64_t)ui->model.time;
	int n;

	n = snprintf(out, 160, "   %s   up %s   ", r->user,
	    units_duration(up, now > r->start ? (int64_t)(now - r->start) :
						0));
	if (ui->canvas.columns >= 100 && r->threads < NOT_KNOWN)
		n += snprintf(out + n, 160 - (size_t)n, "%llu thread%s   ",
		    (unsigned long long)r->threads,
		    r->threads == 1 ? "" : "s");
	if (r->hidden && !r->agent) {
		snprintf(out + n, 160 - (size_t)n, "agent not known");
		return;
	}
	n += snprintf(out + n, 160 - (size_t)n, "%s%s%s", r->agent ? "" : "no ",
	    r->attached ? "attached " : "", r->quiet ? "quiet agent" : "agent");
	if (r->quiet)
		return;
	if (r->agent && r->interval < NOT_KNOWN)
		n += snprintf(out + n, 160 - (size_t)n, " %s",
		    units_bytes(every, (int64_t)r->interval));
	if (r->agent && r->lost == 0)
		snprintf(out + n, 160 - (size_t)n, ", nothing lost");
}

static void
draw_title(struct ui *ui)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	const struct source_row *r = &s->row;
	const char *command = r->command[0] != '\0' ? r->command : r->name;
	char facts[160];
	int at = 1, room, width;

	at += canvas_printf(c, 0, at, STYLE_STRONG, "%d", s->pid) + 1;
	if (r->agent)
		at += canvas_put(c, 0, at, STYLE_OURS,
		    agent_mark(c, r->quiet)) + 1;
	title_facts(ui, facts);
	if (s->gone)
		snprintf(facts, sizeof facts, "   ended; seen last");
	width = canvas_width(c, command);
	room = c->columns - 1 - at - canvas_width(c, facts) -
	    (r->lost > 0 && r->lost < NOT_KNOWN ? 12 : 0);
	room = width < room ? width : room < 16 ? 16 : room;
	canvas_left(c, 0, at, room, STYLE_STRONG, command);
	at += room;
	at += canvas_put(c, 0, at, s->gone ? STYLE_TROUBLE : STYLE_FAINT,
	    facts);
	if (!s->gone && r->agent && r->lost > 0 && r->lost < NOT_KNOWN)
		canvas_printf(c, 0, at, STYLE_WARN, ", %llu lost",
		    (unsigned long long)r->lost);
}

/* Columns of the titles from the first to the last of these. */
static int
tabs_width(const struct ui *ui, int first, int last, int pad, int gap)
{
	int width = 0;

	for (int i = first; i <= last; i++)
		width += canvas_width(&ui->canvas, tabs[i]->title) + pad * 2 +
		    (i > first ? gap : 0);
	return width;
}

static void
draw_tabs(struct ui *ui)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	int pad = 1, gap = c->columns >= 100 ? 3 : 1, first = 0, at = 1;
	static const char *const spinner[] = { "⠋", "⠙", "⠸", "⠴", "⠦",
		"⠇" };

	/* Closer where it has to be, and from the left only as far as the one
	 * that is open stays in sight. */
	if (tabs_width(ui, 0, N_TABS - 1, pad, gap) > c->columns - 2)
		pad = 0;
	while (first < s->tab &&
	    tabs_width(ui, first, s->tab, pad, gap) > c->columns - 2)
		first++;
	for (int i = 0; i < N_TABS; i++) {
		int width = tabs_width(ui, i, i, pad, gap);

		s->tab_at[i] = s->tab_end[i] = -1;
		if (i < first)
			continue;
		s->tab_at[i] = at;
		s->tab_end[i] = at + width;
		canvas_put(c, 1, at + pad, i == s->tab ? STYLE_STRONG :
		    STYLE_FAINT, tabs[i]->title);
		if (i == s->tab)
			canvas_flag(c, 1, at, width, CANVAS_REVERSE);
		at += width + gap;
	}
	if (s->busy && s->detail == NULL)
		canvas_put(c, 1, at + 1, STYLE_OURS, c->unicode ?
		    spinner[ui->now / 100000000 % 6] : "...");
}

static void
process_draw(struct ui *ui)
{
	struct canvas *c = &ui->canvas;
	int row = c->rows >= 12 ? 3 : 2;

	draw_title(ui);
	draw_tabs(ui);
	process_tab(ui)->draw(ui, row, ui_bottom(ui));
}

/* ---- keys --------------------------------------------------------------------------------------- */

static void
act_back(struct ui *ui, int key)
{
	(void)key;
	ui_go(ui, &screen_list);
}

static void
show_tab(struct ui *ui, int tab)
{
	struct process_state *s = &ui->process;

	tab = (tab + N_TABS) % N_TABS;
	if (tab == s->tab)
		return;
	s->tab = tab;
	s->sort = s->way = -1;
	s->invert = false;
	drop_detail(s);
	ui->detail_wanted = true;
}

static void
act_tab(struct ui *ui, int key)
{
	show_tab(ui, ui->process.tab +
	    (key == UI_BACK_TAB || key == UI_LEFT ? -1 : 1));
}

static void
act_number(struct ui *ui, int key)
{
	if (key - '1' < N_TABS)
		show_tab(ui, key - '1');
}

static const struct key_row process_keys[] = {
	{ UI_TAB, UI_RIGHT, "Tab", "next", "the next tab; 1 to 7 go there", 0,
	    act_tab },
	{ UI_BACK_TAB, UI_LEFT, "S-Tab", "before", "the tab before",
	    KEY_QUIET, act_tab },
	{ '1', '2', "1 2", "tabs", "Overview, Heap", KEY_QUIET, act_number },
	{ '3', '4', "3 4", "tabs", "Threads, Descriptors", KEY_QUIET,
	    act_number },
	{ '5', '6', "5 6", "tabs", "Limits, Memory", KEY_QUIET, act_number },
	{ '7', 0, "7", "tabs", "Losses", KEY_QUIET, act_number },
	{ UI_ESC, UI_BACKSPACE, "Esc", "back", "back to the list", 0,
	    act_back },
	{ 'L', 0, "L", "limit", "change the tightest limit", KEY_CHANGES,
	    action_limit },
	{ 'w', 0, "w", "write", "write the profile of the tab to a file",
	    KEY_QUIET, action_write },
	{ 'A', 0, "A", "attach", "put the agent in, wake it, or take it out",
	    KEY_CHANGES | KEY_QUIET, action_attach },
	{ 'i', 0, "i", "interval", "how often the agent samples",
	    KEY_CHANGES | KEY_QUIET, action_interval },
	{ 'T', 0, "T", "trim", "how much free memory the allocator may keep",
	    KEY_CHANGES, action_trim },
	{ 'k', UI_F(9), "k", "signal", "send a signal", KEY_CHANGES,
	    action_signal },
	KEY_END,
};

static const struct key_row advice_keys[] = {
	{ 'A', 0, "A", "attach", "put the agent in while it runs", KEY_CHANGES,
	    action_attach },
	KEY_END,
};

static const struct key_row *
process_more_keys(const struct ui *ui)
{
	const struct tab *tab = process_tab(ui);

	if (!ui->process.row.agent && (tab == &tab_heap || tab == &tab_losses))
		return advice_keys;
	return tab->keys;
}

static void
process_click(struct ui *ui, int row, int column, bool twice)
{
	struct process_state *s = &ui->process;
	struct scroll *l = process_scroll(ui);

	if (row == 1) {
		for (int i = 0; i < N_TABS; i++)
			if (column >= s->tab_at[i] && column < s->tab_end[i])
				show_tab(ui, i);
		return;
	}
	if (s->first == 0 || row < s->first || row - s->first >= l->page ||
	    l->top + row - s->first >= l->n)
		return;
	l->at = l->top + row - s->first;
	if (twice)
		ui_key(ui, UI_ENTER);
}

const struct screen screen_process = {
	.name = "process",
	.title = "A process",
	.keys = process_keys,
	.draw = process_draw,
	.more_keys = process_more_keys,
	.click = process_click,
	.scroll = process_scroll,
};
