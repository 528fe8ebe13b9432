/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/kind_cpu.h"
#include "base/xalloc.h"
#include "profile/modules.h"

#include <stdlib.h>

static void
add_stack(struct profile *p, const struct cpu *c, const struct cpu_stack *s)
{
	const struct cpu_thread *t = &c->threads[s->thread];
	struct profile_label label = { .key = profile_string(p, "thread"),
		.text = profile_string(p, *t->name != '\0' ? t->name : "?") };
	size_t n = s->n > 0 ? s->n : 1;
	uint32_t *ids = xcalloc(n, sizeof *ids);
	int64_t values[2] = { (int64_t)s->count,
		(int64_t)(s->count * CPU_PERIOD_NS) };

	for (size_t i = 0; i < s->n; i++)
		ids[i] = modules_location(p, &c->modules, s->frames[i]);
	if (s->n == 0)
		ids[0] = modules_no_stack(p);
	profile_add_sample(p, ids, n, &label, 1, values);
	free(ids);
}

struct profile *
cpu_profile(const struct cpu *c)
{
	struct profile *p = profile_new();

	profile_add_type(p, "samples", "count");
	profile_add_type(p, "cpu", "nanoseconds");
	p->period_type = p->types[1];
	p->default_type = 1;
	p->period = (int64_t)CPU_PERIOD_NS;
	p->time_ns = (int64_t)c->time_ns;
	p->duration_ns = (int64_t)c->duration_ns;
	profile_add_comment(p, "process %d, %zu threads had processor time",
	    c->pid, c->n_threads);
	if (c->user_only)
		profile_add_comment(p,
		    "time in the kernel is not in it: that may not be seen");
	if (c->lost > 0)
		profile_add_comment(p, "%llu samples were lost",
		    (unsigned long long)c->lost);
	if (c->early > 0)
		profile_add_comment(p, "%llu of %llu stacks end early",
		    (unsigned long long)c->early,
		    (unsigned long long)c->samples);
	if (c->ended)
		profile_add_comment(p, "the process ended before the time was "
				       "over");
	modules_mappings(p, &c->modules);
	for (size_t i = 0; i < c->n_stacks; i++)
		add_stack(p, c, &c->stacks[i]);
	return p;
}
