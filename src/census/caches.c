/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/caches.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* struct tcache_perthread_struct from 2.30 on: counts, then lists. */
#define BINS 64
#define CACHE_CHUNK 0x290
#define ENTRIES (BINS * 2)
#define CACHED_MAX 1040 /* largest chunk in a cache unless tuned */

/* Lists of a target have no end if it wants so. */
#define FAST_MAX (1u << 17)
#define FAST_SIZE_MAX 0xb0

/* From 2.32 on links are masked with their place (Safe-Linking). */
static uint64_t
link_of(int minor, uint64_t place, uint64_t word)
{
	return minor >= 32 ? word ^ (place >> 12) : word;
}

static void
add_key(struct census_caches *c, uint64_t key)
{
	for (size_t i = 0; i < c->n_keys; i++)
		if (c->keys[i] == key) {
			c->votes[i]++;
			return;
		}
	if (key != 0 && c->n_keys < CACHES_MAX) {
		c->votes[c->n_keys] = 1;
		c->keys[c->n_keys++] = key;
	}
}

void
census_caches_settle(struct census_caches *c, int minor)
{
	size_t best = 0;

	if (minor < 34 || c->n_keys == 0)
		return;
	for (size_t i = 1; i < c->n_keys; i++)
		if (c->votes[i] > c->votes[best])
			best = i;
	c->keys[0] = c->keys[best];
	c->n_keys = 1;
}

/* Still the first of its list: what was read of it was free. */
static bool
is_still_first(const struct census_reader *r, uint64_t at, uint64_t entry)
{
	uint64_t again;

	return census_word(r, at, &again) && again == entry;
}

void
census_caches_key(struct census_caches *c, const struct census_reader *r,
    int minor, uint64_t first_chunk)
{
	unsigned char cache[CACHE_CHUNK - CHUNK_HEADER];
	uint64_t head, entry, word[2];
	uint16_t count;

	if (!census_word(r, first_chunk + 8, &head) ||
	    (head & ~CHUNK_FLAGS) != CACHE_CHUNK)
		return;
	if (minor < 34) {
		add_key(c, first_chunk + CHUNK_HEADER);
		return;
	}
	if (!census_read(r, first_chunk + CHUNK_HEADER, cache, sizeof cache))
		return;
	for (size_t i = 0; i < BINS; i++) {
		memcpy(&count, cache + 2 * i, 2);
		memcpy(&entry, cache + ENTRIES + 8 * i, 8);
		if (count == 0 || entry == 0 || entry % 16 != 0 ||
		    !census_word(r, entry - 8, &head) ||
		    (head & ~CHUNK_FLAGS) != CHUNK_MIN + 16 * i ||
		    !census_read(r, entry, word, sizeof word) ||
		    !is_still_first(r, first_chunk + CHUNK_HEADER + ENTRIES +
			    8 * i, entry))
			continue;
		add_key(c, word[1]);
	}
}

struct list {
	uint64_t first;
	uint64_t size; /* of all chunks in it */
	int minor;
};

/* The chunks of a list, and where it goes on, or 0. */
static size_t
follow(const struct census_reader *r, const void *in, void *out, size_t room)
{
	const struct list *l = in;
	uint64_t *place = out, p = l->first, word[2];
	size_t n = 0, most = room / 8 - 1;

	while (p != 0 && p % 16 == 0 && n < most &&
	    census_read(r, p + 8, word, 16) &&
	    (word[0] & ~CHUNK_FLAGS) == l->size) {
		place[n++] = p;
		p = link_of(l->minor, p + 16, word[1]);
	}
	place[n] = n == most ? p : 0;
	return (n + 1) * 8;
}

static bool
has_fast(const struct census_caches *c, uint64_t chunk)
{
	uint64_t h = hash_mix(0, chunk);
	size_t at = hash_start(&c->by_fast, h);
	uint32_t id;

	while ((id = hash_next(&c->by_fast, h, &at)) != 0)
		if (c->fast[id - 1] == chunk)
			return true;
	return false;
}

/* False if it is there: a list that comes back to itself. */
static bool
add_fast(struct census_caches *c, uint64_t chunk)
{
	if (has_fast(c, chunk))
		return false;
	c->fast = xgrow(c->fast, c->n_fast, &c->cap_fast, sizeof *c->fast);
	c->fast[c->n_fast++] = chunk;
	hash_put(&c->by_fast, hash_mix(0, chunk), (uint32_t)c->n_fast);
	return true;
}

void
census_caches_fast(struct census_caches *c, const struct census_reader *r,
    int minor, const struct census_state *s)
{
	uint64_t place[CENSUS_ROOM / 8];

	for (size_t i = 0; i < CENSUS_FAST_BINS; i++) {
		struct list l = { s->fast[i], CHUNK_MIN + 16 * i, minor };

		while (l.first != 0 && c->n_fast < FAST_MAX) {
			size_t n = census_call(r, follow, &l, sizeof l, place,
			    sizeof place) / 8;

			l.first = n > 0 ? place[n - 1] : 0;
			for (size_t k = 0; k + 1 < n; k++)
				if (!add_fast(c, place[k]))
					l.first = 0;
		}
	}
}

void
census_caches_free(struct census_caches *c)
{
	free(c->fast);
	hash_free(&c->by_fast);
}

enum chunk_state
census_caches_state(const struct census_caches *c,
    const struct census_chunk *chunk)
{
	uint64_t key;

	if (chunk->n >= 16 && c->n_keys > 0 && chunk->size <= CACHED_MAX) {
		memcpy(&key, chunk->seen + 8, sizeof key);
		for (size_t i = 0; i < c->n_keys; i++)
			if (c->keys[i] == key)
				return CHUNK_CACHED;
	}
	return c->n_fast > 0 && chunk->size <= FAST_SIZE_MAX &&
	    has_fast(c, chunk->address) ? CHUNK_FAST : CHUNK_IN_USE;
}
