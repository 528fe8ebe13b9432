/* SPDX-License-Identifier: MIT */
/* ullage serve: profiles, metrics and pages over HTTP. */
#include "config.h"

#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/serve_drop.h"
#include "cmd/serve_metrics.h"
#include "cmd/serve_source.h"
#include "serve/serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	{ 0, "smaps", OPT_FLAG, NULL,
	    "account for every mapping of processes above 1 GiB, too", false },
	{ 0, "debug-dirs", OPT_TEXT, "DIRS",
	    "where separate debug files are (default /usr/lib/debug)", false },
	OPTION_END,
};

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
run(struct serving *s, bool maps, const sigset_t *ends)
{
	const struct timespec tick = { TICK_SECONDS, 0 };

	do
		serve_metrics_tick(&s->targets, maps);
	while (sigtimedwait(ends, NULL, &tick) < 0);
}

/* The socket is open: from now on less will do. */
static int
opened(void *arg, struct err *e)
{
	struct serving *s = arg;
	uint32_t uid;

	return serve_drop(&s->targets, &uid, e);
}

static int
serve_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct serving s = { .debug_dirs = option_text(o, "debug-dirs") };
	struct serve_options how = { .opened = opened, .opened_arg = &s };
	struct server *server = NULL;
	char *line, *token = NULL;
	sigset_t ends;
	int rc = -1;

	(void)cmd;
	serve_source_init(&s, option_given(o, "all-agents") ||
	    operand_count(o) == 0);
	/* Before any thread is there, so that all of them block these. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (set_up(&s, o, &how, &token, e) == 0 &&
	    (server = server_start(&how, &s.source, e)) != NULL) {
		line = xasprintf("listening on %s\n", server_url(server));
		rc = output_write(NULL, line, strlen(line), e);
		free(line);
		if (rc == 0)
			run(&s, option_given(o, "smaps"), &ends);
	}
	server_stop(server);
	serve_source_fini(&s);
	free(token);
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
