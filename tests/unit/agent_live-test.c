/* SPDX-License-Identifier: MIT */
/* The live table, its filter and its thinning, with the sums behind them. */
#include "config.h"

#include "agent_fake.h"

/* For the statics: where an address goes, and what the thinner does to one
 * slot. */
#include "agent/live.c"

#include <math.h>

static struct taken
object(uint64_t size, float weight, uint32_t stack)
{
	return (struct taken){ .size = size, .usable = size, .weight = weight,
		.stack = stack, .birth = 7 };
}

static bool
same_object(const struct taken *a, const struct taken *b)
{
	return a->size == b->size && a->usable == b->usable &&
	    a->weight == b->weight && a->stack == b->stack &&
	    a->birth == b->birth;
}

static uint64_t
entries(void)
{
	return load(&tables.counters->live_entries);
}

/* ---- put and take ------------------------------------------------------------ */

static void
what_is_put_is_taken_once(void **state)
{
	struct taken in = object(100, 3.5f, 9), out = { 0 };

	(void)state;
	fake_segment(1);
	assert_true(live_put(0x7f0000001000, &in));
	assert_true(filter_maybe((void *)0x7f0000001000));
	assert_int_equal(entries(), 1);
	assert_true(live_take(0x7f0000001000, &out));
	assert_true(same_object(&in, &out));
	assert_false(live_take(0x7f0000001000, &out));
	assert_false(filter_maybe((void *)0x7f0000001000));
	assert_int_equal(entries(), 0);
}

static void
an_address_that_looks_like_a_state_is_refused(void **state)
{
	struct taken in = object(8, 1, 1);

	(void)state;
	fake_segment(1);
	assert_false(live_put(0, &in));
	assert_false(live_put(16, &in));
	assert_false(live_put(0x7f0000001001, &in));
	assert_false(live_put(0x7f0000001004, &in));
	assert_int_equal(fake_losses(ULL_LOSS_LIVE_FULL), 4);
	assert_int_equal(entries(), 0);
}

/* Empty slots hold 0, which is also what is freed most often. */
static void
null_has_no_entry(void **state)
{
	struct taken in = object(8, 1, 1), out;

	(void)state;
	fake_segment(1);
	assert_true(live_put(UINT64_C(1) << 40, &in));
	assert_true(filter_maybe(NULL));
	assert_false(live_take(0, &out));
	assert_false(live_take(ULL_KEY_BUSY, &out));
	assert_int_equal(entries(), 1);
	assert_true(filter_maybe(NULL));
	assert_true(live_take(UINT64_C(1) << 40, &out));
}

/* Addresses whose two buckets of the first tier are the same two. */
static void
neighbours(uint64_t *out, unsigned n)
{
	uint64_t *a, *b, *first = NULL, *second = NULL;
	unsigned found = 0;

	for (uint64_t addr = 0x10000; found < n; addr += 16) {
		a = bucket_of(hash_of(addr), 0, 0);
		b = bucket_of(hash_of(addr), 1, 0);
		if (found == 0 && a != b) {
			first = a;
			second = b;
		}
		if ((a == first && b == second) || (a == second && b == first))
			out[found++] = addr;
	}
}

static void
two_full_buckets_lose_the_next_and_count_it(void **state)
{
	uint64_t addr[ULL_BUCKET * 2 + 1];
	struct taken in = object(8, 1, 1), out;

	(void)state;
	fake_segment(1);
	neighbours(addr, ULL_BUCKET * 2 + 1);
	for (unsigned i = 0; i < ULL_BUCKET * 2; i++)
		assert_true(live_put(addr[i], &in));
	assert_false(live_put(addr[ULL_BUCKET * 2], &in));
	assert_int_equal(fake_losses(ULL_LOSS_LIVE_FULL), 1);
	for (unsigned i = 0; i < ULL_BUCKET * 2; i++)
		assert_true(live_take(addr[i], &out));
	assert_true(live_put(addr[ULL_BUCKET * 2], &in));
}

/* Three quarters of the last tier: where thinning begins. */
static void
fill_all_tiers(uint64_t first, uint64_t step)
{
	const unsigned n = ULL_LIVE / 4 * 3;
	struct taken out;

	fake_segment(1);
	for (unsigned i = 1; i <= n; i++) {
		struct taken in = object(i, 1, i % 100);

		assert_true(live_put(first + i * step, &in));
	}
	assert_int_equal(load(&tier), LAST_TIER);
	assert_int_equal(entries(), n);
	for (unsigned i = 1; i <= n; i++) {
		assert_true(live_take(first + i * step, &out));
		assert_int_equal(out.size, i);
	}
	assert_int_equal(entries(), 0);
}

static void
a_table_three_quarters_full_refuses_nothing(void **state)
{
	(void)state;
	fill_all_tiers(0x10000, 16);
	fill_all_tiers(0x5555557a0000, 48);
	fill_all_tiers(0x7ffff0000010, 640);
	fill_all_tiers(0x7f0000000000, 8208);
	fill_all_tiers(0x100000000000, 1 << 20);
}

static void
a_tier_without_memory_is_not_used(void **state)
{
	uint64_t first = (uint64_t)tier_buckets[0] * ULL_BUCKET;
	struct taken in = object(8, 1, 1);
	unsigned kept = 0;

	(void)state;
	fake_segment(1);
	for (unsigned i = 1; i <= 10000; i++) {
		/* Enough for the first tier, which is asked for each time. */
		fake_room = first * (8 + sizeof(struct ull_live));
		kept += live_put(i * UINT64_C(16), &in);
	}
	assert_int_equal(load(&tier), 0);
	assert_int_equal(kept, entries());
	assert_true(kept <= first);
	assert_int_equal(fake_losses(ULL_LOSS_LIVE_FULL), 10000 - kept);
	fake_segment(1);
	fake_room = 100;
	assert_false(live_put(0x1000, &in));
}

static void
an_address_given_out_again_replaces_a_stale_entry(void **state)
{
	struct taken in = object(100, 1, 1), again = object(60, 1, 2), out;

	(void)state;
	fake_segment(1);
	stacks_live(&in, false);
	assert_true(live_put(0x5000, &in));
	stacks_live(&again, false);
	assert_true(live_put(0x5000, &again));
	assert_int_equal(fake_losses(ULL_LOSS_STALE), 1);
	assert_int_equal(entries(), 1);
	assert_int_equal(load(&tables.stacks[1].live_bytes), 0);
	assert_int_equal(load(&tables.stacks[2].live_bytes), 60);
	assert_true(live_take(0x5000, &out));
	assert_int_equal(out.size, 60);
}

/* ---- the thinner ----------------------------------------------------------------- */

static uint64_t *
hold(uint64_t addr)
{
	uint64_t *slot = find(addr);

	assert_non_null(slot);
	store(slot, addr | ULL_KEY_HELD);
	return slot;
}

static void
what_the_thinner_holds_is_left_to_it(void **state)
{
	struct taken in = object(100, 1, 1), out;
	uint64_t *slot;

	(void)state;
	fake_segment(1);
	live_put(0x5000, &in);
	slot = hold(0x5000);
	assert_false(live_take(0x5000, &out));
	assert_int_equal(load(slot), 0x5000 | ULL_KEY_ORPHAN);
	/* The address may be handed out again before the thinner is done. */
	live_put(0x5000, &in);
	assert_int_equal(entries(), 2);
	assert_true(filter_maybe((void *)0x5000));
	thin_remove(slot, 0x5000, &in);
	assert_int_equal(load(slot), 0);
	assert_int_equal(entries(), 1);
	assert_true(filter_maybe((void *)0x5000));
	assert_true(live_take(0x5000, &out));
	assert_false(filter_maybe((void *)0x5000));
	assert_int_equal(fake_losses(ULL_LOSS_STALE), 0);
}

static void
a_sure_object_is_not_thinned(void **state)
{
	struct taken in = object(1 << 30, 1, 1), out;

	(void)state;
	fake_segment(1);
	self.random = 1;
	live_put(0x5000, &in);
	thin_slot(find(0x5000), 4096);
	assert_true(live_take(0x5000, &out));
	assert_true(same_object(&in, &out));
}

static void
thin_all(uint64_t floor)
{
	uint64_t slots = (uint64_t)tier_buckets[load(&tier)] * ULL_BUCKET;

	for (uint64_t i = 0; i < slots; i++)
		thin_slot(&tables.keys[i], floor);
}

static double
sum_of_entries(void)
{
	double sum = 0;

	for (uint64_t i = 0; i < ULL_LIVE; i++)
		if (load(&tables.keys[i]) > 16)
			sum += (double)tables.live[i].size *
			    tables.live[i].weight;
	return sum;
}

/*
 * Chosen at 1k, thinned to 4k and then to 64k: the totals must mean the same
 * as before. 400 runs; the mean may be four of its own errors off.
 */
static void
thinning_keeps_totals_unbiased(void **state)
{
	const uint64_t sizes[] = { 16, 100, 900, 5000, 70000, 300000 };
	const unsigned runs = 400, each = 60;
	double truth = 0, sum = 0, squares = 0, mean, error;
	uint64_t seed = 1;

	(void)state;
	for (unsigned s = 0; s < 6; s++)
		truth += (double)sizes[s] * each;
	for (unsigned r = 0; r < runs; r++) {
		double total;

		fake_segment(1024);
		self.random = next_random(&seed) | 1;
		for (unsigned i = 0; i < 6 * each; i++) {
			uint64_t size = sizes[i % 6];
			double chance = sample_chance(size, 1024);
			struct taken t =
			    object(size, (float)(1 / chance), 1 + i % 6);

			if (sample_random() >= chance)
				continue;
			stacks_live(&t, false);
			assert_true(live_put((i + 1) * UINT64_C(64), &t));
		}
		thin_all(4096);
		thin_all(65536);
		total = sum_of_entries();
		/* The running sums agree with the entries. */
		assert_true(fabs(total -
				(double)load(&tables.counters->live_bytes)) <
		    (double)each * 6);
		sum += total;
		squares += total * total;
	}
	mean = sum / runs;
	error = sqrt((squares / runs - mean * mean) / runs);
	assert_true(error > 0);
	if (fabs(mean - truth) > 4 * error)
		fail_msg("mean %g, truth %g, error %g", mean, truth, error);
}

static void
a_full_table_raises_the_interval_and_loses_nothing(void **state)
{
	const unsigned n = 200000;
	unsigned failed = 0;
	double truth = 0, variance = 0, sum;

	(void)state;
	fake_segment(1);
	self.random = 77;
	for (unsigned i = 1; i <= n; i++) {
		uint64_t size = 64 + i % 512, interval = sample_interval();
		double chance = sample_chance(size, interval);
		struct taken t = object(size, (float)(1 / chance), 1 + i % 50);

		truth += (double)size;
		if (sample_random() >= chance)
			continue;
		stacks_live(&t, false);
		if (!live_put(i * UINT64_C(640), &t)) {
			stacks_live(&t, true);
			failed++;
		}
		live_thin();
	}
	assert_true(load(&tables.counters->doublings) > 0);
	assert_true(sample_interval() > 1);
	assert_int_equal(failed, 0);
	assert_true(entries() < ULL_LIVE);
	for (uint64_t i = 0; i < ULL_LIVE; i++)
		if (load(&tables.keys[i]) > 16) {
			double w = tables.live[i].weight;
			double b = w * (double)tables.live[i].size;

			variance += b * b * (1 - 1 / w);
		}
	sum = sum_of_entries();
	if (fabs(sum - truth) > 4 * sqrt(variance))
		fail_msg("%g of %g, error %g", sum, truth, sqrt(variance));
}

/* A clearing thread may stop at any instruction: see filter_remove. */
static void
a_bit_that_is_being_cleared_takes_no_object(void **state)
{
	struct taken in = object(8, 1, 1), out;
	uint32_t bit = filter_bit(0x5000);

	(void)state;
	fake_segment(1);
	store(&wiped.counts[bit], FILTER_CLEARING);
	assert_false(live_put(0x5000, &in));
	assert_int_equal(entries(), 0);
	assert_int_equal(fake_losses(ULL_LOSS_LIVE_FULL), 1);
	assert_null(find(0x5000));
	store(&wiped.counts[bit], 0);
	assert_true(live_put(0x5000, &in));
	assert_true(live_take(0x5000, &out));
}

static void
a_bit_with_too_many_objects_stays_set(void **state)
{
	struct taken in = object(8, 1, 1), out;

	(void)state;
	fake_segment(1);
	for (uint64_t i = 1; i <= 400; i++)
		assert_true(live_put(0x5000 + (i << 21), &in));
	for (uint64_t i = 1; i <= 400; i++)
		assert_true(live_take(0x5000 + (i << 21), &out));
	assert_true(filter_maybe((void *)0x5000));
	assert_true(live_put(0x5000, &in));
	assert_true(live_take(0x5000, &out));
}

/* ---- threads ------------------------------------------------------------------------- */

#define ROUNDS 30000

static unsigned missed;

/* All threads' addresses are behind few bits of the filter. */
static void
put_and_take(unsigned i)
{
	uint64_t seed = i;

	for (unsigned r = 0; r < ROUNDS; r++) {
		uint64_t addr = (UINT64_C(1) << 40) +
		    ((uint64_t)i << 32) +
		    (next_random(&seed) % 8 << 21) +
		    (next_random(&seed) % 2 << 4);
		struct taken in = object(100, 1, i), out;

		if (!live_put(addr, &in))
			continue;
		if (!filter_maybe((void *)addr) || !live_take(addr, &out))
			add(&missed, 1);
	}
}

static void
the_filter_never_hides_an_object_of_four_threads(void **state)
{
	(void)state;
	fake_segment(1);
	missed = 0;
	for (unsigned i = 0; i < 3; i++)
		fake_threads(4, put_and_take);
	assert_int_equal(missed, 0);
	assert_int_equal(entries(), 0);
	for (unsigned i = 0; i < FILTER_BITS; i++)
		assert_int_equal(load(&wiped.counts[i]), 0);
	for (unsigned i = 0; i < FILTER_BITS / 32; i++)
		assert_int_equal(load(&wiped.filter[i]), 0);
}

static unsigned working;

/* The first thread thins as fast as it can, what the others put and take. */
static void
thin_or_use(unsigned i)
{
	uint64_t seed = i;

	self.random = i + 1;
	if (i == 0) {
		for (uint64_t floor = 2; load(&working) > 0; floor++)
			thin_all(floor % 4096 + 2);
		return;
	}
	for (unsigned r = 0; r < ROUNDS; r++) {
		uint64_t addr = ((uint64_t)i << 32) +
		    (next_random(&seed) % 64 << 6);
		struct taken in = object(100 + i, 1, i), out;

		stacks_live(&in, false);
		if (!live_put(addr, &in))
			stacks_live(&in, true);
		else if (live_take(addr, &out))
			stacks_live(&out, true);
	}
	add(&working, -1);
}

static void
threads_and_the_thinner_leave_sums_of_zero(void **state)
{
	(void)state;
	fake_segment(1);
	working = 3;
	fake_threads(4, thin_or_use);
	assert_int_equal(entries(), 0);
	assert_int_equal(load(&tables.counters->live_bytes), 0);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(load(&tables.stacks[i].live_bytes), 0);
		assert_int_equal(load(&tables.stacks[i].live_objects), 0);
	}
	assert_int_equal(fake_losses(ULL_LOSS_STALE), 0);
	for (unsigned i = 0; i < FILTER_BITS; i++)
		assert_int_equal(load(&wiped.counts[i]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_taken_once),
		cmocka_unit_test(an_address_that_looks_like_a_state_is_refused),
		cmocka_unit_test(null_has_no_entry),
		cmocka_unit_test(two_full_buckets_lose_the_next_and_count_it),
		cmocka_unit_test(a_table_three_quarters_full_refuses_nothing),
		cmocka_unit_test(a_tier_without_memory_is_not_used),
		cmocka_unit_test(
		    an_address_given_out_again_replaces_a_stale_entry),
		cmocka_unit_test(what_the_thinner_holds_is_left_to_it),
		cmocka_unit_test(a_sure_object_is_not_thinned),
		cmocka_unit_test(thinning_keeps_totals_unbiased),
		cmocka_unit_test(
		    a_full_table_raises_the_interval_and_loses_nothing),
		cmocka_unit_test(a_bit_that_is_being_cleared_takes_no_object),
		cmocka_unit_test(a_bit_with_too_many_objects_stays_set),
		cmocka_unit_test(
		    the_filter_never_hides_an_object_of_four_threads),
		cmocka_unit_test(threads_and_the_thinner_leave_sums_of_zero),
	};

	return cmocka_run_group_tests_name("agent_live", tests, NULL, NULL);
}
