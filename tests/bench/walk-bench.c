/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds per stack of walk(), _Unwind_Backtrace and, when built with
 * -DWITH_LIBUNWIND and -lunwind, unw_backtrace. Not part of make check.
 *
 * By hand, from the top of the source tree:
 *   cc -O2 -D_GNU_SOURCE -Isrc -Ibuild -o /tmp/walk-bench \
 *	tests/bench/walk-bench.c src/agent/walk.c src/agent/row.c
 *src/agent/cfi*.c
 *
 * libunwind exports _Unwind_Backtrace too, so it needs a build of its own.
 *
 * "varied" takes 64 different paths through eight functions in turn, so that
 * neither the branch predictor nor the hints know what comes next; "misses"
 * forgets all rows before each walk.
 */
#include "config.h"

#include "agent/walk.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unwind.h>

#ifdef WITH_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#endif

#define FRAMES 128

static uint64_t frames[FRAMES];
static uint64_t stack_top;
static void (*method)(const struct walk_regs *);
static unsigned rounds;
static volatile unsigned found;
static double best;
static int varied;
static uint64_t total_ns, total_walks;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
by_walk(const struct walk_regs *r)
{
	enum walk_end end;

	found = walk(r, stack_top, frames, FRAMES, &end);
}

static void
by_walk_cold(const struct walk_regs *r)
{
	walk_forget_rows();
	by_walk(r);
}

static _Unwind_Reason_Code
count(struct _Unwind_Context *context, void *n)
{
	unsigned *i = n;

	frames[*i % FRAMES] = _Unwind_GetIP(context);
	++*i;
	return _URC_NO_REASON;
}

static void
by_libgcc(const struct walk_regs *r)
{
	unsigned n = 0;

	(void)r;
	_Unwind_Backtrace(count, &n);
	found = n;
}

#ifdef WITH_LIBUNWIND
static void
by_libunwind(const struct walk_regs *r)
{
	(void)r;
	found = (unsigned)unw_backtrace((void **)frames, FRAMES);
}
#endif

static __attribute__((noinline)) void
leaf(void)
{
	struct walk_regs r;
	unsigned chunk = varied ? 1 : 200;

	r.pc = (uint64_t)(uintptr_t)__builtin_return_address(0);
	r.fp = *(uint64_t *)__builtin_frame_address(0);
	r.sp = (uint64_t)(uintptr_t)__builtin_frame_address(0) + 16;
	for (unsigned i = 0; i < rounds; i += chunk) {
		uint64_t t = now();
		double ns;

		for (unsigned k = 0; k < chunk; k++)
			method(&r);
		t = now() - t;
		total_ns += t;
		total_walks += chunk;
		ns = (double)t / chunk;
		if (ns < best)
			best = ns;
	}
}

/* Eight functions with frames of different shapes. */
static void go(unsigned depth, uint64_t path);

#define SHAPE(name, words, attributes)                                         \
	static __attribute__((noinline)) attributes void name(                 \
	    unsigned depth, uint64_t path)                                     \
	{                                                                      \
		volatile uint64_t room[words];                                 \
                                                                               \
		room[0] = path;                                                \
		room[words - 1] = depth;                                       \
		go(depth - 1,                                                  \
		    path * 6364136223846793005u + 1442695040888963407u);       \
		room[0] = room[words - 1] + room[0];                           \
	}
SHAPE(shape0, 1, )
SHAPE(shape1, 3, )
SHAPE(shape2, 8, )
SHAPE(shape3, 13, )
SHAPE(shape4, 30, )
SHAPE(shape5, 2, )
SHAPE(shape6, 5, )
SHAPE(shape7, 17, )

static __attribute__((noinline)) void
go(unsigned depth, uint64_t path)
{
	static void (*const shapes[])(unsigned, uint64_t) = {
	    shape0, shape1, shape2, shape3, shape4, shape5, shape6, shape7};

	if (depth == 0) {
		leaf();
		return;
	}
	shapes[path >> 33 & 7](depth, path);
	__asm__ volatile("");
}

static uint64_t
clock_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 10000; i++) {
		uint64_t t = now(), d = now() - t;

		if (d < least)
			least = d;
	}
	return least;
}

static void
measure(const char *name, void (*m)(const struct walk_regs *))
{
	static const unsigned depths[] = {10, 30, 100};

	method = m;
	for (unsigned i = 0; i < 3; i++) {
		/* Each shape is two frames; main and libc's are three more. */
		unsigned depth = (depths[i] - 3) / 2;

		varied = 0;
		best = 1e18;
		rounds = m == by_walk ? 200000 : 4000;
		go(depth, 42);
		printf(
		    "%-14s %4u frames  %8.1f ns same path", name, found, best);
		varied = 1;
		total_ns = total_walks = 0;
		rounds = 1;
		for (unsigned k = 0; k < 20000; k++)
			go(depth, (k % 64) * 0x9e3779b97f4a7c15u);
		printf("  %8.1f ns varied (mean, clock taken off)\n",
		    (double)total_ns / (double)total_walks -
			(double)clock_cost());
	}
}

int
main(void)
{
	stack_top = ((uint64_t)(uintptr_t)__builtin_frame_address(0) + 4096) &
		    ~UINT64_C(7);
	measure("walk", by_walk);
	measure("walk, misses", by_walk_cold);
	measure("libgcc", by_libgcc);
#ifdef WITH_LIBUNWIND
	measure("unw_backtrace", by_libunwind);
#endif
	return 0;
}
