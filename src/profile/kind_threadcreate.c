/* SPDX-License-Identifier: MIT */
/* Threads by the stack that created them, since the agent began: as Go's. */
#include "config.h"

#include "profile/kind.h"
#include "profile/stacks.h"

static struct profile *
build_threadcreate(const struct snapshot *s)
{
	struct profile *p = profile_new();
	struct stacks *m = stacks_new(p, s);

	profile_add_type(p, "threadcreate", "count");
	p->period_type = p->types[0];
	p->period = 1;
	p->time_ns = (int64_t)s->time_ns;
	stacks_comments(p, s, false);
	for (uint32_t i = 0; i < s->n_stacks; i++) {
		int64_t value = (int64_t)(s->stacks[i].created_threads &
		    INT64_MAX);

		if (value != 0)
			stacks_add(m, i, NULL, 0, &value);
	}
	stacks_free(m);
	return p;
}

const struct kind kind_threadcreate = {
	.name = "threadcreate",
	.summary = "show which call sites created threads",
	.build = build_threadcreate,
};
