/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/ledger_watched.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

bool
ledger_watch(const struct snapshot *s, struct ledger_input *in)
{
	struct ledger_object *o;

	if (snapshot_heap_unseen(s) != NULL)
		return false;
	o = xcalloc(s->n_live + 1, sizeof *o);
	for (size_t i = 0; i < s->n_live; i++)
		o[i] = (struct ledger_object){ s->live[i].address,
			s->live[i].usable, s->live[i].weight };
	snapshot_live_total(s, &in->live, &in->live_error);
	in->watched = true;
	in->objects = o;
	in->n_objects = s->n_live;
	return true;
}

void
ledger_unwatch(struct ledger_input *in)
{
	free((void *)(uintptr_t)in->objects);
	in->objects = NULL;
	in->n_objects = 0;
}

void
ledger_take_knob(const struct knob *k, struct ledger_input *in,
    struct ledger_trim *trim)
{
	in->glibc = strcmp(k->allocator, "glibc") == 0;
	trim->allocator = k->allocator;
	trim->base = k->base;
	if (!k->statistics.asked)
		return;
	in->metadata = k->statistics.metadata;
	trim->releasable = k->statistics.releasable;
}
