/* SPDX-License-Identifier: MIT */
/*
 * Descriptors as a profile: by the stack that opened them, how many since the
 * agent began, and how many are open. Nothing is sampled. What is open is
 * what the kernel says; what the agent did not see opened has a name in
 * brackets for a stack.
 */
#include "config.h"

#include "base/xalloc.h"
#include "profile/kind.h"
#include "profile/stacks.h"

#include <stdlib.h>
#include <string.h>

enum value {
	OPENED,
	OPEN,
	VALUES,
};

static void
add_opened(struct stacks *m, const struct snapshot *s)
{
	for (uint32_t i = 0; i < s->n_stacks; i++) {
		int64_t values[VALUES] = { 0 };

		if (s->stacks[i].opened_fds == 0)
			continue;
		values[OPENED] = (int64_t)(s->stacks[i].opened_fds &
		    INT64_MAX);
		stacks_add(m, i, NULL, 0, values);
	}
}

/* Equal ones become one sample: profile_add_sample sees to it. */
static void
add_open(struct profile *p, struct stacks *m, const struct snapshot *s)
{
	struct profile_label labels[2] = {
		{ .key = profile_string(p, "type") },
		{ .key = profile_string(p, "age"),
		    .unit = profile_string(p, "seconds") },
	};
	const int64_t values[VALUES] = { [OPEN] = 1 };
	size_t unseen = 0;

	for (size_t i = 0; i < s->n_open; i++) {
		const struct snapshot_open *o = &s->open[i];
		bool seen = o->stack != SNAPSHOT_NO_STACK;

		labels[0].text = profile_string(p, o->type);
		labels[1].number = stacks_age_class(o->age);
		stacks_add(m, o->stack, labels, seen ? 2 : 1, values);
		unseen += !seen;
	}
	if (unseen != 0)
		profile_add_comment(p,
		    "%zu of %zu descriptors were opened before the agent "
		    "began, inherited, or opened past it",
		    unseen, s->n_open);
	if (s->matched && !s->armed)
		profile_add_comment(p,
		    "the agent is %s: what was opened since has no opener, or "
		    "that of an earlier one of its number",
		    s->state);
	if (!s->matched)
		profile_add_comment(p,
		    "the process has ended: what it had open is what its "
		    "agent had seen");
}

static struct profile *
build_fds(const struct snapshot *s)
{
	struct profile *p = profile_new();
	struct stacks *m = stacks_new(p, s);

	profile_add_type(p, "opened_fds", "count");
	profile_add_type(p, "open_fds", "count");
	p->period_type = p->types[OPEN];
	p->period = 1;
	p->time_ns = (int64_t)s->time_ns;
	stacks_comments(p, s, false);
	add_opened(m, s);
	add_open(p, m, s);
	stacks_free(m);
	return p;
}

const struct kind kind_fds = {
	.name = "fds",
	.summary = "show which call sites opened descriptors",
	.needs_fds = true,
	.build = build_fds,
};
