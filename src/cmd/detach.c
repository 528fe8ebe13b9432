/* SPDX-License-Identifier: MIT */
/*
 * ullage detach: the agent out of a process again. One that was preloaded is
 * told to go quiet, by a word; one that was attached puts back what it had
 * changed, which takes a thread of the process, as attaching did.
 */
#include "config.h"

#include "cmd/cmd.h"
#include "attach/preflight.h"
#include "base/escape.h"
#include "base/output.h"
#include "cmd/attach_words.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec detach_options[] = {
	{ 0, "wait", OPT_DURATION, "TIME",
	    "how long to look for a safe point (default 2s)", false },
	OPTION_END,
};

static void
say_whom(const struct target *t, struct buf *text)
{
	buf_printf(text, "detached from %d (", t->pid);
	escape_terminal(text, t->process.name, strlen(t->process.name));
	buf_puts(text, "): ");
}

static int
by_word(struct target **t, const struct presence *p, struct buf *text,
    struct err *e)
{
	if (p->state != PRESENCE_QUIET && presence_quiet(*t, e) < 0)
		return -1;
	say_whom(*t, text);
	if (attach_words_wait(t, PRESENCE_QUIET))
		buf_puts(text, "the agent is quiet and only forwards");
	else
		buf_puts(text,
		    "the agent was told to go quiet, and is at the process's "
		    "next allocation that it would have sampled");
	buf_printf(text, "; nothing was stopped\n%s",
	    p->attached ?
		"kept: the slots that it had changed; detach once more to put "
		"them back\n" :
		"it was preloaded, so calls go through it for as long as the "
		"process lives; ullage attach starts it again\n");
	return 0;
}

/* From where the library was loaded, or e says why nothing can be called. */
static int
find_library(int32_t pid, struct preflight *p, struct err *e)
{
	struct preflight_want how = { .library = "" };

	if (preflight(pid, &how, p, e) < 0 ||
	    attach_words_obstacle(p, e) < 0)
		return -1;
	if (!p->agent)
		return err_set(e, ERR_FAILED, "process %d has no agent", pid);
	return 0;
}

static int
by_injection(struct target **t, const struct presence *p, uint64_t wait_ns,
    struct buf *text, struct err *e)
{
	struct attach_outcome out;
	struct preflight look;
	struct presence after = *p;
	struct err ignored;

	if (find_library((*t)->pid, &look, e) < 0 ||
	    attach_disarm((*t)->pid, look.path, wait_ns, &out, e) < 0)
		return -1;
	say_whom(*t, text);
	attach_words_stop(&out, text);
	buf_puts(text, "\n");
	if (presence_read(*t, &after, &ignored) == 0)
		buf_printf(text, "put back: %llu call slots\n",
		    (unsigned long long)(p->slots > after.kept ?
			    p->slots - after.kept :
			    0));
	if (out.answer != 0)
		buf_printf(text, "the agent: %s\n", out.said);
	attach_words_left(*t, &after, text);
	return 0;
}

int
detach_from(const char *pid_or_name, uint64_t wait_ns, struct buf *text,
    struct err *e)
{
	struct target *t = target_find(pid_or_name, e);
	struct presence p;
	struct err second;
	int rc = -1;

	if (t == NULL || presence_read(t, &p, e) < 0)
		goto out;
	if (!t->alive) {
		err_set(e, ERR_GONE, "process %d has ended", t->pid);
		goto out;
	}
	if (p.attached && p.state == PRESENCE_DORMANT) {
		buf_printf(text, "the agent in %d is dormant already\n",
		    t->pid);
		rc = 0;
		goto out;
	}
	if (!p.attached)
		rc = by_word(&t, &p, text, e);
	else if ((rc = by_injection(&t, &p, wait_ns, text, e)) < 0 &&
	    e->status != ERR_GONE) {
		/* Next best, and nothing can go wrong with it. */
		buf_printf(text, "%s\n", e->text);
		if (by_word(&t, &p, text, &second) == 0)
			rc = 0;
	}
out:
	target_free(t);
	return rc;
}

static int
detach_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = detach_from(operand(o, 0), option_value(o, "wait", 0), &text,
	    e);

	(void)cmd;
	if (rc == 0 && !cmd_quiet(o))
		rc = output_write(NULL, text.bytes, text.len, e);
	buf_free(&text);
	return rc;
}

const struct cmd cmd_detach = {
	.name = "detach",
	.operands = "PID",
	.summary = "take the agent out of a process, or tell it to go quiet",
	.options = { detach_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = detach_run,
};
