/* SPDX-License-Identifier: MIT */
/*
 * A sample of a heap: of every so many cells of it, one at random, so that
 * each chunk is met with the same probability, that of its first byte. The
 * walk begins a little before a cell, where chunks are sure, and ends with the
 * last one that begins in it.
 */
#include "config.h"

#include "census/taking.h"
#include "census/resume.h"

#include <string.h>

/* With what is read before and after it no more than a window. */
#define CELL CENSUS_CELL
#define LEAD (4 * CENSUS_PAGE)

/* Fewer cells than this are read all: there is nothing to be gained. */
#define CELLS_MIN 16

static uint64_t
random_below(struct taking *t, uint64_t n)
{
	/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's
	 * xorshift generators, scrambled", 2016. */
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return (t->random * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n;
}

static void
walk_cell(struct taking *t, const struct census_segment *whole, uint64_t from,
    uint64_t until, struct census_arena *a)
{
	struct census_segment s = *whole;
	struct census_counts n;

	memset(&n, 0, sizeof n);
	s.from = from;
	s.until = until;
	if (s.from > whole->start + LEAD)
		s.start = census_resume(&t->walk, &s, s.from - LEAD);
	t->times = t->c->times;
	t->part = (uint32_t)random_below(t, CENSUS_PARTS);
	/* Not so in the middle of a large chunk. */
	if (s.start < s.until)
		census_walk(&t->walk, &s, &n);
	census_counts_add(&a->counts, &n, t->times);
	census_counts_add(&t->c->parts[t->part], &n, t->times);
	t->c->cells++;
	t->c->part_cells[t->part]++;
	t->times = 1;
	t->part = CENSUS_PARTS;
}

/*
 * As many groups of cells as make cells of about that size, and in each just
 * as many cells as one of them stands for: else the last, smaller group would
 * add an error of its own.
 */
static void
walk_cells(struct taking *t, const struct census_segment *s, uint64_t end,
    struct census_arena *a)
{
	uint64_t start = s->start & ~(CENSUS_PAGE - 1), times = t->c->times;
	uint64_t pages = (end - start + CENSUS_PAGE - 1) / CENSUS_PAGE;
	uint64_t groups = (pages + times * CELL / CENSUS_PAGE / 2) /
	    (times * CELL / CENSUS_PAGE);

	if (groups == 0)
		groups = 1;
	for (uint64_t i = 0; i < groups && !t->c->cut; i++) {
		uint64_t first = pages * i / groups;
		uint64_t n = pages * (i + 1) / groups - first;
		uint64_t k = random_below(t, times);
		uint64_t from = start + (first + n * k / times) * CENSUS_PAGE;
		uint64_t until = start +
		    (first + n * (k + 1) / times) * CENSUS_PAGE;

		if (until > end)
			until = end;
		if (from < until)
			walk_cell(t, s, from, until, a);
	}
}

/* The top is exact in any case: it is known where it is. */
static void
walk_top(struct taking *t, const struct census_segment *whole,
    struct census_arena *a)
{
	struct census_segment s = *whole;

	s.start = s.top;
	census_walk(&t->walk, &s, &a->counts);
}

void
taking_walk(struct taking *t, const struct census_segment *s,
    struct census_arena *a)
{
	uint64_t end = s->top != 0 ? s->top : s->end;

	t->from = s->start;
	t->times = 1;
	t->part = CENSUS_PARTS;
	if (t->c->times < 2 || end < s->start ||
	    end - s->start < CELLS_MIN * CELL) {
		census_walk(&t->walk, s, &a->counts);
	} else {
		walk_cells(t, s, end, a);
		if (s->top != 0)
			walk_top(t, s, a);
	}
	t->done += s->end - s->start;
}
