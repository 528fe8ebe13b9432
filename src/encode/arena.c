/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/arena.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)
#define ALIGN 16

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	_Alignas(ALIGN) char bytes[];
};

void
arena_init(struct arena *a, size_t limit)
{
	a->chunk = NULL;
	a->left = limit;
}

void
arena_fini(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->chunk; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	a->chunk = NULL;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunk;
	void *p;

	if (size > a->left || a->left - size < ALIGN)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	a->left -= size;
	if (c == NULL || c->size - c->used < size) {
		size_t want = size > CHUNK ? size : CHUNK;

		c = xmalloc(sizeof *c + want);
		c->next = a->chunk;
		c->used = 0;
		c->size = want;
		a->chunk = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	p = arena_alloc(a, bytes);
	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}
