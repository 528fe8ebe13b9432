/* SPDX-License-Identifier: MIT */
/* Threads for the live view: those that are alike, each, or their stacks. */
#include "config.h"

#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/stack_view.h"
#include "cmd/table_out.h"
#include "cmd/threads_creators.h"
#include "cmd/top_source.h"
#include "profile/kind_threads.h"
#include "profile/symbolize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	THREAD_COUNT,
	THREAD_TID,
	THREAD_STATE,
	THREAD_CPU,
	THREAD_TIME,
	THREAD_WAIT,
	THREAD_NAME,
	THREAD_CREATOR,
	THREAD_COLUMNS,
};

static const struct column thread_columns[THREAD_COLUMNS] = {
	[THREAD_COUNT] = { "count", "COUNT", CELL_COUNT, "threads alike",
	    false, false },
	[THREAD_TID] = { "tid", "TID", CELL_ID, "thread id", false, false },
	[THREAD_STATE] = { "state", "S", CELL_TEXT, "state", true, false },
	[THREAD_CPU] = { "cpu", "CPU", CELL_PERCENT, "part of one CPU", false,
	    false },
	[THREAD_TIME] = { "time", "TIME", CELL_DURATION,
	    "CPU time since the start", false, false },
	[THREAD_WAIT] = { "wait", "WAITS IN", CELL_TEXT,
	    "kernel function", true, false },
	[THREAD_NAME] = { "name", "NAME", CELL_TEXT, "name", true, false },
	[THREAD_CREATOR] = { "created_by", "CREATED BY", CELL_TEXT,
	    "function and line that created it, and its callers", true, true },
};

#define NO_CREATOR (UINT32_MAX - 1)
#define SEVERAL (UINT32_MAX - 2)

struct alike {
	char name[64], wait[64];
	char state;
	int32_t tid;
	uint64_t count, cpu_ns;
	uint32_t creator; /* stack */
	double share;
};

static double
share_of(const struct top_source *s, const struct tasks *now,
    const struct task *t)
{
	const struct task *was = s->before.n != 0 ?
	    tasks_find(&s->before, t->tid) : NULL;

	if (was == NULL || was->start_ns != t->start_ns)
		return task_share(NULL, 0, t, now->taken_ns);
	return task_share(was, s->before.taken_ns, t, now->taken_ns);
}

/* Those of one name that wait in the same place are one row. */
static struct alike *
alike(struct alike **list, size_t *n, size_t *cap, const struct task *t,
    bool by_name)
{
	char name[64];
	struct alike *a;

	if (by_name)
		task_pattern(t->name, name, sizeof name);
	else
		snprintf(name, sizeof name, "%s", t->name);
	for (size_t i = 0; by_name && i < *n; i++)
		if (strcmp((*list)[i].name, name) == 0 &&
		    strcmp((*list)[i].wait, t->wait) == 0 &&
		    (*list)[i].state == t->state)
			return &(*list)[i];
	*list = xgrow(*list, *n, cap, sizeof **list);
	a = &(*list)[(*n)++];
	memset(a, 0, sizeof *a);
	memcpy(a->name, name, sizeof a->name);
	memcpy(a->wait, t->wait, sizeof a->wait);
	a->state = t->state;
	a->tid = t->tid;
	a->creator = UINT32_MAX;
	return a;
}

static struct table *
thread_table(const struct alike *list, size_t n, bool by_name,
    const struct creators *who)
{
	struct table *t = table_new(thread_columns, THREAD_COLUMNS);
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		char state[2] = { list[i].state, '\0' };

		table_row(t);
		table_u64(t, THREAD_COUNT, list[i].count);
		if (!by_name)
			table_u64(t, THREAD_TID, (uint64_t)list[i].tid);
		table_text(t, THREAD_STATE, state);
		table_double(t, THREAD_CPU, list[i].share);
		table_u64(t, THREAD_TIME, list[i].cpu_ns);
		if (list[i].wait[0] != '\0')
			table_text(t, THREAD_WAIT, list[i].wait);
		table_text(t, THREAD_NAME, list[i].name);
		if (list[i].creator >= SEVERAL) {
			if (list[i].creator == SEVERAL)
				table_text(t, THREAD_CREATOR, "several");
			continue;
		}
		text.len = 0;
		sites_chain(who->sites, list[i].creator, &text);
		table_text(t, THREAD_CREATOR, buf_text(&text));
	}
	buf_free(&text);
	return t;
}

static void
add_creator(struct alike *a, const struct creators *who, const struct task *t)
{
	const struct snapshot_thread *h =
	    creators_find(who, t->tid, t->start_ns);
	uint32_t stack = h != NULL ? h->stack : NO_CREATOR;

	a->creator = a->count == 0 || a->creator == stack ? stack : SEVERAL;
}

static void
tell_threads(const struct tasks *now, const struct creators *who, bool each,
    struct source_detail *d)
{
	size_t unjoined = 0, at;
	char text[COUNT_MAX];

	for (size_t i = 0; who->s != NULL && i < who->s->n_threads; i++)
		unjoined += creators_is_unjoined(&who->s->threads[i]);
	snprintf(d->note, sizeof d->note, "%s thread%s%s",
	    count_text(text, now->n), now->n == 1 ? "" : "s",
	    now->n == 1 ? "" : each ? ", one by one" :
		", those of one name that wait alike together");
	at = strlen(d->note);
	if (unjoined > 0)
		snprintf(d->note + at, sizeof d->note - at, "; %zu %s ended "
		    "and %s not joined: their stacks stay", unjoined,
		    unjoined == 1 ? "has" : "have",
		    unjoined == 1 ? "was" : "were");
}

static void
by_task(struct top_source *s, const struct source_request *r,
    struct source_detail *d)
{
	bool each = d->way == THREADS_WAY_EACH;
	struct creators who = { .s = NULL };
	struct alike *list = NULL;
	struct err e = { ERR_FAILED, "" }, ignored;
	size_t n = 0, cap = 0;
	struct tasks now;

	memset(&now, 0, sizeof now);
	if (tasks_read(r->pid, TASKS_WAIT, &now, &e) < 0) {
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
		tasks_free(&now);
		return;
	}
	if (s->target->segment >= 0)
		creators_look(&who, s->target, top_names(s), &ignored);
	for (size_t i = 0; i < now.n; i++) {
		struct alike *a = alike(&list, &n, &cap, &now.tasks[i],
		    !each);
		double share = share_of(s, &now, &now.tasks[i]);

		add_creator(a, &who, &now.tasks[i]);
		a->count++;
		a->cpu_ns += now.tasks[i].cpu_ns;
		a->share += share > 0 ? share : 0;
	}
	d->table = thread_table(list, n, !each, &who);
	d->hidden = UINT64_C(1) << (each ? THREAD_COUNT : THREAD_TID);
	if (who.s == NULL)
		d->hidden |= UINT64_C(1) << THREAD_CREATOR;
	top_order(d->table, r, THREAD_COLUMNS, THREAD_CPU);
	tell_threads(&now, &who, each, d);
	creators_free(&who);
	free(list);
	tasks_free(&s->before);
	s->before = now;
}

/* ---- stacks ------------------------------------------------------------------------- */

static void
by_stack(struct top_source *s, const struct source_request *r,
    struct source_detail *d)
{
	struct stack_view v = { .command = s->target->process.name };
	struct err e = { ERR_FAILED, "" };
	struct buf out = BUF_INIT;
	uint64_t longest = 0;
	char text[UNITS_MAX];
	struct threads *t;

	if ((t = threads_take(r->pid, &e)) == NULL) {
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		if (t->threads[i].stopped > longest)
			longest = t->threads[i].stopped;
	v.t = t;
	v.p = threads_profile(t);
	v.names = top_names(s);
	profile_symbolize(v.p, v.names);
	stack_text(&v, &out);
	d->text = out.bytes; /* given away */
	snprintf(d->note, sizeof d->note, "as of now: %zu thread%s stopped "
	    "one at a time, for %s at most; s looks again", t->n,
	    t->n == 1 ? " was" : "s were",
	    units_duration(text, (int64_t)longest));
	profile_free(v.p);
	threads_free(t);
}

void
top_threads(struct top_source *s, const struct source_request *r,
    struct source_detail *d)
{
	d->way = r->way >= 0 && r->way < THREADS_WAYS ? r->way :
	    THREADS_WAY_ALIKE;
	if (d->way == THREADS_WAY_STACKS)
		by_stack(s, r, d);
	else
		by_task(s, r, d);
}
