/* SPDX-License-Identifier: MIT */
/* Tabs that show a table as the commands do: threads and descriptors. */
#include "config.h"

#include "base/xalloc.h"
#include "top/screens.h"
#include "top/wrap.h"

#include <stdlib.h>
#include <string.h>

#define TAIL_ROWS 5 /* at most, for the whole text of the row */

/* ---- lines ------------------------------------------------------------------ */

static void
take_lines(struct process_state *s, char *text)
{
	size_t cap = s->n_lines;
	char *end;

	for (char *at = text; at != NULL && *at != '\0'; at = end + 1) {
		if ((end = strchr(at, '\n')) == NULL)
			break;
		*end = '\0';
		s->lines = xgrow(s->lines, s->n_lines, &cap, sizeof(char *));
		s->lines[s->n_lines++] = xstrdup(at);
	}
}

/* As wide as it is: what the screen has no room for is shown below, for the
 * row with the cursor. */
static void
take_table(struct process_state *s, const struct table *t, uint64_t hidden)
{
	struct table_options how = { .headings = true, .hidden = hidden };
	struct buf out = BUF_INIT;
	const char *gap;

	s->tail = 0;
	if (t == NULL || table_rows(t) == 0)
		return;
	table_draw(t, &how, &out);
	take_lines(s, out.bytes);
	buf_free(&out);
	/* The last heading has nothing behind it. */
	for (gap = s->lines[0]; (gap = strstr(gap, "  ")) != NULL;) {
		gap += strspn(gap, " ");
		s->tail = (size_t)(gap - s->lines[0]);
	}
}

void
tab_table_update(struct ui *ui)
{
	struct process_state *s = &ui->process;
	const struct source_detail *d = s->detail;

	if (process_tab(ui) == &tab_memory)
		take_table(s, d->receipts, 0);
	else if (d->text != NULL)
		take_lines(s, d->text);
	else
		take_table(s, d->table, d->hidden);
}

/* ---- drawing ------------------------------------------------------------------ */

/* The last column of a row, in full, above `bottom`. Returns its first row,
 * or bottom if it is all to be seen anyway. */
static int
draw_tail(struct ui *ui, const char *line, int bottom)
{
	const struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	int width = c->columns - 2, row;

	if (s->tail == 0 || strlen(line) <= s->tail ||
	    canvas_width(c, line) <= c->columns - 2 || bottom < 8)
		return bottom;
	row = bottom - wrap_count(line + s->tail,
	    (size_t)(width > 4 ? width - 2 : 2), TAIL_ROWS);
	wrap_put(c, row, 1, width, 2, TAIL_ROWS, STYLE_PLAIN,
	    line + s->tail);
	return row;
}

static enum style
style_of(const struct process_state *s, const char *line)
{
	if (s->detail->text == NULL)
		return line[0] == '!' ? STYLE_WARN : STYLE_PLAIN;
	if (strncmp(line, "deadlock", 8) == 0)
		return STYLE_TROUBLE;
	return line[0] != ' ' ? STYLE_STRONG : line[2] != ' ' ? STYLE_FAINT :
								 STYLE_PLAIN;
}

/* In two lines where it has to be; nowhere if there is hardly room for rows. */
static int
draw_note(struct ui *ui, int row, int bottom)
{
	const char *note = ui->process.detail->note;
	struct canvas *c = &ui->canvas;

	if (note[0] == '\0' || bottom - row < 4)
		return row;
	row = wrap_put(c, row, 1, c->columns - 2, 0, 2, STYLE_FAINT, note);
	if (process_tab(ui) == &tab_fds)
		row = tab_offer(ui, row, bottom, "who opens them, and leaks");
	return row + (bottom - row > 8);
}

int
tab_table_draw(struct ui *ui, int row, int bottom)
{
	struct process_state *s = &ui->process;
	struct canvas *c = &ui->canvas;
	struct scroll *l = process_scroll(ui);
	bool headings = s->detail->text == NULL;
	int end = bottom;

	if (s->n_lines == 0)
		return row;
	row = draw_note(ui, row, bottom);
	if (headings)
		canvas_left(c, row++, 1, c->columns - 2, STYLE_FAINT,
		    s->lines[0]);
	s->first = row;
	if (headings && l->at >= 0 && l->at + 1 < (long)s->n_lines)
		end = draw_tail(ui, s->lines[l->at + 1], bottom) - 1;
	if (end == bottom - 1)
		end = bottom;
	scroll_fit(l, (long)s->n_lines - headings, end - row);
	for (long i = l->top; i < l->n && i < l->top + l->page; i++, row++) {
		const char *line = s->lines[i + headings];

		canvas_left(c, row, 1, c->columns - 2, style_of(s, line),
		    line);
		if (i == l->at)
			draw_cursor(ui, row);
	}
	return row;
}

static void
table_draw_tab(struct ui *ui, int row, int bottom)
{
	if (!tab_is_empty(ui, row, process_tab(ui)->parts))
		tab_table_draw(ui, row, bottom);
}

/* ---- keys ---------------------------------------------------------------------- */

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
group_by(struct ui *ui, int way)
{
	struct process_state *s = &ui->process;

	s->way = way;
	s->sort = -1;
	process_scroll(ui)->at = 0;
	ui->detail_wanted = true;
}

static void
act_threads(struct ui *ui, int key)
{
	(void)key;
	group_by(ui, ui->process.way == THREADS_WAY_EACH ? THREADS_WAY_ALIKE :
							   THREADS_WAY_EACH);
}

static void
act_stacks(struct ui *ui, int key)
{
	(void)key;
	group_by(ui, THREADS_WAY_STACKS);
}

static void
act_fds(struct ui *ui, int key)
{
	const struct process_state *s = &ui->process;
	int way = s->way >= 0 ? s->way : s->detail != NULL ? s->detail->way :
							     0;

	(void)key;
	way = (way + 1) % FDS_WAYS;
	if (way == FDS_WAY_OPENER && !s->row.agent)
		way++;
	group_by(ui, way);
}

static const struct key_row threads_keys[] = {
	{ 's', UI_ENTER, "s", "stacks", "where each thread is now; stops them "
	    "for some microseconds", 0, act_stacks },
	{ 'g', 0, "g", "group", "those that are alike together, or each", 0,
	    act_threads },
	{ '>', '<', "< >", "sort", "order by another column", 0, act_sort },
	{ 'I', 0, "I", "invert", "turn the order round", KEY_QUIET,
	    act_invert },
	KEY_END,
};

static const struct key_row fds_keys[] = {
	{ 'g', UI_ENTER, "g", "group", "by opener, type, state, peer, path, "
	    "or each", 0, act_fds },
	{ '>', '<', "< >", "sort", "order by another column", 0, act_sort },
	{ 'I', 0, "I", "invert", "turn the order round", KEY_QUIET,
	    act_invert },
	KEY_END,
};

const struct tab tab_threads = {
	.title = "Threads",
	.parts = DETAIL_THREADS,
	.keys = threads_keys,
	.draw = table_draw_tab,
	.update = tab_table_update,
};

const struct tab tab_fds = {
	.title = "Descriptors",
	.parts = DETAIL_FDS,
	.keys = fds_keys,
	.draw = table_draw_tab,
	.update = tab_table_update,
};
