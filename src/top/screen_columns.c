/* SPDX-License-Identifier: MIT */
/* Which columns the list has, and in which order. */
#include "config.h"

#include "top/screens.h"

#include <string.h>

/* Row i: the chosen ones in their order, then the others in the table's. */
static const struct list_column *
column_at(const struct ui *ui, long i, bool *chosen)
{
	const struct list_state *l = &ui->list;

	*chosen = i < l->n_columns;
	if (*chosen)
		return l->columns[i];
	i -= l->n_columns;
	for (const struct list_column *one = list_columns; one->column.key;
	     one++) {
		bool there = false;

		for (int k = 0; k < l->n_columns; k++)
			there = there || l->columns[k] == one;
		if (!there && i-- == 0)
			return one;
	}
	return NULL;
}

static void
columns_draw(struct ui *ui)
{
	struct canvas *c = &ui->canvas;
	int row = 2, bottom = ui_bottom(ui);
	long n = 0;
	bool chosen;

	canvas_put(c, 0, 1, STYLE_OURS, "ullage");
	canvas_put(c, 0, 9, STYLE_STRONG, "Columns of the list");
	canvas_put(c, 0, 31, STYLE_FAINT, "in this order, as far as there is "
	    "room");
	while (column_at(ui, n, &chosen) != NULL)
		n++;
	scroll_fit(&ui->chooser, n, bottom - row);
	for (long i = ui->chooser.top; i < n && row < bottom; i++, row++) {
		const struct list_column *one = column_at(ui, i, &chosen);

		canvas_put(c, row, 2, STYLE_OURS, !chosen ? " " :
		    c->unicode ? "✓" : "x");
		canvas_left(c, row, 5, 15,
		    chosen ? STYLE_STRONG : STYLE_PLAIN, one->column.title);
		canvas_left(c, row, 21, c->columns - 22,
		    chosen ? STYLE_PLAIN : STYLE_FAINT, one->column.help);
		if (i == ui->chooser.at)
			draw_cursor(ui, row);
	}
}

static void
act_toggle(struct ui *ui, int key)
{
	struct list_state *l = &ui->list;
	bool chosen;
	const struct list_column *one = column_at(ui, ui->chooser.at, &chosen);
	int at = (int)ui->chooser.at;

	(void)key;
	if (one == NULL)
		return;
	if (!chosen && l->n_columns < LIST_COLUMNS_MAX) {
		l->columns[l->n_columns++] = one;
	} else if (chosen && l->n_columns > 1) {
		memmove(l->columns + at, l->columns + at + 1,
		    (size_t)(--l->n_columns - at) * sizeof l->columns[0]);
	}
	ui->list_wanted = true;
}

static void
act_move(struct ui *ui, int key)
{
	struct list_state *l = &ui->list;
	long at = ui->chooser.at, to = key == '[' ? at - 1 : at + 1;
	const struct list_column *one;

	if (at >= l->n_columns || to < 0 || to >= l->n_columns)
		return;
	one = l->columns[at];
	l->columns[at] = l->columns[to];
	l->columns[to] = one;
	ui->chooser.at = to;
}

static void
act_standard(struct ui *ui, int key)
{
	size_t n = 0;

	(void)key;
	while (list_columns_standard[n] != NULL)
		n++;
	ui_set_columns(ui, list_columns_standard, n);
	ui->list_wanted = true;
}

static void
act_back(struct ui *ui, int key)
{
	(void)key;
	ui_go(ui, &screen_list);
}

static const struct key_row columns_keys[] = {
	{ ' ', UI_ENTER, "Space", "show or hide", "put the column into the "
	    "list, or take it out", 0, act_toggle },
	{ ']', '[', "[ ]", "move", "move it up, down", 0, act_move },
	{ 's', 0, "s", "standard", "the columns of the beginning", 0,
	    act_standard },
	{ UI_ESC, UI_LEFT, "Esc", "back", "back to the list", 0, act_back },
	KEY_END,
};

static struct scroll *
columns_scroll(struct ui *ui)
{
	return &ui->chooser;
}

const struct screen screen_columns = {
	.name = "columns",
	.title = "Columns of the list",
	.keys = columns_keys,
	.draw = columns_draw,
	.scroll = columns_scroll,
};
