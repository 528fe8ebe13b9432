/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/kind_threads.h"
#include "base/xalloc.h"
#include "profile/mappings.h"

#include <stdlib.h>

uint32_t
threads_location(struct profile *p, const struct threads *t,
    const struct thread *thread, size_t i)
{
	return modules_location(p, &t->modules, thread->frames[i]);
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
		ids[0] = modules_nowhere(p);
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
	modules_mappings(p, &t->modules);
	for (size_t i = 0; i < t->n; i++)
		add_thread(p, t, &t->threads[i]);
	return p;
}
