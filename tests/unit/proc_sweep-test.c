/* SPDX-License-Identifier: MIT */
/* All processes, cheaply. */
#include "config.h"

#include "proc/sweep.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const struct sweep_row *
find(const struct sweep *s, int32_t pid)
{
	for (size_t i = 0; i < sweep_count(s); i++)
		if (sweep_row(s, i)->pid == pid)
			return sweep_row(s, i);
	return NULL;
}

/* A child that waits until it is told to end, under a name. */
static pid_t
child(const char *name, int *tell)
{
	int to_child[2], ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		close(to_child[1]);
		prctl(PR_SET_NAME, name);
		if (write(ready[1], "x", 1) == 1)
			while (read(to_child[0], &byte, 1) > 0)
				;
		_exit(0);
	}
	close(to_child[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*tell = to_child[1];
	return pid;
}

static void
we_see_ourselves_as_we_are(void **state)
{
	struct err e;
	struct sweep *s = sweep_new("/proc", &e);
	const struct sweep_row *r;
	struct rlimit l;

	(void)state;
	assert_non_null(s);
	assert_int_equal(sweep_run(s, SWEEP_FDS | SWEEP_LIMITS |
	    SWEEP_COMMAND, &e), 0);
	r = find(s, getpid());
	assert_non_null(r);
	assert_int_equal(r->ppid, getppid());
	assert_int_equal(r->uid, geteuid());
	assert_int_equal(r->threads, 1);
	assert_int_equal(r->state, 'R');
	assert_true(r->rss > 0 && r->size > r->rss);
	assert_false(r->kernel);
	assert_non_null(strstr(r->command, "proc_sweep-test"));
	getrlimit(RLIMIT_NOFILE, &l);
	assert_true(r->has_limits);
	assert_int_equal(r->limits.of[LIMIT_nofile].hard, l.rlim_max);
	sweep_free(s);
}

static uint64_t
soft_of(const struct sweep *s, pid_t pid)
{
	return find(s, pid)->limits.of[LIMIT_nofile].soft;
}

static void
set_soft(pid_t pid, rlim_t soft)
{
	struct rlimit l;

	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &l), 0);
	l.rlim_cur = soft;
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &l, NULL), 0);
}

/* Of others they are read rarely: a file more for each process. */
static void
a_limit_that_is_tight_is_read_each_time(void **state)
{
	struct err e;
	struct sweep *s = sweep_new("/proc", &e);
	int tell;
	pid_t pid = child("tight", &tell);
	const unsigned needs = SWEEP_FDS | SWEEP_LIMITS;

	(void)state;
	set_soft(pid, 5);
	assert_int_equal(sweep_run(s, needs, &e), 0);
	if (find(s, pid)->fds < 0)
		skip(); /* before Linux 6.2 */
	assert_int_equal(soft_of(s, pid), 5);
	set_soft(pid, 300);
	assert_int_equal(sweep_run(s, needs, &e), 0);
	assert_int_equal(soft_of(s, pid), 300);
	/* Any other when somebody says so. */
	set_soft(pid, 301);
	sweep_limits_anew(s);
	assert_int_equal(sweep_run(s, needs, &e), 0);
	assert_int_equal(soft_of(s, pid), 301);
	close(tell);
	waitpid(pid, NULL, 0);
	sweep_free(s);
}

static void
a_hostile_name_moves_no_field(void **state)
{
	struct err e;
	struct sweep *s = sweep_new("/proc", &e);
	int tell;
	pid_t pid = child("a) R 1 (\n\033b", &tell);
	const struct sweep_row *r;

	(void)state;
	assert_int_equal(sweep_run(s, 0, &e), 0);
	r = find(s, pid);
	assert_non_null(r);
	assert_string_equal(r->name, "a) R 1 (\n\033b");
	assert_int_equal(r->ppid, getpid());
	close(tell);
	waitpid(pid, NULL, 0);
	sweep_free(s);
}

static void
who_ends_is_gone_the_next_time(void **state)
{
	struct err e;
	struct sweep *s = sweep_new("/proc", &e);
	int tell;
	pid_t pid = child("short", &tell);

	(void)state;
	assert_int_equal(sweep_run(s, SWEEP_FDS, &e), 0);
	assert_non_null(find(s, pid));
	close(tell);
	waitpid(pid, NULL, 0);
	assert_int_equal(sweep_run(s, SWEEP_FDS, &e), 0);
	assert_null(find(s, pid));
	sweep_free(s);
}

static void
a_zombie_is_a_row_with_what_is_left(void **state)
{
	struct err e;
	struct sweep *s = sweep_new("/proc", &e);
	int tell;
	pid_t pid = child("undead", &tell);
	siginfo_t info;

	(void)state;
	close(tell);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT),
	    0);
	assert_int_equal(sweep_run(s, SWEEP_FDS, &e), 0);
	assert_non_null(find(s, pid));
	assert_int_equal(find(s, pid)->state, 'Z');
	assert_int_equal(find(s, pid)->fds, -1);
	waitpid(pid, NULL, 0);
	sweep_free(s);
}

/* With no descriptor to spare files are opened each time. */
static void
few_descriptors_are_enough(void **state)
{
	struct err e;
	struct rlimit old, few;
	struct sweep *s;
	size_t n;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = few.rlim_max = 64;
	if (fork() == 0) {
		setrlimit(RLIMIT_NOFILE, &few);
		s = sweep_new("/proc", &e);
		if (s == NULL || sweep_run(s, SWEEP_FDS, &e) < 0)
			_exit(1);
		n = sweep_count(s);
		if (sweep_run(s, SWEEP_FDS, &e) < 0 || n == 0 ||
		    find(s, getpid()) == NULL || find(s, getppid()) == NULL)
			_exit(2);
		sweep_free(s);
		_exit(0);
	}
	int status;

	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
}

static void
nonsense_is_no_stat(void **state)
{
	static const char *const texts[] = { "", "1", "1 (", "1 (a", "1 (a)",
		"1 (a) ", "1 (a) S", "1 (a) S 1", ")(", "1 (a) 1 1 1 1",
		"1 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20" };
	struct sweep_row r;

	(void)state;
	memset(&r, 0, sizeof r);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(sweep_parse_stat(texts[i], &r));
}

static void
a_folder_without_processes_is_an_error(void **state)
{
	struct err e;
	struct sweep *s = sweep_new("/dev/null/x", &e);

	(void)state;
	assert_null(s);
	s = sweep_new("/sys", &e);
	if (s == NULL)
		skip();
	assert_int_equal(sweep_run(s, 0, &e), -1);
	sweep_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(we_see_ourselves_as_we_are),
		cmocka_unit_test(a_limit_that_is_tight_is_read_each_time),
		cmocka_unit_test(a_hostile_name_moves_no_field),
		cmocka_unit_test(who_ends_is_gone_the_next_time),
		cmocka_unit_test(a_zombie_is_a_row_with_what_is_left),
		cmocka_unit_test(few_descriptors_are_enough),
		cmocka_unit_test(nonsense_is_no_stat),
		cmocka_unit_test(a_folder_without_processes_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
