/* SPDX-License-Identifier: MIT */
/* What tabs say that have nothing to show, and how to get it. */
#include "config.h"

#include "top/screens.h"
#include "top/wrap.h"

/* With the key in front, unless it is taken away. */
static void
put_command(struct ui *ui, int row, const char *key, const char *fmt,
    const char *what, int pid)
{
	struct canvas *c = &ui->canvas;

	if (!ui->settings.readonly)
		canvas_put(c, row, 3, STYLE_STRONG, key);
	if (what != NULL)
		canvas_printf(c, row, 7, STYLE_OURS, fmt, what);
	else
		canvas_printf(c, row, 7, STYLE_OURS, fmt, pid);
}

static int
paragraph(struct ui *ui, int row, enum style style, const char *text)
{
	return wrap_put(&ui->canvas, row, 1, ui->canvas.columns - 2, 0, 3,
	    style, text) + (ui->canvas.rows >= 20);
}

static void
draw_advice(struct ui *ui, int row)
{
	const struct source_row *r = &ui->process.row;
	const char *program = r->command[0] != '\0' ? r->command : r->name;
	int air = ui->canvas.rows >= 20;

	row = paragraph(ui, row, STYLE_STRONG, "No agent is in this "
	    "process.");
	row = paragraph(ui, row, STYLE_PLAIN, "One can be put in while it "
	    "runs; it sees what is allocated from then on:");
	put_command(ui, row, "A", "ullage attach %d", NULL, r->pid);
	row += 1 + air;
	row = paragraph(ui, row, STYLE_PLAIN, "Or it is started under one, "
	    "which sees everything:");
	put_command(ui, row, " ", "ullage run -- %s", program, 0);
	row += 1 + air;
	paragraph(ui, row, STYLE_FAINT, "Whether attaching is safe here is "
	    "looked at first. Limits, descriptors and threads need no agent.");
}

bool
tab_needs_agent(struct ui *ui, int row)
{
	const struct source_detail *d = ui->process.detail;

	if (d == NULL || d->agent)
		return false;
	if (d->problem[0] != '\0')
		row = paragraph(ui, row, STYLE_WARN, d->problem) + 1;
	if (d->unseen[0] != '\0') {
		row = paragraph(ui, row, STYLE_STRONG, "No agent can be "
		    "seen in this process.");
		paragraph(ui, row, STYLE_PLAIN, d->unseen);
		return true;
	}
	draw_advice(ui, row);
	return true;
}

bool
tab_is_empty(struct ui *ui, int row, unsigned part)
{
	const struct source_detail *d = ui->process.detail;

	if (d == NULL) {
		canvas_put(&ui->canvas, row, 1, STYLE_FAINT,
		    ui->process.gone ? "the process has ended" :
				       "reading ...");
		return true;
	}
	if ((d->parts & part) == part && d->problem[0] == '\0')
		return false;
	if (d->problem[0] == '\0')
		return false;
	paragraph(ui, row, STYLE_WARN, d->problem);
	return true;
}

int
tab_offer(struct ui *ui, int row, int bottom, const char *what)
{
	const struct source_detail *d = ui->process.detail;
	struct canvas *c = &ui->canvas;
	int at = 1;

	if ((d->agent && !d->quiet) || ui->process.row.hidden || row >= bottom)
		return row;
	if (!ui->settings.readonly)
		at += canvas_put(c, row, at, STYLE_OURS, "A") + 1;
	canvas_printf(c, row, at, STYLE_FAINT, "%s (ullage attach %d): %s",
	    d->agent ? "wakes the agent" : "attaches an agent",
	    ui->process.pid, what);
	return row + 1;
}
