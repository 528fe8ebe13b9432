/* SPDX-License-Identifier: MIT */
/* Memory: what resident memory consists of. */
#include "config.h"

#include "base/units.h"
#include "top/graph.h"
#include "top/screens.h"
#include "top/wrap.h"

#include <stdio.h>

static enum style
part_style(enum part_kind kind)
{
	switch (kind) {
	case PART_LIVE:
		return STYLE_LIVE;
	case PART_RETAINED:
		return STYLE_RETAINED;
	case PART_FILE:
	case PART_SHARED:
		return STYLE_FILE;
	case PART_AGENT:
		return STYLE_OURS;
	case PART_UNKNOWN:
		return STYLE_FAINT;
	default:
		return STYLE_PLAIN;
	}
}

int
draw_ledger(struct ui *ui, int row, bool legend)
{
	const struct source_detail *d = ui->process.detail;
	struct canvas *c = &ui->canvas;
	struct graph_part parts[PARTS_MAX];
	char text[UNITS_MAX], error[UNITS_MAX];
	int at = 16, left = c->columns >= 60 ? 16 : 3;

	canvas_put(c, row, 1, STYLE_FAINT, "RSS");
	canvas_right(c, row, 5, 8, STYLE_STRONG,
	    units_bytes(text, (int64_t)d->rss));
	for (size_t i = 0; i < d->n_ledger; i++) {
		parts[i].value = (double)d->ledger[i].bytes;
		parts[i].style = part_style(d->ledger[i].kind);
	}
	graph_stack(c, row, at, c->columns - at - 2, parts, (int)d->n_ledger,
	    (double)d->rss);
	row++;
	at = left;
	for (size_t i = 0; legend && i < d->n_ledger; i++) {
		const struct source_part *p = &d->ledger[i];
		char label[96];
		int width;

		snprintf(label, sizeof label, p->error != 0 ?
		    c->unicode ? "%s ±%s" : "%s +-%s" : "%s",
		    units_bytes(text, (int64_t)p->bytes),
		    units_bytes(error, (int64_t)p->error));
		width = 2 + canvas_width(c, p->name) + 1 +
		    canvas_width(c, label);
		if (at + width > c->columns - 1)
			row++, at = left;
		canvas_put(c, row, at, part_style(p->kind),
		    graph_filling(c, (int)i));
		canvas_put(c, row, at + 2, STYLE_FAINT, p->name);
		canvas_put(c, row, at + 3 + canvas_width(c, p->name),
		    STYLE_PLAIN, label);
		at += width + 3;
	}
	return row + 1;
}

/* A line of the table; names give way to numbers where it is narrow. */
static void
draw_part(struct ui *ui, int row, int i)
{
	const struct source_detail *d = ui->process.detail;
	const struct source_part *p = &d->ledger[i];
	struct canvas *c = &ui->canvas;
	double f = d->rss > 0 ? (double)p->bytes / (double)d->rss : 0;
	enum style style = part_style(p->kind);
	int name = c->columns >= 60 ? 30 : c->columns - 20;
	char text[VALUE_MAX];

	if (name < 1)
		name = 1;
	canvas_put(c, row, 1, style, graph_filling(c, i));
	canvas_left(c, row, 3, name, STYLE_PLAIN, p->name);
	canvas_right(c, row, 3 + name, 8, STYLE_STRONG,
	    cell_shown(text, CELL_BYTES, (double)p->bytes, false));
	if (name < 30) {
		canvas_right(c, row, 11 + name, 6, STYLE_PLAIN,
		    cell_shown(text, CELL_PERCENT, f, false));
		return;
	}
	if (p->error != 0)
		canvas_printf(c, row, 42, STYLE_FAINT,
		    c->unicode ? "±%s" : "+-%s",
		    units_bytes(text, (int64_t)p->error));
	canvas_right(c, row, 50, 6, STYLE_PLAIN,
	    cell_shown(text, CELL_PERCENT, f, false));
	graph_bar(c, row, 58, c->columns - 60, f, style);
}

static void
memory_draw(struct ui *ui, int row, int bottom)
{
	struct canvas *c = &ui->canvas;
	const struct source_detail *d = ui->process.detail;
	char text[UNITS_MAX];

	if (tab_is_empty(ui, row, DETAIL_LEDGER))
		return;
	row = draw_ledger(ui, row, false);
	for (size_t i = 0; i < d->n_ledger && row < bottom; i++)
		draw_part(ui, row++, (int)i);
	if (row + 1 < bottom && d->swap != 0 && d->swap != NOT_KNOWN) {
		canvas_put(c, row, 3, STYLE_PLAIN, "swapped out, beside it");
		canvas_right(c, row++, 33, 8, STYLE_WARN,
		    units_bytes(text, (int64_t)d->swap));
	}
	row++;
	if (row < bottom && d->ledger_note[0] != '\0')
		row = wrap_put(c, row, 1, c->columns - 2, 0,
		    bottom - row > 2 ? 2 : 1, STYLE_PLAIN, d->ledger_note);
	if (row < bottom && d->knob[0] != '\0')
		row = wrap_put(c, row, 1, c->columns - 2, 0,
		    bottom - row > 2 ? 2 : 1, STYLE_PLAIN, d->knob);
	row = tab_offer(ui, row, bottom, "what of it is live");
	/* Receipts of trims, the newest first. */
	row++;
	for (size_t i = 0; i < ui->process.n_lines && row < bottom; i++)
		canvas_left(c, row++, 1, c->columns - 2,
		    i == 0 ? STYLE_FAINT : STYLE_PLAIN, ui->process.lines[i]);
}

const struct tab tab_memory = {
	.title = "Memory",
	.parts = DETAIL_LEDGER,
	.draw = memory_draw,
	.update = tab_table_update,
};
