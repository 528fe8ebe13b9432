/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/tally.h"
#include "base/xalloc.h"

#include <stdlib.h>

/* Ten megabytes of rows; beyond that sizes are put together. */
#define ROWS_MAX (1u << 18)

void
census_tally_add(struct census_tally *t, uint32_t arena, uint32_t kind,
    uint64_t size)
{
	uint64_t bytes = size, h;
	struct census_row *row;
	size_t at;
	uint32_t id;

	for (;;) {
		h = hash_mix(hash_mix(hash_mix(0, size), kind), arena);
		at = hash_start(&t->index, h);
		while ((id = hash_next(&t->index, h, &at)) != 0) {
			row = &t->rows[id - 1];
			if (row->size == size && row->kind == kind &&
			    row->arena == arena)
				goto found;
		}
		if (t->n < ROWS_MAX || size == 0)
			break;
		size = 0;
	}
	t->rows = xgrow(t->rows, t->n, &t->cap, sizeof *t->rows);
	row = &t->rows[t->n++];
	*row = (struct census_row){ size, 0, 0, arena, kind };
	hash_put(&t->index, h, (uint32_t)t->n);
found:
	row->count++;
	row->bytes += bytes;
}

void
census_tally_free(struct census_tally *t)
{
	free(t->rows);
	hash_free(&t->index);
}
