/* SPDX-License-Identifier: MIT */
/* ullage heap, allocs, peak: a profile of a process that has an agent. */
#include "config.h"

#include "cmd/cmd.h"
#include "cmd/profile_out.h"
#include "encode/encode.h"
#include "profile/kind.h"
#include "profile/ops.h"
#include "profile/symbolize.h"
#include "target/target.h"

#include <errno.h>
#include <time.h>

static const struct option_spec heap_options[] = {
	{ 0, "seconds", OPT_DURATION, "N",
	    "show the change over N seconds", false },
	{ 0, "base", OPT_TEXT, "FILE",
	    "show the change since the profile in FILE", false },
	{ 0, "interval", OPT_SIZE, "SIZE",
	    "from now on sample every SIZE bytes (1 all, 0 none)", false },
	OPTION_END,
};

/* What the profile cannot show, a line each. */
static void
note_losses(const struct options *o, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_losses; i++)
		if (s->losses[i].count > 0)
			cmd_note(o, "lost: %llu %s",
			    (unsigned long long)s->losses[i].count,
			    s->losses[i].text);
	if (s->torn > 0)
		cmd_note(o, "%llu entries changed while they were copied",
		    (unsigned long long)s->torn);
	if (s->invalid > 0)
		cmd_note(o,
		    "%llu records are not as an agent writes them; they were "
		    "left out",
		    (unsigned long long)s->invalid);
}

/* One profile with names: a snapshot, a builder, a symbolizer. */
static struct profile *
collect(const struct options *o, const struct kind *kind,
    const struct target *t, struct symbolizer *names, struct err *e)
{
	struct snapshot *s = kind_snapshot(kind, t, e);
	struct profile *p;

	if (s == NULL)
		return NULL;
	if (s->shadowed) {
		/* A profile of nothing would be read as an empty heap. */
		err_set(e, ERR_FAILED,
		    "process %d has a malloc of its own, linked in or loaded "
		    "before the agent's: its heap cannot be seen",
		    t->pid);
		snapshot_free(s);
		return NULL;
	}
	p = kind->build(s);
	note_losses(o, s);
	snapshot_free(s);
	if (names != NULL)
		profile_symbolize(p, names);
	return p;
}

/* Replaces *p by its difference to base. Frees base. */
static int
subtract(struct profile **p, struct profile *base, struct err *e)
{
	struct profile *d;

	if (base == NULL)
		return -1;
	d = profile_diff(*p, base, e);
	profile_free(base);
	if (d == NULL)
		return -1;
	profile_free(*p);
	*p = d;
	return 0;
}

static void
wait_for(uint64_t ns)
{
	struct timespec left = { (time_t)(ns / 1000000000u),
		(long)(ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

/* The state now, or the change that the options ask for. */
static struct profile *
measure(const struct options *o, const struct kind *kind,
    const struct target *t, struct symbolizer *names, struct err *e)
{
	uint64_t ns = option_value(o, "seconds", 0);
	struct profile *p, *before = NULL;
	int rc = 0;

	if (ns > 0) {
		if ((before = collect(o, kind, t, names, e)) == NULL)
			return NULL;
		wait_for(ns);
	}
	if ((p = collect(o, kind, t, names, e)) == NULL) {
		profile_free(before);
		return NULL;
	}
	if (before != NULL && (rc = subtract(&p, before, e)) == 0)
		p->duration_ns = (int64_t)ns;
	if (rc == 0 && option_given(o, "base"))
		rc = subtract(&p,
		    profile_decode_file(option_text(o, "base"), e), e);
	if (rc == 0)
		return p;
	profile_free(p);
	return NULL;
}

static int
heap_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct symbolizer *names = NULL;
	struct profile *p = NULL;
	struct target *t;
	int rc = -1;

	if (profile_out_check(o, e) < 0 ||
	    (t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	if (target_need_agent(t, e) < 0)
		goto out;
	if (option_given(o, "interval") &&
	    target_set_interval(t, option_value(o, "interval", 0), e) < 0)
		goto out;
	names = profile_out_symbolizer(o, t->root, t->alive ? t->pid : 0,
	    t->process.ns_pid);
	p = measure(o, kind_find(cmd->name), t, names, e);
	if (p == NULL)
		goto out;
	if (!t->alive)
		cmd_note(o, "process %d has ended; this is its last state",
		    t->pid);
	rc = profile_out(o, p, t->pid, t->process.name, e);
out:
	profile_free(p);
	symbolizer_free(names);
	target_free(t);
	return rc;
}

#define HEAP_COMMAND(kind, text)                                               \
	const struct cmd cmd_##kind = {                                        \
		.name = #kind,                                                 \
		.operands = "PID",                                             \
		.summary = text,                                               \
		.options = { profile_out_options, heap_options,                \
		    symbol_options, common_options },                          \
		.min_operands = 1,                                             \
		.max_operands = 1,                                             \
		.run = heap_run,                                               \
	}

HEAP_COMMAND(heap, "show which call sites hold heap memory now");
HEAP_COMMAND(allocs,
    "show which call sites allocated heap memory since the start");
HEAP_COMMAND(peak,
    "show which call sites held heap memory at the high-water mark");
