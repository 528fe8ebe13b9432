/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/kind.h"

#include <string.h>

extern const struct kind kind_heap, kind_allocs, kind_peak, kind_fds,
    kind_threadcreate;

const struct kind *const kinds[] = {
	&kind_heap,
	&kind_allocs,
	&kind_peak,
	&kind_fds,
	&kind_threadcreate,
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

struct snapshot *
kind_snapshot(const struct kind *kind, const struct target *t, struct err *e)
{
	return kind->needs_fds ? snapshot_take_fds(t, e) : snapshot_take(t, e);
}
