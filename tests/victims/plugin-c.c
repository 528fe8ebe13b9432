/* SPDX-License-Identifier: MIT */
/* A plug-in in C, that allocates, and gives something away. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

int plugin_work(void);
char *plugin_gift(void);

int
plugin_work(void)
{
	char *held[200];

	for (int i = 0; i < 200; i++)
		held[i] = calloc(1, 20 + (size_t)i);
	for (int i = 0; i < 200; i++)
		free(held[i]);
	return 200;
}

char *
plugin_gift(void)
{
	return strdup("gift");
}
