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
#define FAST_MAX (1u << 19) /* of all arenas */
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

static int
by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void
census_caches_settle(struct census_caches *c, int minor)
{
	size_t best = 0;

	if (c->n_fast > 0)
		qsort(c->fast, c->n_fast, sizeof *c->fast, by_address);
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

/* The lists of an arena, side by side: each step of all is one read. */
struct lists {
	uint64_t first[CENSUS_FAST_BINS];
	int32_t minor;
	uint32_t most; /* steps */
};

/*
 * Their chunks, then where each goes on, or 0. Whether their pages are there
 * is not asked for: a link was written into each.
 */
static size_t
follow(const struct census_reader *r, const void *in, void *out, size_t room)
{
	struct lists l = *(const struct lists *)in;
	uint64_t *place = out, at[CENSUS_FAST_BINS];
	uint64_t word[CENSUS_FAST_BINS][2];
	size_t n = 0, bin[CENSUS_FAST_BINS];
	const size_t most = room / 8 - 2 * CENSUS_FAST_BINS;

	while (n < most) {
		size_t k = 0;
		ssize_t got;

		for (size_t i = 0; i < CENSUS_FAST_BINS; i++)
			if (l.first[i] != 0 && l.first[i] % 16 == 0 &&
			    l.first[i] < CENSUS_USER_END) {
				at[k] = l.first[i] + 8;
				bin[k++] = i;
			}
		if (k == 0)
			break;
		got = census_read_many(r, at, k, word, sizeof word[0]);
		for (size_t i = 0; i < k; i++) {
			uint64_t p = l.first[bin[i]];

			/* Those after one that cannot be read: next time. */
			if (got < (ssize_t)((i + 1) * sizeof word[0])) {
				l.first[bin[i]] = 0;
				break;
			}
			l.first[bin[i]] = 0;
			if ((word[i][0] & ~CHUNK_FLAGS) !=
			    CHUNK_MIN + 16 * bin[i])
				continue;
			place[n++] = p;
			l.first[bin[i]] = link_of(l.minor, p + 16, word[i][1]);
		}
	}
	memcpy(place + n, l.first, sizeof l.first);
	return n * 8 + sizeof l.first;
}

/* A list that comes back to itself has an end here all the same. */
void
census_caches_fast(struct census_caches *c, const struct census_reader *r,
    int minor, const struct census_state *s)
{
	uint64_t place[CENSUS_ROOM / 8];
	struct lists l = { .minor = minor };
	size_t n;

	memcpy(l.first, s->fast, sizeof l.first);
	for (;;) {
		n = census_call(r, follow, &l, sizeof l, place,
		    sizeof place) / 8;
		if (n <= CENSUS_FAST_BINS || c->n_fast >= FAST_MAX)
			break;
		n -= CENSUS_FAST_BINS;
		for (size_t k = 0; k < n; k++) {
			c->fast = xgrow(c->fast, c->n_fast, &c->cap_fast,
			    sizeof *c->fast);
			c->fast[c->n_fast++] = place[k];
		}
		memcpy(l.first, place + n, sizeof l.first);
	}
}

void
census_caches_free(struct census_caches *c)
{
	free(c->fast);
}

static bool
is_fast(struct census_caches *c, uint64_t chunk)
{
	size_t low = 0, high = c->n_fast;

	if (c->next_fast > 0 && c->fast[c->next_fast - 1] < chunk) {
		low = c->next_fast;
		if (low < c->n_fast && c->fast[low] >= chunk)
			high = low;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->fast[mid] < chunk)
			low = mid + 1;
		else
			high = mid;
	}
	c->next_fast = low;
	return low < c->n_fast && c->fast[low] == chunk;
}

enum chunk_state
census_caches_state(struct census_caches *c, const struct census_chunk *chunk)
{
	uint64_t key;

	if (chunk->n >= 16 && c->n_keys > 0 && chunk->size <= CACHED_MAX) {
		memcpy(&key, chunk->seen + 8, sizeof key);
		for (size_t i = 0; i < c->n_keys; i++)
			if (c->keys[i] == key)
				return CHUNK_CACHED;
	}
	return c->n_fast > 0 && chunk->size <= FAST_SIZE_MAX &&
	    is_fast(c, chunk->address) ? CHUNK_FAST : CHUNK_IN_USE;
}
