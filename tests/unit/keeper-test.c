/* SPDX-License-Identifier: MIT */
/* The keeper's rules: when to trim, how much, how often. */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/segment.h"
#include "agent/keeper_rule.h"

#define MIB (UINT64_C(1) << 20)
#define SECOND UINT64_C(1000000000)
#define PERCENT(p) ((p) * ULL_TRIM_ONE)

static uint64_t
want(struct keeper_view v)
{
	bool by_limit;

	return keeper_want(&v, &by_limit);
}

static void
what_the_knob_allows_is_left_alone(void **state)
{
	struct keeper_view v = { .live = 100 * MIB, .anonymous = 200 * MIB,
		.percent = PERCENT(100) };

	(void)state;
	assert_int_equal(want(v), 0);
	v.anonymous += 1;
	/* Down to half of what is allowed. */
	assert_int_equal(want(v), 50 * MIB + 1);
	v.percent = PERCENT(25);
	assert_int_equal(want(v), 100 * MIB + 1 - 25 * MIB / 2);
	v.percent = ULL_TRIM_OFF;
	assert_int_equal(want(v), 0);
}

static void
less_than_the_floor_is_never_trimmed(void **state)
{
	struct keeper_view v = { .live = MIB, .anonymous = MIB + KEEPER_FLOOR,
		.percent = 0 };

	(void)state;
	assert_int_equal(want(v), 0);
	v.anonymous++;
	assert_true(want(v) > KEEPER_FLOOR / 2);
}

static void
what_no_trim_returns_is_not_asked_for(void **state)
{
	struct keeper_view v = { .live = 100 * MIB, .anonymous = 900 * MIB,
		.base = 750 * MIB, .percent = PERCENT(100) };

	(void)state;
	assert_int_equal(want(v), 0);
	v.anonymous = 1000 * MIB;
	assert_int_equal(want(v), 100 * MIB);
}

static void
an_estimate_above_what_is_there_asks_for_nothing(void **state)
{
	struct keeper_view v = { .live = 300 * MIB, .anonymous = 200 * MIB,
		.percent = 0, .rss = 210 * MIB, .limit = 1 };

	(void)state;
	assert_int_equal(want(v), 0);
}

static void
statm_is_three_numbers_and_more(void **state)
{
	static const char *const bad[] = { "", "1", "1 2", "1 2 3", "a 2 3 4",
		"1  2 3 4", "1 -2 3 4", "1 99999999999999999999999 3 4" };
	uint64_t rss, anonymous;

	(void)state;
	assert_true(keeper_statm("900 500 200 1 0 300 0\n", &rss,
	    &anonymous));
	assert_int_equal(rss, 500 * 4096);
	assert_int_equal(anonymous, 300 * 4096);
	assert_true(keeper_statm("900 200 500 ", &rss, &anonymous));
	assert_int_equal(anonymous, 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(keeper_statm(bad[i], &rss, &anonymous));
		assert_int_equal(rss + anonymous, 0);
	}
}

static void
huge_numbers_do_not_wrap(void **state)
{
	struct keeper_view v = { .live = UINT64_MAX, .anonymous = UINT64_MAX,
		.percent = ULL_TRIM_MAX };

	(void)state;
	assert_int_equal(keeper_allowance(&v), UINT64_MAX);
	v.live = UINT64_C(1) << 40;
	v.percent = PERCENT(100);
	assert_int_equal(keeper_allowance(&v), UINT64_C(1) << 40);
	v.percent = 1; /* a thousandth of a percent */
	assert_int_equal(keeper_allowance(&v), (UINT64_C(1) << 40) / 100000);
}

static void
the_limit_asks_for_what_is_free_and_no_more(void **state)
{
	struct keeper_view v = { .live = 100 * MIB, .anonymous = 190 * MIB,
		.rss = 200 * MIB, .percent = ULL_TRIM_OFF,
		.limit = 300 * MIB };
	bool by_limit;

	(void)state;
	assert_int_equal(keeper_want(&v, &by_limit), 0);
	assert_false(by_limit);
	v.limit = 200 * MIB; /* nine tenths of it are the aim */
	assert_int_equal(keeper_want(&v, &by_limit), 20 * MIB);
	assert_true(by_limit);
	v.limit = 50 * MIB; /* below live */
	assert_int_equal(keeper_want(&v, &by_limit), 90 * MIB);
}

static void
the_base_is_learnt_from_a_whole_trim_and_falls_by_itself(void **state)
{
	struct keeper_view v = { .live = 100 * MIB, .anonymous = 300 * MIB,
		.base = 0 };

	(void)state;
	assert_int_equal(keeper_base(&v, false), 0);
	assert_int_equal(v.base = keeper_base(&v, true), 200 * MIB);
	v.anonymous = 400 * MIB;
	assert_int_equal(keeper_base(&v, false), 200 * MIB);
	v.anonymous = 250 * MIB;
	assert_int_equal(keeper_base(&v, false), 150 * MIB);
}

static void
work_is_one_percent_of_the_time(void **state)
{
	struct keeper_pace p;
	uint64_t now = 1000 * SECOND, work = 0, end;

	(void)state;
	keeper_pace_begin(&p, now);
	end = now + 36000 * SECOND;
	while (now < end) {
		work += SECOND / 2;
		now = keeper_pace_next(&p, now, SECOND / 2, false);
	}
	/* One percent of ten hours, what was there at the start, and the one
	 * trim that went below zero. */
	assert_true(work <= 360 * SECOND + 5 * SECOND + SECOND / 2);
	assert_true(work >= 350 * SECOND);
}

static void
credit_is_not_saved_up_without_end(void **state)
{
	struct keeper_pace p;
	uint64_t now = SECOND;

	(void)state;
	keeper_pace_begin(&p, now);
	now += 1000000 * SECOND;
	keeper_pace_next(&p, now, 0, false);
	assert_int_equal(p.credit, KEEPER_CREDIT);
	assert_int_equal(keeper_pace_next(&p, now, 6 * SECOND, false),
	    now + 100 * SECOND);
	/* A clock that went back earns nothing. */
	assert_true(keeper_pace_next(&p, 0, 0, false) >= 100 * SECOND);
}

static void
overruns_double_the_pause_and_three_in_a_row_end_it(void **state)
{
	struct keeper_pace p;

	(void)state;
	keeper_pace_begin(&p, 0);
	keeper_pace_next(&p, 0, 0, true);
	assert_int_equal(p.pause, 2 * KEEPER_PAUSE_LEAST);
	keeper_pace_next(&p, 0, 0, true);
	assert_int_equal(p.pause, 4 * KEEPER_PAUSE_LEAST);
	assert_true(keeper_pace_on(&p));
	keeper_pace_next(&p, 0, 0, false);
	assert_int_equal(p.pause, 2 * KEEPER_PAUSE_LEAST);
	for (int i = 0; i < 3; i++) {
		assert_true(keeper_pace_on(&p));
		keeper_pace_next(&p, 0, 0, true);
	}
	assert_false(keeper_pace_on(&p));
	assert_int_equal(p.overruns, 5);
	for (int i = 0; i < 64; i++)
		keeper_pace_next(&p, 0, UINT64_MAX, true);
	assert_int_equal(p.pause, KEEPER_PAUSE_MOST);
}

static void *
ask_often(void *arg)
{
	struct keeper_view v = { .percent = PERCENT(100), .base = MIB };
	uint64_t *sum = arg;
	bool by_limit;

	for (uint64_t i = 0; i < 100000; i++) {
		v.live = i * 4096;
		v.anonymous = i * 9000;
		*sum += keeper_want(&v, &by_limit) + keeper_base(&v, i & 1);
	}
	return NULL;
}

/* The rules have no memory of their own: for the thread sanitizer. */
static void
threads_get_the_same_answers(void **state)
{
	pthread_t threads[4];
	uint64_t sums[4] = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often,
				     &sums[i]),
		    0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < 4; i++)
		assert_int_equal(sums[i], sums[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_knob_allows_is_left_alone),
		cmocka_unit_test(less_than_the_floor_is_never_trimmed),
		cmocka_unit_test(what_no_trim_returns_is_not_asked_for),
		cmocka_unit_test(
		    an_estimate_above_what_is_there_asks_for_nothing),
		cmocka_unit_test(statm_is_three_numbers_and_more),
		cmocka_unit_test(huge_numbers_do_not_wrap),
		cmocka_unit_test(the_limit_asks_for_what_is_free_and_no_more),
		cmocka_unit_test(
		    the_base_is_learnt_from_a_whole_trim_and_falls_by_itself),
		cmocka_unit_test(work_is_one_percent_of_the_time),
		cmocka_unit_test(credit_is_not_saved_up_without_end),
		cmocka_unit_test(
		    overruns_double_the_pause_and_three_in_a_row_end_it),
		cmocka_unit_test(threads_get_the_same_answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
}
