/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given back all at once, up to a limit: what a file from a
 * stranger may make us allocate while it is read.
 */
#ifndef ULLAGE_ENCODE_ARENA_H
#define ULLAGE_ENCODE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* newest */
	size_t left;		   /* bytes that may still be asked for */
};

void arena_init(struct arena *a, size_t limit);
void arena_fini(struct arena *a);

/* Aligned for anything, not zeroed; NULL past the limit. */
void *arena_alloc(struct arena *a, size_t size);

/* Zeroed array; NULL past the limit. */
void *arena_array(struct arena *a, size_t n, size_t size);

#endif
