/* SPDX-License-Identifier: MIT */
/*
 * /debug/pprof/: the routes of Go's net/http/pprof, with its parameters,
 * headers and sentences, so that what scrapes a Go service can scrape this.
 */
#include "config.h"

#include "base/units.h"
#include "base/xalloc.h"
#include "encode/encode.h"
#include "profile/ops.h"
#include "serve/debug_text.h"
#include "serve/pages.h"
#include "serve/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses of one look-up of names. */
#define SYMBOLS_MAX 10000

/* Of a CPU profile without ?seconds=; pprof gives up after 60. */
#define CPU_SECONDS 30

/* Go's names, and the kinds of ours that answer to them. */
static const struct {
	const char *go, *kind, *missing;
} aliases[] = {
	{ "goroutine", "threads", "there is no profile of threads" },
	{ "threadcreate", "threadcreate",
	    "there is no profile of thread creation" },
	{ "fds", "fds", "there is no profile of descriptors" },
	{ "block", "contention",
	    "waiting for locks is not measured by this version" },
	{ "mutex", "contention",
	    "waiting for locks is not measured by this version" },
	{ "contention", "contention",
	    "waiting for locks is not measured by this version" },
	{ "profile", "cpu", "there is no CPU profile" },
	{ "cpu", "cpu", "there is no CPU profile" },
	{ "trace", "trace", "execution traces exist for Go programs only" },
};

#define N_ALIASES (sizeof aliases / sizeof *aliases)

static const struct source_kind *
kind_of(const struct visit *v, const char *name)
{
	const struct source_kind *k = v->routes->source->kinds;

	for (; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

const char *
pprof_kind(const char *route)
{
	for (size_t i = 0; i < N_ALIASES; i++)
		if (strcmp(aliases[i].go, route) == 0)
			return aliases[i].kind;
	return route;
}

void
pprof_index(struct visit *v, struct answer *a)
{
	const struct source_kind *k;

	if (visit_pid(v, a) < 0)
		return;
	page_begin(v, a, "/debug/pprof/");
	buf_puts(&a->body, "<p>Set debug=1 in the query for a text.</p>\n"
			   "<table>\n<tr><th>profile<th><th>\n");
	for (k = v->routes->source->kinds; k->name != NULL; k++)
		buf_printf(&a->body,
		    "<tr><td><a href=\"%s\">%s</a><td><a "
		    "href=\"%s?debug=1\">text</a><td>%s\n",
		    k->name, k->name, k->name, k->summary);
	buf_puts(&a->body,
	    "<tr><td><a href=\"cmdline\">cmdline</a><td><td>the command line "
	    "of the process\n</table>\n");
	page_end(a);
}

void
pprof_cmdline(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	struct err e;

	if (visit_pid(v, a) < 0)
		return;
	if (s->cmdline(s->arg, v->pid, &a->body, &e) < 0) {
		answer_err(a, &e);
		return;
	}
	/* Go joins with NULs and ends without one. */
	if (a->body.len > 0 && a->body.bytes[a->body.len - 1] == '\0')
		a->body.len--;
}

/* Takes the next address off a text like "0x1+0x2"; false at the end. */
static bool
next_address(const char **text, uint64_t *address)
{
	char *end;

	*text += strspn(*text, "+ \r\n\t");
	if (**text == '\0')
		return false;
	*address = strtoull(*text, &end, 0);
	if (end == *text)
		end += strcspn(end, "+ \r\n\t");
	*text = end;
	return true;
}

static void
add_symbol(void *arg, uint64_t address, const char *name)
{
	struct answer *a = arg;

	buf_printf(&a->body, "%#llx %s\n", (unsigned long long)address, name);
}

void
pprof_symbol(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	const struct request *r = v->request;
	const char *text = r->body;
	uint64_t *addresses, address;
	struct err e;
	size_t n = 0;

	if (visit_pid(v, a) < 0)
		return;
	if (strcmp(r->method, "POST") != 0)
		text = r->n_parameters > 0 ? r->parameters[0].name : "";
	addresses = xcalloc(SYMBOLS_MAX, sizeof *addresses);
	while (n < SYMBOLS_MAX && next_address(&text, &address))
		if (address != 0)
			addresses[n++] = address;
	/* Go's way to say that there are names: the number itself is unused. */
	buf_puts(&a->body, "num_symbols: 1\n");
	if (s->symbols(s->arg, v->pid, addresses, n, add_symbol, a, &e) < 0)
		answer_err(a, &e);
	free(addresses);
}

static struct profile *
cpu_profile(struct visit *v, uint64_t seconds, struct answer *a)
{
	const struct source *s = v->routes->source;
	struct profile *p;
	bool busy = false;
	struct err e;

	/* It takes a long time, and hardly anything else. */
	if (!v->routes->wait(v->routes->wait_arg, 0, &e)) {
		answer_error(a, 503, "%s", e.text);
		return NULL;
	}
	p = s->cpu(s->arg, v->pid, seconds * 1000000000u, v->routes->stop,
	    &busy, &e);
	if (p != NULL)
		return p;
	/* In Go's words, which scrapers know. */
	if (busy)
		answer_error(a, 500, "Could not enable CPU profiling: cpu "
				     "profiling already in use");
	else
		answer_err(a, &e);
	return NULL;
}

struct profile *
visit_profile(struct visit *v, const char *kind, uint64_t seconds,
    struct answer *a)
{
	const struct source *s = v->routes->source;
	struct profile *before, *p, *change = NULL;
	struct err e;

	if (strcmp(kind, "cpu") == 0)
		return cpu_profile(v, seconds, a);
	p = s->profile(s->arg, v->pid, kind, &e);
	if (p == NULL)
		goto failed;
	if (seconds == 0)
		return p;
	before = p;
	p = NULL;
	if (v->routes->wait(v->routes->wait_arg, seconds * 1000000000u, &e)) {
		p = s->profile(s->arg, v->pid, kind, &e);
		if (p != NULL)
			change = profile_diff(p, before, &e);
	} else {
		answer_error(a, 503, "%s", e.text);
		profile_free(before);
		return NULL;
	}
	profile_free(before);
	profile_free(p);
	if (change == NULL)
		goto failed;
	change->duration_ns = (int64_t)(seconds * 1000000000u);
	return change;
failed:
	answer_err(a, &e);
	return NULL;
}

/* Go's goroutine profile counts goroutines, by that name. */
static void
rename_type(struct profile *p, const char *route)
{
	if (strcmp(route, "goroutine") != 0 || p->n_types == 0)
		return;
	p->types[p->n_types - 1].type = profile_string(p, "goroutine");
	p->period_type.type = p->types[p->n_types - 1].type;
}

static void
write_profile(struct profile *p, const char *route, uint64_t debug,
    uint64_t seconds, struct answer *a)
{
	struct encode_options how = { .type = -1 };
	bool stacks = strcmp(pprof_kind(route), "threads") == 0;
	struct err e;

	rename_type(p, route);
	if (debug == 1 || (debug > 1 && stacks)) {
		(debug == 1 ? debug_text : debug_stacks)(p, route, &a->body);
		return;
	}
	if (encoder_find(debug > 1 ? "text" : "pprof")->write(&a->body, p, &how, &e) < 0) {
		answer_err(a, &e);
		return;
	}
	if (debug > 0)
		return;
	a->type = "application/octet-stream";
	snprintf(a->filename, sizeof a->filename, "%.40s%s", route,
	    seconds > 0 && strcmp(pprof_kind(route), "cpu") != 0 ?
		"-delta" : "");
}

static int
too_long(uint64_t seconds, struct answer *a)
{
	if (seconds <= ROUTE_SECONDS_MAX)
		return 0;
	answer_error(a, 400, "profile duration exceeds this server's limit of "
			     "%d seconds", ROUTE_SECONDS_MAX);
	return -1;
}

/* Go takes what is no number of seconds for thirty here. */
static int
cpu_parameters(const struct request *r, uint64_t *seconds, struct answer *a)
{
	const char *text = request_parameter(r, "seconds");

	if (text == NULL ||
	    !units_parse_number(text, 1, UINT32_MAX, seconds))
		*seconds = CPU_SECONDS;
	return too_long(*seconds, a);
}

/* Reads seconds and debug as Go does; -1 with its refusal. */
static int
parameters(const struct request *r, uint64_t *seconds, uint64_t *debug,
    struct answer *a)
{
	const char *text = request_parameter(r, "seconds");
	const char *level = request_parameter(r, "debug");

	*seconds = *debug = 0;
	if (level != NULL)
		units_parse_number(level, 0, INT32_MAX, debug);
	if (text == NULL || *text == '\0')
		return 0;
	if (!units_parse_number(text, 1, UINT32_MAX, seconds)) {
		answer_error(a, 400, "invalid value for \"seconds\" - must be "
				     "a positive integer");
		return -1;
	}
	if (*debug != 0) {
		answer_error(a, 400,
		    "seconds and debug params are incompatible");
		return -1;
	}
	return too_long(*seconds, a);
}

/* What Go has, or we will have, is told apart from what never was: an empty
 * profile in its place would say that nothing waited. */
static void
unknown(const char *route, struct answer *a)
{
	for (size_t i = 0; i < N_ALIASES; i++)
		if (strcmp(aliases[i].go, route) == 0) {
			answer_error(a, 501, "%s: %s", route,
			    aliases[i].missing);
			return;
		}
	answer_error(a, 404, "Unknown profile");
}

/*
 * gc=1 is understood and does nothing: what is freed is never in a profile of
 * ours, so there is nothing to collect first, and nothing that is asked over
 * HTTP changes a process.
 */
void
pprof_profile(struct visit *v, struct answer *a)
{
	const char *kind = pprof_kind(v->rest);
	uint64_t seconds, debug = 0;
	struct profile *p;

	if (visit_pid(v, a) < 0)
		return;
	if (kind_of(v, kind) == NULL) {
		unknown(v->rest, a);
		return;
	}
	if (strcmp(kind, "cpu") == 0 ?
		cpu_parameters(v->request, &seconds, a) < 0 :
		parameters(v->request, &seconds, &debug, a) < 0)
		return;
	p = visit_profile(v, kind, seconds, a);
	if (p != NULL)
		write_profile(p, v->rest, debug, seconds, a);
	profile_free(p);
}
