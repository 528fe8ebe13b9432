/* SPDX-License-Identifier: MIT */
/* The guard, the routes without a socket, metrics, and the flame page. */
#include "config.h"

#include "encode/html.h"
#include "encode/plot.h"
#include "encode/prom.h"
#include "serve/answers.h"
#include "serve/debug_text.h"
#include "serve/guard.h"
#include "serve/routes.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct guard ours = { .token = NULL };

static void
hosts_are_loopback_or_listed(void **state)
{
	static const char *const names[] = { "web.internal" };
	const struct guard named = { .hosts = names, .n_hosts = 1 };
	const struct guard remote = { .any_address = true };

	(void)state;
	assert_true(guard_host(&ours, "localhost"));
	assert_true(guard_host(&ours, "LocalHost:6060"));
	assert_true(guard_host(&ours, "127.0.0.1:1"));
	assert_true(guard_host(&ours, "[::1]"));
	assert_false(guard_host(&ours, ""));
	assert_false(guard_host(&ours, ":6060"));
	assert_false(guard_host(&ours, "[::1"));
	assert_false(guard_host(&ours, "[]:1"));
	assert_false(guard_host(&ours, "localhost:"));
	assert_false(guard_host(&ours, "localhost.evil.test"));
	assert_false(guard_host(&ours, "127.0.0.1.evil.test"));
	assert_false(guard_host(&ours, "10.0.0.1"));
	assert_false(guard_host(&ours, "web.internal"));
	assert_true(guard_host(&named, "Web.Internal:80"));
	assert_true(guard_host(&remote, "10.0.0.1:80"));
	assert_true(guard_host(&remote, "[2001:db8::1]:80"));
	assert_false(guard_host(&remote, "evil.test"));
}

static void
origins_are_those_of_our_own_pages(void **state)
{
	(void)state;
	assert_true(guard_origin("http://localhost:1", "localhost:1"));
	assert_true(guard_origin("https://LOCALHOST", "localhost"));
	assert_false(guard_origin("http://localhost:2", "localhost:1"));
	assert_false(guard_origin("null", "localhost:1"));
	assert_false(guard_origin("", "localhost:1"));
	assert_false(guard_origin("http://", "localhost:1"));
}

static void
tokens_are_taken_as_bearer_and_as_password(void **state)
{
	const struct guard g = { .token = "open" };

	(void)state;
	assert_true(guard_authorization(&g, "Bearer open"));
	assert_true(guard_authorization(&g, "bearer   open"));
	assert_true(guard_authorization(&g, "Basic eDpvcGVu")); /* x:open */
	assert_true(guard_authorization(&g, "Basic Om9wZW4=")); /* :open */
	assert_false(guard_authorization(&g, "Basic b3Blbg==")); /* open */
	assert_false(guard_authorization(&g, "Basic !!!"));
	assert_false(guard_authorization(&g, "Bearer"));
	assert_false(guard_authorization(&g, "Bearer ope"));
	assert_false(guard_authorization(&g, "Bearer openopen"));
	assert_false(guard_authorization(&g, "open"));
	assert_false(guard_authorization(&g, ""));
	assert_true(guard_equal("", ""));
	assert_false(guard_equal("a", ""));
	assert_false(guard_equal("", "a"));
}

static void
metrics_are_escaped_and_grouped(void **state)
{
	static const struct metric_family a = { "a_total", "A \\ \n.", true };
	static const struct metric_family b = { "b", "B.", false };
	const struct metric_label labels[] = { { "name", "<\"\\\n\xff>" },
		{ "none", NULL }, { NULL, NULL } };
	struct metrics *m = metrics_new();
	struct buf text = BUF_INIT, open = BUF_INIT;

	(void)state;
	metrics_add(m, &a, labels, 1.5);
	metrics_add(m, &b, NULL, INFINITY);
	metrics_add(m, &a, NULL, 4096);
	metrics_write(m, false, &text);
	metrics_write(m, true, &open);
	assert_string_equal(buf_text(&text),
	    "# HELP a_total A \\\\ \\n.\n# TYPE a_total counter\n"
	    "a_total{name=\"<\\\"\\\\\\n\\\\xff>\"} 1.5\na_total 4096\n"
	    "# HELP b B.\n# TYPE b gauge\nb +Inf\n");
	assert_non_null(strstr(buf_text(&open), "# TYPE a counter\na_total{"));
	assert_string_equal(open.bytes + open.len - 6, "# EOF\n");
	buf_free(&text);
	buf_free(&open);
	metrics_free(m);
}

/* A profile of one sample whose names would like to be code. */
static struct profile *
hostile(void)
{
	struct profile *p = profile_new();
	int64_t values[] = { 1, -300 };
	struct profile_line line = { .line = 3 };
	uint32_t at;

	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	line.function = profile_function(p, "</script><script>alert('1')", "",
	    "<!--", 0);
	at = profile_location_lines(p, 0, 0x1000, &line, 1);
	profile_add_sample(p, &at, 1, NULL, 0, values);
	return p;
}

static size_t
occurrences(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void
names_in_the_flame_page_are_text(void **state)
{
	struct profile *p = hostile();
	struct buf out = BUF_INIT;

	(void)state;
	html_flame(p, "</title><script>", HTML_ALONE, &out);
	assert_int_equal(occurrences(buf_text(&out), "<script"), 2);
	assert_int_equal(occurrences(buf_text(&out), "</script>"), 2);
	assert_int_equal(occurrences(buf_text(&out), "<!--"), 0);
	assert_int_equal(occurrences(buf_text(&out), "alert('1')"), 0);
	assert_int_equal(occurrences(buf_text(&out), "alert(\\u00271\\u0027)"),
	    1);
	assert_int_equal(occurrences(buf_text(&out), "[[0],1,-300]"), 1);
	/* One file: nothing is fetched from anywhere. */
	assert_int_equal(occurrences(buf_text(&out), "src="), 0);
	assert_int_equal(occurrences(buf_text(&out), "://"), 0);
	buf_free(&out);
	profile_free(p);
}

/* ---- routes over a source that is made up ------------------------------------ */

static int
some_pids(void *arg, int32_t **pids, size_t *n, struct err *e)
{
	(void)e;
	*n = *(size_t *)arg;
	*pids = NULL;
	return 0;
}

static void
a_route_without_a_process_says_so(void **state)
{
	size_t n = 0;
	static const struct source_kind kinds[] = { { "heap", "x" },
		{ NULL, NULL } };
	const struct source source = { .arg = &n, .kinds = kinds,
		.pids = some_pids };
	const struct routes routes = { .source = &source };
	struct request r = { .method = "GET", .body = "",
		.path = "/debug/pprof/heap" };
	struct answer a = ANSWER_INIT;

	(void)state;
	routes_answer(&routes, &r, &a);
	assert_int_equal(a.status, 404);
	assert_true(a.pprof_error);
	answer_free(&a);
	a = (struct answer)ANSWER_INIT;
	n = 2;
	routes_answer(&routes, &r, &a);
	assert_int_equal(a.status, 404);
	assert_non_null(strstr(buf_text(&a.body), "/pid/PID/debug/pprof/heap"));
	answer_free(&a);
	a = (struct answer)ANSWER_INIT;
	r.path = "/pid/0/";
	routes_answer(&routes, &r, &a);
	assert_int_equal(a.status, 404);
	answer_free(&a);
}

static void
gos_names_lead_to_ours(void **state)
{
	(void)state;
	assert_string_equal(pprof_kind("goroutine"), "threads");
	assert_string_equal(pprof_kind("mutex"), "contention");
	assert_string_equal(pprof_kind("block"), "contention");
	assert_string_equal(pprof_kind("profile"), "cpu");
	assert_string_equal(pprof_kind("heap"), "heap");
}

static int
one_name(void *arg, int32_t pid, char out[64], struct err *e)
{
	(void)arg;
	(void)pid;
	(void)e;
	strcpy(out, "x");
	return 0;
}

static struct profile *
note_seconds(void *arg, int32_t pid, uint64_t ns, const volatile int *stop,
    bool *busy, struct err *e)
{
	(void)pid;
	(void)stop;
	*(uint64_t *)arg = ns / 1000000000u;
	*busy = true;
	(void)e;
	return NULL;
}

static bool
wait_for_nothing(void *arg, uint64_t ns, struct err *e)
{
	(void)arg;
	(void)ns;
	(void)e;
	return true;
}

static struct answer
ask(const struct source *source, const char *path, const char *name,
    const char *value)
{
	const struct routes routes = { .source = source,
		.wait = wait_for_nothing };
	struct request r = { .method = "GET", .body = "", .path = path,
		.parameters = { { name, value } }, .n_parameters = 1 };
	struct answer a = ANSWER_INIT;

	routes_answer(&routes, &r, &a);
	return a;
}

static void
seconds_of_a_cpu_profile_are_as_in_go(void **state)
{
	static const struct source_kind kinds[] = { { "cpu", "x" },
		{ NULL, NULL } };
	static const struct {
		const char *text;
		uint64_t seconds;
	} cases[] = { { "5", 5 }, { "", 30 }, { "-1", 30 }, { "0", 30 },
		{ "NaN", 30 }, { "1.5", 30 }, { "600", 600 }, { "601", 0 } };
	uint64_t seconds;
	const struct source source = { .arg = &seconds, .kinds = kinds,
		.name = one_name, .cpu = note_seconds };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer a;

		seconds = 0;
		a = ask(&source, "/pid/7/debug/pprof/profile", "seconds",
		    cases[i].text);
		assert_int_equal(seconds, cases[i].seconds);
		/* Somebody else has one, or it would take too long. */
		assert_int_equal(a.status, seconds != 0 ? 500 : 400);
		answer_free(&a);
	}
}

static void
what_is_not_measured_is_said_and_not_made_up(void **state)
{
	static const char *const paths[] = { "/pid/7/debug/pprof/mutex",
		"/pid/7/debug/pprof/block", "/pid/7/debug/pprof/contention",
		"/pid/7/debug/pprof/trace", "/pid/7/debug/pprof/profile" };
	static const struct source_kind kinds[] = { { NULL, NULL } };
	const struct source source = { .kinds = kinds, .name = one_name };

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct answer a = ask(&source, paths[i], "x", "");

		assert_int_equal(a.status, 501);
		assert_true(a.pprof_error);
		answer_free(&a);
	}
}

static void
threads_are_written_as_go_writes_a_panic(void **state)
{
	struct profile *p = profile_new();
	struct profile_line line = { .line = 3 };
	struct buf out = BUF_INIT;
	struct profile_label labels[2];
	int64_t two = 2;
	uint32_t at;

	(void)state;
	profile_add_type(p, "thread", "count");
	labels[0] = (struct profile_label){ .key = profile_string(p, "thread"),
		.text = profile_string(p, "pool\n1") };
	labels[1] = (struct profile_label){ .key = profile_string(p, "state"),
		.text = profile_string(p, "S") };
	line.function = profile_function(p, "wait", "", "a.c", 0);
	at = profile_location_lines(p, 0, 0x1000, &line, 1);
	profile_add_sample(p, &at, 1, labels, 2, &two);
	debug_stacks(p, "threads", &out);
	assert_string_equal(buf_text(&out),
	    "thread 1 [sleeping]:\n# pool\\x0a1\nwait(...)\n\ta.c:3 0x1000\n"
	    "\nthread 2 [sleeping]:\n# pool\\x0a1\nwait(...)\n\ta.c:3 "
	    "0x1000\n");
	buf_free(&out);
	profile_free(p);
}

static void
plots_have_round_scales_and_gaps(void **state)
{
	static const int64_t times[] = { 0, 1000000000, 2000000000 };
	static const double bytes[] = { 3 << 20, NAN, 5 << 20 };
	static const double none[] = { NAN, NAN, NAN };
	const struct plot_line lines[] = { { "<a>", 0, bytes },
		{ "gone", 1, none } };
	const struct plot p = { "</figure>", PLOT_BYTES, times, 3, lines, 2 };
	const struct plot_part parts[] = { { "a&b", 1, 3 }, { "c", 2, 1 } };
	struct buf out = BUF_INIT;

	(void)state;
	plot_lines(&p, &out);
	assert_int_equal(occurrences(buf_text(&out), "</figure>"), 1);
	assert_int_equal(occurrences(buf_text(&out), "&lt;a&gt;"), 2);
	/* Two moves: the gap is not bridged. */
	assert_non_null(strstr(buf_text(&out),
	    "d=\"M58.00 94.25M550.00 59.75\""));
	assert_non_null(strstr(buf_text(&out), ">8.00M</text>"));
	assert_int_equal(occurrences(buf_text(&out), "gone"), 1);
	out.len = 0;
	plot_bar("all", parts, 2, &out);
	assert_non_null(strstr(buf_text(&out), "x=\"750.00\" width=\"250.00\""));
	assert_non_null(strstr(buf_text(&out), "a&amp;b"));
	buf_free(&out);
}

/* ---- answers that are shared -------------------------------------------------- */

static struct answer
text_answer(const char *text)
{
	struct answer a = ANSWER_INIT;

	buf_puts(&a.body, text);
	return a;
}

static void *
find_again(void *arg)
{
	return answers_find(arg, "key");
}

static void
an_answer_is_made_once_for_all_who_ask_meanwhile(void **state)
{
	struct answers *l = answers_new();
	struct answer a = text_answer("dear");
	struct shared_answer *first, *second;
	pthread_t other;
	void *found;

	(void)state;
	assert_null(answers_find(l, "key"));
	assert_int_equal(pthread_create(&other, NULL, find_again, l), 0);
	first = answers_put(l, "key", &a, 5000000000u);
	assert_int_equal(pthread_join(other, &found), 0);
	assert_ptr_equal(found, first);
	second = answers_find(l, "key");
	assert_ptr_equal(second, first);
	assert_null(answers_find(l, "another"));
	assert_string_equal(buf_text(&first->answer.body), "dear");
	assert_int_equal(answers_bytes(l), 4);
	answers_give_back(first);
	answers_give_back(second);
	answers_give_back(found);
	a = text_answer("");
	answers_give_back(answers_put(l, "another", &a, 0));
	answers_free(l);
}

static void
cheap_answers_and_errors_are_made_anew(void **state)
{
	struct answers *l = answers_new();
	struct answer a = text_answer("cheap");

	(void)state;
	assert_null(answers_find(l, "key"));
	answers_give_back(answers_put(l, "key", &a, 0));
	assert_null(answers_find(l, "key"));
	answer_error(&a, 404, "gone");
	answers_give_back(answers_put(l, "key", &a, 5000000000u));
	assert_null(answers_find(l, "key"));
	a = text_answer("alone");
	answers_give_back(answers_put(l, NULL, &a, 5000000000u));
	answers_reap(l);
	assert_int_equal(answers_bytes(l), 0);
	a = text_answer("");
	answers_give_back(answers_put(l, "key", &a, 0));
	answers_free(l);
}

static void
what_takes_its_time_is_shared_with_nobody(void **state)
{
	const struct source source = { .name = one_name };
	struct request r = { .method = "GET",
		.path = "/pid/7/debug/pprof/heap" };
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	assert_true(routes_key(&source, &r, &a));
	r.n_parameters = 1;
	r.parameters[0] = (struct parameter){ "debug", "1" };
	assert_true(routes_key(&source, &r, &b));
	assert_string_not_equal(buf_text(&a), buf_text(&b));
	r.parameters[0].name = "seconds";
	assert_false(routes_key(&source, &r, &b));
	r.n_parameters = 0;
	r.path = "/pid/7/debug/pprof/profile";
	assert_false(routes_key(&source, &r, &b));
	r.path = "/pid/7/flame/cpu";
	assert_false(routes_key(&source, &r, &b));
	r.path = "/debug/pprof/symbol";
	r.method = "POST";
	assert_false(routes_key(&source, &r, &b));
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_loopback_or_listed),
		cmocka_unit_test(origins_are_those_of_our_own_pages),
		cmocka_unit_test(tokens_are_taken_as_bearer_and_as_password),
		cmocka_unit_test(metrics_are_escaped_and_grouped),
		cmocka_unit_test(names_in_the_flame_page_are_text),
		cmocka_unit_test(a_route_without_a_process_says_so),
		cmocka_unit_test(gos_names_lead_to_ours),
		cmocka_unit_test(seconds_of_a_cpu_profile_are_as_in_go),
		cmocka_unit_test(what_is_not_measured_is_said_and_not_made_up),
		cmocka_unit_test(threads_are_written_as_go_writes_a_panic),
		cmocka_unit_test(plots_have_round_scales_and_gaps),
		cmocka_unit_test(
		    an_answer_is_made_once_for_all_who_ask_meanwhile),
		cmocka_unit_test(cheap_answers_and_errors_are_made_anew),
		cmocka_unit_test(what_takes_its_time_is_shared_with_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
