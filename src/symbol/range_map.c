/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/range_map.h"
#include "base/xalloc.h"

#include <stdlib.h>

void
range_map_free(struct range_map *m)
{
	free(m->ranges);
	*m = (struct range_map)RANGE_MAP_INIT;
}

void
range_map_add(struct range_map *m, uint64_t low, uint64_t high, uint32_t id,
    uint32_t rank)
{
	if (low >= high)
		return;
	m->ranges = xgrow(m->ranges, m->n, &m->cap, sizeof *m->ranges);
	m->ranges[m->n++] = (struct range){ .low = low, .high = high,
		.id = id, .rank = rank, .outer = RANGE_NONE };
}

/* Outer before inner, so that the last one before an address is innermost. */
static int
by_start(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

void
range_map_sort(struct range_map *m)
{
	size_t i, open = RANGE_NONE;

	if (m->n == 0)
		return;
	qsort(m->ranges, m->n, sizeof *m->ranges, by_start);
	for (i = 0; i < m->n; i++) {
		/* Those that ended before this one can enclose no later one. */
		while (open != RANGE_NONE &&
		    m->ranges[open].high <= m->ranges[i].low)
			open = m->ranges[open].outer;
		m->ranges[i].outer = open;
		open = i;
	}
}

static size_t
covering(const struct range_map *m, size_t i, uint64_t address)
{
	while (i != RANGE_NONE && m->ranges[i].high <= address)
		i = m->ranges[i].outer;
	return i;
}

size_t
range_map_find(const struct range_map *m, uint64_t address)
{
	size_t low = 0, high = m->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (m->ranges[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? RANGE_NONE : covering(m, low - 1, address);
}

size_t
range_map_outer(const struct range_map *m, size_t i, uint64_t address)
{
	return covering(m, m->ranges[i].outer, address);
}
