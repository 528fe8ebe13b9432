/* SPDX-License-Identifier: MIT */
/* Linked in several ways, with the addresses of the functions in tables. */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static void *(*const allocate[])(size_t) = { malloc, valloc, malloc };
static void (*const release[])(void *) = { free };

int
main(void)
{
	void *(*volatile one)(size_t) = malloc;
	void (*volatile other)(void *) = free;
	unsigned n = 0;

	for (unsigned i = 0; i < 3000; i++) {
		void *p = allocate[i % 3](i + 1), *q = one(i + 1);

		n += p != NULL && q != NULL;
		other(p);
		release[0](q);
	}
	printf("%u %d %d\n", n, one == allocate[0], other == release[0]);
	return 0;
}
