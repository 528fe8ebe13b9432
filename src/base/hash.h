/* SPDX-License-Identifier: MIT */
/*
 * An index from hashes to ids, for things that live in somebody's array. It
 * knows neither keys nor values: the caller walks the candidates of a hash and
 * compares. Ids are 1 and up; entries are never removed.
 *
 *	for (at = hash_start(h, v); (id = hash_next(h, v, &at)) != 0;)
 *		if (equal(id, key))
 *			return id;
 *	hash_put(h, v, id = add(key));
 */
#ifndef ULLAGE_BASE_HASH_H
#define ULLAGE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_slot {
	uint32_t id;   /* 0: empty */
	uint32_t high; /* upper half of the hash: spares most comparisons */
};

struct hash {
	struct hash_slot *slots; /* owned */
	size_t n;
	size_t cap; /* 0 or a power of two */
};

#define HASH_INIT { NULL, 0, 0 }

void hash_free(struct hash *h);
void hash_put(struct hash *h, uint64_t value, uint32_t id);

/* Where to begin, and the next candidate: its id, or 0 after the last. */
size_t hash_start(const struct hash *h, uint64_t value);
uint32_t hash_next(const struct hash *h, uint64_t value, size_t *at);

/* Hash of bytes; and of a value mixed into one so far (begin with 0). */
uint64_t hash_bytes(const void *bytes, size_t len);
uint64_t hash_mix(uint64_t so_far, uint64_t value);

#endif
