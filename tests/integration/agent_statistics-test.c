/* SPDX-License-Identifier: MIT */
/*
 * Two hundred runs of a program whose heap is known, sampled: are the
 * estimates right in the mean, and are they as far off as they say? Each
 * run draws its own numbers, so the bounds here are those that a right
 * agent misses once in a hundred thousand times.
 */
#include "config.h"

#include "target/snapshot.h"
#include "target/target.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RUNS 200
#define SIZES 10

struct group {
	uint64_t size;
	double truth;
	double errors[RUNS]; /* estimate less truth */
	double stated[RUNS];
};

static struct group groups[SIZES];
static struct group all; /* of these sizes together */

static FILE *
spawn(pid_t *pid, int *input)
{
	char victim[4096], preload[4096];
	const char *build = getenv("BUILD");
	int in[2], out[2];

	snprintf(victim, sizeof victim, "%s/tests/victims/hazards",
	    build != NULL ? build : ".");
	snprintf(preload, sizeof preload, "%s/libullage.so",
	    build != NULL ? build : ".");
	assert_int_equal(pipe(in) | pipe(out), 0);
	*pid = fork();
	if (*pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		for (int fd = 3; fd < 20; fd++)
			close(fd);
		setenv("LD_PRELOAD", preload, 1);
		setenv("ULLAGE_SAMPLE_INTERVAL", "16k", 1);
		execl(victim, victim, "sizes", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*input = in[1];
	return fdopen(out[0], "r");
}

/* What it printed: the truth, the same in every run. */
static void
read_truth(FILE *from)
{
	unsigned long long size, bytes;
	char line[200] = "";
	unsigned n = 0;

	all.truth = 0;
	while (fgets(line, sizeof line, from) != NULL &&
	    sscanf(line, "%llu %llu", &size, &bytes) == 2 && n < SIZES) {
		groups[n].size = size;
		groups[n++].truth = (double)bytes;
		all.truth += (double)bytes;
	}
	assert_int_equal(n, SIZES);
	assert_string_equal(line, "ready\n");
}

static void
estimate(const struct snapshot *s, unsigned run)
{
	double total = 0, variance = 0;

	for (unsigned g = 0; g < SIZES; g++) {
		double sum = 0, v = 0;

		for (size_t i = 0; i < s->n_live; i++) {
			double w = s->live[i].weight;
			double b = w * (double)s->live[i].usable;

			if (s->live[i].size != groups[g].size)
				continue;
			sum += b;
			v += b * b * (1 - 1 / w);
		}
		groups[g].errors[run] = sum - groups[g].truth;
		groups[g].stated[run] = sqrt(v);
		total += sum;
		variance += v;
	}
	all.errors[run] = total - all.truth;
	all.stated[run] = sqrt(variance);
}

static int
sample_all(void **state)
{
	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct err e = { 0 };
		struct snapshot *s;
		struct target *t;
		char number[16];
		int input;
		pid_t pid;
		FILE *from = spawn(&pid, &input);

		read_truth(from);
		snprintf(number, sizeof number, "%d", pid);
		t = target_find(number, &e);
		assert_non_null(t);
		s = snapshot_take(t, &e);
		assert_non_null(s);
		assert_int_equal(s->interval, 16384);
		assert_int_equal(s->invalid + s->torn + s->doublings, 0);
		estimate(s, run);
		snapshot_free(s);
		target_free(t);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		fclose(from);
		close(input);
	}
	return 0;
}

static void
check_mean(const struct group *g)
{
	double sum = 0, squares = 0, mean, error;

	for (unsigned i = 0; i < RUNS; i++) {
		sum += g->errors[i];
		squares += g->errors[i] * g->errors[i];
	}
	mean = sum / RUNS;
	error = sqrt((squares / RUNS - mean * mean) / RUNS);
	if (fabs(mean) > 4.5 * error + 1e-6 * g->truth)
		fail_msg("size %llu: off by %g in the mean, error %g, of %g",
		    (unsigned long long)g->size, mean, error, g->truth);
}

static unsigned
covered(const struct group *g)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RUNS; i++)
		n += fabs(g->errors[i]) <= 1.96 * g->stated[i] + 1e-6 * g->truth;
	return n;
}

static void
the_mean_error_is_nothing(void **state)
{
	(void)state;
	for (unsigned g = 0; g < SIZES; g++)
		check_mean(&groups[g]);
	check_mean(&all);
}

/*
 * 190 of 200 in the mean, 3 more or less. Where twenty samples are all there
 * is the estimate is skewed and its error one itself: some 2 % less.
 */
static void
the_truth_is_within_the_stated_error_as_often_as_it_says(void **state)
{
	unsigned sum = 0;

	(void)state;
	for (unsigned g = 0; g < SIZES; g++) {
		unsigned n = covered(&groups[g]);

		if (n < 170)
			fail_msg("size %llu: %u of %u",
			    (unsigned long long)groups[g].size, n, RUNS);
		sum += n;
	}
	assert_in_range(covered(&all), 174, RUNS);
	assert_in_range(sum, SIZES * RUNS * 92 / 100, SIZES * RUNS);
}

/* Not by being wide: it is as large as the errors are. */
static void
the_stated_error_is_that_of_the_estimates(void **state)
{
	double stated = 0, squares = 0;

	(void)state;
	for (unsigned i = 0; i < RUNS; i++) {
		stated += all.stated[i] * all.stated[i];
		squares += all.errors[i] * all.errors[i];
	}
	assert_true(squares / stated > 0.6 && squares / stated < 1.6);
}

static void
large_objects_are_never_missed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RUNS; i++)
		assert_true(fabs(groups[SIZES - 1].errors[i]) < 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mean_error_is_nothing),
		cmocka_unit_test(
		    the_truth_is_within_the_stated_error_as_often_as_it_says),
		cmocka_unit_test(the_stated_error_is_that_of_the_estimates),
		cmocka_unit_test(large_objects_are_never_missed),
	};

	return cmocka_run_group_tests_name("agent_statistics", tests,
	    sample_all, NULL);
}
