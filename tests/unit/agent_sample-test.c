/* SPDX-License-Identifier: MIT */
/* When the agent samples, what a sample stands for, and what one records. */
#include "config.h"

#include "agent_fake.h"

#include "agent/sample.c"

#include <math.h>

/* ---- numbers -------------------------------------------------------------------- */

static void
the_chance_is_one_minus_e_to_the_minus_size_over_interval(void **state)
{
	static const uint64_t intervals[] = { 2, 3, 100, 4096, 524288,
		UINT64_C(1) << 40 };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		for (double s = 1; s < 0x1p50; s *= 1.37) {
			uint64_t size = (uint64_t)s;
			double want = -expm1(-(double)size /
			    (double)intervals[i]);
			double got = sample_chance(size, intervals[i]);

			if (fabs(got - want) > 1e-12 * want)
				fail_msg("size %g, interval %g: %.17g is "
					 "not %.17g", s,
				    (double)intervals[i], got, want);
		}
	assert_true(sample_chance(0, 1) == 1.0);
	assert_true(sample_chance(5, 1) == 1.0);
	assert_true(sample_chance(0, 100) == sample_chance(1, 100));
	assert_true(sample_chance(UINT64_MAX, 2) == 1.0);
}

static void
the_logarithm_is_libms(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		double v = (double)(1 + (next_random(&seed) >> 11)) * 0x1p-53;

		if (fabs(logarithm(v) - log(v)) > 1e-10)
			fail_msg("log %.17g: %.17g", v, logarithm(v));
	}
	assert_true(logarithm(1.0) == 0.0);
	assert_true(fabs(logarithm(0x1p-53) - log(0x1p-53)) < 1e-10);
}

static void
distances_are_exponential(void **state)
{
	const uint64_t interval = 524288;
	const unsigned n = 1000000;
	double sum = 0, squares = 0, mean, variance;

	(void)state;
	fake_segment(interval);
	self.random = 12345;
	for (unsigned i = 0; i < n; i++) {
		double d = (double)draw(interval);

		assert_true(d >= 1);
		sum += d;
		squares += d * d;
	}
	mean = sum / n;
	variance = squares / n - mean * mean;
	/* Errors of a mean and a variance of n draws: 1 and sqrt(8) of
	 * R/sqrt(n), R^2/sqrt(n); four of them. Rounding up adds 1/2. */
	assert_true(fabs(mean - 0.5 - (double)interval) <
	    4 * (double)interval / sqrt(n));
	assert_true(fabs(variance - (double)interval * (double)interval) <
	    4 * sqrt(8) * (double)interval * (double)interval / sqrt(n));
	assert_int_equal(draw(0), UINT64_MAX);
	assert_int_equal(draw(1), 0);
}

/* ---- when --------------------------------------------------------------------------- */

/* As the hot half of a hook does. */
static bool
allocate(uint64_t size, uint64_t *interval)
{
	if (self.countdown <= size)
		return sample_due(size, interval);
	self.countdown -= size;
	return false;
}

/*
 * How often an allocation of `size` is chosen when others come between, by
 * its own count and by the weights that it is given.
 */
static void
check_frequency(uint64_t size, uint64_t interval, uint64_t between)
{
	const unsigned n = 40000;
	double p = -expm1(-(double)size / (double)interval), chosen = 0;
	double weight = 0, error = sqrt(p * (1 - p) / n);
	uint64_t with;

	if (n * p < 30)
		return; /* too few to say anything */
	fake_segment(interval);
	for (unsigned i = 0; i < n; i++) {
		if (allocate(size, &with)) {
			assert_int_equal(with, interval);
			chosen++;
			weight += 1 / sample_chance(size, with);
		}
		if (between != 0)
			allocate(between, &with);
	}
	if (fabs(chosen / n - p) > 4.5 * error + 1e-12 ||
	    fabs(weight - n) > 4.5 * error * n / p + 1e-6 * n)
		fail_msg("size %llu, interval %llu, between %llu: chosen %g, "
			 "not %g (error %g); weighs %g of %u",
		    (unsigned long long)size, (unsigned long long)interval,
		    (unsigned long long)between, chosen / n, p, error, weight,
		    n);
}

static void
the_chosen_are_as_many_as_the_chance_says(void **state)
{
	static const uint64_t sizes[] = { 1, 7, 64, 1000, 100000, PIECE - 1,
		PIECE, PIECE + 1, PIECE * 3 / 2, PIECE * 2, PIECE * 5 + 3 };
	static const uint64_t intervals[] = { 2, 512, 524288, PIECE / 2,
		PIECE, PIECE * 7, PIECE * 40 };

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		for (unsigned s = 0; s < 11; s++) {
			check_frequency(sizes[s], intervals[i], 0);
			check_frequency(sizes[s], intervals[i], 12345);
		}
}

static void
an_interval_of_one_chooses_all_and_of_none_nothing(void **state)
{
	uint64_t with;

	(void)state;
	fake_segment(1);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(allocate(i % 3, &with));
	fake_segment(0);
	for (unsigned i = 0; i < 1000; i++)
		assert_false(allocate(PIECE, &with));
}

static void
a_changed_interval_is_noticed_after_a_piece(void **state)
{
	uint64_t with = 0, bytes = 0;

	(void)state;
	fake_segment(0);
	allocate(1, &with);
	store(&tables.control->interval, 1);
	while (!allocate(4096, &with))
		bytes += 4096;
	assert_true(bytes <= PIECE);
	assert_true(allocate(0, &with));
	store(&tables.control->interval, 0);
	allocate(0, &with);
	assert_false(allocate(4096, &with));
}

/*
 * The interval goes up and down all the time; every object carries the weight
 * of the one it was chosen under, so the sum of weights is their number.
 */
static void
weights_stay_unbiased_while_the_interval_changes(void **state)
{
	static const uint64_t intervals[] = { 4096, 524288, 65536, 1, 2000000 };
	const unsigned n = 3000000;
	double sum = 0, v = 0;
	uint64_t with, seed = 5;

	(void)state;
	fake_segment(4096);
	for (unsigned i = 0; i < n; i++) {
		if (i % 20000 == 0)
			store(&tables.control->interval,
			    intervals[next_random(&seed) % 5]);
		if (allocate(3000, &with)) {
			double w = 1 / sample_chance(3000, with);

			sum += w;
			v += w * w * (1 - 1 / w);
		}
	}
	if (fabs(sum - n) > 4 * sqrt(v))
		fail_msg("%g of %u, error %g", sum, n, sqrt(v));
}

static void
the_floor_counts_when_it_is_higher(void **state)
{
	(void)state;
	fake_segment(100);
	store(&tables.counters->interval_floor, 5000);
	assert_int_equal(sample_interval(), 5000);
	store(&tables.control->interval, 9000);
	assert_int_equal(sample_interval(), 9000);
	store(&tables.control->interval, 0);
	assert_int_equal(sample_interval(), 0);
}

/* ---- what is recorded ------------------------------------------------------------------ */

static void
an_object_counts_until_it_is_taken(void **state)
{
	struct walk_regs caller = { 0x400100, 0x7ffc00001000, 0 };
	struct taken t;

	(void)state;
	fake_segment(1);
	sample_put((void *)0x5000, 100, 1, &caller);
	assert_int_equal(load(&tables.counters->samples), 1);
	assert_int_equal(load(&tables.counters->live_bytes), 100);
	assert_int_equal(load(&tables.stacks[1].live_objects), ULL_OBJECT_ONE);
	assert_true(sample_take((void *)0x5000, &t));
	assert_int_equal(load(&tables.counters->live_bytes), 0);
	assert_int_equal(load(&tables.counters->frees), 1);
	sample_restore((void *)0x5000, &t);
	assert_int_equal(load(&tables.counters->live_bytes), 100);
	assert_true(sample_take((void *)0x5000, &t));
	assert_int_equal(load(&tables.stacks[1].alloc_bytes), 100);
	assert_int_equal(self.busy, 0);
}

static void
an_object_without_room_leaves_no_sum_behind(void **state)
{
	struct walk_regs caller = { 0x400100, 0x7ffc00001000, 0 };

	(void)state;
	fake_segment(1);
	sample_put((void *)0x5003, 100, 1, &caller);
	assert_int_equal(load(&tables.counters->live_bytes), 0);
	assert_int_equal(load(&tables.stacks[1].alloc_bytes), 100);
	assert_int_equal(fake_losses(ULL_LOSS_LIVE_FULL), 1);
}

static void
a_handler_inside_a_hook_is_counted_and_not_recorded(void **state)
{
	uint64_t with;

	(void)state;
	fake_segment(1);
	allocate(1, &with);
	self.busy = 1;
	assert_false(allocate(1, &with));
	assert_int_equal(fake_losses(ULL_LOSS_REENTERED), 1);
	self.busy = 0;
	assert_true(allocate(1, &with));
}

static void
without_a_walk_buffer_the_stack_is_the_lost_one(void **state)
{
	struct walk_regs caller = { 0x400100, 0x7ffc00001000, 0 };

	(void)state;
	fake_segment(1);
	store(&scratch_taken, UINT32_MAX);
	sample_put((void *)0x5000, 100, 1, &caller);
	assert_int_equal(fake_losses(ULL_LOSS_SCRATCH), 1);
	assert_int_equal(load(&tables.stacks[ULL_STACK_LOST].live_bytes), 100);
	sample_forget();
	sample_put((void *)0x6000, 100, 1, &caller);
	assert_int_equal(fake_losses(ULL_LOSS_SCRATCH), 1);
	assert_int_equal(load(&scratch_taken), 0);
}

static void
a_cut_walk_is_counted_by_its_reason(void **state)
{
	struct walk_regs caller = { 0x400100, 0x7ffc00001000, 0 };

	(void)state;
	fake_segment(1);
	fake_depth = 1000;
	sample_put((void *)0x5000, 100, 1, &caller);
	fake_depth = 3;
	assert_int_equal(fake_losses(ULL_LOSS_WALK_DEEP), 1);
	assert_int_equal(tables.stacks[1].depth, ULL_DEPTH_MAX);
	assert_int_equal(tables.stacks[1].cut, 1 + ULL_LOSS_WALK_DEEP);
}

static void
out_means_out_for_good(void **state)
{
	uint64_t with;

	(void)state;
	fake_segment(1);
	fake_armed = false;
	assert_false(allocate(10, &with));
	assert_true(self.countdown > UINT64_C(1) << 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_chance_is_one_minus_e_to_the_minus_size_over_interval),
		cmocka_unit_test(the_logarithm_is_libms),
		cmocka_unit_test(distances_are_exponential),
		cmocka_unit_test(the_chosen_are_as_many_as_the_chance_says),
		cmocka_unit_test(
		    an_interval_of_one_chooses_all_and_of_none_nothing),
		cmocka_unit_test(a_changed_interval_is_noticed_after_a_piece),
		cmocka_unit_test(
		    weights_stay_unbiased_while_the_interval_changes),
		cmocka_unit_test(the_floor_counts_when_it_is_higher),
		cmocka_unit_test(an_object_counts_until_it_is_taken),
		cmocka_unit_test(an_object_without_room_leaves_no_sum_behind),
		cmocka_unit_test(
		    a_handler_inside_a_hook_is_counted_and_not_recorded),
		cmocka_unit_test(
		    without_a_walk_buffer_the_stack_is_the_lost_one),
		cmocka_unit_test(a_cut_walk_is_counted_by_its_reason),
		cmocka_unit_test(out_means_out_for_good),
	};

	return cmocka_run_group_tests_name("agent_sample", tests, NULL, NULL);
}
