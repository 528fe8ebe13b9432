/* SPDX-License-Identifier: MIT */
/* ullage stack: where every thread of a process is now. */
#include "config.h"

#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/profile_out.h"
#include "cmd/stack_view.h"
#include "profile/kind_threads.h"
#include "profile/symbolize.h"
#include "target/target.h"
#include "unwind/threads.h"

#include <stdio.h>
#include <stdlib.h>

/* The names are those of profile_out_options, which writes the profile. */
static const struct option_spec stack_options[] = {
	{ 'o', "output", OPT_TEXT, "FILE",
	    "write a profile to FILE (- is standard output; %p %t %n %h "
	    "expand)",
	    false },
	{ 'F', "format", OPT_TEXT, "NAME",
	    "a profile: pprof, text, collapsed or json", false },
	{ 'n', "rows", OPT_NUMBER, "N", "most different stacks", false },
	{ 0, "json", OPT_FLAG, NULL, "write every thread as JSON", false },
	OPTION_END,
};

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What the look has cost the process. */
static void
tell_stops(const struct options *o, const struct threads *t)
{
	uint64_t *ns = xcalloc(t->n, sizeof *ns);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->threads[i].stopped > 0)
			ns[n++] = t->threads[i].stopped;
	qsort(ns, n, sizeof *ns, by_value);
	if (n > 0)
		cmd_note(o,
		    "stopped %zu threads one at a time, median %.1f us, "
		    "longest %.1f us",
		    n, (double)ns[n / 2] / 1e3, (double)ns[n - 1] / 1e3);
	if (t->gone > 0)
		cmd_note(o, "%zu threads ended before it was their turn",
		    t->gone);
	free(ns);
}

static int
write_view(const struct options *o, const struct stack_view *v,
    struct err *e)
{
	struct buf out = BUF_INIT;
	int rc;

	if (option_given(o, "json"))
		stack_json(v, &out);
	else
		stack_text(v, &out);
	rc = output_write(NULL, out.bytes, out.len, e);
	buf_free(&out);
	return rc;
}

static int
check_options(const struct options *o, struct err *e)
{
	bool profile = option_given(o, "output") || option_given(o, "format");

	if (profile && option_given(o, "json"))
		return err_set(e, ERR_USAGE,
		    "--json is not a profile; leave it out, or say -F json");
	return profile ? profile_out_check(o, e) : 0;
}

static int
stack_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct stack_view v = { .groups = option_value(o, "rows", 0) };
	struct threads *t = NULL;
	struct target *target;
	char root[32];
	int rc = -1;

	(void)cmd;
	if (check_options(o, e) < 0 ||
	    (target = target_find(operand(o, 0), e)) == NULL)
		return -1;
	if (!target->alive) {
		err_set(e, ERR_GONE,
		    "process %d has ended; it has no threads any more",
		    target->pid);
		goto out;
	}
	if ((t = threads_take(target->pid, e)) == NULL)
		goto out;
	if (option_given(o, "verbose"))
		tell_stops(o, t);
	v.t = t;
	v.command = target->process.name;
	v.p = threads_profile(t);
	snprintf(root, sizeof root, "/proc/%d/root", t->body);
	v.names = profile_out_symbolizer(o, root, t->body,
	    target->process.ns_pid);
	if (v.names != NULL)
		profile_symbolize(v.p, v.names);
	if (option_given(o, "output") || option_given(o, "format"))
		rc = profile_out(o, v.p, target->pid, target->process.name,
		    e);
	else
		rc = write_view(o, &v, e);
out:
	profile_free(v.p);
	symbolizer_free(v.names);
	threads_free(t);
	target_free(target);
	return rc;
}

const struct cmd cmd_stack = {
	.name = "stack",
	.operands = "PID",
	.summary = "show where every thread of a process is now",
	.details = "Needs no agent. Threads at the same place are shown "
		   "together. Each is stopped\nfor some fifty microseconds; "
		   "threads that wait for each other's mutexes are told.",
	.options = { stack_options, symbol_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = stack_run,
};
