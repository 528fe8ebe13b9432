/* SPDX-License-Identifier: MIT */
/*
 * What one sample costs, from the hook to the tables, and each part of it.
 *
 * The agent's files are compiled in, its hooks are not: samples are taken by
 * hand, at a stack of a given depth. sample.c is included for what it keeps
 * to itself. "same" takes one stack again and again; "varied" takes 64 in
 * turn, so that neither the hints of the walk nor the branch predictor know
 * the next one. Caches are warm in both: for cold ones see what a sample
 * costs in the mixed pairs.
 *
 * sample-bench [DEPTH]: prints "PART SAME VARIED", ns each; SAME is of CPU
 * time, the least of many batches. Needs a tmpfs as the agent does (ULLAGE_DIR).
 */
#include "config.h"

#include "agent/sample.c"
#include "agent/slots.h"

#include <stdio.h>
#include <stdlib.h>

/* What the files here know of attaching: nobody attaches to this. */
uint32_t slots_stale;

void
slots_follow(void)
{
}

void
slots_meet(uint64_t bias)
{
	(void)bias;
}

void
slots_present(struct ull_presence *presence)
{
	(void)presence;
}

int
ullage_arm(const struct ull_arm *from)
{
	(void)from;
	return -1;
}

int
ullage_disarm(void)
{
	return -1;
}

#define BATCH 64
#define BATCHES 3000
#define PATHS 64
#define OBJECTS 1024 /* live at any moment */

static const struct walk_regs *caller;
static uint64_t *path_frames; /* what a walk from here finds */
static unsigned path_depth;
static uint32_t path_stack;
static volatile uint64_t sink;

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double ns_per_tick;

/* Not before what came earlier is done, and what comes later waits for it. */
static uint64_t
ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence"
			 : "=a"(low), "=d"(high)
			 :
			 : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t
wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
calibrate(void)
{
	uint64_t from = ticks(), start = wall_ns();

	while (wall_ns() - start < 20000000)
		;
	ns_per_tick = (double)(wall_ns() - start) / (double)(ticks() - from);
}

static void *objects[OBJECTS];

static const void *
object(unsigned i)
{
	return objects[i % OBJECTS];
}

/* ---- the parts: each does one thing n times ----------------------------------- */

static unsigned turn;

static void
do_nothing(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__asm__ volatile("" ::: "memory");
}

static void
do_due(unsigned n)
{
	uint64_t interval;

	for (unsigned i = 0; i < n; i++) {
		self.countdown = 0;
		self.capped = 0;
		sink = sample_due(64, &interval);
	}
}

static void
do_clock(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sink = now();
}

static void
do_weight(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sink = (uint64_t)(1.0 / sample_chance(64 + i, 512 * 1024));
}

static void
do_usable(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sink = real_usable(object(turn + i), 64);
}

static void
do_walk(unsigned n)
{
	static uint64_t frames[ULL_DEPTH_MAX];
	enum walk_end end;

	for (unsigned i = 0; i < n; i++)
		sink = walk(caller, stackend_find(caller->sp), frames,
		    ULL_DEPTH_MAX, &end);
}

static struct taken
record(void)
{
	return (struct taken){.size = 64, .usable = 72, .weight = 8192.5f,
	    .stack = path_stack};
}

static void
do_stack_table(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sink = stacks_put(path_frames, path_depth, 0);
}

static void
do_sums(unsigned n)
{
	struct taken t = record();

	for (unsigned i = 0; i < n; i++) {
		stacks_allocated(&t);
		stacks_live(&t, false);
	}
}

static void
do_sums_gone(unsigned n)
{
	struct taken t = record();

	for (unsigned i = 0; i < n; i++)
		stacks_live(&t, true);
}

static void
do_live_put(unsigned n)
{
	struct taken t = record();

	for (unsigned i = 0; i < n; i++)
		sink = live_put((uint64_t)object(turn + i), &t);
}

static void
do_live_take(unsigned n)
{
	struct taken t;

	for (unsigned i = 0; i < n; i++)
		sink = live_take((uint64_t)object(turn + i), &t);
	turn += n;
}

static void
do_put(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sample_put(object(turn + i), 64, 512 * 1024, caller);
}

static void
do_take(unsigned n)
{
	struct taken t;

	for (unsigned i = 0; i < n; i++)
		sink = sample_take(object(turn + i), &t);
	turn += n;
}

/* All that an allocation which is chosen costs more than one that is not. */
static void
do_all(unsigned n)
{
	do_due(n);
	do_put(n);
}

/*
 * A part that comes with its opposite is timed with it, batch by batch, so
 * that the tables stay as they are.
 */
static const struct part {
	const char *name;
	void (*run)(unsigned n);
	void (*undo)(unsigned n);
} parts[] = {
	{"loop", do_nothing, NULL},
	{"due", do_due, NULL},
	{"clock", do_clock, NULL},
	{"weight", do_weight, NULL},
	{"usable", do_usable, NULL},
	{"walk", do_walk, NULL},
	{"stack-table", do_stack_table, NULL},
	{"sums", do_sums, do_sums_gone},
	{"live-put", do_live_put, do_live_take},
	{"live-take", do_live_take, do_live_put},
	{"sample", do_all, do_take},
	{"free", do_take, do_put},
};
#define PARTS (sizeof parts / sizeof parts[0])

/* ---- stacks to sample at -------------------------------------------------------- */

static const struct part *part;
static unsigned batch;
static uint64_t least;
static double single[BATCHES * 8];
static unsigned singles;

static __attribute__((noinline)) void
leaf(void)
{
	const uint64_t *frame = __builtin_frame_address(0);
	struct walk_regs r = {frame[1], (uint64_t)(frame + 2), frame[0]};
	static uint64_t frames[ULL_DEPTH_MAX];
	enum walk_end end;
	uint64_t t;

	caller = &r;
	path_frames = frames;
	path_depth = walk(&r, stackend_find(r.sp), frames, ULL_DEPTH_MAX, &end);
	path_stack = stacks_put(frames, path_depth, 0);
	if (batch == 1) {
		t = ticks();
		part->run(1);
		single[singles++] = (double)(ticks() - t);
		t = UINT64_MAX;
	} else {
		t = cpu_ns();
		part->run(batch);
		t = cpu_ns() - t;
	}
	if (t < least)
		least = t;
	if (part->undo != NULL)
		part->undo(batch);
}

static void go(unsigned depth, uint64_t path);

/* A frame with its own size; eight of them. */
#define SHAPE(name, words)                                                     \
	static __attribute__((noinline)) void name(unsigned depth,             \
	    uint64_t path)                                                     \
	{                                                                      \
		volatile uint64_t room[words];                                 \
                                                                               \
		room[0] = path;                                                \
		room[words - 1] = depth;                                       \
		go(depth - 1, path >> 3 | path << 61);                         \
		room[0] = room[words - 1];                                     \
	}
SHAPE(shape0, 1)
SHAPE(shape1, 3)
SHAPE(shape2, 8)
SHAPE(shape3, 13)
SHAPE(shape4, 30)
SHAPE(shape5, 2)
SHAPE(shape6, 5)
SHAPE(shape7, 17)

static __attribute__((noinline)) void
go(unsigned depth, uint64_t path)
{
	static void (*const shapes[])(unsigned, uint64_t) = {shape0, shape1,
	    shape2, shape3, shape4, shape5, shape6, shape7};

	if (depth == 0) {
		leaf();
		return;
	}
	shapes[path & 7](depth, path);
	__asm__ volatile("");
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
measure(const struct part *p, unsigned calls, bool varied)
{
	part = p;
	batch = varied ? 1 : BATCH;
	least = UINT64_MAX;
	singles = 0;
	for (unsigned i = 0; i < BATCHES * (varied ? 8 : 1); i++)
		go(calls, varied ? (i % PATHS) * UINT64_C(0x9e3779b97f4a7c15) :
				   42);
	if (!varied)
		return (double)least / BATCH;
	qsort(single, singles, sizeof single[0], ascending);
	return single[singles / 2] * ns_per_tick;
}

/* What is undone must be there first. */
static void
prepare(const struct part *p)
{
	if (p->run == do_live_take)
		do_live_put(OBJECTS);
	if (p->run == do_take)
		go(1, 0);
}

static void
sweep(void)
{
	struct taken t;

	for (unsigned i = 0; i < OBJECTS; i++)
		sample_take(object(i), &t);
	turn = 0;
}

int
main(int argc, char **argv)
{
	unsigned depth = argc > 1 ? (unsigned)atoi(argv[1]) : 20;
	double none[2] = {0, 0};

	if (!agent_armed()) {
		fprintf(stderr, "sample-bench: no segment\n");
		return 1;
	}
	calibrate();
	for (unsigned i = 0; i < OBJECTS; i++)
		objects[i] = malloc(64 + i % 16 * 48);
	/* Two frames for each call; main, measure and libc's are three more. */
	depth = depth > 6 ? (depth - 4) / 2 : 1;
	for (unsigned i = 0; i < PARTS; i++) {
		double same, varied;

		prepare(&parts[i]);
		same = measure(&parts[i], depth, false);
		varied = measure(&parts[i], depth, true);
		sweep();
		if (i == 0) {
			none[0] = same;
			none[1] = varied;
			printf("depth %u\n", path_depth);
			continue;
		}
		printf("%s %.1f %.1f\n", parts[i].name, same - none[0],
		    varied - none[1]);
	}
	return 0;
}
