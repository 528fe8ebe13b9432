/* SPDX-License-Identifier: MIT */
/* Tabs that show a table as the commands do: threads and descriptors. */
#include "config.h"

#include "base/xalloc.h"
#include "top/screens.h"

#include <stdlib.h>
#include <string.h>

const char *const fds_ways[] = { "type", "state", "peer", "path", "each",
	NULL };

static void
take_lines(struct process_state *s, const struct table *t, size_t columns)
{
	struct table_options how = { .columns = columns, .headings = true };
	struct buf out = BUF_INIT;
	char *at, *end;
	size_t cap = 0;

	if (t == NULL || table_rows(t) == 0)
		return;
	table_draw(t, &how, &out);
	for (at = out.bytes; at != NULL && *at != '\0'; at = end + 1) {
		if ((end = strchr(at, '\n')) == NULL)
			break;
		*end = '\0';
		s->lines = xgrow(s->lines, s->n_lines, &cap, sizeof(char *));
		s->lines[s->n_lines++] = xstrdup(at);
	}
	buf_free(&out);
}

void
tab_table_update(struct ui *ui)
{
	struct process_state *s = &ui->process;

	take_lines(s, process_tab(ui) == &tab_memory ? s->detail->receipts :
						       s->detail->table,
	    (size_t)(ui->canvas.columns - 2));
}

int
tab_table_draw(struct ui *ui, int row, int bottom)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	struct scroll *l = process_scroll(ui);

	if (s->n_lines == 0)
		return row;
	canvas_left(c, row++, 1, c->columns - 2, STYLE_FAINT, s->lines[0]);
	s->first = row;
	scroll_fit(l, (long)s->n_lines - 1, bottom - row - 2);
	for (long i = l->top; i < l->n && i < l->top + l->page; i++, row++) {
		canvas_left(c, row, 1, c->columns - 2, STYLE_PLAIN,
		    s->lines[i + 1]);
		if (i == l->at)
			draw_cursor(ui, row);
	}
	if (row + 1 < bottom && s->detail->note[0] != '\0')
		canvas_left(c, row + 1, 1, c->columns - 2, STYLE_FAINT,
		    s->detail->note);
	return row;
}

static void
table_draw_tab(struct ui *ui, int row, int bottom)
{
	if (!tab_is_empty(ui, row, process_tab(ui)->parts))
		tab_table_draw(ui, row, bottom);
}

static void
act_sort(struct ui *ui, int key)
{
	ui->process.sort += key == '<' ? -1 : 1;
	if (ui->process.sort < -1)
		ui->process.sort = -1;
	ui->detail_wanted = true;
}

static void
act_invert(struct ui *ui, int key)
{
	(void)key;
	ui->process.invert = !ui->process.invert;
	ui->detail_wanted = true;
}

static void
act_group(struct ui *ui, int key)
{
	struct process_state *s = &ui->process;

	(void)key;
	if (process_tab(ui) == &tab_threads)
		s->threads_by_name = !s->threads_by_name;
	else if (fds_ways[++s->fds_by] == NULL)
		s->fds_by = 0;
	s->sort = -1;
	ui->detail_wanted = true;
}

static const struct key_row table_keys[] = {
	{ 'g', UI_ENTER, "g", "group", "add up in another way", 0, act_group },
	{ '>', '<', "< >", "sort", "order by another column", 0, act_sort },
	{ 'I', 0, "I", "invert", "turn the order round", KEY_QUIET,
	    act_invert },
	KEY_END,
};

const struct tab tab_threads = {
	.title = "Threads",
	.parts = DETAIL_THREADS,
	.keys = table_keys,
	.draw = table_draw_tab,
	.update = tab_table_update,
};

const struct tab tab_fds = {
	.title = "Descriptors",
	.parts = DETAIL_FDS,
	.keys = table_keys,
	.draw = table_draw_tab,
	.update = tab_table_update,
};
