/* SPDX-License-Identifier: MIT */
/* Which columns the list has room for, and how wide they are. */
#include "config.h"

#include "top/list_parts.h"

#include <string.h>

#define NAME_WANTED 30 /* columns of a command, before bars grow */
#define WIDE 140       /* from here on all columns have air between them */
/* As many digits as the highest pid has, five at least, and the dot. */
static int
pid_width(const struct model *m)
{
	int32_t highest = 99999;
	int width = 2;

	for (size_t i = 0; i < m->n; i++)
		if (m->all[i].row.pid > highest)
			highest = m->all[i].row.pid;
	for (; highest > 0; highest /= 10)
		width++;
	return width;
}

static int
least(const struct ui *ui, const struct list_column *column)
{
	return strcmp(column->column.key, "pid") == 0 ?
	    pid_width(&ui->model) : column->least;
}

/* Numbers begin with a blank for the most part, so they need less before
 * them. */
static int
gap_before(const struct ui *ui, const struct list_column *column)
{
	bool text = column->column.left || column->draw != NULL;

	if (strcmp(column->column.key, "full_in") == 0)
		text = false;
	return text || ui->canvas.columns >= WIDE ? 2 : 1;
}

/* Which columns there is room for: the lightest go first. */
static int
choose(const struct ui *ui, bool there[LIST_COLUMNS_MAX])
{
	const struct list_state *l = &ui->list;
	int room = ui->canvas.columns - 1;

	for (int i = 0; i < l->n_columns; i++)
		there[i] = true;
	for (;;) {
		int total = 0, lightest = -1, n = 0;

		for (int i = 0; i < l->n_columns; i++) {
			if (!there[i])
				continue;
			total += least(ui, l->columns[i]) + (n++ > 0 ?
				gap_before(ui, l->columns[i]) : 0);
			if (lightest < 0 || l->columns[i]->weight <=
			    l->columns[lightest]->weight)
				lightest = i;
		}
		if (total <= room || n <= 1)
			return room - total;
		there[lightest] = false;
	}
}

/* Room that is left goes to those that can use it, from the left. */
void
list_lay_out(struct ui *ui)
{
	struct list_state *l = &ui->list;
	bool there[LIST_COLUMNS_MAX];
	int spare = choose(ui, there), at = 1;

	for (int i = 0; i < l->n_columns; i++)
		l->width[i] = there[i] ? least(ui, l->columns[i]) : 0;
	/* In two rounds: names first, then bars, then names again. */
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < l->n_columns && spare > 0; i++) {
			int more = l->columns[i]->most - l->width[i];

			if (round == 0 && l->columns[i]->column.last)
				more = NAME_WANTED - l->width[i];
			else if (round == 0)
				more /= 2;
			if (l->width[i] == 0 || more <= 0)
				continue;
			more = more < spare ? more : spare;
			l->width[i] += more;
			spare -= more;
		}
	for (int i = 0; i < l->n_columns; i++) {
		if (l->width[i] > 0 && at > 1)
			at += gap_before(ui, l->columns[i]);
		l->at[i] = at;
		at += l->width[i];
	}
}

void
list_headings(struct ui *ui, int row)
{
	struct list_state *l = &ui->list;
	struct canvas *c = &ui->canvas;

	for (int i = 0; i < l->n_columns; i++) {
		const struct column *column = &l->columns[i]->column;
		int width = l->width[i];
		bool left = column->left || l->columns[i]->draw != NULL;

		if (width == 0)
			continue;
		/* A dot for the agent stands behind the pid. */
		if (strcmp(column->key, "pid") == 0)
			canvas_right(c, row, l->at[i], width - 2, STYLE_FAINT,
			    column->title);
		else if (strcmp(column->key, "full_in") != 0 && left)
			canvas_left(c, row, l->at[i], width, STYLE_FAINT,
			    column->title);
		else
			canvas_right(c, row, l->at[i], width, STYLE_FAINT,
			    column->title);
		if (l->columns[i] == ui->model.sort)
			for (int x = l->at[i]; x < l->at[i] + width; x++)
				if (canvas_at(c, row, x) != NULL &&
				    canvas_at(c, row, x)->text[0] != ' ')
					canvas_style(c, row, x, 1,
					    STYLE_STRONG);
	}
}
