/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/alloc.h"
#include "agent/agent.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <time.h>

/*
 * A millisecond of work, then three of rest: others get the locks between. It
 * is processor time that counts: a keeper that waits for a lock or for its
 * turn is in nobody's way.
 */
#define BURST UINT64_C(1000000)
#define REST_FOR_WORK 3
#define REST_MOST UINT64_C(50000000)

/* Of so many calls one may be too long: it was interrupted by what no clock
 * in here shows, a host that took the processor away. */
#define CALLS_PER_OVERRUN 1000

/* glibc last: every process has it, and others may define malloc_trim too. */
static const struct alloc *const allocators[] = {
	&alloc_jemalloc,
	&alloc_tcmalloc,
	&alloc_mimalloc,
	&alloc_glibc,
};

HIDDEN const struct alloc *
alloc_find(void)
{
	static const struct alloc *found;
	static bool done;
	const struct link_map *owner;

	if (tables.header->shadowed)
		return NULL; /* calls do not come by us */
	if (acquire(&done))
		return found;
	owner = real_owner((const void *)real.malloc);
	for (size_t i = 0; owner != NULL && found == NULL &&
	     i < sizeof allocators / sizeof allocators[0];
	     i++)
		if (allocators[i]->find(owner))
			found = allocators[i];
	release(&done, true);
	return found;
}

static uint64_t
clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

HIDDEN uint64_t
alloc_clock(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

HIDDEN uint64_t
alloc_cpu(void)
{
	return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

HIDDEN uint64_t
alloc_began(struct alloc_pass *p)
{
	uint64_t now = alloc_clock();

	if (p->burst == 0) {
		p->burst = now;
		p->look = now + BURST;
		p->burst_cpu = alloc_cpu();
	}
	return now;
}

/*
 * A call that was long because the keeper was not running is no stall of its
 * making, as long as it held no lock; on a busy machine that is most of them.
 * So an overrun is one that also used the processor.
 */
static void
judge(struct alloc_pass *p, uint64_t took)
{
	p->calls++;
	if (took > p->longest)
		p->longest = took;
	if (took > p->budget && (p->flags & ULL_TRIM_LOCKS) &&
	    alloc_cpu() - p->burst_cpu > p->budget / 2)
		p->overruns++;
	if (p->overruns > p->calls / CALLS_PER_OVERRUN)
		p->flags |= ULL_TRIM_OVERRAN;
	else
		p->flags &= ~ULL_TRIM_OVERRAN;
}

static void
rest(uint64_t ns)
{
	struct timespec t;

	if (ns > REST_MOST)
		ns = REST_MOST;
	t.tv_sec = 0;
	t.tv_nsec = (long)ns;
	mini_call2(SYS_nanosleep, &t, NULL);
}

/* Not to go on: the knob is off, or calls are not ours to make any more. */
static bool
called_off(const struct alloc_pass *p)
{
	return agent_sandboxed ||
	    (p->knob && load(&tables.control->trim) == ULL_TRIM_OFF &&
		load(&tables.control->memory_limit) == 0);
}

HIDDEN bool
alloc_ended(struct alloc_pass *p, uint64_t began)
{
	uint64_t now = alloc_clock(), worked;

	judge(p, now - began);
	if (now >= p->look) {
		worked = alloc_cpu() - p->burst_cpu;
		if (worked < BURST) {
			p->look = now + BURST - worked;
			return p->released < p->want;
		}
		if (!agent_sandboxed)
			rest(worked * REST_FOR_WORK);
		p->burst = 0;
		if (called_off(p)) {
			p->flags |= ULL_TRIM_STOPPED;
			return false;
		}
	}
	return p->released < p->want;
}
