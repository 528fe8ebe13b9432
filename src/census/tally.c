/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/tally.h"
#include "base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Some megabytes of rows; beyond that sizes are put together. */
#define ROWS_MAX (1u << 16)

static struct census_row *
find_slowly(struct census_tally *t, uint32_t arena, uint32_t kind, uint64_t size)
{
	struct census_row *row;
	size_t at;
	uint32_t id;
	uint64_t h;

	for (;;) {
		h = hash_mix(hash_mix(hash_mix(0, size), kind), arena);
		at = hash_start(&t->index, h);
		while ((id = hash_next(&t->index, h, &at)) != 0) {
			row = &t->rows[id - 1];
			if (row->size == size && row->kind == kind &&
			    row->arena == arena)
				return row;
		}
		if (t->n < ROWS_MAX || size == 0)
			break;
		size = 0;
	}
	t->rows = xgrow(t->rows, t->n, &t->cap, sizeof *t->rows);
	row = &t->rows[t->n++];
	*row = (struct census_row){ .size = size, .arena = arena,
		.kind = kind };
	hash_put(&t->index, h, (uint32_t)t->n);
	return row;
}

/* Most chunks are of few kinds and sizes. */
static struct census_row *
find(struct census_tally *t, uint32_t arena, uint32_t kind, uint64_t size)
{
	uint32_t *recent = &t->recent[(size / 16 + kind * 37 + arena * 101) %
	    256];
	struct census_row *row;

	if (*recent != 0) {
		row = &t->rows[*recent - 1];
		if (row->size == size && row->kind == kind &&
		    row->arena == arena)
			return row;
	}
	row = find_slowly(t, arena, kind, size);
	*recent = (uint32_t)(row - t->rows) + 1;
	return row;
}

static void
add_part(struct census_tally *t, size_t row, uint32_t part, uint64_t bytes)
{
	while (t->cap_parts <= row) {
		size_t old = t->cap_parts;

		t->parts = xgrow(t->parts, old, &t->cap_parts,
		    sizeof *t->parts);
		memset(t->parts + old, 0,
		    (t->cap_parts - old) * sizeof *t->parts);
	}
	t->parts[row][part] += bytes;
}

void
census_tally_add(struct census_tally *t, uint32_t arena, uint32_t kind,
    uint64_t size, uint64_t times, uint32_t part)
{
	struct census_row *row = find(t, arena, kind, size);

	row->count += times;
	row->bytes += size * times;
	if (part < CENSUS_PARTS)
		add_part(t, (size_t)(row - t->rows), part, size * times);
}

void
census_tally_pin(struct census_tally *t, uint32_t arena, uint32_t kind,
    uint64_t size, uint64_t times)
{
	find(t, arena, kind, size)->pages += times;
}

/*
 * Random groups: how their sums differ from what their numbers of cells would
 * make them tells how much a cell differs from the next, and that how much the
 * sum of all would.
 */
double
census_parts_error(const uint64_t parts[CENSUS_PARTS],
    const uint64_t cells[CENSUS_PARTS], uint64_t times)
{
	double all = 0, n = 0, squares = 0, freedom = 0;

	for (int i = 0; i < CENSUS_PARTS; i++) {
		all += (double)parts[i];
		n += (double)cells[i];
	}
	if (times < 2 || n <= 0)
		return 0;
	if (n < 2)
		return -1;
	for (int i = 0; i < CENSUS_PARTS; i++) {
		double k = (double)cells[i];
		double d = (double)parts[i] - k / n * all;

		squares += d * d;
		freedom += k * (1 - k / n);
	}
	if (freedom <= 0)
		return -1;
	return sqrt(squares / freedom * n * (1 - 1 / (double)times));
}

void
census_tally_free(struct census_tally *t)
{
	free(t->rows);
	free(t->parts);
	hash_free(&t->index);
}
