/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/cpu.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "proc/process.h"
#include "unwind/denial.h"
#include "unwind/perf.h"
#include "unwind/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

/* How often the rings are looked at; a second's worth of ticks fits. */
#define DRAIN_MS 100

/* A program that loads libraries all the time costs no more than that. */
#define MAPS_AGAIN_NS SECOND

/* What the unwinder needs; made anew when code turns up that is in no map. */
struct taking {
	struct cpu *cpu;
	char exe[PATH_MAX];
	struct memory *memory;
	struct remote *remote;
	struct remote_stack *stack; /* too large for our own */
	struct hash index;	    /* of the stacks */
	uint64_t maps_time;
	bool maps_old;
	int32_t last_tid;
	char last_name[32];
};

static uint64_t
clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* ---- the process's map --------------------------------------------------------- */

static void
forget_maps(struct taking *t)
{
	remote_free(t->remote);
	memory_free(t->memory);
	modules_free(&t->cpu->modules);
	maps_free(&t->cpu->maps);
	t->remote = NULL;
	t->memory = NULL;
}

static int
read_maps(struct taking *t, struct err *e)
{
	struct cpu *c = t->cpu;
	struct maps now = MAPS_INIT;

	t->maps_time = clock_ns(CLOCK_MONOTONIC);
	t->maps_old = false;
	if (maps_read(c->pid, &now, e) < 0)
		return -1;
	if (now.n == 0) {
		maps_free(&now);
		return err_set(e, ERR_FAILED,
		    "process %d has no memory of its own: it is a kernel "
		    "thread or is just ending",
		    c->pid);
	}
	forget_maps(t);
	c->maps = now;
	t->memory = memory_new(c->pid, &c->maps);
	modules_find(&c->modules, &c->maps, t->memory, t->exe);
	t->remote = remote_new(&c->maps, &c->modules, t->memory, e);
	return t->remote != NULL ? 0 : -1;
}

/* ---- samples to stacks ----------------------------------------------------------- */

static const char *
thread_name(struct taking *t, int32_t tid)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	if (tid == t->last_tid)
		return t->last_name;
	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", t->cpu->pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, t->last_name, sizeof t->last_name - 1);
		close(fd);
	}
	t->last_name[n > 0 ? n - 1 : 0] = '\0'; /* without the newline */
	t->last_tid = tid;
	return t->last_name;
}

static void
count(struct taking *t, const uint64_t *frames, size_t n, const char *thread)
{
	struct cpu *c = t->cpu;
	uint64_t v = hash_mix(hash_bytes(frames, n * sizeof *frames),
	    hash_bytes(thread, strlen(thread)));
	struct cpu_stack *s;
	size_t at;
	uint32_t id;

	for (at = hash_start(&t->index, v);
	     (id = hash_next(&t->index, v, &at)) != 0;) {
		s = &c->stacks[id - 1];
		if (s->n == n && strcmp(s->thread, thread) == 0 &&
		    memcmp(s->frames, frames, n * sizeof *frames) == 0) {
			s->count++;
			return;
		}
	}
	c->stacks = xgrow(c->stacks, c->n, &c->cap, sizeof *c->stacks);
	s = &c->stacks[c->n++];
	memset(s, 0, sizeof *s);
	s->frames = xcalloc(n, sizeof *frames);
	memcpy(s->frames, frames, n * sizeof *frames);
	s->n = n;
	s->count = 1;
	snprintf(s->thread, sizeof s->thread, "%s", thread);
	hash_put(&t->index, v, (uint32_t)c->n);
}

static void
take_sample(void *arg, const struct perf_sample *s)
{
	struct taking *t = arg;
	uint64_t frames[PERF_KERNEL_MAX + REMOTE_FRAMES_MAX];
	struct stopped from = { .regs = s->regs,
		.stack_len = (uint32_t)s->stack_len };
	size_t n = s->n_kernel;

	memcpy(frames, s->kernel, n * sizeof *frames);
	t->cpu->ticks++;
	if (s->has_user && t->remote != NULL) {
		remote_unwind(t->remote, &from, s->stack, PERF_STACK_MAX,
		    t->stack);
		memcpy(frames + n, t->stack->frames,
		    t->stack->n * sizeof *frames);
		n += t->stack->n;
		t->cpu->early += t->stack->end != END_WHOLE;
		if (maps_find(&t->cpu->maps, s->regs.rip) == NULL)
			t->maps_old = true;
	}
	count(t, frames, n, thread_name(t, s->tid));
}

/* ---- for a while -------------------------------------------------------------------- */

/* Still there? A zombie runs no more. */
static bool
runs(const struct cpu *c, uint64_t start_ticks)
{
	struct process p;
	struct err ignored;

	return process_read(c->pid, &p, &ignored) == 0 &&
	    p.start_ticks == start_ticks && p.state != 'Z' && p.state != 'X';
}

static void
sample_until(struct taking *t, struct perf *p, uint64_t end,
    uint64_t start_ticks, const volatile int *stop)
{
	struct err ignored;
	uint64_t now;

	while ((now = clock_ns(CLOCK_MONOTONIC)) < end &&
	    (stop == NULL || !*stop) && !t->cpu->ended) {
		uint64_t left = (end - now) / 1000000 + 1;

		perf_wait(p, left < DRAIN_MS ? (int)left : DRAIN_MS);
		if (t->maps_old && now - t->maps_time > MAPS_AGAIN_NS)
			read_maps(t, &ignored);
		perf_drain(p, take_sample, t);
		t->cpu->ended = !runs(t->cpu, start_ticks);
	}
	perf_drain(p, take_sample, t);
}

static int
take(struct taking *t, uint64_t ns, const volatile int *stop, struct err *e)
{
	struct cpu *c = t->cpu;
	struct process process;
	struct perf *p;
	char link[64];
	uint64_t start;
	ssize_t n;

	if (process_read(c->pid, &process, e) < 0)
		return -1;
	snprintf(link, sizeof link, "/proc/%d/exe", c->pid);
	n = readlink(link, t->exe, sizeof t->exe - 1);
	t->exe[n > 0 ? n : 0] = '\0';
	if (read_maps(t, e) < 0)
		return e->status == ERR_DENIED ?
		    denial_forbidden(&process, e) :
		    -1;
	if (denial_32_bit(c->pid))
		return err_set(e, ERR_FAILED,
		    "process %d runs a 32-bit program; only stacks of 64-bit "
		    "ones can be read",
		    c->pid);
	if ((p = perf_open(c->pid, c->hz, e)) == NULL)
		return -1;
	c->time_ns = clock_ns(CLOCK_REALTIME);
	start = clock_ns(CLOCK_MONOTONIC);
	sample_until(t, p, start + ns, process.start_ticks, stop);
	c->duration_ns = clock_ns(CLOCK_MONOTONIC) - start;
	c->lost = perf_lost(p);
	c->kernel = perf_sees_kernel(p);
	perf_close(p);
	return 0;
}

struct cpu *
cpu_take(int32_t pid, unsigned hz, uint64_t ns, const volatile int *stop,
    struct err *e)
{
	struct cpu *c = xcalloc(1, sizeof *c);
	struct taking t = { .cpu = c, .last_tid = -1 };
	int rc;

	c->pid = pid;
	c->hz = hz;
	t.stack = xmalloc(sizeof *t.stack);
	rc = take(&t, ns, stop, e);
	remote_free(t.remote);
	memory_free(t.memory);
	hash_free(&t.index);
	free(t.stack);
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
	for (size_t i = 0; i < c->n; i++)
		free(c->stacks[i].frames);
	free(c->stacks);
	modules_free(&c->modules);
	maps_free(&c->maps);
	free(c);
}
