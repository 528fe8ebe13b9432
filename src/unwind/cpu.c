/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/cpu.h"
#include "base/xalloc.h"
#include "proc/stat.h"
#include "unwind/denial.h"
#include "unwind/perf.h"
#include "unwind/remote.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* From one reading of the rings to the next. */
#define STEP_NS UINT64_C(50000000)

/* Different stacks that are told apart; what comes after has none. */
#define STACKS_MAX 200000

struct sampling {
	struct cpu *c;
	struct memory *memory;
	struct remote *remote;
	struct remote_stack *stack;
	bool stale; /* code was met that no module is known for */
	uint64_t mapped; /* when the maps were read; ns, CLOCK_MONOTONIC */
};

static uint64_t
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- what the stacks lie in -------------------------------------------------- */

static void
forget_maps(struct sampling *s)
{
	remote_free(s->remote);
	memory_free(s->memory);
	s->remote = NULL;
	s->memory = NULL;
	modules_free(&s->c->modules);
	maps_free(&s->c->maps);
	s->c->modules = (struct modules)MODULES_INIT;
	s->c->maps = (struct maps)MAPS_INIT;
}

static int
read_maps(struct sampling *s, struct err *e)
{
	struct cpu *c = s->c;
	char link[64], exe[PATH_MAX];
	struct maps maps = MAPS_INIT;
	ssize_t n;

	s->stale = false;
	s->mapped = now(CLOCK_MONOTONIC);
	if (maps_read(c->pid, &maps, e) < 0)
		return -1;
	forget_maps(s);
	c->maps = maps;
	snprintf(link, sizeof link, "/proc/%d/exe", c->pid);
	n = readlink(link, exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = '\0';
	s->memory = memory_new(c->pid, &c->maps);
	modules_find(&c->modules, &c->maps, s->memory, exe);
	s->remote = remote_new(&c->maps, &c->modules, s->memory, e);
	return s->remote != NULL ? 0 : -1;
}

/* Libraries may come while it is watched; an empty map is that of a process
 * that is ending, and the old one is better. */
static void
refresh(struct sampling *s)
{
	struct maps maps = MAPS_INIT;
	struct err ignored;

	if (!s->stale || now(CLOCK_MONOTONIC) - s->mapped < 1000000000u)
		return;
	if (maps_read(s->c->pid, &maps, &ignored) == 0 && maps.n > 0)
		read_maps(s, &ignored);
	maps_free(&maps);
}

/* ---- samples ----------------------------------------------------------------- */

static size_t
thread_index(struct cpu *c, int32_t tid)
{
	struct cpu_thread *t;
	char name[64];
	long n;

	for (size_t i = c->n_threads; i-- > 0;)
		if (c->threads[i].tid == tid)
			return i;
	c->threads = xgrow(c->threads, c->n_threads, &c->cap_threads,
	    sizeof *c->threads);
	t = &c->threads[c->n_threads++];
	*t = (struct cpu_thread){ .tid = tid };
	snprintf(name, sizeof name, "task/%d/comm", tid);
	n = proc_read(c->pid, name, t->name, sizeof t->name);
	t->name[n > 0 ? strcspn(t->name, "\n") : 0] = '\0';
	return c->n_threads - 1;
}

static void
count(struct cpu *c, size_t thread, const uint64_t *frames, size_t n)
{
	uint64_t value;
	struct cpu_stack *t;
	uint32_t id;
	size_t at;

	if (c->n_stacks >= STACKS_MAX)
		n = 0;
	value = hash_mix(hash_bytes(frames, n * sizeof *frames), thread);
	at = hash_start(&c->index, value);
	while ((id = hash_next(&c->index, value, &at)) != 0) {
		t = &c->stacks[id - 1];
		if (t->thread != thread || t->n != n ||
		    memcmp(t->frames, frames, n * sizeof *frames) != 0)
			continue;
		t->count++;
		return;
	}
	c->stacks = xgrow(c->stacks, c->n_stacks, &c->cap_stacks,
	    sizeof *c->stacks);
	t = &c->stacks[c->n_stacks++];
	*t = (struct cpu_stack){ .frames = xcalloc(n + 1, sizeof *frames),
		.n = n, .thread = thread, .count = 1 };
	memcpy(t->frames, frames, n * sizeof *frames);
	hash_put(&c->index, value, (uint32_t)c->n_stacks);
}

static void
take(void *arg, const struct perf_sample *from)
{
	struct sampling *s = arg;
	struct cpu *c = s->c;
	struct remote_stack *stack = s->stack;
	struct stopped stopped = from->from;
	const struct map *row;

	c->samples++;
	stack->n = 0;
	if (from->has_stack && s->remote != NULL) {
		row = maps_find(&c->maps, stopped.regs.rsp);
		stopped.limit = row != NULL ? row->limit : 0;
		remote_unwind(s->remote, &stopped, from->stack, PERF_ROOM,
		    stack);
		c->early += stack->end != END_WHOLE;
		if (maps_find(&c->maps, stopped.regs.rip) == NULL)
			s->stale = true;
	} else {
		c->early++;
	}
	count(c, thread_index(c, from->tid), stack->frames, stack->n);
}

/* ---- all of it --------------------------------------------------------------- */

static bool
is_there(const struct cpu *c)
{
	struct proc_stat stat;
	struct err ignored;

	return proc_stat_read(c->pid, &stat, &ignored) == 0 &&
	    stat.state != 'Z' && stat.state != 'X';
}

static int
watch(struct sampling *s, struct perf *perf, uint64_t duration_ns,
    cpu_wait_fn *wait, void *arg, struct err *e)
{
	uint64_t start = now(CLOCK_MONOTONIC), passed = 0;
	struct cpu *c = s->c;

	while (passed < duration_ns && !c->ended) {
		uint64_t left = duration_ns - passed;

		if (!wait(arg, left < STEP_NS ? left : STEP_NS, e))
			return -1;
		refresh(s);
		perf_read(perf, take, s);
		c->ended = !is_there(c);
		passed = now(CLOCK_MONOTONIC) - start;
	}
	perf_stop(perf);
	perf_read(perf, take, s);
	c->duration_ns = passed;
	c->lost = perf_lost(perf);
	c->user_only = perf_user_only(perf);
	return 0;
}

struct cpu *
cpu_take(int32_t pid, uint64_t duration_ns, cpu_wait_fn *wait, void *arg,
    struct err *e)
{
	struct cpu *c = xcalloc(1, sizeof *c);
	struct sampling s = { .c = c };
	struct perf *perf = NULL;
	int rc = -1;

	c->pid = pid;
	c->index = (struct hash)HASH_INIT;
	c->time_ns = now(CLOCK_REALTIME);
	s.stack = xmalloc(sizeof *s.stack);
	if (read_maps(&s, e) < 0)
		goto out;
	if (denial_32_bit(pid)) {
		err_set(e, ERR_FAILED,
		    "process %d runs a 32-bit program; only stacks of 64-bit "
		    "ones can be read", pid);
		goto out;
	}
	if ((perf = perf_open(pid, CPU_PERIOD_NS, e)) == NULL)
		goto out;
	rc = watch(&s, perf, duration_ns, wait, arg, e);
out:
	perf_close(perf);
	remote_free(s.remote);
	memory_free(s.memory);
	free(s.stack);
	if (rc == 0)
		return c;
	cpu_free(c);
	return NULL;
}

void
cpu_free(struct cpu *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_stacks; i++)
		free(c->stacks[i].frames);
	free(c->stacks);
	free(c->threads);
	hash_free(&c->index);
	modules_free(&c->modules);
	maps_free(&c->maps);
	free(c);
}
