/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/stacks.h"
#include "base/units.h"
#include "base/xalloc.h"

#include <stdlib.h>

struct stacks {
	struct profile *p;
	const struct snapshot *s;
	uint32_t *mapping_of; /* by module; 0: not added yet */
};

static uint32_t
mapping_of(struct stacks *m, size_t module)
{
	const struct snapshot_module *o = &m->s->modules[module];
	struct profile_mapping map = { .start = o->start };

	if (m->mapping_of[module] != 0)
		return m->mapping_of[module];
	map.limit = o->end;
	map.bias = o->bias;
	map.file = profile_string(m->p, o->path[0] ? o->path : m->s->exe);
	map.build_id = profile_string(m->p, o->build_id);
	return m->mapping_of[module] = profile_add_mapping(m->p, &map);
}

static uint32_t
location_of(struct stacks *m, const struct snapshot_stack *stack,
    uint64_t address)
{
	const struct snapshot_module *o =
	    snapshot_module(m->s, stack, address);

	return profile_location(m->p,
	    o != NULL ? mapping_of(m, (size_t)(o - m->s->modules)) : 0,
	    address);
}

struct stacks *
stacks_new(struct profile *p, const struct snapshot *s)
{
	struct stacks *m = xcalloc(1, sizeof *m);

	m->p = p;
	m->s = s;
	m->mapping_of = xcalloc(s->n_modules, sizeof *m->mapping_of);
	/* Readers take the first mapping for the program. */
	for (size_t i = 0; i < s->n_modules; i++)
		if (s->modules[i].end != 0 && s->modules[i].path[0] == '\0') {
			mapping_of(m, i);
			break;
		}
	return m;
}

void
stacks_free(struct stacks *m)
{
	free(m->mapping_of);
	free(m);
}

/* A location with a name and no address, for what has no stack. */
static uint32_t
named_location(struct stacks *m, const char *name)
{
	struct profile_line line = { 0, 0 };

	line.function = profile_function(m->p, name, name, "", 0);
	return profile_location_lines(m->p, 0, 0, &line, 1);
}

size_t
stacks_locations(struct stacks *m, uint32_t i,
    uint32_t locations[STACKS_DEPTH_MAX])
{
	static const struct snapshot_stack none;
	const struct snapshot_stack *stack =
	    i < m->s->n_stacks ? &m->s->stacks[i] : &none;
	uint32_t n = 0;

	for (uint32_t f = 0; f < stack->depth && n < STACKS_DEPTH_MAX; f++)
		/* Inside the call, not after it: the line of the call. */
		locations[n++] = location_of(m, stack, stack->frames[f] - 1);
	if (n == 0)
		locations[n++] = named_location(m,
		    i == SNAPSHOT_NO_STACK ? "[opener not seen]" :
					     "[stack lost]");
	return n;
}

uint32_t
stacks_location(struct stacks *m, uint64_t address)
{
	const struct snapshot_stack all = {
		.modules = (uint32_t)m->s->n_modules };

	return location_of(m, &all, address);
}

void
stacks_add(struct stacks *m, uint32_t i, const struct profile_label *labels,
    size_t n_labels, const int64_t *values)
{
	uint32_t locations[STACKS_DEPTH_MAX];
	size_t n = stacks_locations(m, i, locations);

	profile_add_sample(m->p, locations, n, labels, n_labels, values);
}

/* Lower ends of the age classes, in seconds. */
static const int64_t ages[] = { 0, 1, 10, 60, 600, 3600, 6 * 3600, 86400,
	7 * 86400 };

int64_t
stacks_age_class(uint64_t ns)
{
	size_t i = sizeof ages / sizeof ages[0];

	while (ns / 1000000000u < (uint64_t)ages[--i])
		;
	return ages[i];
}

static void
comment_sampling(struct profile *p, const struct snapshot *s)
{
	char size[UNITS_MAX];

	if (s->interval == 0)
		profile_add_comment(p, "sampling is off");
	else if (s->interval == 1)
		profile_add_comment(p, "every allocation recorded (interval 1)");
	else
		profile_add_comment(p,
		    "sampled every %s bytes on average, %llu samples",
		    units_bytes(size, (int64_t)s->interval),
		    (unsigned long long)s->samples);
	if (s->doublings > 0)
		profile_add_comment(p,
		    "interval raised %llu times because the live table filled",
		    (unsigned long long)s->doublings);
	if (s->allocator[0] != '\0')
		profile_add_comment(p, "allocator: %s", s->allocator);
}

void
stacks_comments(struct profile *p, const struct snapshot *s, bool sampled)
{
	profile_add_comment(p, "ullage %s, process %d%s", s->version, s->pid,
	    s->armed ? "" : ", agent quiet");
	if (sampled)
		comment_sampling(p, s);
	if (s->shadowed)
		profile_add_comment(p,
		    "another malloc comes before the agent's: nothing is seen");
	if (s->parent != 0)
		profile_add_comment(p,
		    sampled ? "forked from process %d; what was allocated "
			      "before the fork is in that process's profile" :
			      "forked from process %d; what is older than the "
			      "fork was not seen here",
		    s->parent);
	for (size_t i = 0; i < s->n_losses; i++)
		if (s->losses[i].count > 0)
			profile_add_comment(p, "lost: %llu %s",
			    (unsigned long long)s->losses[i].count,
			    s->losses[i].text);
}
