/* SPDX-License-Identifier: MIT */
/* A census that is being taken: shared by the files that take it. */
#ifndef ULLAGE_CENSUS_TAKING_H
#define ULLAGE_CENSUS_TAKING_H

#include "census/caches.h"
#include "census/census.h"

struct taking {
	struct census *c;
	const struct census_options *o;
	struct census_caches caches;
	struct census_walk walk;
	struct census_state *states; /* owned; of arenas */
	uint64_t *heap_max;	     /* owned; of each, 0: not known */
	size_t n, cap;
	uint32_t arena; /* being walked */
	uint64_t times; /* what a chunk that is met stands for */
	uint32_t part;	/* of the sample; CENSUS_PARTS: of none */
	uint64_t random;
	uint64_t end_ns;
	uint64_t done, all; /* bytes of heap */
	uint64_t from;	    /* where the walk began that goes on */
};

/* True when the time is up. */
bool taking_enough(void *arg, uint64_t at);

/* Finds the arenas, and makes room for what is counted of them. */
void taking_list(struct taking *t);

/* Where the chunks of an arena begin. */
uint64_t taking_first(const struct taking *t, size_t i);

/* Walks an arena. */
void taking_arena(struct taking *t, size_t i);

/* Walks a segment, or a sample of it. */
void taking_walk(struct taking *t, const struct census_segment *s,
    struct census_arena *a);

/* The chunks with a mapping of their own. */
void taking_mapped(struct taking *t, struct census_arena *a);

#endif
