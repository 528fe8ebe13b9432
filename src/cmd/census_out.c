/* SPDX-License-Identifier: MIT */
/* What ullage census writes: text and JSON. */
#include "config.h"

#include "cmd/census_view.h"
#include "base/units.h"
#include "cmd/table_out.h"

#include <inttypes.h>

/* Of each table, unless -n says so. */
#define ROWS 12

/* ---- JSON ------------------------------------------------------------------------- */

static void
bytes_field(struct buf *out, const char *name, uint64_t value)
{
	buf_printf(out, ",\"%s\":%" PRIu64, name, value);
}

/* Below 0: not known. */
static int64_t
error_of(const struct census *c, uint64_t (*value)(const struct census_counts *))
{
	uint64_t parts[CENSUS_PARTS];

	for (int i = 0; i < CENSUS_PARTS; i++)
		parts[i] = value(&c->parts[i]);
	return (int64_t)census_parts_error(parts, c->part_cells, c->times);
}

static void
error_field(struct buf *out, const char *name, int64_t error)
{
	if (error < 0)
		buf_printf(out, ",\"%s\":null", name);
	else
		bytes_field(out, name, (uint64_t)error);
}

static uint64_t
in_use_of(const struct census_counts *n)
{
	return n->bytes[CHUNK_IN_USE];
}

static uint64_t
free_of(const struct census_counts *n)
{
	return n->bytes[CHUNK_FREE] + n->bytes[CHUNK_FAST];
}

static uint64_t
pages_of(const struct census_counts *n)
{
	return n->resident;
}

static void
json_head(const struct census_run *r, struct buf *out)
{
	const struct census *c = r->c;
	struct census_counts n;

	census_total(c, &n);
	buf_printf(out, "{\"pid\":%d,\"glibc\":\"2.%d\"", r->pid,
	    c->layout.minor);
	bytes_field(out, "count", n.count[CHUNK_IN_USE]);
	bytes_field(out, "bytes", n.bytes[CHUNK_IN_USE]);
	bytes_field(out, "in_memory", n.in_memory);
	bytes_field(out, "cached", n.bytes[CHUNK_CACHED]);
	bytes_field(out, "fast", n.bytes[CHUNK_FAST]);
	bytes_field(out, "free", n.bytes[CHUNK_FREE]);
	bytes_field(out, "top", n.top);
	bytes_field(out, "free_pages", n.pages);
	bytes_field(out, "free_pages_resident", n.resident);
	bytes_field(out, "top_resident", n.top_resident);
	bytes_field(out, "trim", census_trim(c));
	bytes_field(out, "pinned_pages", n.pinned);
	bytes_field(out, "uncovered", n.uncovered);
	bytes_field(out, "derailed", n.derailed);
	bytes_field(out, "derailed_at", n.derailed_at);
	bytes_field(out, "odd", n.odd);
	bytes_field(out, "stuck", c->stuck);
	bytes_field(out, "cpu_ns", c->cpu_ns);
	bytes_field(out, "wall_ns", c->wall_ns);
	bytes_field(out, "sample_one_in", c->times);
	bytes_field(out, "sample_stretches", c->cells);
	error_field(out, "bytes_error", error_of(c, in_use_of));
	error_field(out, "free_error", error_of(c, free_of));
	error_field(out, "free_pages_resident_error", error_of(c, pages_of));
	buf_printf(out, ",\"arenas_lost\":%s", c->arenas_lost ? "true" :
								 "false");
	buf_printf(out, ",\"cut\":%s", c->cut ? "true" : "false");
}

static void
json_table(const char *name, struct table *t, struct buf *out)
{
	buf_printf(out, ",\n\"%ss\":", name);
	table_json(t, out);
	table_free(t);
}

void
census_view_json(const struct census_run *r, struct buf *out)
{
	json_head(r, out);
	for (int by = 0; by < CENSUS_VIEWS; by++)
		json_table(census_by_names[by],
		    census_table(r->c, (enum census_by)by, r->base), out);
	if (r->sites != NULL)
		json_table("site", census_sites_table(r->sites), out);
	buf_puts(out, "}\n");
}

/* ---- text --------------------------------------------------------------------------- */

/* "in use", "1.50k": part of a sentence. */
static void
part(struct buf *out, const char *what, uint64_t bytes)
{
	char text[UNITS_MAX];

	buf_printf(out, "%s %s", what, units_bytes(text, (int64_t)bytes));
}

/* What was left out, and why. */
static void
view_gaps(const struct census *c, const struct census_counts *n,
    struct buf *out)
{
	if (n->uncovered > 0)
		part(out, "; not understood:", n->uncovered);
	if (n->derailed > 0)
		buf_printf(out,
		    "\na chunk at 0x%" PRIx64 "%s has a size that cannot be: "
		    "its owner has written over it, or was just about to",
		    n->derailed_at, n->derailed > 1 ? " (and others)" : "");
	if (n->odd > 0)
		buf_printf(out, "\nfree chunks whose two sizes differ: "
				"%" PRIu64, n->odd);
	if (c->arenas_lost)
		buf_puts(out, "\nthe list of arenas does not hold: some were "
			      "not found");
	if (c->stuck > 0)
		buf_printf(out, "\npages that did not come were given up: %u "
				"times", c->stuck);
	buf_puts(out, c->cut ? "; time ran out\n" : "\n");
}

static void
view_sample(const struct census *c, struct buf *out)
{
	char text[UNITS_MAX];

	if (c->times < 2)
		return;
	if (c->cells == 0) {
		buf_puts(out, "too small for a sample: all of it was read\n");
		return;
	}
	buf_printf(out, "a sample: one in %" PRIu64 " stretches of about "
			"960k, %" PRIu64 " of them were read; ",
	    c->times, c->cells);
	if (error_of(c, in_use_of) < 0) {
		buf_puts(out, "too few to tell the error\n");
		return;
	}
	part(out, "standard errors: in use",
	    (uint64_t)error_of(c, in_use_of));
	part(out, ", free", (uint64_t)error_of(c, free_of));
	buf_printf(out, ", whole pages %s\n",
	    units_bytes(text, error_of(c, pages_of)));
}

static void
view_summary(const struct census_run *r, struct buf *out)
{
	const struct census *c = r->c;
	char count[COUNT_MAX], cpu[UNITS_MAX];
	struct census_counts n;

	census_total(c, &n);
	buf_printf(out, "process %d, glibc 2.%d%s: ", r->pid, c->layout.minor,
	    c->layout.is_static ? " (in the program)" : "");
	part(out, "in use", n.bytes[CHUNK_IN_USE]);
	buf_printf(out, " in %s chunks",
	    count_text(count, n.count[CHUNK_IN_USE]));
	part(out, "; free", n.bytes[CHUNK_FREE] + n.bytes[CHUNK_FAST]);
	if (c->cached_known)
		part(out, ", in thread caches", n.bytes[CHUNK_CACHED]);
	part(out, ", at the top", n.top);
	part(out, "\nwhole free pages in memory:", n.resident);
	part(out, ", at the top", n.top_resident);
	part(out, "; kept by one chunk each:", n.pinned * CENSUS_PAGE);
	view_gaps(c, &n, out);
	view_sample(c, out);
	if (option_given(r->o, "verbose"))
		cmd_note(r->o, "the census took %s of CPU time",
		    units_duration(cpu, (int64_t)c->cpu_ns));
}

static bool
is_shown(const struct census_run *r, int by)
{
	if (r->only >= 0)
		return by == r->only;
	return by < CENSUS_GROW || (by >= CENSUS_BY_RUN && r->space);
}

void
census_view_text(const struct census_run *r, struct buf *out)
{
	struct table *t;

	if (r->only < 0)
		view_summary(r, out);
	for (int by = 0; by < CENSUS_VIEWS; by++) {
		if (!is_shown(r, by))
			continue;
		if (r->only < 0)
			buf_puts(out, "\n");
		t = census_table(r->c, (enum census_by)by, r->base);
		table_out_text(r->o, t, ROWS,
		    census_hidden(r->c, (enum census_by)by, r->base), out);
		table_free(t);
	}
	if (r->sites != NULL) {
		buf_puts(out, "\n");
		t = census_sites_table(r->sites);
		table_out_text(r->o, t, ROWS, 0, out);
		table_free(t);
	}
}
