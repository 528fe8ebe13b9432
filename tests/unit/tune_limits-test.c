/* SPDX-License-Identifier: MIT */
/* The grammar of limits, setting them, and trends. */
#include "config.h"

#include "proc/usage.h"
#include "tune/assignment.h"
#include "tune/refuse.h"
#include "tune/setlimit.h"
#include "tune/trend.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- grammar ------------------------------------------------------------------- */

static void
every_form_of_a_value_is_understood(void **state)
{
	static const struct {
		const char *text;
		struct assignment want;
	} cases[] = {
		{ "nofile=5", { LIMIT_nofile, { WANT_VALUE, 5 },
				  { WANT_VALUE, 5 } } },
		{ "nofile=5:6", { LIMIT_nofile, { WANT_VALUE, 5 },
				    { WANT_VALUE, 6 } } },
		{ "nofile=5:", { LIMIT_nofile, { WANT_VALUE, 5 },
				   { WANT_KEEP, 0 } } },
		{ "nofile=:6", { LIMIT_nofile, { WANT_KEEP, 0 },
				   { WANT_VALUE, 6 } } },
		{ "nofile=max", { LIMIT_nofile, { WANT_MAX, 0 },
				    { WANT_KEEP, 0 } } },
		{ "nofile=max:", { LIMIT_nofile, { WANT_MAX, 0 },
				     { WANT_KEEP, 0 } } },
		{ "nofile=max:9", { LIMIT_nofile, { WANT_MAX, 0 },
				      { WANT_VALUE, 9 } } },
		{ "as=unlimited", { LIMIT_as, { WANT_VALUE, LIMIT_INFINITY },
				      { WANT_VALUE, LIMIT_INFINITY } } },
		{ "as=512k:1.5g", { LIMIT_as, { WANT_VALUE, 524288 },
				      { WANT_VALUE, 1610612736 } } },
		{ "core=0", { LIMIT_core, { WANT_VALUE, 0 },
				{ WANT_VALUE, 0 } } },
		{ "as=9007199254740993:",
		    { LIMIT_as, { WANT_VALUE, UINT64_C(9007199254740993) },
			{ WANT_KEEP, 0 } } },
		{ "as=18446744073709551614:",
		    { LIMIT_as, { WANT_VALUE, UINT64_MAX - 1 },
			{ WANT_KEEP, 0 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct assignment *want = &cases[i].want;
		struct assignment a;
		struct err e;

		assert_int_equal(assignment_parse(cases[i].text, &a, &e), 0);
		assert_int_equal(a.resource, want->resource);
		assert_int_equal(a.soft.how, want->soft.how);
		assert_int_equal(a.soft.value, want->soft.value);
		assert_int_equal(a.hard.how, want->hard.how);
		assert_int_equal(a.hard.value, want->hard.value);
	}
}

static void
what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "nofiles=5", "did you mean nofile?" },
		{ "=5", "there is no resource \"\"" },
		{ "nofile", "is not RESOURCE=VALUE" },
		{ "nofile=", "needs a value" },
		{ "nofile=:", "needs a value" },
		{ "nofile=many", "it takes a number or unlimited" },
		{ "nofile=5:many", "it takes a number or unlimited" },
		{ "nofile=5:6:7", "no value for nofile" },
		{ "nofile=5 ", "no value for nofile" },
		{ "nofile= 5", "it takes a number" },
		{ "nofile=0x10", "no value for nofile" },
		{ "nofile=1e3", "no value for nofile" },
		{ "nofile=64k", "only sizes take k, m and g" },
		{ "nofile=-5", "negative" },
		{ "nofile=-1", "write unlimited" },
		{ "nofile=+5", "it takes a number" },
		{ "nofile=99999999999999999999", "too large" },
		{ "nofile=18446744073709551615", "too large" },
		{ "as=99999999999999999999k", "below 2^64" },
		{ "as=0.3", "below 2^64" },
		{ "as=big", "it takes bytes" },
		{ "nofile=infinity", "write unlimited" },
		{ "nofile=:max", "only a soft one" },
		{ "cpu=10m", "plain number of seconds" },
		{ "rttime=1s", "plain number of microseconds" },
		{ "nofile=\033[31m", "\\x1b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct assignment a;
		struct err e;

		assert_int_equal(assignment_parse(cases[i].text, &a, &e), -1);
		assert_int_equal(e.status, ERR_USAGE);
		if (strstr(e.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].text, e.text);
		assert_null(strchr(e.text, '\033'));
	}
}

static void
a_resource_is_set_once(void **state)
{
	struct assignment list[2];
	struct err e;

	(void)state;
	assignment_parse("nofile=5:", &list[0], &e);
	assignment_parse("as=5:", &list[1], &e);
	assert_int_equal(assignments_check(list, 2, &e), 0);
	assignment_parse("nofile=:9", &list[1], &e);
	assert_int_equal(assignments_check(list, 2, &e), -1);
}

static void
soft_stays_below_hard(void **state)
{
	struct limit old = { 100, 1000, true }, new;
	struct assignment a;
	struct err e;

	(void)state;
#define APPLY(text) \
	(assert_int_equal(assignment_parse(text, &a, &e), 0), \
	    assignment_apply(&a, &old, &new, &e))
	assert_int_equal(APPLY("nofile=500:"), 0);
	assert_int_equal(new.soft, 500);
	assert_int_equal(new.hard, 1000);
	assert_int_equal(APPLY("nofile=max"), 0);
	assert_int_equal(new.soft, 1000);
	assert_int_equal(APPLY("nofile=max:700"), 0);
	assert_int_equal(new.soft, 700);
	assert_int_equal(new.hard, 700);
	assert_int_equal(APPLY("nofile=1001:"), -1);
	assert_non_null(strstr(e.text, "nofile=1001 sets both"));
	assert_int_equal(APPLY("nofile=unlimited:"), -1);
	assert_int_equal(APPLY("nofile=:50"), -1);
	assert_non_null(strstr(e.text, "nofile=50:50"));
	assert_int_equal(APPLY("nofile=9:8"), -1);
}

/* Whatever comes, it is refused, or written back it means the same. */
static void
a_value_written_back_means_the_same(void **state)
{
	static const char letters[] = "0123456789:::=kmgxu-max ";
	unsigned seed = 7;
	int understood = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		char text[40], back[128], soft[LIMIT_TEXT_MAX],
		    hard[LIMIT_TEXT_MAX];
		struct assignment a, b;
		struct err e;
		int n, i;

		seed = seed * 1103515245 + 12345;
		n = (int)(seed >> 16) % 8;
		strcpy(text, resources[(seed >> 24) % LIMIT_RESOURCES].name);
		strcat(text, "=");
		for (i = (int)strlen(text); n > 0; n--, i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = letters[(seed >> 16) % (sizeof letters - 1)];
		}
		text[i] = '\0';
		if (assignment_parse(text, &a, &e) < 0) {
			assert_int_equal(e.status, ERR_USAGE);
			continue;
		}
		understood++;
		snprintf(back, sizeof back, "%s=%s:%s",
		    resources[a.resource].name,
		    a.soft.how == WANT_MAX     ? "max" :
			a.soft.how == WANT_KEEP ? "" :
						  limit_exact(soft,
						      a.soft.value),
		    a.hard.how == WANT_KEEP ? "" :
					      limit_exact(hard, a.hard.value));
		assert_int_equal(assignment_parse(back, &b, &e), 0);
		assert_int_equal(a.soft.how, b.soft.how);
		assert_int_equal(a.soft.value, b.soft.value);
		assert_int_equal(a.hard.how, b.hard.how);
		assert_int_equal(a.hard.value, b.hard.value);
	}
	assert_true(understood > 1000);
}

/* ---- trends ---------------------------------------------------------------------- */

static double
noise(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return (double)(*seed >> 16 & 0x7fff) / 32768.0 - 0.5;
}

/* n samples, a second apart: level + slope * t + amplitude * noise. */
static struct trend
series(size_t n, double level, double slope, double amplitude)
{
	struct trend t = TREND_INIT;
	unsigned seed = 42;

	for (size_t i = 0; i < n; i++)
		trend_add(&t, (int64_t)i * 1000000000,
		    level + slope * (double)i + amplitude * noise(&seed));
	return t;
}

static void
a_line_is_met_where_it_meets(void **state)
{
	struct trend t = series(40, 100, 5, 0);
	struct trend_answer a = trend_ask(&t, 100 + 5 * 39 + 1000, 1);
	char text[TREND_TEXT_MAX];

	(void)state;
	assert_int_equal(a.verdict, TREND_FULL_IN);
	assert_true(fabs(a.slope - 5) < 1e-6);
	assert_true(llabs(a.left - INT64_C(200000000000)) < 1000000);
	assert_true(a.left_error < INT64_C(2000000000));
	assert_string_equal(trend_text(text, &a, false), "in 3m 20s +- 158ms");
	a.left_error = INT64_C(40000000000);
	assert_string_equal(trend_text(text, &a, true),
	    "in 3m 20s \302\261 40s");
	trend_free(&t);
}

static void
the_error_covers_the_truth(void **state)
{
	int inside = 0, rounds = 200;
	unsigned seed = 99;

	(void)state;
	for (int k = 0; k < rounds; k++) {
		struct trend t = TREND_INIT;
		struct trend_answer a;

		for (int i = 0; i < 40; i++)
			trend_add(&t, i * INT64_C(1000000000),
			    1000 + 10 * i + 60 * noise(&seed));
		a = trend_ask(&t, 1e5, 1);
		assert_int_equal(a.verdict, TREND_FULL_IN);
		inside += fabs(a.slope - 10) < 2 * a.slope_error;
		trend_free(&t);
	}
	/* Two standard errors hold 95% of them. */
	assert_true(inside >= rounds * 88 / 100);
}

/* Arrivals by chance: the count wanders, and the error must know it. */
static void
the_error_covers_what_wanders_too(void **state)
{
	int inside = 0, rounds = 300;
	unsigned seed = 31;

	(void)state;
	for (int k = 0; k < rounds; k++) {
		struct trend t = TREND_INIT;
		struct trend_answer a;
		double count = 50;

		for (int i = 0; i < 40; i++) {
			/* 10 a second, give or take 8 */
			count += floor(10.5 + 16 * noise(&seed));
			trend_add(&t, i * INT64_C(1000000000), count);
		}
		a = trend_ask(&t, 1e5, 1);
		inside += fabs(a.slope - 10) < 2 * a.slope_error;
		trend_free(&t);
	}
	assert_true(inside >= rounds * 3 / 4);
}

static void
noise_alone_is_stable(void **state)
{
	int stable = 0;
	unsigned seed = 5;

	(void)state;
	for (int k = 0; k < 200; k++) {
		struct trend t = TREND_INIT;

		for (int i = 0; i < 40; i++)
			trend_add(&t, i * INT64_C(1000000000),
			    500 + 40 * noise(&seed));
		stable += trend_ask(&t, 1000, 1).verdict == TREND_STABLE;
		trend_free(&t);
	}
	assert_true(stable >= 190);
}

static void
there_is_a_verdict_for_every_case(void **state)
{
	struct trend none = TREND_INIT, t;

	(void)state;
	assert_int_equal(trend_ask(&none, 10, 1).verdict, TREND_TOO_FEW);
	t = series(TREND_SAMPLES_MIN - 1, 0, 1, 0);
	assert_int_equal(trend_ask(&t, 100, 1).verdict, TREND_TOO_FEW);
	assert_int_equal(trend_ask(&t, 2, 1).verdict, TREND_FULL);
	trend_free(&t);
	t = series(20, 100, 0, 0);
	assert_int_equal(trend_ask(&t, 1000, 1).verdict, TREND_STABLE);
	assert_int_equal(trend_ask(&t, 100, 1).verdict, TREND_FULL);
	assert_int_equal(trend_ask(&t, 0, 1).verdict, TREND_FULL);
	trend_free(&t);
	t = series(20, 100, -3, 0);
	assert_int_equal(trend_ask(&t, 1000, 1).verdict, TREND_FALLING);
	trend_free(&t);
	t = series(20, 100, 3, 0);
	assert_int_equal(trend_ask(&t, -1, 1).verdict, TREND_GROWING);
	/* One in 300 years is nothing to worry about. */
	assert_int_equal(trend_ask(&t, 3e10, 1).verdict, TREND_STABLE);
	trend_free(&t);
	/* A single step of one descriptor is no trend. */
	t = series(20, 100, 0, 0);
	t.samples[19].value = 101;
	assert_int_equal(trend_ask(&t, 1000, 1).verdict, TREND_STABLE);
	trend_free(&t);
}

static void
time_that_stands_still_adds_nothing(void **state)
{
	struct trend t = TREND_INIT;

	(void)state;
	for (int i = 0; i < 20; i++)
		trend_add(&t, 7, i);
	assert_int_equal(t.n, 1);
	trend_add(&t, 3, 5);
	assert_int_equal(t.n, 1);
	trend_free(&t);
	trend_trim(&t, 1);
	t = series(20, 0, 1, 0);
	trend_trim(&t, 5 * INT64_C(1000000000));
	assert_int_equal(t.n, 6);
	assert_true(t.samples[5].value > 18.5);
	trend_free(&t);
}

/* ---- setting ------------------------------------------------------------------------ */

/* A child that waits; ends with the test. */
static pid_t
child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	assert_true(pid > 0);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct rlimit64
limit_of(pid_t pid, enum limit_id id)
{
	struct rlimit64 r;

	assert_int_equal(prlimit64(pid,
			     (enum __rlimit_resource)resources[id].rlimit,
			     NULL, &r),
	    0);
	return r;
}

static int
plan(struct limit_plan *p, pid_t pid, const char *a, const char *b,
    struct err *e)
{
	struct assignment list[2];
	size_t n = 1 + (b != NULL);

	*p = (struct limit_plan)LIMIT_PLAN_INIT;
	assert_int_equal(assignment_parse(a, &list[0], e), 0);
	if (b != NULL)
		assert_int_equal(assignment_parse(b, &list[1], e), 0);
	return limit_plan_add(p, pid, 0, list, n, e);
}

static void
several_are_set_together(void **state)
{
	pid_t pid = child();
	struct limit_plan p;
	struct err e;

	(void)state;
	assert_int_equal(plan(&p, pid, "nofile=200:", "core=0:4096", &e), 0);
	assert_int_equal(limit_plan_apply(&p, &e), 0);
	assert_int_equal(limit_of(pid, LIMIT_nofile).rlim_cur, 200);
	assert_int_equal(limit_of(pid, LIMIT_core).rlim_max, 4096);
	limit_plan_free(&p);
	end(pid);
}

static int calls, fail_at;

/* The n-th change fails as if the kernel had refused it. */
static int
failing_prlimit(int32_t pid, int resource, const struct rlimit64 *new,
    struct rlimit64 *old)
{
	if (new != NULL && ++calls == fail_at) {
		errno = EPERM;
		return -1;
	}
	return prlimit64(pid, (enum __rlimit_resource)resource, new, old);
}

static void
all_are_undone_if_one_fails(void **state)
{
	int (*real)(int32_t, int, const struct rlimit64 *,
	    struct rlimit64 *) = limit_plan_prlimit;
	pid_t pid = child();
	struct rlimit64 nofile = limit_of(pid, LIMIT_nofile);
	struct rlimit64 stack = limit_of(pid, LIMIT_stack);
	struct limit_plan p;
	struct err e;

	(void)state;
	limit_plan_prlimit = failing_prlimit;
	calls = 0;
	fail_at = 2;
	assert_int_equal(plan(&p, pid, "nofile=200:", "stack=1m:", &e), 0);
	assert_int_equal(limit_plan_apply(&p, &e), -1);
	limit_plan_prlimit = real;
	assert_int_equal(e.status, ERR_DENIED);
	assert_non_null(strstr(e.text, "put back"));
	assert_int_equal(limit_of(pid, LIMIT_nofile).rlim_cur,
	    nofile.rlim_cur);
	assert_int_equal(limit_of(pid, LIMIT_stack).rlim_cur, stack.rlim_cur);
	limit_plan_free(&p);
	end(pid);
}

/* What cannot be undone without privileges is done last. */
static void
a_hard_limit_that_is_lowered_comes_last(void **state)
{
	int (*real)(int32_t, int, const struct rlimit64 *,
	    struct rlimit64 *) = limit_plan_prlimit;
	pid_t pid = child();
	struct rlimit64 nofile = limit_of(pid, LIMIT_nofile);
	struct limit_plan p;
	struct err e;

	(void)state;
	limit_plan_prlimit = failing_prlimit;
	calls = 0;
	fail_at = 1;
	assert_int_equal(plan(&p, pid, "nofile=200", "stack=1m:", &e), 0);
	assert_int_equal(limit_plan_apply(&p, &e), -1);
	limit_plan_prlimit = real;
	assert_int_equal(limit_of(pid, LIMIT_nofile).rlim_max,
	    nofile.rlim_max);
	limit_plan_free(&p);
	end(pid);
}

static void
another_process_with_its_pid_is_left_alone(void **state)
{
	pid_t pid = child();
	struct limit_plan p;
	struct assignment a;
	struct err e;

	(void)state;
	assert_int_equal(assignment_parse("nofile=200:", &a, &e), 0);
	p = (struct limit_plan)LIMIT_PLAN_INIT;
	assert_int_equal(limit_plan_add(&p, pid, 12345, &a, 1, &e), -1);
	assert_int_equal(e.status, ERR_GONE);
	assert_int_equal(plan(&p, pid, "nofile=200:", NULL, &e), 0);
	/* As if it had been used again between look and set. */
	p.changes[0].start_ticks++;
	assert_int_equal(limit_plan_apply(&p, &e), -1);
	assert_int_equal(e.status, ERR_GONE);
	assert_int_not_equal(limit_of(pid, LIMIT_nofile).rlim_cur, 200);
	p.changes[0].start_ticks--;
	end(pid);
	assert_int_equal(limit_plan_apply(&p, &e), -1);
	assert_int_equal(e.status, ERR_GONE);
	limit_plan_free(&p);
}

static void
children_are_set_with_their_parent(void **state)
{
	pid_t pid = fork();
	struct limit_plan p = LIMIT_PLAN_INIT;
	struct assignment a;
	struct err e;
	int n = 0;

	(void)state;
	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			if (fork() == 0)
				for (;;)
					pause();
		for (;;)
			pause();
	}
	assert_int_equal(assignment_parse("nofile=200:", &a, &e), 0);
	/* Until all three are there. */
	for (int i = 0; i < 100000 && p.n < 4; i++) {
		limit_plan_free(&p);
		assert_int_equal(limit_plan_add(&p, pid, 0, &a, 1, &e), 0);
		assert_int_equal(limit_plan_add_children(&p, pid, &a, 1, &e),
		    0);
	}
	assert_int_equal(p.n, 4);
	/* One that is gone by then is no failure. */
	kill(p.changes[3].pid, SIGKILL);
	while (kill(p.changes[3].pid, 0) == 0 && n++ < 1000000) {
		struct proc_stat s;

		if (proc_stat_read(p.changes[3].pid, &s, &e) == 0 &&
		    s.state == 'Z')
			break;
	}
	assert_int_equal(limit_plan_apply(&p, &e), 0);
	assert_true(p.changes[3].gone);
	for (int i = 0; i < 3; i++)
		assert_int_equal(limit_of(p.changes[i].pid,
				     LIMIT_nofile).rlim_cur,
		    200);
	for (size_t i = p.n; i-- > 0;)
		kill(p.changes[i].pid, SIGKILL);
	waitpid(pid, NULL, 0);
	limit_plan_free(&p);
}

static void
limits_go_and_come_back(void **state)
{
	pid_t pid = child();
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 400; round++) {
		enum limit_id id = (enum limit_id)(round % LIMIT_RESOURCES);
		struct rlimit64 was = limit_of(pid, id), now;
		char text[128], soft[LIMIT_TEXT_MAX];
		uint64_t value;
		struct limit_plan p;
		struct err e;

		seed = seed * 1103515245 + 12345;
		value = was.rlim_max == RLIM64_INFINITY ?
		    seed % 5 == 0 ? LIMIT_INFINITY :
				    (uint64_t)seed << (seed % 31) :
		    was.rlim_max == 0 ? 0 :
					seed % was.rlim_max;
		snprintf(text, sizeof text, "%s=%s:", resources[id].name,
		    limit_exact(soft, value));
		assert_int_equal(plan(&p, pid, text, NULL, &e), 0);
		/* CPU 0 means 1 to some kernels. */
		if (id == LIMIT_cpu && value < 100) {
			limit_plan_free(&p);
			continue;
		}
		assert_int_equal(limit_plan_apply(&p, &e), 0);
		now = limit_of(pid, id);
		assert_int_equal(now.rlim_cur, value);
		assert_int_equal(now.rlim_max, was.rlim_max);
		assert_int_equal(p.changes[0].old.soft, was.rlim_cur);
		limit_plan_free(&p);
	}
	end(pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_value_is_understood),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_resource_is_set_once),
		cmocka_unit_test(soft_stays_below_hard),
		cmocka_unit_test(a_value_written_back_means_the_same),
		cmocka_unit_test(a_line_is_met_where_it_meets),
		cmocka_unit_test(the_error_covers_the_truth),
		cmocka_unit_test(the_error_covers_what_wanders_too),
		cmocka_unit_test(noise_alone_is_stable),
		cmocka_unit_test(there_is_a_verdict_for_every_case),
		cmocka_unit_test(time_that_stands_still_adds_nothing),
		cmocka_unit_test(several_are_set_together),
		cmocka_unit_test(all_are_undone_if_one_fails),
		cmocka_unit_test(a_hard_limit_that_is_lowered_comes_last),
		cmocka_unit_test(another_process_with_its_pid_is_left_alone),
		cmocka_unit_test(children_are_set_with_their_parent),
		cmocka_unit_test(limits_go_and_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
