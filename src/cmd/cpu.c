/* SPDX-License-Identifier: MIT */
/* ullage cpu: where the threads of a process spend processor time. */
#include "config.h"

#include "cmd/cmd.h"
#include "cmd/profile_out.h"
#include "profile/kind_cpu.h"
#include "profile/symbolize.h"
#include "target/target.h"
#include "unwind/cpu.h"

#include <signal.h>

/* As Go's /debug/pprof/profile. */
#define SECONDS_DEFAULT 30
#define SECOND UINT64_C(1000000000)

static const struct option_spec cpu_options[] = {
	{ 'd', "duration", OPT_DURATION, "TIME",
	    "how long to look (default 30s; Ctrl-C ends it early)", false },
	{ 0, "hz", OPT_NUMBER, "N",
	    "samples in a second of a running thread (default 99)", false },
	OPTION_END,
};

static volatile int stop;

/* The first ends the sampling, and what there is gets written; the next is
 * one as ever. */
static void
on_interrupt(int sig)
{
	stop = 1;
	signal(sig, SIG_DFL);
}

static int
check(const struct options *o, struct err *e)
{
	uint64_t hz = option_value(o, "hz", CPU_HZ);

	if (hz == 0 || hz > CPU_HZ_MAX)
		return err_set(e, ERR_USAGE,
		    "--hz is from 1 to %d samples in a second", CPU_HZ_MAX);
	if (option_value(o, "duration", SECOND) == 0)
		return err_set(e, ERR_USAGE,
		    "in no time at all nothing can be sampled; give "
		    "--duration some");
	return profile_out_check(o, e);
}

static void
note_gaps(const struct options *o, const struct cpu *c)
{
	if (c->ended)
		cmd_note(o, "process %d ended after %.1f s", c->pid,
		    (double)c->duration_ns / 1e9);
	if (!c->kernel)
		cmd_note(o,
		    "time in the kernel is not included: not permitted to see "
		    "it");
	if (c->lost > 0)
		cmd_note(o, "lost: %llu samples that found no room",
		    (unsigned long long)c->lost);
	if (c->early > 0)
		cmd_note(o, "%llu of %llu stacks end before their beginning",
		    (unsigned long long)c->early,
		    (unsigned long long)c->ticks);
	if (c->ticks == 0)
		cmd_note(o, "no thread of process %d ran in that time",
		    c->pid);
}

static int
cpu_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct symbolizer *names = NULL;
	struct profile *p = NULL;
	struct cpu *c = NULL;
	struct target *t;
	int rc = -1;

	(void)cmd;
	if (check(o, e) < 0 || (t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	if (!t->alive) {
		err_set(e, ERR_GONE,
		    "process %d has ended; it does not run any more", t->pid);
		goto out;
	}
	signal(SIGINT, on_interrupt);
	c = cpu_take(t->pid, (unsigned)option_value(o, "hz", CPU_HZ),
	    option_value(o, "duration", SECONDS_DEFAULT * SECOND), &stop, e);
	if (c == NULL)
		goto out;
	note_gaps(o, c);
	p = cpu_profile(c);
	names = profile_out_symbolizer(o, t->root, t->pid, t->process.ns_pid);
	if (names != NULL)
		profile_symbolize(p, names);
	rc = profile_out(o, p, t->pid, t->process.name, e);
out:
	profile_free(p);
	symbolizer_free(names);
	cpu_free(c);
	target_free(t);
	return rc;
}

const struct cmd cmd_cpu = {
	.name = "cpu",
	.operands = "PID",
	.summary = "show where a process spends processor time",
	.details = "Needs no agent and stops nobody: the kernel copies the "
		   "stack of each thread that\nruns, some hundred times a "
		   "second.",
	.options = { profile_out_options, cpu_options, symbol_options,
	    common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = cpu_run,
};
