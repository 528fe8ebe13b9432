/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/threads.h"
#include "base/xalloc.h"
#include "proc/process.h"
#include "unwind/capture.h"
#include "unwind/denial.h"
#include "unwind/locks.h"
#include "unwind/remote.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Most stacks are a few KiB deep; the rest is copied once more. */
#define ROOM ((size_t)128 << 10)
#define ROOM_DEEP ((size_t)1 << 20)

/* What a look at one process needs; threads_take frees it. */
struct looking {
	struct threads *all;
	struct process process;
	struct memory *memory;
	struct remote *remote;
	struct remote_stack *stack; /* too large for our own */
	struct capture_wish *wishes; /* all threads, by tid */
	size_t n_tids;
};

/* ---- may it be looked at? ------------------------------------------------------ */

static int
read_maps(struct looking *l, struct err *e)
{
	struct threads *all = l->all;
	int32_t tracer = denial_tracer(all->pid);

	if (tracer != 0)
		return denial_traced(&l->process, tracer, e);
	/* The first thread if it is there: others may be short-lived. */
	for (size_t i = 0; i <= l->n_tids && all->maps.n == 0; i++) {
		l->all->body = i == 0 ? all->pid : l->wishes[i - 1].tid;
		maps_free(&all->maps);
		if (maps_read(l->all->body, &all->maps, e) == 0 ||
		    e->status == ERR_GONE)
			continue;
		return e->status == ERR_DENIED ?
		    denial_forbidden(&l->process, e) :
		    -1;
	}
	if (all->maps.n == 0)
		return err_set(e, ERR_FAILED,
		    "process %d has no memory of its own: it is a kernel "
		    "thread or is just ending",
		    all->pid);
	if (denial_32_bit(l->all->body))
		return err_set(e, ERR_FAILED,
		    "process %d runs a 32-bit program; only stacks of 64-bit "
		    "ones can be read",
		    all->pid);
	return 0;
}

/* ---- which threads -------------------------------------------------------------- */

static int
by_tid(const void *a, const void *b)
{
	const struct capture_wish *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static int
list_tids(struct looking *l, struct err *e)
{
	struct dirent *entry;
	char path[64];
	size_t cap = 0;
	pid_t tid;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", l->all->pid);
	dir = opendir(path);
	if (dir == NULL)
		return err_set(e, ERR_GONE, "process %d has ended",
		    l->all->pid);
	while ((entry = readdir(dir)) != NULL) {
		tid = atoi(entry->d_name);
		if (tid <= 0)
			continue;
		l->wishes = xgrow(l->wishes, l->n_tids, &cap,
		    sizeof *l->wishes);
		l->wishes[l->n_tids++] = (struct capture_wish){ tid, 0 };
	}
	closedir(dir);
	qsort(l->wishes, l->n_tids, sizeof *l->wishes, by_tid);
	return 0;
}

/* ---- from copies to threads --------------------------------------------------------- */

static const char *
why_not(const struct capture_slot *s)
{
	switch (s->stopped.result) {
	case STOP_DENIED:
		return s->tracer != 0 ? "another process traces it" :
					"not permitted to stop it";
	case STOP_BUSY:
		return "in uninterruptible wait: it was left alone";
	case STOP_TIMEOUT:
	case STOP_NEVER:
		return "it did not stop in time";
	case STOP_FOREIGN:
		return "it runs 32-bit code";
	default:
		return "it could not be stopped";
	}
}

static void
forget_stack(struct thread *t)
{
	free(t->frames);
	free(t->end);
	t->frames = NULL;
	t->end = NULL;
	t->n = t->guessed = 0;
}

/*
 * Fills in the stack; false if it goes on where nothing was copied, and then
 * where that is, if it is not simply further on.
 */
static bool
take_stack(struct looking *l, struct thread *t, const struct stopped *from,
    const uint8_t *copy, size_t room, uint64_t *elsewhere)
{
	struct remote_stack *s = l->stack;

	remote_unwind(l->remote, from, copy, room, s);
	t->n = s->n;
	t->guessed = s->guessed;
	t->frames = xcalloc(s->n, sizeof *t->frames);
	memcpy(t->frames, s->frames, s->n * sizeof *t->frames);
	t->end = s->end == END_WHOLE ? NULL : xstrdup(s->why);
	*elsewhere = s->elsewhere;
	return s->end != END_COPY && s->end != END_ELSEWHERE;
}

static bool
take_slot(struct looking *l, struct thread *t, const struct capture *c,
    size_t i, size_t room, uint64_t *elsewhere)
{
	const struct capture_slot *s = &c->slots[i];

	memset(t, 0, sizeof *t);
	t->tid = s->tid;
	t->state = s->state != '\0' ? s->state : '?';
	t->call = -1;
	t->stopped = s->stopped.ns;
	snprintf(t->name, sizeof t->name, "%s", s->name);
	snprintf(t->wait, sizeof t->wait, "%s", s->wait);
	if (s->stopped.result != STOP_DONE) {
		t->end = xstrdup(why_not(s));
		return true;
	}
	t->call = (int64_t)s->stopped.regs.orig_rax;
	return take_stack(l, t, &s->stopped, capture_stack(c, i), room,
	    elsewhere);
}

/*
 * Stacks that were not copied whole: a second time, with more room, and with
 * the stack besides that was left for another one, as a handler's. If the
 * thread has run meanwhile the walk ends early once more, and says so.
 */
static void
take_deep(struct looking *l, const struct capture_wish *deep, size_t n)
{
	struct capture *c;
	struct err ignored;
	uint64_t elsewhere;

	if (n == 0)
		return;
	c = capture_take(l->all->pid, deep, n, &l->all->maps, ROOM_DEEP,
	    &ignored);
	for (size_t i = 0; c != NULL && i < n; i++) {
		struct thread *t = threads_find(l->all, deep[i].tid);

		if (c->slots[i].stopped.result != STOP_DONE)
			continue;
		forget_stack(t);
		take_slot(l, t, c, i, ROOM_DEEP, &elsewhere);
		locks_note(l->all, t, &c->slots[i].stopped);
	}
	capture_free(c);
}

static void
take_threads(struct looking *l, const struct capture *c)
{
	struct threads *all = l->all;
	struct capture_wish *deep = xcalloc(c->n, sizeof *deep);
	size_t n_deep = 0;
	uint64_t elsewhere;

	all->threads = xcalloc(c->n, sizeof *all->threads);
	for (size_t i = 0; i < c->n; i++) {
		if (c->slots[i].stopped.result == STOP_GONE) {
			all->gone++;
			continue;
		}
		if (!take_slot(l, &all->threads[all->n++], c, i, ROOM,
			&elsewhere))
			deep[n_deep++] = (struct capture_wish){
				c->slots[i].tid, elsewhere };
	}
	/* Owners are looked up among all of them. */
	for (size_t i = 0; i < c->n; i++) {
		struct thread *t = threads_find(all, c->slots[i].tid);

		if (t != NULL)
			locks_note(all, t, &c->slots[i].stopped);
	}
	take_deep(l, deep, n_deep);
	free(deep);
}

/* ---- is it still the same program? -------------------------------------------------- */

/* Nobody could be stopped: then the reason is not the threads'. */
static int
check_any(const struct looking *l, const struct capture *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->slots[i].stopped.result != STOP_DENIED &&
		    c->slots[i].stopped.result != STOP_GONE)
			return 0;
	for (size_t i = 0; i < c->n; i++) {
		if (c->slots[i].stopped.result == STOP_GONE)
			continue;
		if (c->slots[i].tracer != 0)
			return denial_traced(&l->process, c->slots[i].tracer, e);
		return denial_forbidden(&l->process, e);
	}
	return err_set(e, ERR_GONE, "process %d has ended", l->all->pid);
}

/*
 * A program that executes another keeps its pid and its start time; what it
 * does not keep is its memory. The vdso lies elsewhere, too, with every exec.
 */
static int
check_same(const struct looking *l, struct err *e)
{
	const struct maps *old = &l->all->maps;
	struct maps now;
	struct process p;
	bool same = true;

	if (process_read(l->all->pid, &p, e) < 0)
		return err_set(e, ERR_GONE, "process %d ended meanwhile",
		    l->all->pid);
	if (p.start_ticks != l->process.start_ticks)
		return err_set(e, ERR_GONE, "process %d ended meanwhile",
		    l->all->pid);
	if (maps_read(l->all->body, &now, e) < 0)
		return -1;
	for (size_t i = 0; i < old->n; i++) {
		const struct map *m;

		if (strcmp(old->rows[i].path, "[vdso]") != 0 &&
		    strcmp(old->rows[i].path, "[stack]") != 0)
			continue;
		m = maps_find(&now, old->rows[i].limit - 1);
		same = same && m != NULL &&
		    strcmp(m->path, old->rows[i].path) == 0;
	}
	/* An ending process has no memory left, but ended as what it was. */
	if (now.n == 0)
		same = true;
	maps_free(&now);
	if (!same)
		return err_set(e, ERR_GONE,
		    "process %d executed another program meanwhile; try again",
		    l->all->pid);
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------- */

static int
look(struct looking *l, struct err *e)
{
	struct threads *all = l->all;
	char link[64], exe[PATH_MAX];
	struct capture *c;
	struct timespec t;
	ssize_t n;
	int rc;

	if (process_read(all->pid, &l->process, e) < 0 ||
	    list_tids(l, e) < 0 || read_maps(l, e) < 0)
		return -1;
	snprintf(link, sizeof link, "/proc/%d/exe", l->all->body);
	n = readlink(link, exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = '\0';
	l->memory = memory_new(l->all->body, &all->maps);
	modules_find(&all->modules, &all->maps, l->memory, exe);
	l->remote = remote_new(&all->maps, &all->modules, l->memory, e);
	if (l->remote == NULL)
		return -1;
	clock_gettime(CLOCK_REALTIME, &t);
	all->time_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	c = capture_take(all->pid, l->wishes, l->n_tids, &all->maps, ROOM, e);
	if (c == NULL)
		return -1;
	if ((rc = check_any(l, c, e)) == 0 && (rc = check_same(l, e)) == 0) {
		take_threads(l, c);
		locks_find_cycles(all);
	}
	capture_free(c);
	return rc;
}

struct threads *
threads_take(int32_t pid, struct err *e)
{
	struct threads *all = xcalloc(1, sizeof *all);
	struct looking l = { .all = all };
	int rc;

	all->pid = pid;
	l.stack = xmalloc(sizeof *l.stack);
	rc = look(&l, e);
	remote_free(l.remote);
	memory_free(l.memory);
	free(l.wishes);
	free(l.stack);
	if (rc == 0)
		return all;
	threads_free(all);
	return NULL;
}

void
threads_free(struct threads *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->threads[i].frames);
		free(t->threads[i].end);
	}
	free(t->threads);
	modules_free(&t->modules);
	maps_free(&t->maps);
	free(t);
}

struct thread *
threads_find(const struct threads *t, int32_t tid)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->threads[middle].tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->n && t->threads[low].tid == tid ? &t->threads[low] :
							  NULL;
}
