/* SPDX-License-Identifier: MIT */
/* The table of descriptors. */
#include "config.h"

#include "agent_fake.h"

#include "agent/fds.c"

#include <stdio.h>

static uint32_t stack_now = 1;

uint32_t
sample_stack(const struct walk_regs *caller, uint64_t *time)
{
	(void)caller;
	*time = UINT64_C(62500000) * 5;
	return stack_now;
}

static void
open_one(int fd, uint32_t stack, enum ull_fd_kind kind)
{
	stack_now = stack;
	fds_opened(&fd, 1, kind, NULL);
}

/* The stack that fd has, 0 if it has no entry. */
static uint32_t
opener(uint32_t fd)
{
	uint64_t w = load(&tables.fds[fd % ULL_FDS]);

	return ull_fd_turn(w) == fd / ULL_FDS + 1 ? ull_fd_stack(w) : 0;
}

static uint64_t
opened(uint32_t stack)
{
	return load(&tables.stacks[stack].opened_fds);
}

static void
an_opened_descriptor_has_its_stack_until_it_is_closed(void **state)
{
	(void)state;
	fake_segment(1);
	open_one(0, 4, ULL_FD_PATH);
	open_one(7, 5, ULL_FD_SOCKET);
	assert_int_equal(opener(0), 4);
	assert_int_equal(opener(7), 5);
	assert_int_equal(fds_kind(7), ULL_FD_SOCKET);
	assert_int_equal(fds_kind(8), ULL_FD_ANY);
	assert_int_equal(tables.fds[7] >> 32, 5);
	fds_close(7);
	assert_int_equal(opener(7), 0);
	assert_int_equal(opener(0), 4);
	fds_close(-1);
	fds_close(7);
	assert_int_equal(opened(5), 1);
}

static void
a_number_reused_without_a_close_belongs_to_the_new_opener(void **state)
{
	(void)state;
	fake_segment(1);
	open_one(7, 4, ULL_FD_PATH);
	open_one(7, 5, ULL_FD_PIPE);
	assert_int_equal(opener(7), 5);
	assert_int_equal(opened(4), 1);
	assert_int_equal(fake_losses(ULL_LOSS_FDS_FULL), 0);
}

static void
high_numbers_are_told_from_low_ones(void **state)
{
	(void)state;
	fake_segment(1);
	open_one(5 + 3 * ULL_FDS, 6, ULL_FD_PATH);
	assert_int_equal(opener(5 + 3 * ULL_FDS), 6);
	assert_int_equal(opener(5), 0);
	fds_close(5);
	assert_int_equal(opener(5 + 3 * ULL_FDS), 6);
	/* One place for both: the newer has it. */
	open_one(5, 7, ULL_FD_PATH);
	assert_int_equal(opener(5), 7);
	assert_int_equal(opener(5 + 3 * ULL_FDS), 0);
	assert_int_equal(fake_losses(ULL_LOSS_FDS_FULL), 1);
	open_one(INT32_MAX, 7, ULL_FD_PATH);
	assert_int_equal(fake_losses(ULL_LOSS_FDS_FULL), 2);
	assert_int_equal(opened(7), 2);
	fds_close(INT32_MAX);
}

static void
ranges_are_closed_to_their_ends(void **state)
{
	(void)state;
	fake_segment(1);
	for (int fd = 3; fd < 30; fd++)
		open_one(fd, 2, ULL_FD_PATH);
	open_one(ULL_FDS - 1, 2, ULL_FD_PATH);
	open_one(ULL_FDS + 100, 3, ULL_FD_PATH);
	fds_close_range(10, 20);
	for (uint32_t fd = 3; fd < 30; fd++)
		assert_int_equal(opener(fd), fd >= 10 && fd <= 20 ? 0 : 2);
	fds_close_range(0, ULL_FDS - 2);
	assert_int_equal(opener(ULL_FDS - 1), 2);
	assert_int_equal(opener(ULL_FDS + 100), 3);
	assert_int_equal(opener(29), 0);
	fds_close_range(0, ~0u);
	assert_int_equal(opener(ULL_FDS - 1), 0);
	assert_int_equal(opener(ULL_FDS + 100), 0);
}

static void
the_child_of_a_vfork_leaves_the_table_alone(void **state)
{
	(void)state;
	fake_segment(1);
	open_one(7, 4, ULL_FD_PATH);
	self.vforked = 1;
	store(&agent.vforks, 1);
	open_one(8, 4, ULL_FD_PATH);
	fds_close(7);
	fds_close_range(0, ~0u);
	assert_int_equal(opener(7), 4);
	assert_int_equal(opener(8), 0);
	self.vforked = 0;
	fds_close(7);
	assert_int_equal(opener(7), 0);
}

static void
without_memory_a_descriptor_is_counted_and_not_kept(void **state)
{
	(void)state;
	fake_segment(1);
	fake_room = 0;
	open_one(7, 4, ULL_FD_PATH);
	fds_close(7);
	fds_close_range(0, ~0u);
	assert_int_equal(opener(7), 0);
	assert_int_equal(opened(4), 1);
	assert_int_equal(fake_losses(ULL_LOSS_FDS_FULL), 1);
}

static void
nothing_is_written_while_the_agent_is_not_armed(void **state)
{
	(void)state;
	fake_segment(1);
	open_one(7, 4, ULL_FD_PATH);
	fake_armed = false;
	open_one(8, 4, ULL_FD_PATH);
	fds_close(7);
	fds_close_range(0, ~0u);
	assert_int_equal(opener(7), 4);
	assert_int_equal(opener(8), 0);
}

#define ROUNDS 20000

static void
open_and_close(unsigned i)
{
	for (int n = 0; n < ROUNDS; n++) {
		int both[2] = { (int)i * 2, (int)i * 2 + 1 };

		fds_opened(both, 2, ULL_FD_PIPE, NULL);
		fds_close(both[n % 2]);
		if (n % 7 == 0)
			fds_close_range((unsigned)both[0], (unsigned)both[1]);
	}
}

static void
threads_count_exactly(void **state)
{
	(void)state;
	fake_segment(1);
	stack_now = 9;
	fake_threads(8, open_and_close);
	assert_int_equal(opened(9), 8 * ROUNDS * 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_opened_descriptor_has_its_stack_until_it_is_closed),
		cmocka_unit_test(
		    a_number_reused_without_a_close_belongs_to_the_new_opener),
		cmocka_unit_test(high_numbers_are_told_from_low_ones),
		cmocka_unit_test(ranges_are_closed_to_their_ends),
		cmocka_unit_test(the_child_of_a_vfork_leaves_the_table_alone),
		cmocka_unit_test(
		    without_memory_a_descriptor_is_counted_and_not_kept),
		cmocka_unit_test(
		    nothing_is_written_while_the_agent_is_not_armed),
		cmocka_unit_test(threads_count_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
