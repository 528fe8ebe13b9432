/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/routes.h"

#include <stdlib.h>
#include <string.h>

static void
healthz(struct visit *v, struct answer *a)
{
	struct err e;
	int32_t *pids = NULL;
	size_t n;

	if (v->routes->source->pids(v->routes->source->arg, &pids, &n, &e) <
	    0) {
		answer_err(a, &e);
		a->status = 503;
		return;
	}
	free(pids);
	buf_printf(&a->body, "ok, %zu process%s\n", n, n == 1 ? "" : "es");
}

static void
metrics(struct visit *v, struct answer *a)
{
	const char *accept = v->request->accept;
	struct metrics *m = metrics_new();
	bool open = accept != NULL &&
	    strstr(accept, "application/openmetrics-text") != NULL;

	v->routes->source->metrics(v->routes->source->arg, m);
	metrics_write(m, open, &a->body);
	a->type = open ? METRICS_TYPE_OPEN : METRICS_TYPE_TEXT;
	metrics_free(m);
}

/* To the same with a slash, so that the page's links lead below it. */
static void
add_slash(struct visit *v, struct answer *a)
{
	const char *path = v->request->path;

	if (strlen(path) + 2 > sizeof a->location) {
		answer_error(a, 404, "there is no such page");
		return;
	}
	strcpy(a->location, path);
	strcat(a->location, "/");
	a->status = 301;
}

/*
 * The path, whether it stands below /pid/PID, and whether more may follow; the
 * first row that fits counts.
 */
static const struct route {
	const char *path;
	enum { GLOBAL = 1, PROCESS = 2 } where;
	bool more;
	void (*handle)(struct visit *v, struct answer *a);
} table[] = {
	{ "/", GLOBAL, false, page_overview },
	{ "/", PROCESS, false, page_process },
	{ "", PROCESS, false, add_slash },
	{ "/healthz", GLOBAL, false, healthz },
	{ "/metrics", GLOBAL, false, metrics },
	{ "/assets/", GLOBAL, true, page_asset },
	{ "/flame/", GLOBAL | PROCESS, true, page_flame },
	{ "/debug/pprof", GLOBAL | PROCESS, false, add_slash },
	{ "/debug/pprof/", GLOBAL | PROCESS, false, pprof_index },
	{ "/debug/pprof/cmdline", GLOBAL | PROCESS, false, pprof_cmdline },
	{ "/debug/pprof/symbol", GLOBAL | PROCESS, false, pprof_symbol },
	{ "/debug/pprof/", GLOBAL | PROCESS, true, pprof_profile },
};

/* Takes "/pid/PID" off the path. */
static const char *
split_pid(const char *path, int32_t *pid)
{
	long n = 0;
	const char *s;

	*pid = 0;
	if (strncmp(path, "/pid/", 5) != 0)
		return path;
	for (s = path + 5; *s >= '0' && *s <= '9' && n < 100000000; s++)
		n = n * 10 + (*s - '0');
	if (n == 0 || path[5] == '0' || (*s != '/' && *s != '\0'))
		return path;
	*pid = (int32_t)n;
	return s;
}

void
routes_answer(const struct routes *routes, const struct request *r,
    struct answer *a)
{
	struct visit v = { .routes = routes, .request = r };
	const char *path = split_pid(r->path, &v.pid);
	unsigned where = v.pid != 0 ? PROCESS : GLOBAL;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t n = strlen(table[i].path);

		if ((table[i].where & where) == 0 ||
		    strncmp(path, table[i].path, n) != 0 ||
		    (path[n] != '\0' && !table[i].more))
			continue;
		v.rest = path + n;
		table[i].handle(&v, a);
		return;
	}
	answer_error(a, 404, "there is no such page; / lists what there is");
}

/* Serves it, and still runs? */
static int
known(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	char name[64];
	struct err e;

	if (s->name(s->arg, v->pid, name, &e) == 0)
		return 0;
	answer_err(a, &e);
	return -1;
}

int
visit_pid(struct visit *v, struct answer *a)
{
	const struct source *s = v->routes->source;
	int32_t *pids;
	struct err e;
	size_t n;

	if (v->pid != 0)
		return known(v, a);
	if (s->pids(s->arg, &pids, &n, &e) < 0) {
		answer_err(a, &e);
		return -1;
	}
	if (n == 1)
		v->pid = pids[0];
	free(pids);
	if (n == 1)
		return known(v, a);
	if (n == 0)
		answer_error(a, 404,
		    "no process is served now: none has an agent, or it has "
		    "ended");
	else
		answer_error(a, 404,
		    "%zu processes are served here; name one: "
		    "/pid/PID%s",
		    n, v->request->path);
	return -1;
}

/* The process that it is about, if it is about one, is served and runs. */
static bool
is_there(const struct source *source, const struct request *r)
{
	const struct routes routes = { .source = source };
	struct visit v = { .routes = &routes, .request = r };
	struct answer ignored = ANSWER_INIT;
	const char *path = split_pid(r->path, &v.pid);
	bool there = true;

	if (strncmp(path, "/debug/", 7) == 0 ||
	    strncmp(path, "/flame/", 7) == 0 || v.pid != 0)
		there = visit_pid(&v, &ignored) == 0;
	answer_free(&ignored);
	return there;
}

bool
routes_key(const struct source *source, const struct request *r,
    struct buf *key)
{
	const char *last = strrchr(r->path, '/');

	/* What takes its time is watched for one asker; a second CPU profile
	 * is refused. */
	if (strcmp(r->method, "POST") == 0 || last == NULL ||
	    strcmp(pprof_kind(last + 1), "cpu") == 0 ||
	    request_parameter(r, "seconds") != NULL || !is_there(source, r))
		return false;
	buf_puts(key, r->path);
	for (size_t i = 0; i < r->n_parameters; i++)
		buf_printf(key, "\n%s\n%s", r->parameters[i].name,
		    r->parameters[i].value != NULL ? r->parameters[i].value :
						     "");
	if (strcmp(r->path, "/metrics") == 0 && r->accept != NULL)
		buf_printf(key, "\n\n%s", r->accept);
	return true;
}
