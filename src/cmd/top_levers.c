/* SPDX-License-Identifier: MIT */
/* Levers of the live view: what each would mean, and doing it. */
#include "config.h"

#include "base/escape.h"
#include "base/units.h"
#include "cmd/top_levers.h"
#include "proc/stat.h"
#include "proc/status.h"
#include "symbol/imports.h"
#include "tune/refuse.h"
#include "tune/setlimit.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

void
top_put_process(struct buf *out, int32_t pid)
{
	struct status s;
	struct err ignored;

	buf_printf(out, "%d", pid);
	if (status_read(pid, &s, &ignored) < 0)
		return;
	buf_puts(out, " (");
	escape_terminal(out, s.name, strlen(s.name));
	buf_puts(out, ")");
}

int
top_still_there(const struct action *a, struct err *e)
{
	struct proc_stat s;

	if (proc_stat_read(a->pid, &s, e) < 0)
		return -1;
	if (s.start_ticks != top_ns_to_ticks(a->start))
		return err_set(e, ERR_GONE, "process %d has ended", a->pid);
	return 0;
}

/* ---- limits ---------------------------------------------------------------------- */

static int
limit_plan_of(const struct action *a, struct assignment *list,
    struct limit_plan *plan, struct err *e)
{
	if (assignment_parse(a->text, list, e) < 0)
		return -1;
	return limit_plan_add(plan, a->pid, top_ns_to_ticks(a->start), list, 1,
	    e);
}

static void
put_change(struct buf *out, const char *which, enum limit_id id, uint64_t from,
    uint64_t to)
{
	char a[LIMIT_TEXT_MAX], b[LIMIT_TEXT_MAX];

	if (from == to)
		return;
	buf_printf(out, "%s%s from %s to %s", out->len > 0 ? ", " : "", which,
	    limit_text(a, id, from), limit_text(b, id, to));
}

static bool
uses_select(int32_t pid)
{
	static const char *const names[] = { "select", "pselect",
		"__fdelt_chk", "__fdelt_warn", NULL };

	return imports_any(pid, names);
}

static int
ask_limit(const struct action *a, struct buf *question, struct buf *command,
    bool *harm, struct err *e)
{
	struct limit_plan plan = LIMIT_PLAN_INIT;
	struct buf change = BUF_INIT;
	struct assignment list;
	const struct limit_change *c;
	int rc = limit_plan_of(a, &list, &plan, e);

	if (rc == 0 && plan.n > 0) {
		c = &plan.changes[0];
		rc = refuse_denied(c, e);
		if (rc == 0 && !a->force && refuse_harm(c, e) < 0)
			*harm = true, rc = -1;
	}
	if (rc == 0 && plan.n > 0) {
		c = &plan.changes[0];
		put_change(&change, "soft", c->resource, c->old.soft,
		    c->new.soft);
		put_change(&change, "hard", c->resource, c->old.hard,
		    c->new.hard);
		buf_printf(question, "set %s of ", resources[c->resource].name);
		top_put_process(question, a->pid);
		buf_printf(question, ", %s?",
		    change.len > 0 ? buf_text(&change) : "as it is");
		refuse_warn(c, refuse_wants_select(c) && uses_select(a->pid),
		    command);
		if (c->new.hard < c->old.hard)
			buf_puts(command, "a hard limit that was lowered can "
			    "be raised again by root alone\n");
		buf_printf(command, "ullage limits %d %s%s\n", a->pid, a->text,
		    a->force ? " --force" : "");
	}
	buf_free(&change);
	limit_plan_free(&plan);
	return rc;
}

static int
do_limit(const struct action *a, struct buf *said, struct err *e)
{
	struct limit_plan plan = LIMIT_PLAN_INIT;
	struct buf change = BUF_INIT;
	struct assignment list;
	int rc = limit_plan_of(a, &list, &plan, e);

	if (rc == 0)
		rc = limit_plan_apply(&plan, e);
	if (rc == 0 && plan.n > 0) {
		const struct limit_change *c = &plan.changes[0];

		put_change(&change, "soft", c->resource, c->old.soft,
		    c->new.soft);
		put_change(&change, "hard", c->resource, c->old.hard,
		    c->new.hard);
		buf_printf(said, "%s of ", resources[c->resource].name);
		top_put_process(said, a->pid);
		buf_printf(said, ": %s", change.len > 0 ? buf_text(&change) :
		    "as it was");
	}
	buf_free(&change);
	limit_plan_free(&plan);
	return rc;
}

/* ---- signals --------------------------------------------------------------------- */

static int
parse_signal(const char *text, int *sig, struct err *e)
{
	char name[32];
	uint64_t n;

	if (units_parse_number(text, 1, (uint64_t)SIGRTMAX, &n)) {
		*sig = (int)n;
		return 0;
	}
	snprintf(name, sizeof name, "%s",
	    strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text);
	for (char *s = name; *s != '\0'; s++)
		*s = (char)toupper((unsigned char)*s);
	for (*sig = 1; *sig < SIGRTMIN; (*sig)++)
		if (sigabbrev_np(*sig) != NULL &&
		    strcmp(sigabbrev_np(*sig), name) == 0)
			return 0;
	return err_set(e, ERR_USAGE, "there is no signal \"%s\"; TERM, HUP, "
	    "INT, KILL, USR1 and numbers are", text);
}

static void
signal_text(char out[16], int sig)
{
	if (sig < SIGRTMIN && sigabbrev_np(sig) != NULL)
		snprintf(out, 16, "SIG%s", sigabbrev_np(sig));
	else
		snprintf(out, 16, "signal %d", sig);
}

/* What will become of the process. */
static const char *
consequence(int sig, const struct status *s)
{
	uint64_t bit = UINT64_C(1) << (sig - 1);

	switch (sig) {
	case SIGKILL:
		return "it ends at once and cannot clean up";
	case SIGSTOP:
		return "it stands still until it gets CONT";
	case SIGCONT:
		return "it goes on if it was stopped";
	}
	if ((s->signals_ignored & bit) != 0)
		return "it ignores this signal: nothing will happen";
	if ((s->signals_caught & bit) != 0)
		return "it has a handler for this signal, which decides";
	switch (sig) {
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
		return "it has no handler: nothing will happen";
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return "it has no handler: it stands still until it gets CONT";
	}
	return "it has no handler: this ends it";
}

static int
ask_signal(const struct action *a, struct buf *question, struct buf *command,
    struct err *e)
{
	struct status s;
	char name[16];
	int sig;

	if (parse_signal(a->text, &sig, e) < 0 ||
	    status_read(a->pid, &s, e) < 0)
		return -1;
	signal_text(name, sig);
	buf_printf(question, "send %s to ", name);
	top_put_process(question, a->pid);
	buf_puts(question, "?");
	buf_printf(command, "%s\nkill -%d %d\n", consequence(sig, &s), sig,
	    a->pid);
	return 0;
}

/* By a descriptor of the process, compared before it is used: a pid may be
 * another's by the time somebody has answered. */
static int
do_signal(const struct action *a, struct buf *said, struct err *e)
{
	char name[16];
	int sig, fd, rc = 0;

	if (parse_signal(a->text, &sig, e) < 0)
		return -1;
	fd = pidfd_open(a->pid, 0);
	if (fd < 0)
		return err_errno(e, "cannot signal process %d", a->pid);
	if (top_still_there(a, e) < 0)
		rc = -1;
	else if (pidfd_send_signal(fd, sig, NULL, 0) < 0)
		rc = err_errno(e, "cannot signal process %d", a->pid);
	close(fd);
	if (rc < 0)
		return rc;
	signal_text(name, sig);
	buf_printf(said, "%s sent to ", name);
	top_put_process(said, a->pid);
	return 0;
}

/* ---- all of them --------------------------------------------------------------------- */

int
top_source_plan(void *arg, const struct action *a, struct buf *question,
    struct buf *command, bool *harm, struct err *e)
{
	(void)arg;
	*harm = false;
	if (top_still_there(a, e) < 0 && a->what != ACT_PROFILE)
		return -1;
	switch (a->what) {
	case ACT_LIMIT:
		return ask_limit(a, question, command, harm, e);
	case ACT_SIGNAL:
		return ask_signal(a, question, command, e);
	case ACT_INTERVAL:
		return top_ask_interval(a, question, command, e);
	case ACT_PROFILE:
		return top_ask_profile(a, question, command, e);
	case ACT_TRIM:
		return top_ask_trim(a, question, command, e);
	case ACT_ATTACH:
		return top_ask_attach(a, question, command, e);
	case ACT_DETACH:
		return top_ask_detach(a, question, command, e);
	}
	return -1;
}

int
top_source_act(void *arg, const struct action *a, struct buf *said,
    struct err *e)
{
	struct top_source *s = arg;
	int rc;

	switch (a->what) {
	case ACT_LIMIT:
		rc = do_limit(a, said, e);
		atomic_store(&s->limits_changed, true);
		return rc;
	case ACT_SIGNAL:
		return do_signal(a, said, e);
	case ACT_INTERVAL:
		return top_do_interval(a, said, e);
	case ACT_PROFILE:
		return top_do_profile(a, said, e);
	case ACT_TRIM:
		return top_do_trim(a, said, e);
	case ACT_ATTACH:
	case ACT_DETACH:
		return top_do_attach(s, a, said, e);
	}
	return -1;
}
