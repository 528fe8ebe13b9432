/* SPDX-License-Identifier: MIT */
/*
 * The handling of requests, from the guard to the answer, over a source that
 * is made up. The input is a request of lines: method, path, Host, Origin,
 * Sec-Fetch-Site, Authorization, Accept, parameters (a=b&c), body; an empty
 * line is a header that was not sent. Without libFuzzer it changes good
 * requests at random, from a fixed seed, and prints one TAP line.
 */
#include "config.h"

#include "base/xalloc.h"
#include "serve/guard.h"
#include "serve/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX 8192
#define PID 4711

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* ---- a source ---------------------------------------------------------------- */

static int
pids(void *arg, int32_t **list, size_t *n, struct err *e)
{
	(void)arg;
	(void)e;
	*list = xcalloc(1, sizeof **list);
	(*list)[0] = PID;
	*n = 1;
	return 0;
}

static int
known(int32_t pid, struct err *e)
{
	return pid == PID ? 0 :
	    err_set(e, ERR_GONE, "process %d is not served", pid);
}

static int
name(void *arg, int32_t pid, char out[64], struct err *e)
{
	(void)arg;
	strcpy(out, "<script>\"\n&'");
	return known(pid, e);
}

static struct profile *
profile(void *arg, int32_t pid, const char *kind, struct err *e)
{
	struct profile_line line = { .line = 3 };
	int64_t one[2] = { 1, -1 };
	struct profile *p;
	uint32_t at;

	(void)arg;
	if (known(pid, e) < 0)
		return NULL;
	if (strcmp(kind, "broken") == 0) {
		err_set(e, ERR_FAILED, "it is broken");
		return NULL;
	}
	p = profile_new();
	profile_add_type(p, "a", "count");
	profile_add_type(p, "b", "bytes");
	line.function = profile_function(p, "</script>\r\n", "", "<!--", 0);
	at = profile_location_lines(p, 0, 0x1000, &line, 1);
	profile_add_sample(p, &at, 1, NULL, 0, one);
	return p;
}

static struct profile *
cpu(void *arg, int32_t pid, uint64_t ns, const volatile int *stop, bool *busy,
    struct err *e)
{
	if (ns == 0 || ns > UINT64_C(600000000000))
		abort();
	(void)stop;
	*busy = ns % 7 == 0;
	if (*busy)
		return NULL;
	return profile(arg, pid, "cpu", e);
}

static int
cmdline(void *arg, int32_t pid, struct buf *out, struct err *e)
{
	(void)arg;
	buf_add(out, "a\0b", 4);
	return known(pid, e);
}

static int
symbols(void *arg, int32_t pid, const uint64_t *addresses, size_t n,
    source_symbol_fn *fn, void *fn_arg, struct err *e)
{
	(void)arg;
	for (size_t i = 0; i < n; i++) {
		if (addresses[i] == 0)
			abort();
		if (addresses[i] % 3 == 0)
			fn(fn_arg, addresses[i], "main");
	}
	return known(pid, e);
}

static void
metrics(void *arg, struct metrics *m)
{
	static const struct metric_family f = { "a_total", "A.", true };

	(void)arg;
	metrics_add(m, &f, NULL, 1);
}

static struct table *
overview(void *arg)
{
	static const struct column c = { "pid", "pid", CELL_ID, "it", false,
		false };
	struct table *t = table_new(&c, 1);

	(void)arg;
	table_row(t);
	table_u64(t, 0, PID);
	return t;
}

static int
plots(void *arg, int32_t pid, bool brief, source_plot_fn *fn, void *fn_arg,
    struct err *e)
{
	static const int64_t times[] = { 0, 1 };
	static const double values[] = { 1, __builtin_nan("") };
	const struct plot_line line = { "<b>", 0, values };
	const struct plot p = { "</script>\r", PLOT_BYTES, times, 2, &line, 1 };

	(void)arg;
	(void)brief;
	fn(fn_arg, &p, NULL, NULL, 0);
	return known(pid, e);
}

static int
sections(void *arg, int32_t pid, source_section_fn *fn, void *fn_arg,
    struct err *e)
{
	struct table *t = overview(arg);

	fn(fn_arg, "<it>", NULL, t);
	table_free(t);
	return known(pid, e);
}

static const struct source_kind kinds[] = { { "heap", "x" },
	{ "threads", "x" }, { "cpu", "x" }, { "broken", "x" }, { NULL, NULL } };

static const struct source source = { .kinds = kinds, .pids = pids,
	.name = name, .profile = profile, .cpu = cpu, .cmdline = cmdline,
	.symbols = symbols, .metrics = metrics, .overview = overview,
	.plots = plots, .sections = sections };

static bool
no_wait(void *arg, uint64_t ns, struct err *e)
{
	size_t *waits = arg;

	(void)ns;
	if (++*waits % 3 == 0) {
		err_set(e, ERR_FAILED, "the server is ending");
		return false;
	}
	return true;
}

/* ---- what must hold ---------------------------------------------------------- */

/* What goes into a header must not end it. */
static void
check_header(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == '"' ||
		    *text == 0x7f)
			abort();
}

static void
check_answer(const struct answer *a)
{
	static const int statuses[] = { 200, 301, 400, 401, 403, 404, 405, 421,
		500, 501, 503 };
	size_t i = 0;

	while (i < sizeof statuses / sizeof *statuses &&
	    statuses[i] != a->status)
		i++;
	if (i == sizeof statuses / sizeof *statuses || a->type == NULL)
		abort();
	check_header(a->location);
	check_header(a->filename);
	check_header(a->type);
	/* Away from here leads nothing. */
	if (a->location[0] != '\0' &&
	    (a->location[0] != '/' || a->location[1] == '/'))
		abort();
	if (a->status >= 400 && (a->body.len < 2 || !a->pprof_error ||
				    a->body.bytes[a->body.len - 1] != '\n'))
		abort();
	if (a->page && a->body.len > 0 &&
	    strstr(buf_text((struct buf *)(uintptr_t)&a->body),
		"</script>\r") != NULL)
		abort();
}

/* Told apart without the guard's own code. */
static void
check_admitted(const struct request *r)
{
	const char *host = r->host;
	bool post = strcmp(r->method, "POST") == 0;

	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0 &&
	    (!post || strstr(r->path, "/symbol") == NULL))
		abort();
	if (host == NULL || (strncasecmp(host, "localhost", 9) != 0 &&
		strncmp(host, "127.", 4) != 0 && host[0] != '['))
		abort();
	if (r->sec_fetch_site != NULL &&
	    strstr(r->sec_fetch_site, "cross") != NULL)
		abort();
	if (r->origin != NULL && strncasecmp(r->origin, "http", 4) != 0)
		abort();
}

/* ---- from bytes -------------------------------------------------------------- */

static const char *
next_line(char **at)
{
	char *line = *at;

	*at += strcspn(line, "\n");
	if (**at != '\0')
		*(*at)++ = '\0';
	return *line != '\0' ? line : NULL;
}

static void
split_parameters(char *text, struct request *r)
{
	char *value, *save = NULL;

	for (text = strtok_r(text, "&", &save);
	     text != NULL && r->n_parameters < REQUEST_PARAMETERS_MAX;
	     text = strtok_r(NULL, "&", &save)) {
		if ((value = strchr(text, '=')) != NULL)
			*value++ = '\0';
		r->parameters[r->n_parameters++] =
		    (struct parameter){ text, value };
	}
}

static void
handle(char *text, const char *token)
{
	const struct guard guard = { .token = token };
	struct request r = { .body = "" };
	struct answer a = ANSWER_INIT;
	const char *parameters;
	size_t waits = 0;
	struct routes routes = { &source, no_wait, &waits, NULL };

	r.method = next_line(&text);
	r.path = next_line(&text);
	r.host = next_line(&text);
	r.origin = next_line(&text);
	r.sec_fetch_site = next_line(&text);
	r.authorization = next_line(&text);
	r.accept = next_line(&text);
	parameters = next_line(&text);
	r.body = text;
	if (r.method == NULL || r.path == NULL)
		return;
	if (parameters != NULL)
		split_parameters((char *)(uintptr_t)parameters, &r);
	if (guard_admit(&guard, &r, &a)) {
		check_admitted(&r);
		if (token != NULL && (r.authorization == NULL ||
			strlen(r.authorization) < 8))
			abort();
		routes_answer(&routes, &r, &a);
	} else if (a.status < 400) {
		abort();
	}
	check_answer(&a);
	answer_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *text;

	if (size >= TEXT_MAX)
		return 0;
	/* Exactly as long as it is, so that reading on is seen. */
	for (int i = 0; i < 2; i++) {
		text = xmalloc(size + 1);
		memcpy(text, input, size);
		text[size] = '\0';
		handle(text, i == 0 ? NULL : "sesame");
		free(text);
	}
	return 0;
}

#ifndef FUZZING_WITH_LIBFUZZER
static const char *const good[] = {
	"GET\n/\nlocalhost:6060\n\n\n\n\n\n",
	"GET\n/pid/4711/\n127.0.0.1\nhttp://127.0.0.1\nsame-origin\n\n\n\n",
	"GET\n/pid/4711\n[::1]:7\n\nnone\nBearer sesame\n\n\n",
	"GET\n/debug/pprof/heap\nlocalhost\n\n\nBasic eDpzZXNhbWU=\n\n"
	"seconds=1&gc=1\n",
	"GET\n/debug/pprof/goroutine\nlocalhost\n\n\n\n\ndebug=2\n",
	"GET\n/debug/pprof/profile\nlocalhost\n\n\n\n\nseconds=600\n",
	"GET\n/debug/pprof/broken\nlocalhost\n\n\n\n\ndebug=1&seconds=3\n",
	"GET\n/debug/pprof/mutex\nlocalhost\n\n\n\n\n\n",
	"POST\n/pid/4711/debug/pprof/symbol\nlocalhost\n\n\n\n\n\n"
	"0x401000+0x402003+99",
	"HEAD\n/metrics\nlocalhost\n\n\n\napplication/openmetrics-text\n\n",
	"GET\n/flame/heap\nLOCALHOST:1\n\n\n\n\njson\n",
	"GET\n/assets/flame.js\nlocalhost\n\ncross-site\n\n\n\n",
	"DELETE\n/debug/pprof\nevil.test\nhttp://evil.test\n\n\n\n\n",
	"GET\n/debug/pprof/\nlocalhost.evil.test\nnull\n\n\n\n\n",
};

static uint64_t
next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static size_t
mutate(uint64_t *state, char *text, size_t len)
{
	static const char *const pieces[] = { "..", "%00", "/", "//", "\r\n",
		"-1", "1e9", "NaN", "99999999999999999999", "seconds=",
		"debug=2", "/pid/4711", "/pid/0", "[", "]", ":", "@", "\xff",
		"0x", "+", "localhost", "Bearer ", "Basic ", "http://" };

	for (uint64_t n = next(state) % 4 + 1; n-- > 0;) {
		const char *p = pieces[next(state) %
		    (sizeof pieces / sizeof *pieces)];
		size_t at = len > 0 ? next(state) % len : 0, k = strlen(p);

		if (next(state) % 3 == 0 && len > 0) {
			text[at] = (char)next(state);
		} else if (next(state) % 2 == 0 && len > 4) {
			k = next(state) % 4;
			memmove(text + at, text + at + (at + k < len ? k : 0),
			    len - at - (at + k < len ? k : 0));
			len -= at + k < len ? k : 0;
		} else if (len + k < TEXT_MAX - 1) {
			memmove(text + at + k, text + at, len - at);
			memcpy(text + at, p, k);
			len += k;
		}
	}
	return len;
}

int
main(void)
{
	uint64_t state = 0x9e3779b97f4a7c15;
	char text[TEXT_MAX];
	size_t len;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		LLVMFuzzerTestOneInput((const uint8_t *)good[i],
		    strlen(good[i]));
	for (int i = 0; i < 60000; i++) {
		const char *from = good[next(&state) %
		    (sizeof good / sizeof *good)];

		len = strlen(from);
		memcpy(text, from, len);
		len = mutate(&state, text, len);
		LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	}
	puts("1..1\nok 1 - 60,000 requests: no other host, no header but ours");
	return 0;
}
#endif
