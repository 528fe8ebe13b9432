/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/kind.h"

#include <string.h>

extern const struct kind kind_heap, kind_allocs, kind_peak;

const struct kind *const kinds[] = {
	&kind_heap,
	&kind_allocs,
	&kind_peak,
	NULL,
};

const struct kind *
kind_find(const char *name)
{
	for (size_t i = 0; kinds[i] != NULL; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}
