/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/threads_creators.h"
#include "base/xalloc.h"
#include "cmd/profile_out.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How far apart two clocks may be: of 1/16 s, and of ticks. */
#define CLOCKS_NS UINT64_C(150000000)

static uint64_t
since_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int
by_tid(const void *a, const void *b)
{
	const struct snapshot_thread *const *x = a, *const *y = b;

	return ((*x)->tid > (*y)->tid) - ((*x)->tid < (*y)->tid);
}

int
creators_look(struct creators *c, const struct target *t,
    struct symbolizer *names, struct err *e)
{
	memset(c, 0, sizeof *c);
	c->pid = t->pid;
	c->namespaces = t->process.ns_pid != t->pid;
	if (t->segment < 0)
		return 0;
	if ((c->s = snapshot_take(t, e)) == NULL)
		return -1;
	c->taken_ns = since_boot();
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
	sites_resolve(c->sites, names);
	return 0;
}

int
creators_read(struct creators *c, const struct options *o,
    const struct target *t, struct err *e)
{
	struct symbolizer *names =
	    profile_out_symbolizer(o, t->root, t->pid, t->process.ns_pid);
	int rc = creators_look(c, t, names, e);

	symbolizer_free(names);
	return rc;
}

void
creators_free(struct creators *c)
{
	sites_free(c->sites);
	snapshot_free(c->s);
	free(c->by_tid);
}

const struct snapshot_thread *
creators_find(const struct creators *c, int32_t tid, uint64_t start)
{
	struct snapshot_thread key = { .tid = tid };
	const struct snapshot_thread *wanted = &key, *const *found;

	if (c->n != 0 && c->namespaces)
		key.tid = task_namespace_tid(c->pid, tid);
	found = c->n == 0 ? NULL :
			    bsearch(&wanted, c->by_tid, c->n,
				sizeof *c->by_tid, by_tid);
	/* Noted once the thread was there. */
	return found != NULL &&
		start <= c->taken_ns - (*found)->age + CLOCKS_NS ?
	    *found :
	    NULL;
}

void
creators_caveat(const struct creators *c, struct buf *out)
{
	if (c->s != NULL && !c->s->armed)
		buf_printf(out,
		    "the agent is %s: threads created since have no creator\n",
		    c->s->state);
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
