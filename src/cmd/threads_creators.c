/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/threads_creators.h"
#include "base/xalloc.h"
#include "cmd/profile_out.h"
#include "profile/kind.h"
#include "profile/symbolize.h"

#include <stdlib.h>
#include <string.h>

static int
by_tid(const void *a, const void *b)
{
	const struct snapshot_thread *const *x = a, *const *y = b;

	return ((*x)->tid > (*y)->tid) - ((*x)->tid < (*y)->tid);
}

int
creators_read(struct creators *c, const struct options *o,
    const struct target *t, struct err *e)
{
	struct symbolizer *names;

	memset(c, 0, sizeof *c);
	c->pid = t->pid;
	c->namespaces = t->process.ns_pid != t->pid;
	if (t->segment < 0)
		return 0;
	if ((c->s = snapshot_take(t, e)) == NULL)
		return -1;
	snapshot_match_threads(c->s, t);
	c->by_tid = xcalloc(c->s->n_threads + 1, sizeof *c->by_tid);
	c->sites = sites_new(c->s);
	for (size_t i = 0; i < c->s->n_threads; i++) {
		const struct snapshot_thread *h = &c->s->threads[i];

		if (!h->known)
			continue;
		sites_want_stack(c->sites, h->stack);
		sites_want_address(c->sites, h->start);
		if (h->tid != 0)
			c->by_tid[c->n++] = h;
	}
	qsort(c->by_tid, c->n, sizeof *c->by_tid, by_tid);
	names =
	    profile_out_symbolizer(o, t->root, t->pid, t->process.ns_pid);
	sites_resolve(c->sites, names);
	symbolizer_free(names);
	return 0;
}

void
creators_free(struct creators *c)
{
	sites_free(c->sites);
	snapshot_free(c->s);
	free(c->by_tid);
}

const struct snapshot_thread *
creators_find(const struct creators *c, int32_t tid)
{
	struct snapshot_thread key = { .tid = tid };
	const struct snapshot_thread *wanted = &key, *const *found;

	if (c->n != 0 && c->namespaces)
		key.tid = task_namespace_tid(c->pid, tid);
	found = c->n == 0 ? NULL :
			    bsearch(&wanted, c->by_tid, c->n,
				sizeof *c->by_tid, by_tid);
	return found != NULL ? *found : NULL;
}

bool
creators_is_unjoined(const struct snapshot_thread *h)
{
	return h->known && h->tid == 0 && !h->detached;
}

bool
creators_resident(const struct creators *c, const struct snapshot_thread *h,
    uint64_t *bytes)
{
	return h->stack_end > h->stack_start &&
	    task_resident(c->pid, h->stack_start, h->stack_end, bytes);
}

int
threads_profile_out(const struct options *o, const struct target *t,
    struct err *e)
{
	const struct kind *kind = kind_find("threadcreate");
	struct symbolizer *names;
	struct snapshot *s;
	struct profile *p;
	int rc;

	if (target_need_agent(t, e) < 0 ||
	    (s = kind_snapshot(kind, t, e)) == NULL)
		return -1;
	p = kind->build(s);
	snapshot_free(s);
	names =
	    profile_out_symbolizer(o, t->root, t->pid, t->process.ns_pid);
	if (names != NULL)
		profile_symbolize(p, names);
	symbolizer_free(names);
	rc = profile_out(o, p, t->pid, t->process.name, e);
	profile_free(p);
	return rc;
}
