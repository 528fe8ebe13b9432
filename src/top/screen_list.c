/* SPDX-License-Identifier: MIT */
/* The list of processes, those under pressure first. */
#include "config.h"

#include "top/action.h"
#include "top/list_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How the list is narrowed, if it is. */
static void
draw_scope(struct ui *ui, int row)
{
	const struct model *m = &ui->model;
	struct canvas *c = &ui->canvas;
	int at = 1;

	if (m->filter[0] != '\0')
		at += canvas_printf(c, row, at, STYLE_OURS, "only \"%s\"",
		    m->filter) + 3;
	if (m->user[0] != '\0')
		at += canvas_printf(c, row, at, STYLE_OURS, "user %s",
		    m->user) + 3;
	if (m->growth)
		at += canvas_put(c, row, at, STYLE_OURS,
		    "growth since the baseline") + 3;
	if (ui->list.follow)
		at += canvas_printf(c, row, at, STYLE_OURS, "following %d",
		    ui->list.pid) + 3;
}

/* ---- drawing -------------------------------------------------------------------------------- */

static void
draw_row(struct ui *ui, int row, const struct process_view *p, bool selected)
{
	struct list_state *l = &ui->list;
	struct canvas *c = &ui->canvas;

	for (int i = 0; i < l->n_columns; i++)
		if (l->width[i] > 0)
			list_column_draw(l->columns[i], c, row, l->at[i],
			    l->width[i], &ui->model, p);
	if (p->tagged)
		canvas_put(c, row, 0, STYLE_OURS, c->unicode ? "▌" : "+");
	if (selected)
		draw_cursor(ui, row);
}

static void
list_draw(struct ui *ui)
{
	struct list_state *l = &ui->list;
	struct canvas *c = &ui->canvas;
	struct model *m = &ui->model;
	int row = list_machine(ui), bottom = ui_bottom(ui);
	bool scope = m->filter[0] || m->user[0] || m->growth || l->follow;

	if (c->rows >= 16 || scope) {
		draw_scope(ui, row);
		row++;
	}
	list_lay_out(ui);
	l->headings = row;
	list_headings(ui, row++);
	l->first = row;
	scroll_fit(&l->scroll, (long)m->n_shown, bottom - row);
	for (long i = l->scroll.top; i < l->scroll.n && row < bottom; i++)
		draw_row(ui, row++, model_at(m, (size_t)i), i == l->scroll.at);
	if (m->n_shown > 0)
		l->pid = model_at(m, (size_t)l->scroll.at)->row.pid;
	else if (m->lists == 0)
		canvas_put(c, row, 1, STYLE_FAINT, "looking ...");
	else
		canvas_put(c, row, 1, STYLE_FAINT, m->filter[0] != '\0' ?
		    "no process matches; Esc shows all" : "no process");
}

/* ---- keys -------------------------------------------------------------------------------------- */

static void
act_open(struct ui *ui, int key)
{
	(void)key;
	if (ui->model.n_shown > 0)
		ui_open(ui, ui->list.pid);
}

static void
search_from(struct ui *ui, const char *text, long from)
{
	const struct model *m = &ui->model;

	for (long i = 0; i < (long)m->n_shown; i++) {
		long at = (from + i) % (long)m->n_shown;

		if (!model_matches(model_at(m, (size_t)at), text))
			continue;
		ui->list.scroll.at = at;
		ui->list.moved = true;
		return;
	}
	ui_say(ui, STYLE_WARN, "nothing here matches \"%s\"", text);
}

static void
search_changed(struct ui *ui, const char *text)
{
	if (*text == '\0' || ui->model.n_shown == 0)
		return;
	snprintf(ui->list.search, sizeof ui->list.search, "%s", text);
	search_from(ui, text, ui->list.scroll.at);
}

static void
search_done(struct ui *ui, const char *text)
{
	(void)ui;
	(void)text;
}

static void
act_search(struct ui *ui, int key)
{
	(void)key;
	prompt_ask(&ui->prompt, "search", "", "moves as you type; n is next",
	    search_done);
	ui->prompt.changed = search_changed;
}

static void
act_next(struct ui *ui, int key)
{
	(void)key;
	if (ui->list.search[0] != '\0' && ui->model.n_shown > 0)
		search_from(ui, ui->list.search, ui->list.scroll.at + 1);
}

static void
filter_changed(struct ui *ui, const char *text)
{
	snprintf(ui->model.filter, sizeof ui->model.filter, "%s", text);
	model_arrange(&ui->model);
}

static void
act_filter(struct ui *ui, int key)
{
	(void)key;
	prompt_ask(&ui->prompt, "show only", ui->model.filter,
	    "part of command, user, or a pid; empty shows all", filter_changed);
	ui->prompt.changed = filter_changed;
}

static void
user_done(struct ui *ui, const char *text)
{
	snprintf(ui->model.user, sizeof ui->model.user, "%s", text);
	model_arrange(&ui->model);
	if (*text != '\0' && ui->model.n_shown == 0)
		ui_say(ui, STYLE_WARN, "user \"%s\" has no process here", text);
}

static void
act_user(struct ui *ui, int key)
{
	struct process_view *p = model_find(&ui->model, ui->list.pid);

	(void)key;
	prompt_ask(&ui->prompt, "processes of user",
	    ui->model.user[0] == '\0' && p != NULL ? p->row.user : "",
	    "empty: of all users", user_done);
}

static void
act_sort(struct ui *ui, int key)
{
	struct list_state *l = &ui->list;
	int at = -1, step = key == '<' ? -1 : 1;

	for (int i = 0; i < l->n_columns; i++)
		if (l->columns[i] == ui->model.sort)
			at = i;
	for (int i = 0; i < l->n_columns; i++) {
		at = (at + step + l->n_columns) % l->n_columns;
		if (l->width[at] > 0)
			break;
	}
	if (at >= 0)
		ui->model.sort = l->columns[at];
	ui->model.reverse = false;
	model_arrange(&ui->model);
}

static void
act_invert(struct ui *ui, int key)
{
	(void)key;
	ui->model.reverse = !ui->model.reverse;
	model_arrange(&ui->model);
}

static void
act_tree(struct ui *ui, int key)
{
	(void)key;
	ui->model.tree = !ui->model.tree;
	model_arrange(&ui->model);
}

static void
act_kernel(struct ui *ui, int key)
{
	(void)key;
	ui->model.kernel_threads = !ui->model.kernel_threads;
	model_arrange(&ui->model);
}

static void
act_baseline(struct ui *ui, int key)
{
	(void)key;
	model_baseline(&ui->model);
}

static void
act_tag(struct ui *ui, int key)
{
	struct process_view *p = model_find(&ui->model, ui->list.pid);

	(void)key;
	if (p != NULL)
		p->tagged = !p->tagged;
	ui->list.scroll.at++;
}

static void
act_follow(struct ui *ui, int key)
{
	(void)key;
	ui->list.follow = !ui->list.follow;
}

static void
act_columns(struct ui *ui, int key)
{
	(void)key;
	ui_go(ui, &screen_columns);
}

static void
act_escape(struct ui *ui, int key)
{
	(void)key;
	ui->model.filter[0] = ui->model.user[0] = '\0';
	ui->list.follow = false;
	model_arrange(&ui->model);
}

static const struct key_row list_keys[] = {
	{ UI_ENTER, UI_RIGHT, "Enter", "open", "everything about the process",
	    0, act_open },
	{ '/', UI_F(3), "/", "search", "go to a process by its name", 0,
	    act_search },
	{ '\\', UI_F(4), "\\", "filter", "show only what matches", 0,
	    act_filter },
	{ '>', '<', "< >", "sort", "order by the next column to the left, "
	    "right", 0, act_sort },
	{ 'b', 0, "b", "baseline", "show growth from now on; again: sizes", 0,
	    act_baseline },
	{ 'L', 0, "L", "limit", "change a limit of the process", KEY_CHANGES,
	    action_limit },
	{ 'k', UI_F(9), "k", "signal", "send a signal, to all tagged ones",
	    KEY_CHANGES, action_signal },
	{ 'T', 0, "T", "trim", "how much free memory the allocator may keep",
	    KEY_CHANGES | KEY_QUIET, action_trim },
	{ 'w', 0, "w", "write", "write the heap profile of the process",
	    KEY_QUIET, action_write },
	{ 'A', 0, "A", "attach", "put the agent in, wake it, or take it out",
	    KEY_CHANGES | KEY_QUIET, action_attach },
	{ 'i', 0, "i", "interval", "how often the agent samples",
	    KEY_CHANGES | KEY_QUIET, action_interval },
	{ UI_F(6), 'I', "I", "invert", "turn the order round", KEY_QUIET,
	    act_invert },
	{ 'n', 0, "n", "next", "the next match of the search", KEY_QUIET,
	    act_next },
	{ 't', UI_F(5), "t", "tree", "children below their parents", KEY_QUIET,
	    act_tree },
	{ 'u', 0, "u", "user", "processes of one user", KEY_QUIET, act_user },
	{ ' ', 0, "Space", "tag", "mark the process for a signal",
	    KEY_CHANGES | KEY_QUIET, act_tag },
	{ 'F', 0, "F", "follow", "keep the cursor on this process", KEY_QUIET,
	    act_follow },
	{ 'K', 0, "K", "kernel", "show threads of the kernel too", KEY_QUIET,
	    act_kernel },
	{ 'C', UI_F(2), "C", "columns", "choose columns; they are remembered",
	    KEY_QUIET, act_columns },
	{ UI_ESC, 0, "Esc", "all", "show all processes again", KEY_QUIET,
	    act_escape },
	KEY_END,
};

static void
list_click(struct ui *ui, int row, int column, bool twice)
{
	struct list_state *l = &ui->list;

	if (row == l->headings) {
		for (int i = 0; i < l->n_columns; i++) {
			if (l->width[i] == 0 || column < l->at[i] ||
			    column >= l->at[i] + l->width[i] + 1)
				continue;
			ui->model.reverse = ui->model.sort == l->columns[i] &&
			    !ui->model.reverse;
			ui->model.sort = l->columns[i];
		}
		model_arrange(&ui->model);
		return;
	}
	/* The list may be shorter by now than it was drawn. */
	if (row < l->first || model_at(&ui->model,
	    (size_t)(l->scroll.top + row - l->first)) == NULL)
		return;
	l->scroll.at = l->scroll.top + row - l->first;
	l->moved = true;
	l->pid = model_at(&ui->model, (size_t)l->scroll.at)->row.pid;
	if (twice)
		ui_open(ui, l->pid);
}

static struct scroll *
list_scroll(struct ui *ui)
{
	return &ui->list.scroll;
}

const struct screen screen_list = {
	.name = "list",
	.title = "The list of processes",
	.keys = list_keys,
	.draw = list_draw,
	.click = list_click,
	.scroll = list_scroll,
};
