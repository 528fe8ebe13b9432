/* SPDX-License-Identifier: MIT */
/* Allocates before anybody: before the agent's constructor, and libc's. */
#include "config.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *kept[3][8];
static const char *missing[3];

static void
allocate(unsigned when)
{
	void **k = kept[when];

	k[0] = malloc(100);
	k[1] = calloc(10, 30);
	k[2] = aligned_alloc(64, 192);
	k[3] = realloc(malloc(5), 5000);
	if (posix_memalign(&k[4], 256, 10) != 0)
		abort();
	free(malloc(77));
	k[5] = strdup("early");
	dlerror();
	if (dlsym(RTLD_DEFAULT, "no_such_symbol_anywhere") != NULL)
		abort();
	missing[when] = dlerror();
}

static void
before_all(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	allocate(0);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int,
    char **, char **) = before_all;

__attribute__((constructor(101))) static void
constructed(void)
{
	allocate(1);
}

int
main(void)
{
	allocate(2);
	for (unsigned when = 0; when < 3; when++) {
		for (unsigned i = 0; i < 6; i++) {
			printf("%d", kept[when][i] != NULL);
			free(kept[when][i]);
		}
		printf(" %s\n", missing[when] != NULL ? "missing" : "?");
	}
	return 0;
}
