/* SPDX-License-Identifier: MIT */
/*
 * Frames of many shapes around a callback. Built twice: into the test without
 * frame pointers, and as a library (the one that is loaded and unloaded) with
 * them.
 */
#include <alloca.h>
#include <stdint.h>
#include <stdlib.h>

#include "agent_walk-shapes.h"

typedef int vector __attribute__((vector_size(32)));

static __thread volatile uint64_t sink;

static __attribute__((noinline)) void
small(void (*call)(void *), void *arg)
{
	call(arg);
	sink++;
}

static __attribute__((noinline)) void
large(void (*call)(void *), void *arg)
{
	volatile char room[20000];

	room[0] = 1;
	room[sizeof(room) - 1] = 2;
	small(call, arg);
	sink += (uint64_t)room[0];
}

static __attribute__((noinline)) void
saves_all(void (*call)(void *), void *arg)
{
	uint64_t a = sink, b = a * 3, c = a * 5, d = a * 7, e = a * 9;

	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
	small(call, arg);
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
	sink += a + b + c + d + e;
}

static __attribute__((noinline)) void
by_alloca(void (*call)(void *), void *arg)
{
	volatile char *room = alloca(100 + (sink & 255));

	room[0] = 1;
	saves_all(call, arg);
	sink += (uint64_t)room[0];
}

static __attribute__((noinline)) void
realigned(void (*call)(void *), void *arg)
{
	volatile char room[64] __attribute__((aligned(64)));
	volatile vector v = {1, 2, 3, 4, 5, 6, 7, 8};

	room[0] = 1;
	large(call, arg);
	sink += (uint64_t)room[0] + (uint64_t)v[3];
}

static __attribute__((noinline)) void
realigned_alloca(void (*call)(void *), void *arg)
{
	volatile char room[128] __attribute__((aligned(128)));
	volatile char *more = alloca(40 + (sink & 127));

	room[1] = more[2] = 1;
	by_alloca(call, arg);
	sink += (uint64_t)room[1] + (uint64_t)more[2];
}

static __attribute__((noinline)) void
many_arguments(void (*call)(void *), void *arg, uint64_t a, uint64_t b,
    uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g)
{
	sink += a + b + c + d + e + f + g;
	call(arg);
	sink += a;
}

static __attribute__((noinline)) void
recurse(unsigned depth, void (*call)(void *), void *arg)
{
	volatile uint64_t room[5];

	room[0] = depth;
	if (depth > 0)
		recurse(depth - 1, call, arg);
	else
		call(arg);
	sink += room[0];
}

struct sorted {
	void (*call)(void *);
	void *arg;
};

static __thread struct sorted sorted;

static int
compare(const void *a, const void *b)
{
	sorted.call(sorted.arg);
	return *(const int *)a - *(const int *)b;
}

void
shapes_run(void (*call)(void *), void *arg)
{
	int v[] = {3, 1, 2};

	small(call, arg);
	large(call, arg);
	saves_all(call, arg);
	by_alloca(call, arg);
	realigned(call, arg);
	realigned_alloca(call, arg);
	many_arguments(call, arg, 1, 2, 3, 4, 5, 6, 7);
	recurse(0, call, arg);
	recurse(90, call, arg);
	sorted = (struct sorted){call, arg};
	qsort(v, 3, sizeof(v[0]), compare);
}
