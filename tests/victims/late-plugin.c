/* SPDX-License-Identifier: MIT */
/* A library that is loaded after the agent was armed; in one form it brings an
 * allocator of its own. */
#include "config.h"

#include <stdlib.h>

void plugin_keep(void (*keep)(void *), int n);

#ifdef OWN_MALLOC
static char arena[1 << 20];
static size_t used;

void *
malloc(size_t size)
{
	size_t at = used;

	used += (size + 15) & ~(size_t)15;
	return used <= sizeof arena ? arena + at : NULL;
}
#endif

__attribute__((noinline)) static void
site_plugin(void (*keep)(void *), int n)
{
	for (int i = 0; i < n; i++)
		keep(malloc(997));
}

void
plugin_keep(void (*keep)(void *), int n)
{
	site_plugin(keep, n);
}
