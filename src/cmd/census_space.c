/* SPDX-License-Identifier: MIT */
/* What is free, in runs; and who keeps pages from being free. */
#include "config.h"

#include "cmd/census_view.h"
#include "base/xalloc.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- runs --------------------------------------------------------------------- */

enum { R_FROM, R_COUNT, R_BYTES, R_SHARE, R_COLUMNS };

static const struct column run_columns[R_COLUMNS] = {
	{ "run", "RUN OF", CELL_BYTES,
	    "at least so long, and less than the next", false, false },
	{ "count", "RUNS", CELL_COUNT, "free runs of that length", false,
	    false },
	{ "bytes", "BYTES", CELL_BYTES, "their sum", false, false },
	{ "share", "%", CELL_PERCENT, "of what is free in runs", false,
	    false },
};

struct table *
census_run_table(const struct census *c)
{
	struct table *t = table_new(run_columns, R_COLUMNS);
	struct census_counts n;
	uint64_t all = 0;

	census_total(c, &n);
	for (int i = 0; i < CENSUS_RUNS; i++)
		all += n.run_bytes[i];
	for (int i = 0; i < CENSUS_RUNS; i++) {
		if (n.runs[i] == 0)
			continue;
		table_row(t);
		table_u64(t, R_FROM, UINT64_C(32) << i);
		table_u64(t, R_COUNT, n.runs[i]);
		table_u64(t, R_BYTES, n.run_bytes[i]);
		table_double(t, R_SHARE,
		    all ? (double)n.run_bytes[i] / (double)all : 0);
	}
	return t;
}

/* ---- pins ----------------------------------------------------------------------- */

enum { P_ARENA, P_CONTENT, P_SIZE, P_COUNT, P_PAGES, P_BYTES, P_COLUMNS };

static const struct column pin_columns[P_COLUMNS] = {
	{ "arena", "ARENA", CELL_TEXT, "address of the arena, or main", true,
	    false },
	{ "content", "CONTENT", CELL_TEXT, "of the chunks that pin", true,
	    true },
	{ "size", "SIZE", CELL_ID, "of the chunk; - is various", false,
	    false },
	{ "count", "CHUNKS", CELL_COUNT, "all chunks like it", false, false },
	{ "pages", "PAGES", CELL_COUNT,
	    "that would be free but for one of them", false, false },
	{ "bytes", "PINNED", CELL_BYTES, "the same in bytes", false, false },
};

static void
cached_rows(const struct census *c, struct table *t)
{
	char name[24];

	for (size_t i = 0; i < c->n_arenas; i++) {
		uint64_t pages = c->arenas[i].pinned_cached;

		if (pages == 0)
			continue;
		table_row(t);
		table_text(t, P_ARENA, census_arena_name(c, i, name));
		table_text(t, P_CONTENT, "free, in the cache of a thread");
		table_u64(t, P_COUNT,
		    c->arenas[i].counts.count[CHUNK_CACHED]);
		table_u64(t, P_PAGES, pages);
		table_u64(t, P_BYTES, pages * CENSUS_PAGE);
	}
}

struct table *
census_pin_table(const struct census *c)
{
	struct table *t = table_new(pin_columns, P_COLUMNS);
	char arena[24];

	for (size_t i = 0; i < c->tally.n; i++) {
		const struct census_row *r = &c->tally.rows[i];
		char *name;

		if (r->pages == 0)
			continue;
		name = census_content_name(c, r->kind);
		table_row(t);
		table_text(t, P_ARENA,
		    census_arena_name(c, r->arena, arena));
		table_text(t, P_CONTENT, name);
		if (r->size != 0)
			table_u64(t, P_SIZE, r->size);
		table_u64(t, P_COUNT, r->count);
		table_u64(t, P_PAGES, r->pages);
		table_u64(t, P_BYTES, r->pages * CENSUS_PAGE);
		free(name);
	}
	cached_rows(c, t);
	table_sort(t, P_PAGES, false);
	return t;
}
