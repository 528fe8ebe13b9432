/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/kind_cpu.h"
#include "base/xalloc.h"
#include "profile/mappings.h"

#include <math.h>
#include <stdlib.h>

static void
add_stack(struct profile *p, const struct cpu *c, const struct cpu_stack *s)
{
	struct profile_label label = { .key = profile_string(p, "thread"),
		.text = profile_string(p, s->thread[0] ? s->thread : "?") };
	int64_t tick = (int64_t)(UINT64_C(1000000000) / c->hz);
	int64_t values[2] = { (int64_t)s->count, (int64_t)s->count * tick };
	size_t n = s->n > 0 ? s->n : 1;
	uint32_t *ids = xcalloc(n, sizeof *ids);

	for (size_t i = 0; i < s->n; i++)
		ids[i] = modules_location(p, &c->modules, s->frames[i]);
	if (s->n == 0)
		ids[0] = modules_nowhere(p);
	profile_add_sample(p, ids, n, &label, 1, values);
	free(ids);
}

static void
add_comments(struct profile *p, const struct cpu *c)
{
	profile_add_comment(p, "process %d, %llu ticks at %u Hz", c->pid,
	    (unsigned long long)c->ticks, c->hz);
	if (!c->kernel)
		profile_add_comment(p,
		    "time in the kernel is not included: not permitted to see "
		    "it");
	if (c->early > 0)
		profile_add_comment(p, "%llu of %llu stacks end early",
		    (unsigned long long)c->early,
		    (unsigned long long)c->ticks);
	if (c->lost > 0)
		profile_add_comment(p, "lost: %llu ticks that found no room",
		    (unsigned long long)c->lost);
	if (c->ended)
		profile_add_comment(p, "the process ended meanwhile");
}

struct profile *
cpu_profile(const struct cpu *c)
{
	struct profile *p = profile_new();

	profile_add_type(p, "samples", "count");
	profile_add_type(p, "cpu", "nanoseconds");
	p->period_type = p->types[1];
	p->period = (int64_t)(UINT64_C(1000000000) / c->hz);
	p->time_ns = (int64_t)c->time_ns;
	p->duration_ns = (int64_t)c->duration_ns;
	/* An upper bound, that of ticks at random: those of a thread that
	 * runs all the time come regularly. */
	p->stderror[0] = sqrt((double)c->ticks);
	p->stderror[1] = sqrt((double)c->ticks) * (double)p->period;
	add_comments(p, c);
	modules_mappings(p, &c->modules);
	for (size_t i = 0; i < c->n; i++)
		add_stack(p, c, &c->stacks[i]);
	return p;
}
