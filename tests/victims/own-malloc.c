/* SPDX-License-Identifier: MIT */
/* A program with an allocator of its own: what the agent hooks is not it. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(16) char arena[8 << 20];
static size_t used;

void *
malloc(size_t size)
{
	size_t *p = (size_t *)(arena + used);
	size_t room = (size + 31) & ~(size_t)15;

	if (size > sizeof arena - used - 64)
		return NULL;
	used += room;
	*p = size;
	return (char *)p + 16;
}

void
free(void *p)
{
	/* It knows its own. */
	if (p != NULL && ((char *)p < arena || (char *)p >= arena + used))
		abort();
}

void *
calloc(size_t n, size_t size)
{
	return n && size > SIZE_MAX / n ? NULL : malloc(n * size);
}

void *
realloc(void *p, size_t size)
{
	void *q = malloc(size);
	size_t old;

	if (p == NULL || q == NULL)
		return q;
	free(p);
	old = *(size_t *)((char *)p - 16);
	return memcpy(q, p, old < size ? old : size);
}

int
main(void)
{
	char *p = NULL;

	for (size_t i = 1; i < 500; i++) {
		p = realloc(p, i * 4);
		free(malloc(i));
	}
	p = reallocarray(p, 100, 100);
	free(p);
	printf("ready %d\n", used > 0);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
