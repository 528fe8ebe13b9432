/* SPDX-License-Identifier: MIT */
/* A stack is known again only while every word that matters is as it was. */
#include "config.h"

#include "agent_fake.h"

#include "agent/memo.c"

#include <stdio.h>

static uint64_t words[64];
static uint64_t generation_now = 8;
static bool fp_counts;
static const uint16_t matter[] = { 3, 7, 20 };
static unsigned n_matter = 3;

uint64_t
walk_generation(void)
{
	return generation_now;
}

unsigned
walk_words(const struct walk_regs *r, uint64_t hi, uint16_t *offsets,
    unsigned max, bool *fp_matters)
{
	(void)r, (void)hi;
	assert_true(max >= n_matter);
	memcpy(offsets, matter, sizeof matter);
	*fp_matters = fp_counts;
	return n_matter;
}

static struct walk_regs regs;
static uint64_t hi;

static void
keep(uint32_t stack)
{
	fake_segment(1);
	for (size_t i = 0; i < 64; i++)
		words[i] = 1000 + i;
	regs = (struct walk_regs){ 0x401000, (uint64_t)(uintptr_t)words, 5 };
	hi = (uint64_t)(uintptr_t)(words + 64);
	memo_keep(&regs, hi, generation_now, stack);
}

static bool
found(uint32_t stack)
{
	uint32_t number = 0;

	return memo_find(&regs, hi, &number) && number == stack;
}

static void
an_unchanged_stack_is_known(void **state)
{
	(void)state;
	fp_counts = false;
	keep(7);
	assert_true(found(7));
	keep(9); /* the place is taken over */
	assert_true(found(9));
}

static void
a_word_that_matters_makes_another_stack(void **state)
{
	(void)state;
	fp_counts = false;
	for (size_t i = 0; i < 64; i++) {
		bool matters = i == 3 || i == 7 || i == 20;

		keep(7);
		words[i] ^= UINT64_C(1) << i;
		assert_int_equal(found(7), !matters);
		words[i] ^= UINT64_C(1) << i;
		assert_true(found(7));
	}
}

static void
registers_and_tables_must_be_the_same(void **state)
{
	(void)state;
	fp_counts = false;
	keep(7);
	regs.pc++;
	assert_false(found(7));
	regs.pc--;
	regs.fp++;
	assert_true(found(7));
	hi += 8;
	assert_false(found(7));
	hi -= 8;
	generation_now++;
	assert_false(found(7));
	generation_now--;
	agent.arming++;
	assert_false(found(7));
	agent.arming--;
	assert_true(found(7));
	fp_counts = true;
	keep(8);
	assert_true(found(8));
	regs.fp++;
	assert_false(found(8));
}

static void
what_cannot_be_said_in_words_is_not_kept(void **state)
{
	(void)state;
	fp_counts = false;
	keep(7);
	n_matter = 0;
	keep(8);
	assert_false(found(8));
	n_matter = 3;
}

/* One writes other values to the stack before each keep; whoever finds the
 * stack must find the one that belongs to the values. Each has its own sp. */
static void
keep_and_find(unsigned i)
{
	uint64_t own[64];
	struct walk_regs r = { 0x500000 + i, (uint64_t)(uintptr_t)own, 0 };
	uint64_t end = (uint64_t)(uintptr_t)(own + 64);

	memset(own, 0, sizeof own);
	for (uint32_t n = 1; n < 100000; n++) {
		uint32_t number = 0;

		own[3] = n % 5;
		own[7] = i;
		if (memo_find(&r, end, &number) &&
		    number != i * 8 + n % 5)
			abort();
		if (n % 3 == 0)
			memo_keep(&r, end, generation_now, i * 8 + n % 5);
	}
}

static void
places_that_threads_share_are_never_half(void **state)
{
	(void)state;
	fp_counts = false;
	fake_segment(1);
	fake_threads(8, keep_and_find);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unchanged_stack_is_known),
		cmocka_unit_test(a_word_that_matters_makes_another_stack),
		cmocka_unit_test(registers_and_tables_must_be_the_same),
		cmocka_unit_test(what_cannot_be_said_in_words_is_not_kept),
		cmocka_unit_test(places_that_threads_share_are_never_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
