/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/kind_threads.h"
#include "base/xalloc.h"

#include <stdlib.h>

/* Readers take the first mapping for the program, so it comes first; the rest
 * follow in the order of their addresses. */
static uint32_t
mapping_id(const struct threads *t, const struct module *m)
{
	size_t i = (size_t)(m - t->modules.list), first = t->modules.program;

	if (i == first)
		return 1;
	return (uint32_t)(i < first && first < t->modules.n ? i + 2 : i + 1);
}

static void
add_mapping(struct profile *p, const struct module *m)
{
	struct profile_mapping map = {
		.start = m->start,
		.limit = m->limit,
		.bias = m->bias,
		.file = profile_string(p, m->path),
		.build_id = profile_string(p, m->build_id),
		.deleted = m->deleted,
	};

	profile_add_mapping(p, &map);
}

uint32_t
threads_location(struct profile *p, const struct threads *t,
    const struct thread *thread, size_t i)
{
	const struct module *m = modules_at(&t->modules, thread->frames[i]);

	return profile_location(p, m != NULL ? mapping_id(t, m) : 0,
	    thread->frames[i]);
}

/* A name without an address, for a thread that could not be stopped. */
static uint32_t
nowhere(struct profile *p)
{
	struct profile_line line = { profile_function(p, "[no stack]",
		"[no stack]", "", 0), 0 };

	return profile_location_lines(p, 0, 0, &line, 1);
}

static void
add_thread(struct profile *p, const struct threads *t, const struct thread *h)
{
	char state[2] = { h->state, '\0' };
	struct profile_label labels[2] = {
		{ .key = profile_string(p, "thread"),
		    .text =
			profile_string(p, h->name[0] ? h->name : "?") },
		{ .key = profile_string(p, "state"),
		    .text = profile_string(p, state) },
	};
	size_t n = h->n > 0 ? h->n : 1;
	uint32_t *ids = xcalloc(n, sizeof *ids);
	int64_t one = 1;

	for (size_t i = 0; i < h->n; i++)
		ids[i] = threads_location(p, t, h, i);
	if (h->n == 0)
		ids[0] = nowhere(p);
	profile_add_sample(p, ids, n, labels, 2, &one);
	free(ids);
}

/* Each reason once, with how many stacks end so. */
static void
comment_ends(struct profile *p, const struct threads *t)
{
	size_t early = 0;

	for (size_t i = 0; i < t->n; i++)
		early += t->threads[i].end != NULL;
	if (early > 0)
		profile_add_comment(p, "%zu of %zu stacks end early", early,
		    t->n);
	if (t->cycles > 0)
		profile_add_comment(p,
		    "%zu deadlock%s: threads that wait for each other",
		    t->cycles, t->cycles == 1 ? "" : "s");
}

struct profile *
threads_profile(const struct threads *t)
{
	struct profile *p = profile_new();

	profile_add_type(p, "thread", "count");
	p->period_type = p->types[0];
	p->period = 1;
	p->stderror[0] = 0;
	p->time_ns = (int64_t)t->time_ns;
	profile_add_comment(p, "process %d, %zu threads", t->pid, t->n);
	comment_ends(p, t);
	if (t->modules.program < t->modules.n)
		add_mapping(p, &t->modules.list[t->modules.program]);
	for (size_t i = 0; i < t->modules.n; i++)
		if (i != t->modules.program)
			add_mapping(p, &t->modules.list[i]);
	for (size_t i = 0; i < t->n; i++)
		add_thread(p, t, &t->threads[i]);
	return p;
}
