/* SPDX-License-Identifier: MIT */
/* The stack table, the sums of stacks, and the high-water mark. */
#include "config.h"

#include "agent_fake.h"

#include "agent/stacks.c"

#include <math.h>
#include <stdio.h>

/* A stack of its own for each number. */
static uint32_t
put(uint64_t number, unsigned depth)
{
	uint64_t frames[ULL_DEPTH_MAX];

	for (unsigned i = 0; i < depth; i++)
		frames[i] = 0x400000 + number * 0x100000 + i * 5;
	return stacks_put(frames, depth, 0);
}

static void
an_equal_stack_gets_the_same_number(void **state)
{
	uint64_t frames[] = { 1, 2, 3 }, other[] = { 1, 2, 4 };
	uint32_t first;

	(void)state;
	fake_segment(1);
	first = stacks_put(frames, 3, 0);
	assert_int_equal(first, 1);
	assert_int_equal(stacks_put(frames, 3, 0), first);
	assert_int_not_equal(stacks_put(other, 3, 0), first);
	assert_int_not_equal(stacks_put(frames, 2, 0), first);
	assert_int_not_equal(stacks_put(frames, 3, 8), first);
	assert_int_equal(tables.stacks[first].depth, 3);
	assert_int_equal(load(&tables.frames[tables.stacks[first].frames + 2]),
	    3);
	assert_int_equal(load(&tables.counters->stacks_used), 5);
}

static void
a_full_table_gives_the_lost_stack_and_keeps_the_totals(void **state)
{
	const uint64_t n = ULL_STACKS + 5000;
	uint64_t lost = 0, bytes = 0, objects = 0;

	(void)state;
	fake_segment(1);
	for (uint64_t i = 0; i < n; i++) {
		struct taken t = { .size = 100, .usable = 104, .weight = 2,
			.stack = put(i, 3) };

		lost += t.stack == ULL_STACK_LOST;
		stacks_allocated(&t);
		stacks_live(&t, false);
	}
	assert_int_equal(lost, n - (ULL_STACKS - 1));
	assert_int_equal(fake_losses(ULL_LOSS_STACKS_FULL) +
		fake_losses(ULL_LOSS_FRAMES_FULL),
	    lost);
	assert_int_equal(tables.stacks[0].samples, lost);
	for (unsigned i = 0; i < ULL_STACKS; i++) {
		bytes += load(&tables.stacks[i].alloc_bytes);
		objects += load(&tables.stacks[i].live_objects);
	}
	assert_int_equal(bytes, n * 208);
	assert_int_equal(objects, n * 2 * ULL_OBJECT_ONE);
	assert_int_equal(load(&tables.counters->live_bytes), n * 208);
	/* Those that are in are still found. */
	assert_int_equal(put(7, 3), 8);
}

static void
a_full_frame_store_loses_deep_stacks(void **state)
{
	unsigned fit = ULL_FRAMES / ULL_DEPTH_MAX, lost = 0;

	(void)state;
	fake_segment(1);
	for (unsigned i = 0; i < fit + 10; i++)
		lost += put(i, ULL_DEPTH_MAX) == ULL_STACK_LOST;
	assert_int_equal(lost, 10);
	assert_int_equal(fake_losses(ULL_LOSS_FRAMES_FULL), 10);
}

static void
no_memory_is_as_good_as_full(void **state)
{
	(void)state;
	fake_segment(1);
	fake_room = 0;
	assert_int_equal(put(1, 3), ULL_STACK_LOST);
	fake_room = ULL_INDEX * 4 + 8 * 3;
	assert_int_equal(put(1, 3), ULL_STACK_LOST);
	assert_int_equal(fake_losses(ULL_LOSS_STACKS_FULL), 1);
	fake_room = UINT64_MAX;
	assert_int_not_equal(put(1, 3), ULL_STACK_LOST);
}

/* ---- threads ------------------------------------------------------------------- */

#define THREADS 8
#define SAME 2000

static uint32_t numbers[THREADS][SAME];

static void
put_all(unsigned i)
{
	/* Steps that are coprime to SAME: each in its own order. */
	static const unsigned steps[THREADS] = { 1, 3, 7, 9, 11, 13, 17, 19 };

	for (unsigned k = 0; k < SAME; k++) {
		unsigned n = k * steps[i] % SAME;
		struct taken t = { .size = 10, .usable = 10, .weight = 1 };

		t.stack = numbers[i][n] = put(n, 1 + n % 20);
		stacks_allocated(&t);
	}
}

static void
eight_threads_agree_on_the_number_of_every_stack(void **state)
{
	(void)state;
	fake_segment(1);
	fake_threads(THREADS, put_all);
	for (unsigned n = 0; n < SAME; n++) {
		assert_int_not_equal(numbers[0][n], ULL_STACK_LOST);
		for (unsigned i = 1; i < THREADS; i++)
			assert_int_equal(numbers[i][n], numbers[0][n]);
		assert_int_equal(
		    load(&tables.stacks[numbers[0][n]].alloc_bytes),
		    THREADS * 10);
	}
}

#define ROOM 300
#define STORES 20000

static uint32_t used[STORES];
static uint8_t owner[STORES][ROOM];
static unsigned overlaps;

/* Many small stores, because the last few words of one are the point. */
static void
take_all(unsigned i)
{
	uint64_t seed = i;

	for (unsigned s = 0; s < STORES; s++)
		for (unsigned k = 0; k < 24; k++) {
			uint32_t n = 1 + next_random(&seed) % 64, first;

			if (!take(&used[s], n, ROOM, &first))
				continue;
			for (uint32_t at = first; at < first + n; at++)
				if (add(&owner[s][at], 1) != 0)
					add(&overlaps, 1);
		}
}

static void
no_two_stacks_share_frames(void **state)
{
	(void)state;
	overlaps = 0;
	fake_threads(4, take_all);
	assert_int_equal(overlaps, 0);
}

/* ---- the high-water mark ----------------------------------------------------------- */

#define SITES 20
#define HELD 400

struct direct {
	uint64_t now[SITES], peak[SITES], total, most;
};

static void
note(struct direct *d, unsigned site, int64_t bytes)
{
	d->now[site] += (uint64_t)bytes;
	d->total += (uint64_t)bytes;
	if (d->total > d->most) {
		d->most = d->total;
		memcpy(d->peak, d->now, sizeof d->peak);
	}
}

static uint64_t
peak_of(uint32_t stack)
{
	const struct ull_stack *s = &tables.stacks[stack];

	return load(&s->peak_epoch) == load(&tables.counters->peak_epoch) ?
	    load(&s->peak_bytes) :
	    load(&s->live_bytes);
}

static void
run_sequence(uint64_t seed)
{
	struct taken held[HELD] = { 0 };
	struct direct d = { 0 };
	uint32_t stack[SITES];

	fake_segment(1);
	for (unsigned i = 0; i < SITES; i++)
		stack[i] = put(i, 4);
	for (unsigned step = 0; step < 3000; step++) {
		struct taken *t = &held[next_random(&seed) % HELD];
		unsigned site = next_random(&seed) % SITES;

		/* Waves: mostly allocations, then mostly frees. */
		if (t->size == 0 && (step / 500 % 2 == 0 ||
			next_random(&seed) % 4 == 0)) {
			t->size = t->usable = 1 + next_random(&seed) % 9999;
			t->weight = 1;
			t->stack = stack[site];
			stacks_live(t, false);
			note(&d, site, (int64_t)t->size);
		} else if (t->size != 0) {
			stacks_live(t, true);
			note(&d, t->stack - stack[0], -(int64_t)t->size);
			t->size = 0;
		}
	}
	assert_int_equal(load(&tables.counters->peak_bytes), d.most);
	assert_int_equal(load(&tables.counters->live_bytes), d.total);
	for (unsigned i = 0; i < SITES; i++) {
		assert_int_equal(peak_of(stack[i]), d.peak[i]);
		assert_int_equal(load(&tables.stacks[stack[i]].live_bytes),
		    d.now[i]);
	}
}

static void
the_mark_is_what_each_stack_held_at_the_most(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++)
		run_sequence(seed);
}

static void
the_variance_of_an_allocation_is_that_of_its_weight(void **state)
{
	struct taken t = { .size = 1000, .usable = 1000, .weight = 4 };
	union {
		uint64_t u;
		double d;
	} v;

	(void)state;
	fake_segment(1);
	t.stack = put(1, 2);
	stacks_allocated(&t);
	stacks_allocated(&t);
	v.u = load(&tables.stacks[t.stack].alloc_variance);
	assert_true(fabs(v.d - 2 * 4000.0 * 4000.0 * 0.75) < 1e-6);
	t.weight = 1;
	stacks_allocated(&t);
	assert_int_equal(v.u, load(&tables.stacks[t.stack].alloc_variance));
	assert_int_equal(load(&tables.stacks[t.stack].alloc_bytes), 9000);
	assert_int_equal(load(&tables.stacks[t.stack].samples), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_equal_stack_gets_the_same_number),
		cmocka_unit_test(
		    a_full_table_gives_the_lost_stack_and_keeps_the_totals),
		cmocka_unit_test(a_full_frame_store_loses_deep_stacks),
		cmocka_unit_test(no_memory_is_as_good_as_full),
		cmocka_unit_test(
		    eight_threads_agree_on_the_number_of_every_stack),
		cmocka_unit_test(no_two_stacks_share_frames),
		cmocka_unit_test(the_mark_is_what_each_stack_held_at_the_most),
		cmocka_unit_test(
		    the_variance_of_an_allocation_is_that_of_its_weight),
	};

	return cmocka_run_group_tests_name("agent_stacks", tests, NULL, NULL);
}
