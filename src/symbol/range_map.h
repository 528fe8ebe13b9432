/* SPDX-License-Identifier: MIT */
/*
 * Which of many address ranges covers an address. The ranges nest, as
 * functions and the bodies inlined into them do; the innermost one answers.
 * Fill, sort once, then look up.
 */
#ifndef ULLAGE_SYMBOL_RANGE_MAP_H
#define ULLAGE_SYMBOL_RANGE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define RANGE_NONE SIZE_MAX

struct range {
	uint64_t low, high; /* [low, high) */
	uint32_t id;	    /* the caller's */
	uint32_t rank;	    /* of equal ranges the higher one answers */
	size_t outer;	    /* index of one that may enclose it */
};

struct range_map {
	struct range *ranges; /* owned */
	size_t n, cap;
};

#define RANGE_MAP_INIT { NULL, 0, 0 }

void range_map_free(struct range_map *m);

/* Adds [low, high); an empty one is left out. */
void range_map_add(struct range_map *m, uint64_t low, uint64_t high,
    uint32_t id, uint32_t rank);

/* Needed between the last range_map_add and a look-up. */
void range_map_sort(struct range_map *m);

/* Index of the innermost range that covers address, or RANGE_NONE. */
size_t range_map_find(const struct range_map *m, uint64_t address);

/* The next one outwards from ranges[i] that covers it, or RANGE_NONE. */
size_t range_map_outer(const struct range_map *m, size_t i, uint64_t address);

#endif
