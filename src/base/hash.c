/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void
hash_free(struct hash *h)
{
	free(h->slots);
	*h = (struct hash)HASH_INIT;
}

static void
insert(struct hash *h, struct hash_slot slot, size_t at)
{
	while (h->slots[at].id != 0)
		at = (at + 1) & (h->cap - 1);
	h->slots[at] = slot;
}

/*
 * The position comes from the upper half too, so that the table can grow from
 * what the slots hold; it is scrambled because equal runs of `high` in order
 * would cluster.
 */
static size_t
position(const struct hash *h, uint32_t high)
{
	return (size_t)((high * UINT64_C(0x9e3779b97f4a7c15)) >> 32) &
	    (h->cap - 1);
}

static void
grow(struct hash *h)
{
	struct hash bigger = { NULL, h->n, h->cap ? h->cap * 2 : 64 };

	bigger.slots = xcalloc(bigger.cap, sizeof *bigger.slots);
	for (size_t i = 0; i < h->cap; i++)
		if (h->slots[i].id != 0)
			insert(&bigger, h->slots[i],
			    position(&bigger, h->slots[i].high));
	free(h->slots);
	*h = bigger;
}

void
hash_put(struct hash *h, uint64_t value, uint32_t id)
{
	struct hash_slot slot = { id, (uint32_t)(value >> 32) };

	if ((h->n + 1) * 4 > h->cap * 3)
		grow(h);
	insert(h, slot, position(h, slot.high));
	h->n++;
}

size_t
hash_start(const struct hash *h, uint64_t value)
{
	return h->cap == 0 ? 0 : position(h, (uint32_t)(value >> 32));
}

uint32_t
hash_next(const struct hash *h, uint64_t value, size_t *at)
{
	uint32_t high = (uint32_t)(value >> 32);

	if (h->cap == 0)
		return 0;
	while (h->slots[*at].id != 0) {
		const struct hash_slot *s = &h->slots[*at];

		*at = (*at + 1) & (h->cap - 1);
		if (s->high == high)
			return s->id;
	}
	return 0;
}

uint64_t
hash_mix(uint64_t so_far, uint64_t value)
{
	uint64_t v = (so_far ^ value) + UINT64_C(0x9e3779b97f4a7c15);

	v = (v ^ (v >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	v = (v ^ (v >> 27)) * UINT64_C(0x94d049bb133111eb);
	return v ^ (v >> 31);
}

uint64_t
hash_bytes(const void *bytes, size_t len)
{
	const char *s = bytes;
	uint64_t v = len, word;

	for (; len >= sizeof word; s += sizeof word, len -= sizeof word) {
		memcpy(&word, s, sizeof word);
		v = hash_mix(v, word);
	}
	word = 0;
	if (len != 0)
		memcpy(&word, s, len);
	return hash_mix(v, word);
}
