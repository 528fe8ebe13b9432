/* SPDX-License-Identifier: MIT */
/* Agents of all processes for the list of the live view. */
#include "config.h"

#include "base/xalloc.h"
#include "cmd/top_source.h"
#include "proc/stat.h"
#include "target/glance.h"
#include "target/knob.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Processes in other pid namespaces are looked for so often: it costs as much
 * as ten lists. */
#define SEARCH_NS INT64_C(60000000000)

/* A process that had no agent is asked again after so many lists. */
#define ASK_AGAIN 15

/* One whose agent is quiet may get another segment. */
#define ASK_QUIET 5

static struct watched *
find_watched(const struct top_source *s, int32_t pid, uint64_t start_ticks)
{
	for (size_t i = 0; i < s->n_watched; i++)
		if (s->watched[i].pid == pid &&
		    s->watched[i].start_ticks == start_ticks)
			return &s->watched[i];
	return NULL;
}

static const struct sweep_row *
find_row(const struct top_source *s, int32_t pid)
{
	size_t low = 0, high = sweep_count(s->sweep);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct sweep_row *r = sweep_row(s->sweep, mid);

		if (r->pid == pid)
			return r;
		if (r->pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Those that have ended are let go. */
static void
forget_ended(struct top_source *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_watched; i++) {
		const struct sweep_row *row = find_row(s, s->watched[i].pid);

		if (row != NULL && row->state != 'Z' &&
		    row->start_ticks == s->watched[i].start_ticks)
			s->watched[n++] = s->watched[i];
		else
			target_free(s->watched[i].target);
	}
	s->n_watched = n;
}

/*
 * Looking for an agent reads the maps of the process, which makes its own
 * mmap calls wait: once for each process that may have one, and on a thread
 * of its own, for it may take long.
 */
struct search {
	int32_t *pids; /* owned */
	size_t n;
	bool all; /* and all processes there are */
	struct watched *found; /* owned, with their targets */
	size_t n_found, cap_found;
};

static void
search_one(struct search *q, int32_t pid)
{
	struct watched *w;
	struct err ignored;
	char text[16];

	q->found = xgrow(q->found, q->n_found, &q->cap_found,
	    sizeof *q->found);
	w = &q->found[q->n_found++];
	snprintf(text, sizeof text, "%d", pid);
	*w = (struct watched){ .pid = pid,
		.target = target_find(text, &ignored) };
	if (w->target != NULL)
		w->start_ticks = w->target->process.start_ticks;
	if (w->target != NULL &&
	    (w->target->segment < 0 || !w->target->alive)) {
		target_free(w->target);
		w->target = NULL;
	}
}

static void *
search(void *arg, void *job)
{
	struct search *q = job;
	struct err ignored;
	int32_t *pids;
	size_t n;

	(void)arg;
	for (size_t i = 0; i < q->n; i++)
		search_one(q, q->pids[i]);
	if (!q->all || target_list_agents(&pids, &n, &ignored) < 0)
		return q;
	for (size_t i = 0; i < n; i++)
		search_one(q, pids[i]);
	free(pids);
	return q;
}

static void
take_found(struct top_source *s, struct search *q)
{
	for (size_t i = 0; i < q->n_found; i++) {
		struct watched *f = &q->found[i], *w;
		const struct sweep_row *row = find_row(s, f->pid);

		if (row == NULL || (f->target != NULL &&
		    f->start_ticks != row->start_ticks)) {
			target_free(f->target);
			continue;
		}
		w = find_watched(s, f->pid, row->start_ticks);
		if (w != NULL && w->target != NULL && w->records) {
			target_free(f->target);
			continue;
		}
		if (w != NULL) {
			target_free(w->target);
		} else {
			s->watched = xgrow(s->watched, s->n_watched,
			    &s->cap_watched, sizeof *s->watched);
			w = &s->watched[s->n_watched++];
		}
		*w = (struct watched){ f->pid, row->start_ticks, f->target,
			s->round, false };
	}
	free(q->found);
	free(q->pids);
	free(q);
}

/* Whether that is soon after the last time. */
static bool
asked_lately(const struct top_source *s, const struct watched *w, bool changed)
{
	if (w->target != NULL && w->records)
		return true;
	return !changed && s->round - w->round <
	    (w->target != NULL ? ASK_QUIET : ASK_AGAIN);
}

/* NULL: nobody is to be looked for. */
static struct search *
next_search(struct top_source *s)
{
	struct search *q = xcalloc(1, sizeof *q);
	bool changed = atomic_exchange(&s->agents_changed, false);
	size_t cap = 0, n;
	int32_t *pids;

	n = target_hints(&pids);
	for (size_t i = 0; i < n; i++) {
		const struct sweep_row *row = find_row(s, pids[i]);
		const struct watched *w = row == NULL ? NULL :
		    find_watched(s, pids[i], row->start_ticks);

		if (row == NULL ||
		    (w != NULL && asked_lately(s, w, changed)))
			continue;
		q->pids = xgrow(q->pids, q->n, &cap, sizeof *q->pids);
		q->pids[q->n++] = pids[i];
	}
	free(pids);
	/* The list is there at once, containers a little later. */
	if (s->searched == 0)
		s->searched = top_now() - SEARCH_NS + INT64_C(5000000000);
	if (top_now() - s->searched >= SEARCH_NS) {
		s->searched = top_now();
		q->all = true;
	}
	if (q->n > 0 || q->all)
		return q;
	free(q);
	return NULL;
}

void
top_agents_find(struct top_source *s)
{
	struct err ignored;
	struct search *q;
	void *found;

	forget_ended(s);
	if (s->aside && !s->searching)
		s->aside = s->searching =
		    aside_start(&s->search, search, NULL, &ignored) == 0;
	if (s->searching && aside_take(&s->search, &found)) {
		s->asked = NULL;
		take_found(s, found);
	}
	if ((s->searching && !aside_is_idle(&s->search)) ||
	    (q = next_search(s)) == NULL)
		return;
	if (s->searching)
		aside_give(&s->search, s->asked = q);
	else
		take_found(s, search(NULL, q));
}

/* Private memory beside the live heap, less what trims have left over. */
static uint64_t
retained(const struct target *t, int32_t pid, uint64_t live)
{
	char text[128];
	struct knob k;
	struct err ignored;
	uint64_t resident, shared;

	if (proc_read(pid, "statm", text, sizeof text) <= 0 ||
	    sscanf(text, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2 ||
	    resident < shared || knob_read(t, &k, &ignored) < 0)
		return NOT_KNOWN;
	return knob_retained(&k,
	    (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE), live);
}

void
top_agents_add(const struct top_source *s, const struct sweep_row *row,
    struct source_row *out)
{
	struct watched *w = find_watched(s, row->pid, row->start_ticks);
	struct glance g;
	struct err ignored;

	if (w == NULL || w->target == NULL)
		return;
	out->agent = true;
	w->records = false;
	if (target_glance(w->target, &g, &ignored) < 0)
		return;
	w->records = g.armed;
	out->attached = g.attached;
	out->quiet = !g.armed;
	out->samples = g.samples;
	out->interval = g.interval;
	out->lost = g.lost;
	if (g.shadowed || !g.armed)
		return;
	out->live = g.live_bytes;
	out->peak = g.peak_bytes;
	if (!g.attached)
		out->retained =
		    retained(w->target, row->pid, g.live_bytes);
}

void
top_agents_free(struct top_source *s)
{
	void *found = NULL;

	/* One that takes too long keeps nobody from leaving; one that has not
	 * begun never will. */
	if (s->searching && aside_stop(&s->search, 1, &found) &&
	    (found != NULL || s->asked != NULL))
		take_found(s, found != NULL ? found : s->asked);
	for (size_t i = 0; i < s->n_watched; i++)
		target_free(s->watched[i].target);
	free(s->watched);
}
