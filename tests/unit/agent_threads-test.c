/* SPDX-License-Identifier: MIT */
/* The table of threads, in every order in which creator and thread can come. */
#include "config.h"

#include "agent_fake.h"

#include "agent/threads.c"

#include <stdio.h>

uint32_t
sample_stack(const struct walk_regs *caller, uint64_t *time)
{
	static uint64_t clock;

	(void)caller;
	*time = UINT64_C(62500000) * add(&clock, 1);
	return 3;
}

#define HANDLE(i) (UINT64_C(0x7f0000000000) + (uint64_t)(i) * 8384512)

static void
create(uint64_t handle, uint64_t start, uint32_t since, bool is_detached)
{
	const struct created c = { handle, start, since, is_detached };

	threads_created(&c, NULL);
}

/* Its only entry, NULL if it has none. */
static const struct ull_thread *
entry(uint64_t handle, bool *is_detached)
{
	const struct ull_thread *found = NULL;

	for (uint32_t i = 0; i < ULL_THREADS; i++) {
		uint64_t key = load(&tables.thread_keys[i]);

		if (handle_of(key) != handle)
			continue;
		assert_null(found);
		found = &tables.threads[i];
		*is_detached = key & ULL_THREAD_DETACHED;
	}
	return found;
}

static const char *
name_of(const struct ull_thread *e)
{
	return (const char *)e->name;
}

static void
a_created_thread_is_there_until_it_is_joined(void **state)
{
	const struct ull_thread *e;
	uint32_t identity;
	bool d = true;

	(void)state;
	fake_segment(1);
	create(HANDLE(1), 0x1234, threads_begin(), false);
	assert_non_null(e = entry(HANDLE(1), &d));
	assert_false(d);
	assert_int_equal(e->start, 0x1234);
	assert_int_equal(e->stack, 3);
	assert_int_equal(e->check,
	    ull_thread_check(HANDLE(1), e->start, e->birth, e->stack));
	threads_name(HANDLE(1), "a name that is too long");
	assert_string_equal(name_of(e), "a name that is ");
	identity = threads_find(HANDLE(1));
	threads_joined(HANDLE(2), identity);
	assert_non_null(entry(HANDLE(1), &d));
	threads_joined(HANDLE(1), identity);
	assert_null(entry(HANDLE(1), &d));
	assert_int_equal(load(&tables.stacks[3].created_threads), 1);
}

/* The handle was handed out again before the joiner came back. */
static void
a_join_takes_no_entry_of_a_later_thread(void **state)
{
	uint32_t identity;
	bool d;

	(void)state;
	fake_segment(1);
	create(HANDLE(1), 1, threads_begin(), false);
	identity = threads_find(HANDLE(1));
	create(HANDLE(1), 2, threads_begin(), false);
	threads_joined(HANDLE(1), identity);
	assert_non_null(entry(HANDLE(1), &d));
	threads_joined(HANDLE(1), 0);
	assert_non_null(entry(HANDLE(1), &d));
}

static void
a_thread_may_come_before_its_creator(void **state)
{
	const struct ull_thread *e;
	uint32_t since;
	bool d = false;

	(void)state;
	fake_segment(1);
	since = threads_begin();
	threads_name(HANDLE(1), "early");
	threads_detach(HANDLE(1), true);
	create(HANDLE(1), 5, since, false);
	assert_non_null(e = entry(HANDLE(1), &d));
	assert_string_equal(name_of(e), "early");
	assert_true(d);
	assert_int_equal(e->start, 5);
}

/* What an ended thread left says nothing about the one that has its stack. */
static void
a_stale_entry_gives_nothing_to_the_next_thread(void **state)
{
	const struct ull_thread *e;
	uint32_t since;
	bool d = true;

	(void)state;
	fake_segment(1);
	create(HANDLE(1), 5, threads_begin(), true);
	threads_name(HANDLE(1), "old");
	create(HANDLE(1), 6, threads_begin(), false);
	assert_non_null(e = entry(HANDLE(1), &d));
	assert_string_equal(name_of(e), "");
	assert_false(d);

	/* It names itself, and is not detached for that. */
	threads_detach(HANDLE(1), true);
	since = threads_begin();
	threads_name(HANDLE(1), "new");
	create(HANDLE(1), 7, since, false);
	assert_non_null(e = entry(HANDLE(1), &d));
	assert_string_equal(name_of(e), "new");
	assert_false(d);

	/* It detaches itself, and has no name for that. */
	since = threads_begin();
	threads_detach(HANDLE(1), true);
	create(HANDLE(1), 8, since, false);
	assert_non_null(e = entry(HANDLE(1), &d));
	assert_string_equal(name_of(e), "");
	assert_true(d);
}

static void
a_detach_that_fails_is_undone(void **state)
{
	bool d = true;

	(void)state;
	fake_segment(1);
	create(HANDLE(1), 5, threads_begin(), false);
	threads_detach(HANDLE(1), true);
	threads_detach(HANDLE(1), false);
	assert_non_null(entry(HANDLE(1), &d));
	assert_false(d);
	threads_detach(HANDLE(2), false);
	assert_null(entry(HANDLE(2), &d));
	threads_detach(7, true); /* no handle at all */
	threads_name(0, "x");
}

static unsigned
entries(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < ULL_THREADS; i++)
		n += load(&tables.thread_keys[i]) != 0;
	return n;
}

static void
a_full_table_loses_the_newest_and_says_so(void **state)
{
	(void)state;
	fake_segment(1);
	for (int i = 0; i < 10000; i++)
		create(HANDLE(i), 5, threads_begin(), false);
	assert_true(entries() > ULL_THREADS / 10 * 9);
	assert_int_equal(entries() + fake_losses(ULL_LOSS_THREADS_FULL), 10000);
	assert_int_equal(load(&tables.stacks[3].created_threads), 10000);
}

static void
detached_ones_give_way(void **state)
{
	bool d;

	(void)state;
	fake_segment(1);
	for (int i = 0; i < 10000; i++)
		create(HANDLE(i), 5, threads_begin(), true);
	assert_int_equal(fake_losses(ULL_LOSS_THREADS_FULL), 0);
	for (int i = 9900; i < 10000; i++)
		assert_non_null(entry(HANDLE(i), &d));
}

static void
without_memory_a_thread_is_counted_and_not_kept(void **state)
{
	(void)state;
	fake_segment(1);
	fake_room = 0;
	create(HANDLE(1), 5, threads_begin(), false);
	threads_name(HANDLE(1), "x");
	assert_int_equal(entries(), 0);
	assert_int_equal(fake_losses(ULL_LOSS_THREADS_FULL), 1);
}

/* Two threads play creator and child of the same thread, at once. */
#define ROUNDS 3000
static pthread_barrier_t each;

static void
creator_and_child(unsigned i)
{
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint64_t handle = HANDLE(n % 4);
		uint32_t since = threads_begin();

		pthread_barrier_wait(&each);
		if (i == 0) {
			create(handle, n + 1, since, false);
		} else {
			threads_name(handle, "child");
			if (n % 2 == 0)
				threads_detach(handle, true);
		}
		pthread_barrier_wait(&each);
		if (i == 0) {
			const struct ull_thread *e;
			bool d;

			assert_non_null(e = entry(handle, &d));
			assert_int_equal(e->start, n + 1);
			if (e->name[0] != 0)
				assert_string_equal(name_of(e), "child");
			if (n % 2 != 0)
				assert_false(d);
			threads_joined(handle, threads_find(handle));
			assert_null(entry(handle, &d));
		}
		pthread_barrier_wait(&each);
	}
}

static void
creator_and_thread_at_once_leave_one_entry(void **state)
{
	(void)state;
	fake_segment(1);
	pthread_barrier_init(&each, NULL, 2);
	fake_threads(2, creator_and_child);
	pthread_barrier_destroy(&each);
	assert_int_equal(entries(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_created_thread_is_there_until_it_is_joined),
		cmocka_unit_test(a_join_takes_no_entry_of_a_later_thread),
		cmocka_unit_test(a_thread_may_come_before_its_creator),
		cmocka_unit_test(
		    a_stale_entry_gives_nothing_to_the_next_thread),
		cmocka_unit_test(a_detach_that_fails_is_undone),
		cmocka_unit_test(a_full_table_loses_the_newest_and_says_so),
		cmocka_unit_test(detached_ones_give_way),
		cmocka_unit_test(
		    without_memory_a_thread_is_counted_and_not_kept),
		cmocka_unit_test(creator_and_thread_at_once_leave_one_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
