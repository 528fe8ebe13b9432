/* SPDX-License-Identifier: MIT */
/*
 * Stops of a child of ours, and stacks that were made up. What is here are
 * the parts; tests/integration/stack has whole programs.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/maps.h"
#include "unwind/calls.h"
#include "unwind/cpu.h"
#include "unwind/locks.h"
#include "unwind/modules.h"
#include "unwind/remote.h"
#include "unwind/stop.h"
#include "unwind/threads.h"

#define SECOND UINT64_C(1000000000)

static void
calls_have_names_and_close_is_never_started_over(void **state)
{
	(void)state;
	assert_string_equal(call_name(232), "epoll_wait");
	assert_true(call_again(232));
	assert_true(call_again(128)); /* rt_sigtimedwait */
	assert_string_equal(call_name(3), "close");
	assert_false(call_again(3));
	assert_false(call_again(202)); /* futex: the kernel sees to it */
	assert_null(call_name(-1));
	assert_null(call_name(1 << 20));
	assert_false(call_again(-1));
}

/* ---- stopping --------------------------------------------------------------- */

static pid_t
sleeping_child(void)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	return child;
}

static void
end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void
a_stop_copies_registers_and_stack(void **state)
{
	static uint8_t stack[65536];
	struct maps maps;
	struct stopped s;
	struct err e;
	pid_t child = sleeping_child();

	(void)state;
	assert_int_equal(maps_read(child, &maps, &e), 0);
	stop_thread(child, &maps, stack, sizeof stack, SECOND, &s);
	assert_int_equal(s.result, STOP_DONE);
	assert_non_null(maps_find(&maps, s.regs.rip));
	assert_true(s.stack_len > 0);
	assert_true(s.regs.rsp + s.stack_len <= s.limit);
	assert_true(s.ns > 0);
	/* It is nobody's tracee now: another stop is possible. */
	stop_thread(child, &maps, stack, 16, SECOND, &s);
	assert_int_equal(s.result, STOP_DONE);
	assert_int_equal(s.stack_len, 16);
	maps_free(&maps);
	end_child(child);
}

static void
a_thread_that_has_ended_is_gone(void **state)
{
	struct maps none = MAPS_INIT;
	struct stopped s;
	pid_t child = sleeping_child();
	char byte;

	(void)state;
	end_child(child);
	stop_thread(child, &none, &byte, 1, SECOND, &s);
	assert_int_equal(s.result, STOP_GONE);
}

/* ---- unwinding -------------------------------------------------------------------- */

struct fixture {
	struct maps maps;
	struct memory *memory;
	struct modules modules;
	struct remote *remote;
	struct remote_stack out;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct err e;

	*state = f;
	if (f == NULL || maps_read(getpid(), &f->maps, &e) < 0)
		return -1;
	f->memory = memory_new(getpid(), &f->maps);
	modules_find(&f->modules, &f->maps, f->memory, "");
	f->remote = remote_new(&f->maps, &f->modules, f->memory, &e);
	return f->remote != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	remote_free(f->remote);
	memory_free(f->memory);
	modules_free(&f->modules);
	maps_free(&f->maps);
	free(f);
	return 0;
}

static void
modules_know_their_bias_and_their_build_id(void **state)
{
	struct fixture *f = *state;
	uint64_t here =
	    (uint64_t)(uintptr_t)modules_know_their_bias_and_their_build_id;
	const struct module *m = modules_at(&f->modules, here);

	assert_non_null(m);
	assert_non_null(strstr(m->path, "unwind-test"));
	assert_true(m->bias <= m->start);
	assert_true(m->table_entries > 0);
	assert_true(strlen(m->build_id) == 40 || m->build_id[0] == '\0');
	assert_null(modules_at(&f->modules, 4096));
}

static void
memory_that_may_change_is_not_read(void **state)
{
	struct fixture *f = *state;
	static uint64_t data = 7;
	uint64_t word;

	assert_true(memory_read(f->memory,
	    (uint64_t)(uintptr_t)memory_that_may_change_is_not_read, &word,
	    sizeof word));
	assert_false(memory_read(f->memory, (uint64_t)(uintptr_t)&data, &word,
	    sizeof word));
	assert_false(memory_read(f->memory, 16, &word, sizeof word));
	assert_false(memory_read(f->memory, UINT64_MAX - 3, &word,
	    sizeof word));
}

static void
registers_that_lead_nowhere_end_the_stack(void **state)
{
	struct fixture *f = *state;
	struct stopped s = { .result = STOP_DONE };
	uint8_t stack[64];

	memset(stack, 0x41, sizeof stack);
	s.regs.rip = 0x4141414141414141;
	s.regs.rsp = 0x10000;
	s.stack_len = sizeof stack;
	remote_unwind(f->remote, &s, stack, sizeof stack, &f->out);
	assert_int_equal(f->out.n, 0);
	assert_int_equal(f->out.end, END_OTHER);
	assert_non_null(strstr(f->out.why, "is no code"));
}

static void
a_stack_of_noise_ends(void **state)
{
	struct fixture *f = *state;
	static uint8_t stack[8192];
	struct stopped s = { .result = STOP_DONE };
	unsigned seed = 1;

	/* Words that are addresses of code, of the stack, or nothing at all. */
	for (unsigned round = 0; round < 2000; round++) {
		for (size_t i = 0; i + 8 <= sizeof stack; i += 8) {
			const struct module *m =
			    &f->modules.list[(unsigned)rand_r(&seed) %
				f->modules.n];
			uint64_t word = (unsigned)rand_r(&seed);

			if (word % 3 == 0)
				word = m->start + word % (m->limit - m->start);
			else if (word % 3 == 1)
				word = 0x7000000 + word % sizeof stack;
			memcpy(stack + i, &word, 8);
		}
		memcpy(&s.regs.rip, stack, 8);
		memcpy(&s.regs.rbp, stack + 8, 8);
		memcpy(&s.regs.rbx, stack + 16, 8);
		s.regs.rsp = 0x7000000;
		s.stack_len = sizeof stack;
		remote_unwind(f->remote, &s, stack, sizeof stack, &f->out);
		assert_true(f->out.n <= REMOTE_FRAMES_MAX);
		assert_true(f->out.guessed <= f->out.n);
		assert_true(f->out.end == END_WHOLE || f->out.why[0] != '\0');
	}
}

/* ---- mutexes ------------------------------------------------------------------------ */

static void
a_futex_that_can_be_a_mutex_has_an_owner(void **state)
{
	struct thread list[2] = { { .tid = 10 }, { .tid = 20 } };
	struct threads all = { .threads = list, .n = 2 };
	struct stopped s = { .has_lock = true,
		.lock = { 2, 0, 20, 1, 0, 0 } };

	(void)state;
	s.regs.rdi = 0x1000;
	locks_note(&all, &list[0], &s);
	assert_int_equal(list[0].lock, 0x1000);
	assert_int_equal(list[0].owner, 20);

	s.lock[2] = 30; /* no thread of the process */
	locks_note(&all, &list[1], &s);
	assert_int_equal(list[1].lock, 0);
	s.lock[2] = 10;
	s.lock[4] = 0x80000000u; /* no kind of mutex */
	locks_note(&all, &list[1], &s);
	assert_int_equal(list[1].lock, 0);
	s.lock[4] = 0;
	s.lock[0] = 0; /* not held */
	locks_note(&all, &list[1], &s);
	assert_int_equal(list[1].lock, 0);
	s.lock[0] = 0x80000000u | 10; /* robust: the owner is in the word */
	locks_note(&all, &list[1], &s);
	assert_int_equal(list[1].lock, 0x1000);
}

/* ---- processor time ---------------------------------------------------------- */

static pid_t
busy_child(void)
{
	pid_t child = fork();

	if (child == 0)
		for (volatile unsigned n = 0;; n++)
			;
	return child;
}

/* Not everywhere may one measure; what is said then is another test's. */
static struct cpu *
take(pid_t child, uint64_t ns, const volatile int *stop)
{
	struct err e = { .status = ERR_FAILED };
	struct cpu *c = cpu_take(child, CPU_HZ, ns, stop, &e);

	if (c == NULL) {
		end_child(child);
		assert_int_not_equal(e.status, ERR_GONE);
		skip();
	}
	return c;
}

static void
what_uses_the_processor_has_a_stack(void **state)
{
	pid_t child = busy_child();
	uint64_t counted = 0;
	struct cpu *c;

	(void)state;
	c = take(child, SECOND / 2, NULL);
	assert_true(c->duration_ns >= SECOND / 2);
	assert_true(c->ticks > 0);
	assert_false(c->ended);
	for (size_t i = 0; i < c->n; i++) {
		assert_true(c->stacks[i].n > 1);
		assert_string_equal(c->stacks[i].thread, "unwind-test");
		counted += c->stacks[i].count;
	}
	assert_int_equal(counted, c->ticks);
	cpu_free(c);
	end_child(child);
}

static void
one_that_sleeps_uses_none_and_stop_ends_the_profile(void **state)
{
	const volatile int stop = 1;
	pid_t child = sleeping_child();
	struct cpu *c;
	struct err e;

	(void)state;
	c = take(child, SECOND / 10, NULL);
	assert_int_equal(c->ticks, 0);
	cpu_free(c);
	c = take(child, 600 * SECOND, &stop);
	assert_true(c->duration_ns < 60 * SECOND);
	cpu_free(c);
	end_child(child);
	assert_null(cpu_take(child, CPU_HZ, SECOND, NULL, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    calls_have_names_and_close_is_never_started_over),
		cmocka_unit_test(a_stop_copies_registers_and_stack),
		cmocka_unit_test(a_thread_that_has_ended_is_gone),
		cmocka_unit_test_setup_teardown(
		    modules_know_their_bias_and_their_build_id, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    memory_that_may_change_is_not_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    registers_that_lead_nowhere_end_the_stack, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(a_stack_of_noise_ends, set_up,
		    tear_down),
		cmocka_unit_test(a_futex_that_can_be_a_mutex_has_an_owner),
		cmocka_unit_test(what_uses_the_processor_has_a_stack),
		cmocka_unit_test(
		    one_that_sleeps_uses_none_and_stop_ends_the_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
