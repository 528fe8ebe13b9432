/* SPDX-License-Identifier: MIT */
/* The machine, above the list: load, memory, files, pressure. */
#include "config.h"

#include "top/list_parts.h"
#include "base/units.h"
#include "top/graph.h"

#include <stdio.h>
#include <string.h>

struct header {
	struct canvas *c;
	int row, at, rows;
};

/* Room for `width` more columns; else the next line. False: there is none. */
static bool
room(struct header *h, int width)
{
	if (h->at + width <= h->c->columns - 1)
		return true;
	if (h->row + 1 >= h->rows)
		return false;
	h->row++;
	h->at = 1;
	return h->at + width <= h->c->columns - 1;
}

static void
put_pair(struct header *h, const char *label, const char *text,
    enum style style)
{
	int width = canvas_width(h->c, label) + canvas_width(h->c, text) + 1;

	if (!room(h, width))
		return;
	h->at += canvas_put(h->c, h->row, h->at, STYLE_FAINT, label) + 1;
	h->at += canvas_put(h->c, h->row, h->at, style, text) + 3;
}

static void
put_memory(struct header *h, const struct source_machine *m)
{
	char used[UNITS_MAX], all[UNITS_MAX], text[64];
	int width = h->c->columns >= 160 ? 30 : h->c->columns >= 100 ? 12 : 10;
	double f;

	if (m->memory == 0 || m->memory == NOT_KNOWN)
		return;
	f = (double)(m->memory - m->available) / (double)m->memory;
	snprintf(text, sizeof text, "%s of %s",
	    units_bytes(used, (int64_t)(m->memory - m->available)),
	    units_bytes(all, (int64_t)m->memory));
	if (!room(h, 8 + width + (int)strlen(text)))
		return;
	h->at += canvas_put(h->c, h->row, h->at, STYLE_FAINT, "memory") + 1;
	graph_meter(h->c, h->row, h->at, width, f, graph_fullness(f));
	h->at += width + 1;
	h->at += canvas_put(h->c, h->row, h->at, graph_fullness(f), text) + 3;
}

static void
put_files(struct header *h, const struct source_machine *m)
{
	char a[UNITS_MAX], b[UNITS_MAX], text[64];

	if (m->files != NOT_KNOWN) {
		double f = (double)m->files / (double)m->files_max;

		units_count(a, (int64_t)m->files);
		/* The ceiling is of interest when it comes into sight. */
		if (f < 0.1)
			snprintf(text, sizeof text, "%s", a);
		else
			snprintf(text, sizeof text, "%s of %s", a,
			    units_count(b, (int64_t)m->files_max));
		put_pair(h, "files", text, graph_fullness(f));
	}
	if (m->tcp != NOT_KNOWN) {
		snprintf(text, sizeof text, "%s, %s",
		    units_count(a, (int64_t)m->tcp),
		    units_bytes(b, (int64_t)m->tcp_memory));
		put_pair(h, "tcp", text, STYLE_PLAIN);
	}
}

static void
put_pressure(struct header *h, const struct source_machine *m)
{
	const double v[] = { m->pressure_cpu, m->pressure_memory,
		m->pressure_io };
	static const char *const names[] = { "cpu", "memory", "io" };
	char text[64];
	int at = 0;

	for (int i = 1; i < 3; i++)
		if (v[i] > v[at])
			at = i;
	if (v[at] < 0)
		return;
	snprintf(text, sizeof text, "%.0f%% %s", v[at] * 100, names[at]);
	if (v[at] < 0.005)
		snprintf(text, sizeof text, "none");
	put_pair(h, "pressure", text,
	    v[at] >= 0.4 ? STYLE_TROUBLE : v[at] >= 0.1 ? STYLE_WARN :
							  STYLE_PLAIN);
}

int
list_machine(struct ui *ui)
{
	const struct source_machine *m = &ui->model.machine;
	struct canvas *c = &ui->canvas;
	struct header h = { c, 0, 1, c->rows >= 20 ? 2 : 1 };
	char text[64];
	bool busy = m->cpus > 0 && m->load[0] > m->cpus;

	h.at += canvas_put(c, 0, 1, STYLE_OURS, "ullage") + 2;
	h.at += canvas_put(c, 0, h.at, STYLE_STRONG, m->host) + 3;
	snprintf(text, sizeof text, "%.2f %.2f %.2f", m->load[0], m->load[1],
	    m->load[2]);
	put_pair(&h, "load", text, busy ? STYLE_WARN : STYLE_PLAIN);
	put_memory(&h, m);
	put_files(&h, m);
	put_pressure(&h, m);
	return h.row + 1;
}
