/* SPDX-License-Identifier: MIT */
/*
 * Free chunks that look in use: those of thread caches bear a key in their
 * second word, those of fast bins are in lists that are read before the walk.
 */
#ifndef ULLAGE_CENSUS_CACHES_H
#define ULLAGE_CENSUS_CACHES_H

#include "census/layout.h"
#include "census/walk.h"

#define CACHES_MAX 64

struct census_caches {
	uint64_t keys[CACHES_MAX];
	unsigned votes[CACHES_MAX];
	size_t n_keys;
	uint64_t *fast; /* owned: addresses of chunks; sorted when settled */
	size_t n_fast, cap_fast;
	size_t next_fast; /* where the last search ended */
};

/*
 * The cache that a thread made as the first chunk of an arena; the key is
 * found if anything is in it. One key is all threads' since 2.34, before that
 * each has its own.
 */
void census_caches_key(struct census_caches *c, const struct census_reader *r,
    int minor, uint64_t first_chunk);

/*
 * After all arenas, and before the walk: the one key that most lists have, since 2.34. A list may
 * change while it is read, and what was taken for its key be contents.
 */
void census_caches_settle(struct census_caches *c, int minor);

/* The chunks in an arena's fast bins. */
void census_caches_fast(struct census_caches *c,
    const struct census_reader *r, int minor, const struct census_state *s);
void census_caches_free(struct census_caches *c);

/* Cheap where chunks come by address. */
enum chunk_state census_caches_state(struct census_caches *c,
    const struct census_chunk *chunk);

#endif
