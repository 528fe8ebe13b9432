/* SPDX-License-Identifier: MIT */
/* A library that is loaded after the agent was armed. */
#include "config.h"

#include <stdlib.h>

void plugin_keep(void (*keep)(void *), int n);

__attribute__((noinline, noclone)) static void
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
