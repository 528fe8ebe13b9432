/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/memory.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define BLOCK ((uint64_t)16384)

/* More than the tables of any program; a hostile one gets no further. */
#define BLOCKS_MAX 16384

struct block {
	uint64_t address;   /* a multiple of BLOCK */
	uint32_t low, high; /* what of it is here: [low, high) */
	uint8_t *bytes;	    /* owned, BLOCK of them */
};

struct memory {
	int32_t pid;
	const struct maps *maps;
	struct block *blocks;
	size_t n, cap;
	size_t last; /* index of the block that answered last */
	struct hash index;
};

struct memory *
memory_new(int32_t pid, const struct maps *maps)
{
	struct memory *m = xcalloc(1, sizeof *m);

	m->pid = pid;
	m->maps = maps;
	return m;
}

void
memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		free(m->blocks[i].bytes);
	free(m->blocks);
	hash_free(&m->index);
	free(m);
}

/* Reads the part of a block that lies in the row; what fails stays empty. */
static void
fill(const struct memory *m, struct block *b, const struct map *row)
{
	uint64_t low = row->start > b->address ? row->start - b->address : 0;
	uint64_t high = row->limit - b->address < BLOCK ?
	    row->limit - b->address :
	    BLOCK;
	struct iovec here = { b->bytes + low, high - low };
	struct iovec there = { (void *)(uintptr_t)(b->address + low),
		high - low };
	ssize_t n = process_vm_readv(m->pid, &here, 1, &there, 1, 0);

	b->low = (uint32_t)low;
	b->high = (uint32_t)(low + (n > 0 ? (uint64_t)n : 0));
}

/*
 * The block that holds that byte, or NULL. Two rows may share a block: then
 * there is one for each, and the candidate that covers the byte is taken.
 */
static const struct block *
block_of(struct memory *m, uint64_t address)
{
	uint64_t base = address & ~(BLOCK - 1), at = address - base;
	uint64_t v = hash_mix(0, base);
	const struct map *row;
	struct block *b;
	size_t slot;
	uint32_t id;

	if (m->n > 0 && m->blocks[m->last].address == base &&
	    at >= m->blocks[m->last].low && at < m->blocks[m->last].high)
		return &m->blocks[m->last];
	for (slot = hash_start(&m->index, v);
	     (id = hash_next(&m->index, v, &slot)) != 0;) {
		b = &m->blocks[id - 1];
		if (b->address == base && at >= b->low && at < b->high) {
			m->last = id - 1;
			return b;
		}
	}
	row = maps_find(m->maps, address);
	if (row == NULL || (row->flags & MAP_WRITE) != 0 ||
	    row->path[0] == '\0' || m->n == BLOCKS_MAX)
		return NULL;
	m->blocks = xgrow(m->blocks, m->n, &m->cap, sizeof *m->blocks);
	b = &m->blocks[m->n++];
	*b = (struct block){ .address = base, .bytes = xcalloc(1, BLOCK) };
	fill(m, b, row);
	hash_put(&m->index, v, (uint32_t)m->n);
	m->last = m->n - 1;
	return at >= b->low && at < b->high ? b : NULL;
}

bool
memory_read(struct memory *m, uint64_t address, void *to, size_t len)
{
	uint8_t *out = to;

	while (len > 0) {
		const struct block *b = block_of(m, address);
		size_t n;

		if (b == NULL)
			return false;
		n = b->high - (address - b->address);
		if (n > len)
			n = len;
		memcpy(out, b->bytes + (address - b->address), n);
		out += n;
		address += n;
		len -= n;
	}
	return true;
}
