/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/census_view.h"
#include "base/xalloc.h"
#include "symbol/symbol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const census_by_names[CENSUS_VIEWS] = {
	"arena", "content", "size", "range", "run", "pin",
};

/* ---- arenas ------------------------------------------------------------------- */

enum {
	A_ARENA, A_HEAPS, A_SYSTEM, A_COUNT, A_IN_USE, A_CACHED, A_FAST,
	A_FREE_COUNT, A_FREE, A_TOP, A_PAGES, A_RESIDENT, A_TOP_RESIDENT,
	A_OVERHEAD, A_IN_MEMORY, A_PINNED, A_PINNED_CACHED, A_UNCOVERED,
	A_DERAILED, A_COLUMNS,
};

static const struct column arena_columns[A_COLUMNS] = {
	{ "arena", "ARENA", CELL_TEXT, "address of the arena, main or mmapped",
	    true, false },
	{ "heaps", "HEAPS", CELL_COUNT, "stretches of memory", false, false },
	{ "system", "SYSTEM", CELL_BYTES, "what it has of the kernel", false,
	    false },
	{ "count", "CHUNKS", CELL_COUNT, "chunks in use", false, false },
	{ "bytes", "IN USE", CELL_BYTES, "bytes in use", false, false },
	{ "cached", "CACHED", CELL_BYTES, "free, in caches of threads", false,
	    false },
	{ "fast", "FAST", CELL_BYTES, "free, in fast bins", false, false },
	{ "free_count", "FREE CHUNKS", CELL_COUNT, "free chunks", false,
	    false },
	{ "free", "FREE", CELL_BYTES, "free between chunks in use", false,
	    false },
	{ "top", "TOP", CELL_BYTES, "free at the end", false, false },
	{ "free_pages", "FREE PAGES", CELL_BYTES,
	    "whole pages of what is free, without the top", false, false },
	{ "free_pages_resident", "RESIDENT", CELL_BYTES,
	    "those of them that are in memory: malloc_trim(0) returns them",
	    false, false },
	{ "top_resident", "TOP RESIDENT", CELL_BYTES,
	    "whole pages of the top that are in memory", false, false },
	{ "overhead", "OVERHEAD", CELL_BYTES, "headers of the arena", false,
	    false },
	{ "in_memory", "IN MEMORY", CELL_BYTES,
	    "of the bytes in use, on pages in memory", false, false },
	{ "pinned_pages", "PINNED", CELL_COUNT,
	    "pages that would be free but for one chunk", false, false },
	{ "pinned_pages_cached", "BY CACHED", CELL_COUNT,
	    "those of them where that is in a thread's cache", false, false },
	{ "uncovered", "UNCOVERED", CELL_BYTES, "not understood", false,
	    false },
	{ "derailed", "DERAILED", CELL_COUNT,
	    "how often the walk had to go on elsewhere", false, false },
};

const char *
census_arena_name(const struct census *c, size_t i, char name[24])
{
	if (i == 0)
		return "main";
	if (c->arenas[i].address == 0)
		return "mmapped";
	snprintf(name, 24, "0x%" PRIx64, c->arenas[i].address);
	return name;
}

static struct table *
arena_table(const struct census *c)
{
	struct table *t = table_new(arena_columns, A_COLUMNS);

	for (size_t i = 0; i < c->n_arenas; i++) {
		const struct census_arena *a = &c->arenas[i];
		const struct census_counts *n = &a->counts;
		char name[24];

		table_row(t);
		table_text(t, A_ARENA, census_arena_name(c, i, name));
		table_u64(t, A_HEAPS, a->heaps);
		table_u64(t, A_SYSTEM, a->system);
		table_u64(t, A_COUNT, n->count[CHUNK_IN_USE]);
		table_u64(t, A_IN_USE, n->bytes[CHUNK_IN_USE]);
		if (c->cached_known)
			table_u64(t, A_CACHED, n->bytes[CHUNK_CACHED]);
		table_u64(t, A_FAST, n->bytes[CHUNK_FAST]);
		table_u64(t, A_FREE_COUNT, n->count[CHUNK_FREE]);
		table_u64(t, A_FREE, n->bytes[CHUNK_FREE]);
		table_u64(t, A_TOP, n->top);
		table_u64(t, A_PAGES, n->pages);
		table_u64(t, A_RESIDENT, n->resident);
		table_u64(t, A_TOP_RESIDENT, n->top_resident);
		table_u64(t, A_OVERHEAD, a->overhead);
		table_u64(t, A_IN_MEMORY, n->in_memory);
		table_u64(t, A_PINNED, n->pinned);
		table_u64(t, A_PINNED_CACHED, a->pinned_cached);
		table_u64(t, A_UNCOVERED, n->uncovered);
		table_u64(t, A_DERAILED, n->derailed);
	}
	table_sort(t, A_SYSTEM, false);
	return t;
}

/* ---- contents and sizes --------------------------------------------------------- */

enum {
	G_NAME, G_CLASS, G_COUNT, G_BYTES, G_ERROR, G_SHARE, G_MORE, G_GROWTH,
	G_COLUMNS,
};

#define GROUP_COLUMNS(key, title, help)                                       \
	{                                                                     \
		{ key, title, CELL_TEXT, help, true, true },                  \
		{ "class", "CLASS", CELL_BOOL, "it is a C++ class", false,    \
		    false },                                                  \
		{ "count", "CHUNKS", CELL_COUNT, "chunks in use", false,      \
		    false },                                                  \
		{ "bytes", "BYTES", CELL_BYTES, "bytes in use", false,        \
		    false },                                                  \
		{ "bytes_error", "+-", CELL_BYTES,                            \
		    "standard error of a sample", false, false },             \
		{ "share", "%", CELL_PERCENT, "of all bytes in use", false,   \
		    false },                                                  \
		{ "count_growth", "+CHUNKS", CELL_COUNT, "since --base",      \
		    false, false },                                           \
		{ "bytes_growth", "+BYTES", CELL_BYTES, "since --base",       \
		    false, false },                                           \
	}

static const struct column content_columns[G_COLUMNS] =
    GROUP_COLUMNS("content", "CONTENT", "class, or what the first words tell");
static const struct column range_columns[G_COLUMNS] =
    GROUP_COLUMNS("range", "SIZES", "least and most of the chunks, a power "
				    "of two apart");
static const struct column size_columns[G_COLUMNS] =
    GROUP_COLUMNS("size", "SIZE", "of the chunk, with its header of 8 bytes");

char *
census_content_name(const struct census *c, uint32_t kind)
{
	const char *name = census_kind_name(c->kinds, kind);
	bool array = false;
	char *mangled, *plain, *full;
	size_t len = strlen(name);

	if (!census_kind_is_class(c->kinds, kind))
		return xstrdup(name);
	mangled = xstrdup(name);
	if (len > 2 && strcmp(name + len - 2, "[]") == 0) {
		array = true;
		mangled[len - 2] = '\0';
	}
	/* A type is not a symbol: demanglers want what is one, its name. */
	full = xasprintf("_ZTS%s", mangled + 2);
	plain = symbol_demangle(full);
	free(full);
	if (plain != NULL && strncmp(plain, "typeinfo name for ", 18) == 0)
		full = xasprintf("%s%s", plain + 18, array ? "[]" : "");
	else
		full = xstrdup(name);
	free(plain);
	free(mangled);
	return full;
}

static void
group_row(struct table *t, const struct census_row *sum, const char *name,
    uint64_t total, enum census_by by, const struct census_base *base)
{
	int64_t count, bytes;

	table_row(t);
	table_text(t, G_NAME, name);
	table_u64(t, G_COUNT, sum->count);
	table_u64(t, G_BYTES, sum->bytes);
	if (total > 0)
		table_double(t, G_SHARE, (double)sum->bytes / (double)total);
	if (base == NULL || by >= CENSUS_GROW)
		return;
	census_base_find(base, by, name, &count, &bytes);
	table_i64(t, G_MORE, (int64_t)sum->count - count);
	table_i64(t, G_GROWTH, (int64_t)sum->bytes - bytes);
}

static int
by_size(const void *a, const void *b)
{
	const struct census_row *x = *(struct census_row *const *)a;
	const struct census_row *y = *(struct census_row *const *)b;

	return (x->size > y->size) - (x->size < y->size);
}

static int
range_of(const struct census_row *r)
{
	int i = 0;

	while (r->size >> i > 1)
		i++;
	return i;
}

static int
by_range(const void *a, const void *b)
{
	return range_of(*(struct census_row *const *)a) -
	    range_of(*(struct census_row *const *)b);
}

static int
by_kind(const void *a, const void *b)
{
	const struct census_row *x = *(struct census_row *const *)a;
	const struct census_row *y = *(struct census_row *const *)b;

	return (x->kind > y->kind) - (x->kind < y->kind);
}

static char *
group_name(const struct census *c, enum census_by by,
    const struct census_row *row)
{
	if (by == CENSUS_BY_CONTENT)
		return census_content_name(c, row->kind);
	if (by == CENSUS_BY_RANGE && row->size != 0) {
		uint64_t least = UINT64_C(1) << range_of(row);

		return xasprintf("%" PRIu64 "-%" PRIu64, least,
		    2 * least - 1);
	}
	return row->size ? xasprintf("%" PRIu64, row->size) :
			   xstrdup("various");
}

static void
add_parts(const struct census_tally *t, const struct census_row *row,
    uint64_t parts[CENSUS_PARTS])
{
	size_t at = (size_t)(row - t->rows);

	if (at < t->cap_parts)
		for (int i = 0; i < CENSUS_PARTS; i++)
			parts[i] += t->parts[at][i];
}

static struct table *
group_table(const struct census *c, enum census_by by,
    const struct census_base *base)
{
	int (*order)(const void *, const void *) =
	    by == CENSUS_BY_SIZE	? by_size :
	    by == CENSUS_BY_RANGE ? by_range :
				    by_kind;
	struct table *t = table_new(by == CENSUS_BY_SIZE ? size_columns :
		by == CENSUS_BY_RANGE			 ? range_columns :
							   content_columns,
	    G_COLUMNS);
	const struct census_row **rows = xcalloc(c->tally.n + 1, sizeof *rows);
	struct census_counts total;

	census_total(c, &total);
	for (size_t i = 0; i < c->tally.n; i++)
		rows[i] = &c->tally.rows[i];
	qsort(rows, c->tally.n, sizeof *rows, order);
	for (size_t i = 0, k; i < c->tally.n; i = k) {
		struct census_row sum = *rows[i];
		uint64_t parts[CENSUS_PARTS] = { 0 };
		char *name = group_name(c, by, &sum);
		double error;

		sum.count = sum.bytes = 0;
		for (k = i; k < c->tally.n && order(&rows[i], &rows[k]) == 0;
		     k++) {
			sum.count += rows[k]->count;
			sum.bytes += rows[k]->bytes;
			add_parts(&c->tally, rows[k], parts);
		}
		group_row(t, &sum, name, total.bytes[CHUNK_IN_USE], by, base);
		error = census_parts_error(parts, c->part_cells, c->times);
		if (error >= 0)
			table_u64(t, G_ERROR, (uint64_t)error);
		if (by == CENSUS_BY_CONTENT)
			table_u64(t, G_CLASS,
			    census_kind_is_class(c->kinds, sum.kind));
		free(name);
	}
	free(rows);
	table_sort(t, base != NULL && by < CENSUS_GROW ? G_GROWTH : G_BYTES,
	    false);
	return t;
}

/* ---- any ------------------------------------------------------------------------ */

struct table *
census_table(const struct census *c, enum census_by by,
    const struct census_base *base)
{
	switch (by) {
	case CENSUS_BY_ARENA:
		return arena_table(c);
	case CENSUS_BY_RUN:
		return census_run_table(c);
	case CENSUS_BY_PIN:
		return census_pin_table(c);
	default:
		return group_table(c, by, base);
	}
}

uint64_t
census_hidden(const struct census *c, enum census_by by,
    const struct census_base *base)
{
	uint64_t hidden = 1u << G_CLASS;

	if (by == CENSUS_BY_RUN || by == CENSUS_BY_PIN)
		return 0;
	if (by == CENSUS_BY_ARENA)
		return 1u << A_HEAPS | 1u << A_FREE_COUNT |
		    1u << A_TOP_RESIDENT | 1u << A_OVERHEAD |
		    1u << A_DERAILED | 1u << A_PAGES | 1u << A_IN_MEMORY |
		    1u << A_PINNED_CACHED;
	if (base == NULL)
		hidden |= 1u << G_MORE | 1u << G_GROWTH;
	if (c->times < 2)
		hidden |= 1u << G_ERROR;
	return hidden;
}
