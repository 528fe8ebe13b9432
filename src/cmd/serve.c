/* SPDX-License-Identifier: MIT */
/* ullage serve: profiles, metrics and pages over HTTP. */
#include "config.h"

#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/serve_metrics.h"
#include "cmd/serve_tables.h"
#include "cmd/serve_targets.h"
#include "profile/kind.h"
#include "profile/symbolize.h"
#include "serve/serve.h"
#include "target/snapshot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CMDLINE_MAX (1 << 20)
#define TICK_SECONDS 2

static const struct option_spec serve_options[] = {
	{ 0, "listen", OPT_TEXT, "ADDRESS",
	    "ADDRESS:PORT or unix:PATH (default 127.0.0.1:6060)", false },
	{ 0, "all-agents", OPT_FLAG, NULL,
	    "serve every process that has an agent, also later ones", false },
	{ 0, "token", OPT_TEXT, "TOKEN", "answer only who sends it", false },
	{ 0, "token-file", OPT_TEXT, "FILE",
	    "the same, from the first line of FILE", false },
	{ 0, "allow-remote", OPT_FLAG, NULL,
	    "let other machines ask without a token", false },
	{ 0, "host", OPT_TEXT, "NAME",
	    "a further name that this server goes by (again for more)", true },
	{ 0, "debug-dirs", OPT_TEXT, "DIRS",
	    "where separate debug files are (default /usr/lib/debug)", false },
	OPTION_END,
};

struct serving {
	struct serve_targets targets;
	const char *debug_dirs;
};

/* ---- what the server asks ------------------------------------------------------ */

static int
get_pids(void *arg, int32_t **pids, size_t *n, struct err *e)
{
	struct serving *s = arg;
	struct watched **list;

	(void)e;
	*n = serve_targets_all(&s->targets, &list);
	*pids = xcalloc(*n + 1, sizeof **pids);
	for (size_t i = 0; i < *n; i++) {
		(*pids)[i] = list[i]->pid;
		serve_targets_put(&s->targets, list[i]);
	}
	free(list);
	return 0;
}

static int
get_name(void *arg, int32_t pid, char out[64], struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);

	if (w == NULL)
		return -1;
	snprintf(out, 64, "%s", w->name);
	serve_targets_put(&s->targets, w);
	return 0;
}

/* Locked; kept across requests, so that the second finds its names. */
static struct symbolizer *
names_of(const struct serving *s, struct watched *w)
{
	if (w->names == NULL)
		w->names = symbolizer_new(w->t->root, s->debug_dirs, w->pid,
		    w->t->process.ns_pid);
	return w->names;
}

static struct profile *
build(const struct serving *s, struct watched *w, const struct kind *kind,
    struct err *e)
{
	struct snapshot *shot;
	struct profile *p;

	if (target_need_agent(w->t, e) < 0) {
		e->status = ERR_GONE;
		return NULL;
	}
	if ((shot = kind_snapshot(kind, w->t, e)) == NULL)
		return NULL;
	p = kind->build(shot);
	snapshot_free(shot);
	profile_symbolize(p, names_of(s, w));
	return p;
}

static struct profile *
get_profile(void *arg, int32_t pid, const char *name, struct err *e)
{
	const struct kind *kind = kind_find(name);
	struct serving *s = arg;
	struct profile *p = NULL;
	struct watched *w;

	if (kind == NULL) {
		err_set(e, ERR_GONE, "Unknown profile");
		return NULL;
	}
	if ((w = serve_targets_get(&s->targets, pid, e)) == NULL)
		return NULL;
	if (watched_lock(w, e) == 0) {
		p = build(s, w, kind, e);
		watched_unlock(w);
	}
	serve_targets_put(&s->targets, w);
	return p;
}

static int
get_cmdline(void *arg, int32_t pid, struct buf *out, struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);
	char path[64];
	int rc;

	if (w == NULL)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	rc = buf_read_file(out, path, CMDLINE_MAX, e);
	serve_targets_put(&s->targets, w);
	return rc;
}

static void
add_name(void *arg, const struct symbol_frame *frames, size_t n)
{
	/* The outermost: the function that the address is in. */
	if (n > 0)
		buf_puts(arg, frames[n - 1].name);
}

static void
look_up(const struct serving *s, struct watched *w, const struct snapshot *shot,
    uint64_t address, struct buf *out)
{
	for (size_t i = shot->n_modules; i-- > 0;) {
		const struct snapshot_module *m = &shot->modules[i];
		struct symbol_module module = { .path = *m->path != '\0' ?
			    m->path : shot->exe,
			.build_id = m->build_id, .bias = m->bias,
			.start = m->start, .limit = m->end };

		if (address < m->start || address >= m->end)
			continue;
		symbolizer_lookup(names_of(s, w), &module, address, add_name,
		    out);
		return;
	}
}

static int
get_symbol(void *arg, int32_t pid, uint64_t address, struct buf *out,
    struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);
	struct snapshot *shot = NULL;
	int rc = -1;

	if (w == NULL)
		return -1;
	if (watched_lock(w, e) == 0) {
		if (w->t->segment >= 0)
			shot = snapshot_take(w->t, e);
		if (shot != NULL)
			look_up(s, w, shot, address, out);
		snapshot_free(shot);
		watched_unlock(w);
		rc = 0;
	}
	serve_targets_put(&s->targets, w);
	return rc;
}

static void
get_metrics(void *arg, struct metrics *m)
{
	serve_metrics(&((struct serving *)arg)->targets, m);
}

static struct table *
get_overview(void *arg)
{
	return serve_overview(&((struct serving *)arg)->targets);
}

static int
get_sections(void *arg, int32_t pid, source_section_fn *fn, void *fn_arg,
    struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);
	int rc = -1;

	if (w == NULL)
		return -1;
	if (watched_lock(w, e) == 0) {
		rc = serve_sections(w, fn, fn_arg, e);
		watched_unlock(w);
	}
	serve_targets_put(&s->targets, w);
	return rc;
}

/* ---- the command ------------------------------------------------------------- */

static struct source_kind *
list_kinds(void)
{
	struct source_kind *list;
	size_t n = 0;

	while (kinds[n] != NULL)
		n++;
	list = xcalloc(n + 1, sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct source_kind){ kinds[i]->name,
			kinds[i]->summary };
	return list;
}

static int
read_token(const char *path, char **token, struct err *e)
{
	struct buf text = BUF_INIT;

	if (buf_read_file(&text, path, 4096, e) < 0) {
		buf_free(&text);
		return -1;
	}
	*token = xstrdup(buf_text(&text));
	(*token)[strcspn(*token, "\r\n")] = '\0';
	buf_free(&text);
	return 0;
}

static int
set_up(struct serving *s, const struct options *o, struct serve_options *how,
    char **token, struct err *e)
{
	how->listen = option_given(o, "listen") ? option_text(o, "listen") :
	    "127.0.0.1:6060";
	how->allow_remote = option_given(o, "allow-remote");
	how->token = option_text(o, "token");
	how->n_hosts = option_all(o, "host", &how->hosts);
	if (option_given(o, "token-file")) {
		if (read_token(option_text(o, "token-file"), token, e) < 0)
			return -1;
		how->token = *token;
	}
	if (how->token != NULL && *how->token == '\0')
		return err_set(e, ERR_USAGE, "the token is empty");
	for (size_t i = 0; i < operand_count(o); i++)
		if (serve_targets_name(&s->targets, operand(o, i), e) < 0)
			return -1;
	return 0;
}

/* Until a signal asks for the end; the trends get their samples meanwhile. */
static void
run(struct serving *s, const sigset_t *ends)
{
	const struct timespec tick = { TICK_SECONDS, 0 };

	do
		serve_metrics_tick(&s->targets);
	while (sigtimedwait(ends, NULL, &tick) < 0);
}

static int
serve_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct source_kind *list = list_kinds();
	struct serving s = { .debug_dirs = option_text(o, "debug-dirs") };
	struct source source = { &s, list, get_pids, get_name, get_profile,
		get_cmdline, get_symbol, get_metrics, get_overview,
		get_sections };
	struct serve_options how = { .listen = NULL };
	struct server *server = NULL;
	char *line, *token = NULL;
	sigset_t ends;
	int rc = -1;

	(void)cmd;
	serve_targets_init(&s.targets, option_given(o, "all-agents") ||
	    operand_count(o) == 0);
	/* Before any thread is there, so that all of them block these. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (set_up(&s, o, &how, &token, e) == 0 &&
	    (server = server_start(&how, &source, e)) != NULL) {
		line = xasprintf("listening on %s\n", server_url(server));
		rc = output_write(NULL, line, strlen(line), e);
		free(line);
		if (rc == 0)
			run(&s, &ends);
	}
	server_stop(server);
	serve_targets_fini(&s.targets);
	free(token);
	free(list);
	return rc;
}

const struct cmd cmd_serve = {
	.name = "serve",
	.operands = "[PID...]",
	.summary = "serve profiles, metrics and pages over HTTP",
	.details = "Without PID, every process that has an agent is served, "
		   "also those that start later.",
	.options = { serve_options, common_options },
	.min_operands = 0,
	.max_operands = -1,
	.run = serve_run,
};
