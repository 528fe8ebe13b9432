/* SPDX-License-Identifier: MIT */
/* What the agent could not record, and how full its tables are. */
#include "config.h"

#include "base/units.h"
#include "top/graph.h"
#include "top/screens.h"

#include <stdio.h>

static void
draw_facts(struct ui *ui, int row)
{
	const struct source_detail *d = ui->process.detail;
	struct canvas *c = &ui->canvas;
	char a[UNITS_MAX], b[UNITS_MAX];
	int at = 1;

	at += canvas_printf(c, row, at, STYLE_PLAIN, "samples every %s",
	    units_bytes(a, (int64_t)d->interval));
	if (d->interval != d->interval_asked)
		at += canvas_printf(c, row, at, STYLE_WARN,
		    " (raised from %s: the table of live objects was full)",
		    units_bytes(b, (int64_t)d->interval_asked));
	canvas_printf(c, row, at + 3, STYLE_PLAIN, "%s recorded, %s freed "
	    "again", units_count(a, (int64_t)d->samples),
	    units_count(b, (int64_t)d->frees));
	canvas_printf(c, row + 1, 1, STYLE_FAINT,
	    "there for %s; its tables take %s",
	    units_duration(a, (int64_t)d->agent_since),
	    units_bytes(b, (int64_t)d->segment));
}

static void
draw_loss(struct ui *ui, int row, const struct source_loss *l)
{
	struct canvas *c = &ui->canvas;
	char a[UNITS_MAX], b[UNITS_MAX], text[80];
	double f;

	if (l->of == 0) {
		canvas_right(c, row, 1, 12, l->count != 0 ? STYLE_WARN :
		    STYLE_FAINT, l->count == 0 ? "0" :
		    units_count(a, (int64_t)l->count));
		canvas_left(c, row, 15, c->columns - 16, l->count != 0 ?
		    STYLE_PLAIN : STYLE_FAINT, l->text);
		return;
	}
	f = (double)l->count / (double)l->of;
	canvas_left(c, row, 1, 12, STYLE_PLAIN, l->text);
	if (c->columns >= 60)
		graph_meter(c, row, 15, 20, f, graph_fullness(f));
	snprintf(text, sizeof text, "%s of %s",
	    units_count(a, (int64_t)l->count),
	    units_count(b, (int64_t)l->of));
	canvas_put(c, row, c->columns >= 60 ? 37 : 15, graph_fullness(f), text);
}

static void
losses_draw(struct ui *ui, int row, int bottom)
{
	struct process_state *s = &ui->process;
	struct scroll *l = process_scroll(ui);

	if (tab_needs_agent(ui, row) || tab_is_empty(ui, row, DETAIL_LOSSES))
		return;
	draw_facts(ui, row);
	row += 3;
	s->first = row;
	scroll_fit(l, (long)s->detail->n_losses, bottom - row - 1);
	for (long i = l->top; i < l->n && row < bottom; i++) {
		/* Tables first, then losses. */
		if (i > l->top && s->detail->losses[i].of == 0 &&
		    s->detail->losses[i - 1].of != 0 && row + 1 < bottom)
			row++;
		draw_loss(ui, row, &s->detail->losses[i]);
		if (i == l->at)
			draw_cursor(ui, row);
		row++;
	}
}

const struct tab tab_losses = {
	.title = "Losses",
	.parts = DETAIL_LOSSES,
	.draw = losses_draw,
};
