/* SPDX-License-Identifier: MIT */
/*
 * ullage attach: the agent into a process that runs. Where one is in it
 * already and quiet, it is only told to start again.
 */
#include "config.h"

#include "cmd/cmd.h"
#include "base/escape.h"
#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/agent_options.h"
#include "cmd/agent_path.h"
#include "cmd/attach_words.h"
#include "cmd/trim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

static const struct option_spec attach_options[] = {
	{ 0, "copy-in", OPT_TEXT, "DIR",
	    "folder of the target's root to put the library into", false },
	{ 0, "wait", OPT_DURATION, "TIME",
	    "how long to look for a safe point (default 2s)", false },
	{ 0, "seconds", OPT_DURATION, "TIME", "detach after that long", false },
	{ 0, "lease", OPT_DURATION, "TIME",
	    "go quiet when nobody has looked for so long", false },
	OPTION_END,
};

static enum attach_follow
read_follow(const char *text)
{
	if (text == NULL || strcmp(text, "all") == 0)
		return ATTACH_FOLLOW_ALL;
	return strcmp(text, "fork") == 0 ? ATTACH_FOLLOW_FORK :
					   ATTACH_FOLLOW_NONE;
}

static int
read_want(const struct options *o, struct attach_want *w, struct err *e)
{
	uint64_t seconds = option_value(o, "seconds", 0);

	memset(w, 0, sizeof *w);
	w->interval = option_value(o, "interval", 512 << 10);
	w->memory_limit = option_value(o, "memory-limit", 0);
	w->wait_ns = option_value(o, "wait", 0);
	/* If we are killed meanwhile it shall not go on for ever. */
	w->lease_ns = option_value(o, "lease",
	    seconds != 0 ? seconds + 10 * SECOND : 0);
	w->dir = option_text(o, "dir");
	if (option_given(o, "copy-in") && option_text(o, "copy-in")[0] != '/')
		return err_set(e, ERR_USAGE,
		    "--copy-in needs an absolute path in the target's root");
	w->follow = read_follow(option_text(o, "follow"));
	return agent_options_check(o, &w->trim, e);
}

/* ---- what came of it --------------------------------------------------------- */

static void
say_slots(const struct presence *p, struct buf *text)
{
	if (!p->attached)
		return;
	buf_printf(text, "%llu call slots of %llu objects lead to the agent",
	    (unsigned long long)p->slots, (unsigned long long)p->objects);
	if (p->foreign + p->unbound + p->refused > 0)
		buf_printf(text,
		    "; left alone: %llu that lead elsewhere, %llu not bound "
		    "yet, %llu that cannot be written",
		    (unsigned long long)p->foreign,
		    (unsigned long long)p->unbound,
		    (unsigned long long)p->refused);
	buf_puts(text, "\nnot seen: what was allocated, opened or started "
		       "before\n");
}

static void
say_attached(const struct target *t, const struct attach_outcome *out,
    struct buf *text)
{
	struct presence p;
	struct err ignored;
	char total[32];

	buf_printf(text, "attached to %d (", t->pid);
	escape_terminal(text, t->process.name, strlen(t->process.name));
	buf_puts(text, "): ");
	if (out->tid != 0) {
		attach_words_stop(out, text);
		buf_printf(text, "; %s after %s\n",
		    out->answer == 0 ? "armed" : "answered",
		    attach_words_ms(total, out->total_ns));
	}
	if (out->answer != 0)
		buf_printf(text, "the agent: %s\n", out->said);
	if (presence_read(t, &p, &ignored) == 0)
		say_slots(&p, text);
}

/* ---- an agent that is there ------------------------------------------------------ */

/* 1: nothing more to do, 0: it has to be armed, -1: e. */
static int
by_words(struct target **t, struct buf *text, struct err *e)
{
	struct presence p;

	if ((*t)->segment < 0 || presence_read(*t, &p, e) < 0)
		return 0;
	if (p.state == PRESENCE_ARMED && !p.told) {
		buf_printf(text, "attached to %d already: the agent was %s\n",
		    (*t)->pid, p.attached ? "attached" : "preloaded");
		return 1;
	}
	if (p.attached && p.state == PRESENCE_DORMANT)
		return 0;
	if (presence_start(*t, e) < 0)
		return -1;
	if (!attach_words_wait(t, PRESENCE_ARMED))
		buf_puts(text,
		    "the agent was told to start again; it does so at the "
		    "process's next allocations\n");
	else
		buf_printf(text,
		    "attached to %d again: the agent that was %s has started "
		    "anew, without a stop\n",
		    (*t)->pid, p.attached ? "attached" : "preloaded");
	return 1;
}

static int
by_injection(struct target **t, const char *library, const char *copy_in,
    const struct attach_want *want, struct buf *text, struct err *e)
{
	struct preflight_want how = { library, copy_in, want->dir, true };
	struct attach_outcome out;
	struct preflight p;
	char number[16];

	if (preflight((*t)->pid, &how, &p, e) < 0 ||
	    attach_words_obstacle(&p, e) < 0)
		return -1;
	if (p.copied)
		buf_printf(text, "the library was copied to %s of its root\n",
		    p.path);
	if (attach_arm((*t)->pid, p.path, want, &out, e) < 0)
		return -1;
	snprintf(number, sizeof number, "%d", (*t)->pid);
	target_free(*t);
	*t = target_find(number, e);
	if (*t == NULL)
		return -1;
	say_attached(*t, &out, text);
	return 0;
}

/* ---- for a while -------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void
on_signal(int sig)
{
	interrupted = sig;
}

/* Until the time is over or somebody presses Ctrl-C; then it detaches. */
static int
stay(const struct target *t, uint64_t ns, uint64_t wait_ns, struct buf *text,
    struct err *e)
{
	struct timespec left = { (time_t)(ns / SECOND), (long)(ns % SECOND) };
	struct sigaction act = { .sa_handler = on_signal };
	char number[16];

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	while (interrupted == 0 && nanosleep(&left, &left) < 0 &&
	    errno == EINTR)
		;
	snprintf(number, sizeof number, "%d", t->pid);
	return detach_from(number, wait_ns, text, e);
}

/* ---- the command ---------------------------------------------------------------------- */

static int
print(const struct options *o, struct buf *text, struct err *e)
{
	int rc = 0;

	if (!cmd_quiet(o))
		rc = output_write(NULL, text->bytes, text->len, e);
	buf_free(text);
	return rc;
}

/* A zombie is told apart from one that is gone altogether. */
static struct target *
find(const char *pid_or_name, struct err *e)
{
	struct target *t = target_find(pid_or_name, e);
	struct preflight_want how = { .library = "" };
	struct preflight p;
	struct err second;
	int32_t pid;

	if ((t == NULL || !t->alive) &&
	    target_pid(pid_or_name, &pid, &second) == 0 &&
	    preflight(pid, &how, &p, &second) == 0 &&
	    attach_words_obstacle(&p, e) < 0) {
		target_free(t);
		return NULL;
	}
	return t;
}

/* 1: there was an agent already. */
static int
do_attach(struct target **t, const char *copy_in,
    const struct attach_want *want, struct buf *text, struct err *e)
{
	char *library;
	int rc;

	if (!(*t)->alive)
		return err_set(e, ERR_GONE, "process %d has ended", (*t)->pid);
	if ((library = agent_path(e)) == NULL)
		return -1;
	if ((rc = by_words(t, text, e)) == 0)
		rc = by_injection(t, library, copy_in, want, text, e);
	free(library);
	return rc;
}

int
attach_to(const char *pid_or_name, struct buf *text, struct err *e)
{
	const struct attach_want usual = { .interval = 512 << 10,
		.trim = KNOB_OFF, .follow = ATTACH_FOLLOW_ALL };
	struct target *t = find(pid_or_name, e);
	int rc = t == NULL ? -1 : do_attach(&t, NULL, &usual, text, e);

	target_free(t);
	return rc < 0 ? -1 : 0;
}

static int
attach_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct buf text = BUF_INIT;
	struct attach_want want;
	struct target *t;
	int rc;

	(void)cmd;
	if (read_want(o, &want, e) < 0)
		return -1;
	t = find(operand(o, 0), e);
	rc = t == NULL ? -1 :
	    do_attach(&t, option_text(o, "copy-in"), &want, &text, e);
	if (rc >= 0 && (want.trim != KNOB_OFF || want.memory_limit != 0))
		trim_base(o, t);
	if (rc > 0)
		rc = agent_options_apply(o, t, &text, e);
	if (rc == 0)
		rc = print(o, &text, e);
	if (rc == 0 && option_given(o, "seconds")) {
		fflush(stdout);
		rc = stay(t, option_value(o, "seconds", 0), want.wait_ns,
		    &text, e);
		if (rc == 0)
			rc = print(o, &text, e);
	}
	buf_free(&text);
	target_free(t);
	return rc;
}

const struct cmd cmd_attach = {
	.name = "attach",
	.operands = "PID",
	.summary = "put the agent into a process that runs",
	.details = "One thread that waits in a known call is stopped for a "
		   "fraction of a millisecond.\nWhere that is not safe it is "
		   "refused; ullage check tells beforehand.",
	.options = { agent_options, attach_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = attach_run,
};
