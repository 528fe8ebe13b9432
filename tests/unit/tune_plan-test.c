/* SPDX-License-Identifier: MIT */
/* The arithmetic of a plan, on numbers that are known. */
#include "config.h"

#include "tune/plan_measure.h"
#include "base/xalloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define NEAR(a, b) assert_true(near((a), (b)))

static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fabs(b) + 1e-9;
}

/* A server: 6 MiB and 30,000 bytes each; 9 descriptors and one each. */
static struct plan_sample
server(double n)
{
	struct plan_sample s = {.at = n};

	for (int k = 0; k < PLAN_METRICS; k++)
		s.of[k] = PLAN_UNKNOWN;
	s.of[METRIC_RSS] = 6291456 + 30000 * n;
	s.of[METRIC_FDS] = 9 + n;
	s.of[METRIC_THREADS] = 4;
	s.of[METRIC_MAPS] = 60;
	s.of[METRIC_BUFFERS] = 500 * n;
	s.of[METRIC_OUTGOING] = 0;
	return s;
}

static void
fit(struct plan_model *m, double from, double to, size_t n)
{
	struct plan_sample samples[64];

	for (size_t i = 0; i < n; i++)
		samples[i] = server(
		    n == 1 ? to
			   : from + (to - from) * (double)i / (double)(n - 1));
	plan_fit(m, PLAN_CONNECTIONS, samples, n);
}

static void
make_facts(struct plan_facts *f)
{
	memset(f, 0, sizeof *f);
	f->pid = 42;
	f->backlog = f->user_threads = f->max_watches = PLAN_UNKNOWN;
	for (int i = 0; i < CEILINGS; i++)
		f->ceilings.of[i] =
		    (struct ceiling){CEILING_UNKNOWN, CEILING_UNKNOWN};
}

static const struct plan_obstacle *
find(const struct plan_obstacles *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->list[i].name, name) == 0)
			return &o->list[i];
	return NULL;
}

/* ---- costs --------------------------------------------------------------- */

static void
a_line_parts_the_fixed_from_the_rest(void **state)
{
	struct plan_model m;
	double error;

	(void)state;
	fit(&m, 100, 500, 20);
	assert_true(m.fitted);
	NEAR(m.of[METRIC_RSS].each, 30000);
	NEAR(m.of[METRIC_RSS].fixed, 6291456);
	assert_true(m.of[METRIC_RSS].each_error < 1e-3);
	NEAR(plan_predict(&m, METRIC_RSS, 5000, &error), 6291456 + 30000 * 5e3);
	NEAR(plan_predict(&m, METRIC_FDS, 5000, &error), 5009);
	assert_true(m.of[METRIC_THREADS].each == 0);
	assert_false(plan_grows(&m.of[METRIC_THREADS]));
	assert_int_equal(m.of[METRIC_HEAP].how, COST_UNKNOWN);
	assert_true(isnan(plan_predict(&m, METRIC_HEAP, 5000, &error)));
}

/*
 * Residuals of +-1000 in turn around a line through x = 0 ... 9: from the
 * formulas of simple regression, s = sqrt(sum(e^2) / 8), each_error =
 * s / sqrt(82.5).
 */
static void
noise_becomes_a_standard_error(void **state)
{
	struct plan_sample samples[40];
	struct plan_model m;
	double error, rest = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		samples[i] = server(100 + 10 * i);
		samples[i].of[METRIC_RSS] +=
		    i % 4 == 1 || i % 4 == 2 ? 1000 : -1000;
	}
	plan_fit(&m, PLAN_CONNECTIONS, samples, 40);
	for (int i = 0; i < 40; i++) {
		double d = samples[i].of[METRIC_RSS] - m.of[METRIC_RSS].fixed -
			   m.of[METRIC_RSS].each * samples[i].at;

		rest += d * d;
	}
	/* sum of squares of 10 * i around their mean: 100 * 40 * 1599 / 12 */
	NEAR(m.of[METRIC_RSS].each_error, sqrt(rest / 38 / 533000.0));
	assert_true(m.of[METRIC_RSS].each_error > 1);
	assert_true(fabs(m.of[METRIC_RSS].each - 30000) <
		    3 * m.of[METRIC_RSS].each_error);
	plan_predict(&m, METRIC_RSS, 490 + 1000, &error);
	NEAR(error, m.of[METRIC_RSS].each_error * 1000);
}

static void
a_sampled_heap_is_as_unsure_as_its_samples(void **state)
{
	struct plan_sample samples[20];
	struct plan_model m;

	(void)state;
	for (int i = 0; i < 20; i++) {
		samples[i] = server(100 + 20 * i);
		samples[i].of[METRIC_HEAP] = 20000 * samples[i].at;
		samples[i].heap_error = 1900000;
	}
	plan_fit(&m, PLAN_CONNECTIONS, samples, 20);
	NEAR(m.of[METRIC_HEAP].each, 20000);
	NEAR(m.of[METRIC_HEAP].each_error, 1900000 / 380.0);
	assert_true(m.of[METRIC_RSS].each_error < 1e-3);
}

static void
too_little_change_makes_no_line(void **state)
{
	struct plan_model m;

	(void)state;
	fit(&m, 500, 509, 20);
	assert_false(m.fitted);
	fit(&m, 1000, 1049, 20);
	assert_false(m.fitted);
	fit(&m, 100, 500, 3);
	assert_false(m.fitted);
	fit(&m, 490, 520, 20);
	assert_true(m.fitted);
}

static void
an_average_includes_the_fixed_part_and_says_so(void **state)
{
	struct plan_model m;
	double error;

	(void)state;
	fit(&m, 0, 500, 1);
	assert_int_equal(m.of[METRIC_RSS].how, COST_AVERAGE);
	NEAR(m.of[METRIC_RSS].each, 6291456 / 500.0 + 30000);
	assert_true(isnan(m.of[METRIC_RSS].fixed));
	assert_true(plan_predict(&m, METRIC_RSS, 5000, &error) >
		    6291456 + 30000 * 5000.0);
	/* Four threads for 500 connections say nothing. */
	assert_int_equal(m.of[METRIC_THREADS].how, COST_UNKNOWN);
	assert_true(isnan(plan_predict(&m, METRIC_THREADS, 5000, &error)));
}

static void
without_connections_nothing_is_known(void **state)
{
	struct plan_model m;
	double error;

	(void)state;
	fit(&m, 0, 0, 1);
	for (int k = 0; k < PLAN_METRICS; k++)
		assert_true(
		    isnan(plan_predict(&m, (enum plan_metric)k, 10, &error)));
}

static void
a_descriptor_is_one_descriptor(void **state)
{
	struct plan_sample s = server(509);
	struct plan_model m;
	double error;

	(void)state;
	plan_fit(&m, PLAN_FDS, &s, 1);
	assert_int_equal(m.of[METRIC_FDS].how, COST_GIVEN);
	NEAR(plan_predict(&m, METRIC_FDS, 518 + 100, &error), 518 + 109);
	assert_int_equal(m.of[METRIC_RSS].how, COST_UNKNOWN);
}

/* ---- obstacles ----------------------------------------------------------- */

static void
what_breaks_first_is_first_and_comes_with_its_command(void **state)
{
	struct plan_model m;
	struct plan_facts f;
	struct plan_obstacles o;
	const struct plan_obstacle *p;

	(void)state;
	fit(&m, 100, 500, 20);
	make_facts(&f);
	f.limits.of[LIMIT_nofile] = (struct limit){1024, 4096, true};
	f.ceilings.of[CEILING_nr_open] = (struct ceiling){1048576, 0};
	f.ceilings.of[CEILING_file_max] = (struct ceiling){3000, 1000};
	plan_obstacles(&m, &f, 5000, &o);
	assert_string_equal(o.list[0].name, "nofile, soft");
	NEAR(o.list[0].breaks_at, 1015);
	assert_string_equal(o.list[0].command, "ullage limits 42 nofile=6144");
	assert_string_equal(o.list[1].name, "fs.file-max");
	NEAR(o.list[1].breaks_at, 2500);
	assert_string_equal(o.list[1].command, "sysctl -w fs.file-max=6635");
	p = find(&o, "nofile, hard");
	NEAR(p->breaks_at, 4087);
	assert_true(p->breaks);
	p = find(&o, "fs.nr_open");
	assert_false(p->breaks);
	assert_string_equal(p->command, "");
	plan_obstacles_free(&o);
	plan_obstacles(&m, &f, 3000, &o);
	assert_string_equal(o.list[0].command, "ullage limits 42 nofile=4096:");
	plan_obstacles_free(&o);
}

static void
spare_room_never_passes_a_ceiling_that_suffices(void **state)
{
	struct plan_model m;
	struct plan_facts f;
	struct plan_obstacles o;

	(void)state;
	fit(&m, 100, 500, 20);
	make_facts(&f);
	f.limits.of[LIMIT_nofile] = (struct limit){1024, 4096, true};
	f.ceilings.of[CEILING_nr_open] = (struct ceiling){1048576, 0};
	plan_obstacles(&m, &f, 1048000, &o);
	assert_string_equal(
	    o.list[0].command, "ullage limits 42 nofile=1048576");
	assert_false(find(&o, "fs.nr_open")->breaks);
	plan_obstacles_free(&o);
	plan_obstacles(&m, &f, 1048576, &o);
	assert_true(find(&o, "fs.nr_open")->breaks);
	assert_string_equal(
	    find(&o, "fs.nr_open")->command, "sysctl -w fs.nr_open=1101824");
	plan_obstacles_free(&o);
}

static void
what_does_not_grow_never_breaks(void **state)
{
	struct plan_model m;
	struct plan_facts f;
	struct plan_obstacles o;

	(void)state;
	fit(&m, 100, 500, 20);
	make_facts(&f);
	f.ceilings.of[CEILING_max_map_count] = (struct ceiling){61, 0};
	f.ceilings.of[CEILING_threads_max] = (struct ceiling){1000, 999};
	plan_obstacles(&m, &f, 1e9, &o);
	assert_true(isinf(find(&o, "vm.max_map_count")->breaks_at));
	assert_true(isinf(find(&o, "kernel.threads-max")->breaks_at));
	assert_false(find(&o, "vm.max_map_count")->breaks);
	plan_obstacles_free(&o);
}

static void
what_is_not_known_is_not_said_to_break(void **state)
{
	struct plan_model m;
	struct plan_facts f;
	struct plan_obstacles o;

	(void)state;
	fit(&m, 0, 0, 1);
	make_facts(&f);
	f.limits.of[LIMIT_nofile] = (struct limit){8, 8, true};
	f.ceilings.of[CEILING_memory] = (struct ceiling){1000, 999};
	plan_obstacles(&m, &f, 1e6, &o);
	assert_true(isnan(find(&o, "nofile, soft")->breaks_at));
	assert_true(isnan(find(&o, "memory of the machine")->breaks_at));
	for (size_t i = 0; i < o.n; i++)
		assert_false(o.list[i].breaks);
	plan_obstacles_free(&o);
}

static void
memory_counts_the_kernel_too(void **state)
{
	struct plan_model m;
	struct plan_facts f;
	struct plan_obstacles o;

	(void)state;
	fit(&m, 100, 500, 20);
	make_facts(&f);
	f.ceilings.of[CEILING_memory] = (struct ceiling){3050000000u, 0};
	f.cgroups.memory = (struct cgroup_limit){.known = true,
	    .limit = 305000000,
	    .used_known = true,
	    .version = 2,
	    .file = "memory.max",
	    .path = "/a b"};
	plan_obstacles(&m, &f, 20000, &o);
	NEAR(find(&o, "memory of the machine")->breaks_at, 500 + 1e5);
	NEAR(find(&o, "cgroup memory")->breaks_at, 500 + 1e4);
	assert_string_equal(find(&o, "cgroup memory")->command,
	    "echo 624951296 > '/sys/fs/cgroup/a b/memory.max'");
	plan_obstacles_free(&o);
	strcpy(f.cgroups.memory.path, "/x';reboot;'");
	plan_obstacles(&m, &f, 20000, &o);
	assert_string_equal(find(&o, "cgroup memory")->command, "");
	plan_obstacles_free(&o);
}

/* ---- connections --------------------------------------------------------- */

static void
add(struct sockets *s, uint8_t state, uint16_t local, const char *peer,
    uint64_t queue)
{
	struct socket *k = &s->list[s->n++];

	memset(k, 0, sizeof *k);
	k->kind = SOCKET_TCP;
	k->family = AF_INET;
	k->state = state;
	k->local_port = local;
	k->peer = peer != NULL ? xstrdup(peer) : NULL;
	k->has_queues = true;
	k->send_queue = queue;
}

static void
accepted_and_outgoing_are_told_apart(void **state)
{
	struct socket list[16];
	struct sockets s = {.list = list};
	struct plan_shape shape;
	uint64_t busiest;

	(void)state;
	add(&s, SOCKET_LISTEN, 80, NULL, 511);
	add(&s, SOCKET_LISTEN, 443, NULL, 128);
	add(&s, SOCKET_ESTABLISHED, 80, "10.0.0.1:5000", 0);
	add(&s, SOCKET_ESTABLISHED, 443, "10.0.0.1:5001", 0);
	add(&s, SOCKET_ESTABLISHED, 40001, "10.0.0.9:5432", 0);
	add(&s, SOCKET_ESTABLISHED, 40002, "10.0.0.9:5432", 0);
	add(&s, SOCKET_ESTABLISHED, 40003, "10.0.0.8:5432", 0);
	add(&s, 8, 80, "10.0.0.1:5002", 0);
	plan_count_connections(&s, &shape, &busiest);
	assert_true(shape.listens);
	assert_int_equal(shape.established, 5);
	assert_int_equal(shape.accepted, 2);
	assert_int_equal(shape.outgoing, 3);
	assert_int_equal(busiest, 2);
	assert_true(shape.backlog == 128);
	for (size_t i = 0; i < s.n; i++)
		free(list[i].peer);
	s.n = 0;
	plan_count_connections(&s, &shape, &busiest);
	assert_false(shape.listens);
	assert_true(isnan(shape.backlog));
	assert_int_equal(busiest, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_parts_the_fixed_from_the_rest),
	    cmocka_unit_test(noise_becomes_a_standard_error),
	    cmocka_unit_test(a_sampled_heap_is_as_unsure_as_its_samples),
	    cmocka_unit_test(too_little_change_makes_no_line),
	    cmocka_unit_test(an_average_includes_the_fixed_part_and_says_so),
	    cmocka_unit_test(without_connections_nothing_is_known),
	    cmocka_unit_test(a_descriptor_is_one_descriptor),
	    cmocka_unit_test(
		what_breaks_first_is_first_and_comes_with_its_command),
	    cmocka_unit_test(spare_room_never_passes_a_ceiling_that_suffices),
	    cmocka_unit_test(what_does_not_grow_never_breaks),
	    cmocka_unit_test(what_is_not_known_is_not_said_to_break),
	    cmocka_unit_test(memory_counts_the_kernel_too),
	    cmocka_unit_test(accepted_and_outgoing_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
