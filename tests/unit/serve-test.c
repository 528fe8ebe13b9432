/* SPDX-License-Identifier: MIT */
/* The guard, the routes without a socket, metrics, and the flame page. */
#include "config.h"

#include "encode/html.h"
#include "encode/prom.h"
#include "serve/guard.h"
#include "serve/routes.h"

#include <math.h>
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
