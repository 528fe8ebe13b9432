/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/memory_account.h"
#include "base/escape.h"
#include "base/units.h"

#include <langinfo.h>
#include <string.h>
#include <unistd.h>

/* What each part is drawn with; the first two are the ones one looks for. */
static const struct {
	const char *colour, *glyph;
} looks[LEDGER_PARTS] = {
	[LEDGER_LIVE] = { "\033[32m", "█" },
	[LEDGER_RETAINED] = { "\033[33m", "▒" },
	[LEDGER_OVERHEAD] = { "\033[33m", "░" },
	[LEDGER_HEAP] = { "\033[32m", "▓" },
	[LEDGER_DATA] = { "", "·" },
	[LEDGER_ANONYMOUS] = { "", "▪" },
	[LEDGER_STACKS] = { "", "▫" },
	[LEDGER_SHARED] = { "", "=" },
	[LEDGER_FILE] = { "", "-" },
	[LEDGER_AGENT] = { "\033[36m", "+" },
	[LEDGER_UNKNOWN] = { "\033[31m", "?" },
};

/* One line for the eye, on a terminal only. */
static void
draw_bar(const struct options *o, const struct ledger *l, size_t columns,
    struct buf *out)
{
	bool colour = cmd_color(o);
	size_t width = columns > 24 ? columns - 4 : 20, drawn = 0;
	uint64_t so_far = 0;

	if (!isatty(1) || l->rss == 0 ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return;
	for (int i = 0; i < LEDGER_PARTS; i++) {
		size_t until;

		so_far += l->bytes[i];
		until = (size_t)((double)so_far / (double)l->rss *
			(double)width + 0.5);
		if (until <= drawn)
			continue;
		if (colour)
			buf_puts(out, looks[i].colour);
		for (; drawn < until; drawn++)
			buf_puts(out, looks[i].glyph);
		if (colour && looks[i].colour[0] != '\0')
			buf_puts(out, "\033[0m");
	}
	buf_puts(out, "\n\n");
}

static void
draw_part(const struct memory_account *a, int i, struct buf *out)
{
	char bytes[UNITS_MAX], share[UNITS_MAX], error[UNITS_MAX];
	const struct ledger *l = &a->l;

	buf_printf(out, "%-29s %8s %6s", ledger_title(i),
	    units_bytes(bytes, (int64_t)l->bytes[i]),
	    units_percent(share,
		l->rss ? (double)l->bytes[i] / (double)l->rss : 0));
	if ((i == LEDGER_LIVE || i == LEDGER_RETAINED) && l->error > 0)
		buf_printf(out, "  +- %s",
		    units_bytes(error, (int64_t)l->error));
	if (i == LEDGER_LIVE && l->live_absent > 0)
		buf_printf(out, "  (%s more is not resident)",
		    units_bytes(error, (int64_t)l->live_absent));
	if (i == LEDGER_LIVE && l->excess > 0)
		buf_printf(out, "  (estimate %s above)",
		    units_bytes(error, (int64_t)l->excess));
	buf_puts(out, "\n");
}

static void
draw_allocator(const struct memory_account *a, struct buf *out)
{
	const struct knob_statistics *s = &a->k.statistics;
	const struct {
		const char *name;
		uint64_t bytes;
	} rows[] = {
		{ "in use", s->allocated },
		{ "resident", s->resident },
		{ "free", s->free },
		{ "free, can be released", s->releasable },
		{ "free, held in caches", s->cached },
		{ "its own", s->metadata },
		{ "address space alone", s->unmapped },
	};
	char text[UNITS_MAX], b[UNITS_MAX];

	if (!s->asked)
		return;
	buf_printf(out, "\n%s", a->k.allocator);
	if (a->k.version[0] != '\0') {
		buf_puts(out, " ");
		escape_terminal(out, a->k.version, strlen(a->k.version));
	}
	buf_printf(out, " says (in %s):\n",
	    units_duration(text, (int64_t)s->cost_ns));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		buf_printf(out, "  %-27s %8s\n", rows[i].name,
		    rows[i].bytes == KNOB_UNKNOWN ?
			"-" :
			units_bytes(text, (int64_t)rows[i].bytes));
	for (size_t i = 0; i < a->k.n_arenas; i++)
		buf_printf(out, "  arena %-3llu in use %8s, free %8s, %llu "
				"threads\n",
		    (unsigned long long)a->k.arenas[i].id,
		    units_bytes(text, (int64_t)a->k.arenas[i].allocated),
		    units_bytes(b, (int64_t)a->k.arenas[i].dirty),
		    (unsigned long long)a->k.arenas[i].threads);
}

static void
draw_maps(const struct memory_account *a, struct buf *out)
{
	char r[UNITS_MAX], v[UNITS_MAX];

	buf_puts(out, "\n");
	for (size_t i = 0; i < a->l.n_maps; i++) {
		const struct ledger_map *m = &a->l.maps[i];

		if (m->map->rss == 0)
			continue;
		buf_printf(out, "%12llx %8s live %8s  %-9s %s ",
		    (unsigned long long)m->map->start,
		    units_bytes(r, (int64_t)m->map->rss),
		    m->live > 0 ? units_bytes(v, (int64_t)m->live) : "-",
		    ledger_key(m->part), m->map->perms);
		escape_terminal(out, m->map->name, strlen(m->map->name));
		buf_puts(out, "\n");
	}
}

void
memory_text(const struct options *o, const struct memory_account *a, struct buf *out)
{
	char text[UNITS_MAX], b[UNITS_MAX];
	const struct ledger *l = &a->l;

	draw_bar(o, l, cmd_columns(false), out);
	for (int i = 0; i < LEDGER_PARTS; i++)
		if (l->known[i] && (l->bytes[i] > 0 || i < LEDGER_HEAP ||
				       i == LEDGER_UNKNOWN))
			draw_part(a, i, out);
	buf_printf(out, "%-29s %8s\n", "resident (RSS)",
	    units_bytes(text, (int64_t)l->rss));
	buf_printf(out, "\n%-29s %8s\n", "page tables, not in RSS",
	    units_bytes(text, (int64_t)l->page_tables));
	if (l->swap > 0)
		buf_printf(out, "%-29s %8s\n", "swapped out, not in RSS",
		    units_bytes(text, (int64_t)l->swap));
	if ((a->has_knob && a->s != NULL) || a->census.taken) {
		buf_printf(out, "\na trim would return %s%s: %s\n",
		    a->estimate == UINT64_MAX || a->estimate == 0 ||
			    a->census.taken ?
			"" :
			"about ",
		    a->estimate == UINT64_MAX ?
			"an unknown amount" :
			units_bytes(text, (int64_t)a->estimate),
		    a->why);
		if (a->k.n_receipts > 0) {
			const struct knob_receipt *r =
			    &a->k.receipts[a->k.n_receipts - 1];

			buf_printf(out,
			    "the last one (%s) returned %s in %s\n", r->cause,
			    units_bytes(text,
				(int64_t)(r->before - r->after)),
			    units_duration(b, (int64_t)r->duration_ns));
		}
	}
	memory_census_draw(&a->census, a->s, out);
	if (a->has_knob)
		draw_allocator(a, out);
	if (option_given(o, "maps"))
		draw_maps(a, out);
}
