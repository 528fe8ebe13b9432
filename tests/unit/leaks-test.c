/* SPDX-License-Identifier: MIT */
/* Suspects among looks that are made up. */
#include "config.h"

#include "profile/leaks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LOOKS 6
#define SECOND UINT64_C(1000000000)
#define STACKS 10

static struct leak_look looks[LOOKS];

/* Looks at 100, 102, ... 110 seconds. */
static void
begin(void)
{
	for (size_t i = 0; i < LOOKS; i++) {
		free(looks[i].fds);
		looks[i] = (struct leak_look){ (100 + 2 * i) * SECOND,
			calloc(20000, sizeof(struct leak_fd)), 0 };
	}
}

/* Open from `from` to `to` seconds. Numbers ascend from call to call. */
static void
lives(uint32_t stack, int32_t fd, double from, double to)
{
	for (size_t i = 0; i < LOOKS; i++) {
		double t = (double)looks[i].time / 1e9;

		if (t >= from && t < to)
			looks[i].fds[looks[i].n++] = (struct leak_fd){ stack,
				fd, (uint32_t)(from * 16) };
	}
}

/* The stacks of the suspects, as digits. */
static const char *
suspects(void)
{
	static char text[STACKS + 1];
	size_t n;
	struct leak *found = leaks_find(looks, LOOKS, STACKS, &n);

	memset(text, 0, sizeof text);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('0' + found[i].stack);
	free(found);
	return text;
}

static void
what_only_grows_is_a_suspect(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 120; i++)
		lives(3, i, i, 1e6);
	assert_string_equal(suspects(), "3");
}

static void
a_pool_that_is_full_is_none(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 500; i++)
		lives(3, i, 1 + i * 0.001, 1e6);
	assert_string_equal(suspects(), "");
}

/* All connected between the second look and the third. */
static void
a_burst_of_connections_is_none(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 500; i++)
		lives(3, i, 103 + i * 0.001, 1e6);
	assert_string_equal(suspects(), "");
}

/* A renewed pool: each lives for thirty seconds, two end in each second. */
static void
what_is_closed_as_old_as_it_gets_is_none(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 300; i++)
		lives(3, i, i * 0.5, i * 0.5 + 30);
	assert_string_equal(suspects(), "");
}

/* One in a hundred stays; the others live for five seconds. */
static void
a_leak_among_many_that_are_closed_is_found(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 11000; i++)
		lives(i % 2 ? 3 : 4, i, i * 0.01,
		    i % 100 == 1 ? 1e6 : i * 0.01 + 5);
	assert_string_equal(suspects(), "3");
}

static void
less_than_three_more_is_chance(void **state)
{
	(void)state;
	begin();
	lives(3, 1, 101, 1e6);
	lives(3, 2, 106, 1e6);
	assert_string_equal(suspects(), "");
	lives(3, 3, 107, 1e6);
	assert_string_equal(suspects(), "3");
}

static void
a_number_that_is_opened_again_is_another_descriptor(void **state)
{
	struct leak *found;
	size_t n;

	(void)state;
	begin();
	for (int i = 0; i < 20; i++)
		lives(3, 7, 95 + i, 96 + i);
	assert_string_equal(suspects(), "");
	for (int i = 0; i < 30; i++)
		lives(3, 100 + i, 85 + i, 1e6);
	found = leaks_find(looks, LOOKS, STACKS, &n);
	assert_int_equal(n, 1);
	assert_int_equal(found[0].closed, 5);
	/* Seen at one look, gone at the next: not more than that. */
	assert_in_range(found[0].lived, SECOND, 3 * SECOND);
	assert_int_equal(found[0].open, 27);
	assert_int_equal(found[0].oldest / SECOND, 25);
	free(found);
}

static void
too_few_looks_and_unknown_stacks_find_nothing(void **state)
{
	size_t n = 9;

	(void)state;
	begin();
	for (int i = 0; i < 120; i++)
		lives(STACKS + 5, i, i, 1e6);
	assert_string_equal(suspects(), "");
	for (size_t k = 0; k < 3; k++) {
		free(leaks_find(looks, k, STACKS, &n));
		assert_int_equal(n, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_grows_is_a_suspect),
		cmocka_unit_test(a_pool_that_is_full_is_none),
		cmocka_unit_test(a_burst_of_connections_is_none),
		cmocka_unit_test(what_is_closed_as_old_as_it_gets_is_none),
		cmocka_unit_test(a_leak_among_many_that_are_closed_is_found),
		cmocka_unit_test(less_than_three_more_is_chance),
		cmocka_unit_test(
		    a_number_that_is_opened_again_is_another_descriptor),
		cmocka_unit_test(too_few_looks_and_unknown_stacks_find_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
