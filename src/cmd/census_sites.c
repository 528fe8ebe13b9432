/* SPDX-License-Identifier: MIT */
/*
 * Call sites of what pins pages: the agent's samples say who allocated what is
 * at an address, the census says which addresses pin.
 */
#include "config.h"

#include "cmd/census_view.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "profile/stacks.h"
#include "profile/symbolize.h"
#include "profile/top.h"
#include "target/snapshot.h"
#include "target/target.h"

#include <math.h>
#include <stdlib.h>

struct census_sites {
	struct target *target;
	struct snapshot *snapshot;
	struct hash by_address; /* id: index of a live entry + 1 */
	double *pages;		/* owned; of each stack */
	double *objects;
};

struct census_sites *
census_sites_new(const char *pid, const char **why)
{
	struct census_sites *s = xcalloc(1, sizeof *s);
	struct err e;

	*why = "there is no agent in it, so call sites are not known";
	if ((s->target = target_find(pid, &e)) == NULL ||
	    s->target->segment < 0 ||
	    (s->snapshot = snapshot_take(s->target, &e)) == NULL)
		goto none;
	*why = "its agent does not sample, so call sites are not known";
	if (s->snapshot->shadowed || s->snapshot->interval == 0)
		goto none;
	*why = NULL;
	s->pages = xcalloc(s->snapshot->n_stacks + 1, sizeof *s->pages);
	s->objects = xcalloc(s->snapshot->n_stacks + 1, sizeof *s->objects);
	for (size_t i = 0; i < s->snapshot->n_live; i++)
		hash_put(&s->by_address,
		    hash_mix(0, s->snapshot->live[i].address),
		    (uint32_t)i + 1);
	return s;
none:
	census_sites_free(s);
	return NULL;
}

void
census_sites_free(struct census_sites *s)
{
	if (s == NULL)
		return;
	hash_free(&s->by_address);
	free(s->pages);
	free(s->objects);
	snapshot_free(s->snapshot);
	target_free(s->target);
	free(s);
}

void
census_sites_pin(void *arg, uint64_t address, uint64_t pages)
{
	struct census_sites *s = arg;
	uint64_t h = hash_mix(0, address);
	size_t at = hash_start(&s->by_address, h);
	uint32_t id;

	while ((id = hash_next(&s->by_address, h, &at)) != 0) {
		const struct snapshot_live *l = &s->snapshot->live[id - 1];

		if (l->address != address ||
		    l->stack >= s->snapshot->n_stacks)
			continue;
		s->pages[l->stack] += l->weight * (double)pages;
		s->objects[l->stack] += 1;
		return;
	}
}

enum { S_SITE, S_WHERE, S_SAMPLES, S_PAGES, S_BYTES, S_COLUMNS };

static const struct column site_columns[S_COLUMNS] = {
	{ "site", "CALL SITE", CELL_TEXT, "who allocated what pins", true,
	    false },
	{ "where", "AT", CELL_TEXT, "source and line", true, true },
	{ "samples", "SAMPLES", CELL_COUNT,
	    "pinning chunks that the agent had sampled", false, false },
	{ "pages", "PAGES", CELL_COUNT,
	    "an estimate of the pages that such chunks pin", false, false },
	{ "bytes", "PINNED", CELL_BYTES, "the same in bytes", false, false },
};

/* Without names. */
static struct profile *
build(const struct census_sites *s)
{
	struct profile *p = profile_new();
	struct stacks *m;

	profile_add_type(p, "samples", "count");
	profile_add_type(p, "pages", "count");
	stacks_comments(p, s->snapshot, true);
	p->drop_frames = profile_string(p, "malloc|calloc|realloc|"
	    "reallocarray|(posix_)?memalign|aligned_alloc|strn?dup|"
	    "operator new(\\[\\])?|ullage_.*");
	m = stacks_new(p, s->snapshot);
	for (uint32_t i = 0; i < s->snapshot->n_stacks; i++) {
		int64_t values[2] = { llround(s->objects[i]),
			llround(s->pages[i]) };

		if (values[0] > 0)
			stacks_add(m, i, NULL, 0, values);
	}
	stacks_free(m);
	return p;
}

struct table *
census_sites_table(const struct census_sites *s)
{
	struct table *t = table_new(site_columns, S_COLUMNS);
	struct profile *p = build(s);
	struct symbolizer *names = symbolizer_new(s->target->root, NULL,
	    s->target->pid, s->target->process.ns_pid);
	struct top *top;

	profile_symbolize(p, names);
	top = top_build(p, 1, true);
	for (size_t i = 0; i < top->n; i++) {
		const struct top_row *r = &top->rows[i];

		if (r->flat[0] == 0)
			continue;
		table_row(t);
		table_text(t, S_SITE, r->name);
		table_text(t, S_WHERE,
		    r->where[0] != '\0' ? r->where : r->module);
		table_u64(t, S_SAMPLES, (uint64_t)r->flat[0]);
		table_u64(t, S_PAGES, (uint64_t)r->flat[1]);
		table_u64(t, S_BYTES, (uint64_t)r->flat[1] * CENSUS_PAGE);
	}
	top_free(top);
	profile_free(p);
	symbolizer_free(names);
	return t;
}
