/* SPDX-License-Identifier: MIT */
/* ullage trim: the knob, orders to trim, and settings of the allocator. */
#include "config.h"

#include "cmd/trim.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "cmd/memory_census.h"
#include "target/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct option_spec trim_options[] = {
	{ 0, "limit", OPT_TEXT, "SIZE",
	    "soft limit on resident memory, or off", false },
	{ 0, "full", OPT_FLAG, NULL,
	    "with now: also what needs the allocator's locks for long", false },
	{ 0, "set", OPT_TEXT, "NAME=VALUE",
	    "change a setting of the allocator", true },
	{ 0, "wait", OPT_DURATION, "N",
	    "wait for an order to be carried out (default 5s)", false },
	{ 0, "json", OPT_FLAG, NULL, "write JSON", false },
	OPTION_END,
};

/* ---- waiting ------------------------------------------------------------------------ */

static uint64_t
monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * Until done says so or time is up. A trim that is under way is waited for,
 * however long it takes. False: it did not come about.
 */
static int
await(const struct options *o, const struct target *t, struct knob *k,
    bool (*done)(const struct knob *k, uint64_t ticket), uint64_t ticket,
    bool *came, struct err *e)
{
	uint64_t end = monotonic() +
	    option_value(o, "wait", UINT64_C(5000000000));
	struct timespec nap = { 0, 20000000 };

	*came = false;
	while (knob_read(t, k, e) == 0) {
		if (done(k, ticket)) {
			*came = true;
			return 0;
		}
		if (!target_is_same(t))
			return err_set(e, ERR_GONE, "process %d has ended",
			    t->pid);
		if ((monotonic() >= end && !k->has_keeper) ||
		    (!k->has_keeper && k->reason != NULL))
			return 0;
		nanosleep(&nap, NULL);
	}
	return -1;
}

static bool
now_done(const struct knob *k, uint64_t ticket)
{
	return knob_served(k, KNOB_NOW, ticket);
}

static bool
full_done(const struct knob *k, uint64_t ticket)
{
	return knob_served(k, KNOB_FULL, ticket);
}

static bool
setting_done(const struct knob *k, uint64_t ticket)
{
	return k->served_setting == ticket;
}

static bool
knob_settled(const struct knob *k, uint64_t on)
{
	return on ? k->has_keeper : !k->has_keeper;
}

/* Why an order has not been carried out. */
static void
note_waiting(const struct options *o, const struct target *t,
    const struct knob *k)
{
	if (!k->has_keeper && k->reason != NULL)
		cmd_note(o, "process %d has no keeper: %s", t->pid, k->reason);
	else if (t->process.state == 'T' || t->process.state == 't')
		cmd_note(o, "process %d is stopped; the order waits until it "
			    "goes on", t->pid);
	else
		cmd_note(o,
		    "process %d allocates nothing at the moment; the order "
		    "waits for the first of its threads that allocates 1 MiB "
		    "or is sampled",
		    t->pid);
}

/* ---- doing --------------------------------------------------------------------------- */

static void
say(const struct options *o, const char *name, const char *now,
    const char *was)
{
	if (!option_given(o, "json"))
		printf("%s %s, previously %s\n", name, now, was);
	fflush(stdout);
}

/*
 * An agent that came late, or with a fork, does not know what was live before,
 * and would take it for free memory until a first trim has shown that it is
 * none. Where it has not trimmed yet a census tells it.
 */
void
trim_base(const struct options *o, const struct target *t)
{
	char old[UNITS_MAX], took[UNITS_MAX];
	struct memory_census m;
	struct snapshot *s;
	struct err ignored;
	uint64_t base;
	struct knob k;

	if (knob_read(t, &k, &ignored) < 0 || k.base != 0 || k.written != 0 ||
	    strcmp(k.allocator, "glibc") != 0 ||
	    (s = snapshot_take(t, &ignored)) == NULL)
		return;
	if (memory_census_knob(t, s, &m, &base) && base != 0 &&
	    knob_set_base(t, base, &ignored) == 0)
		cmd_note(o,
		    "by a census (%s of CPU time) %s that the agent does not "
		    "know of are no free memory",
		    units_duration(took, (int64_t)m.cpu_ns),
		    units_bytes(old, (int64_t)base));
	else if (m.why_not[0] != '\0')
		cmd_note(o,
		    "until its first trim the agent takes what was there "
		    "before it for free memory");
	snapshot_free(s);
}

static int
set_limit(const struct options *o, const struct target *t, struct err *e)
{
	const char *text = option_text(o, "limit");
	char a[UNITS_MAX], b[UNITS_MAX];
	uint64_t limit = 0, was;
	struct snapshot *s;
	double live, error;
	bool overtaken;

	if (strcmp(text, "off") != 0 && strcmp(text, "none") != 0 &&
	    (!units_parse_bytes(text, &limit) || limit == 0))
		return err_set(e, ERR_USAGE,
		    "\"%s\" is not a size for --limit, as 512m, or off", text);
	if (limit != 0)
		trim_base(o, t);
	if (knob_set_limit(t, limit, &was, &overtaken, e) < 0)
		return -1;
	say(o, "limit", limit ? units_bytes(a, (int64_t)limit) : "none",
	    was ? units_bytes(b, (int64_t)was) : "none");
	if (overtaken)
		cmd_note(o, "somebody else set it at the same moment; theirs "
			    "is in force");
	if (limit == 0 || (s = snapshot_take(t, e)) == NULL)
		return 0;
	snapshot_live_total(s, &live, &error);
	snapshot_free(s);
	if (live > (double)limit)
		cmd_note(o,
		    "the live heap alone is %s, %s more than that: no trim can "
		    "meet this limit",
		    units_bytes(a, (int64_t)live),
		    units_bytes(b, (int64_t)(live - (double)limit)));
	return 0;
}

static int
set_percent(const struct options *o, const struct target *t, const char *text,
    struct err *e)
{
	char a[32], b[32];
	uint64_t percent, was;
	bool overtaken, came;
	struct knob k;

	if (trim_parse_percent(text, &percent, e) < 0)
		return -1;
	if (percent != KNOB_OFF)
		trim_base(o, t);
	if (knob_set_percent(t, percent, &was, &overtaken, e) < 0)
		return -1;
	say(o, "knob", trim_percent_text(a, percent),
	    trim_percent_text(b, was));
	if (overtaken)
		cmd_note(o, "somebody else set it at the same moment; theirs "
			    "is in force");
	if (knob_read(t, &k, e) < 0)
		return -1;
	if (percent == KNOB_OFF) {
		/* The keeper is to be gone when we say so. */
		if (k.has_keeper && k.limit == 0 &&
		    await(o, t, &k, knob_settled, 0, &came, e) < 0)
			return -1;
		return 0;
	}
	if (!k.known_allocator)
		cmd_note(o, "the allocator is not one that is known here; "
			    "nothing can be released");
	if (!k.has_keeper && k.reason != NULL)
		cmd_note(o, "before now: %s", k.reason);
	return 0;
}

static int
trim_now(const struct options *o, const struct target *t, struct err *e)
{
	bool full = option_given(o, "full"), came;
	struct knob k;
	uint64_t ticket;

	if (knob_order(t, full ? KNOB_FULL : KNOB_NOW, &ticket, e) < 0 ||
	    await(o, t, &k, full ? full_done : now_done, ticket, &came, e) < 0)
		return -1;
	if (came)
		return trim_show(o, &k, 1, false, e);
	note_waiting(o, t, &k);
	return 0;
}

/* NAME=VALUE; a number, or a size. */
static int
parse_setting(const char *text, const struct knob *k, size_t *row,
    int64_t *value, struct err *e)
{
	const char *equals = strchr(text, '=');
	const struct knob_setting *s;
	uint64_t n;

	if (equals == NULL)
		return err_set(e, ERR_USAGE,
		    "--set takes NAME=VALUE, and \"%s\" is not that", text);
	for (*row = 0; (s = knob_setting_at(*row)) != NULL; ++*row)
		if (strlen(s->name) == (size_t)(equals - text) &&
		    strncmp(s->name, text, (size_t)(equals - text)) == 0)
			break;
	if (s == NULL)
		return err_set(e, ERR_USAGE,
		    "there is no setting \"%.*s\"; ullage-trim(1) lists them",
		    (int)(equals - text), text);
	if (strcmp(s->allocator, k->allocator) != 0)
		return err_set(e, ERR_FAILED,
		    "%s is a setting of %s, and the target's allocator is %s",
		    s->name, s->allocator, k->allocator);
	if (strcmp(equals + 1, "-1") == 0) {
		*value = -1;
		return 0;
	}
	if (!units_parse_bytes(equals + 1, &n) || n > INT64_MAX >> 16)
		return err_set(e, ERR_USAGE,
		    "\"%s\" is not a number for %s", equals + 1, s->name);
	*value = (int64_t)n;
	return 0;
}

static int
change_setting(const struct options *o, const struct target *t,
    const char *text, struct err *e)
{
	const struct knob_setting *s;
	char old[32], new[32];
	int64_t value = 0;
	uint64_t ticket;
	size_t row = 0;
	struct knob k;
	bool came;

	if (knob_read(t, &k, e) < 0 ||
	    parse_setting(text, &k, &row, &value, e) < 0 ||
	    knob_set(t, row, value, &ticket, e) < 0 ||
	    await(o, t, &k, setting_done, ticket, &came, e) < 0)
		return -1;
	if (!came) {
		note_waiting(o, t, &k);
		return 0;
	}
	s = knob_setting_at(row);
	if (!k.setting_ok)
		return err_set(e, ERR_FAILED,
		    "%s of process %d does not take %s=%lld", k.allocator,
		    t->pid, s->name, (long long)value);
	snprintf(new, sizeof new, "%lld", (long long)value);
	snprintf(old, sizeof old, "%lld", (long long)k.setting_old);
	say(o, s->name, new,
	    k.setting_old == INT64_MIN ? "unknown: the allocator cannot tell" :
					 old);
	cmd_note(o, "%s: %s", s->name, s->risk);
	return 0;
}

static int
act(const struct options *o, const struct target *t, struct err *e)
{
	const char *what = operand(o, 1);
	const char *const *set;
	size_t n = option_all(o, "set", &set);
	struct knob k;

	if (option_given(o, "full") &&
	    (what == NULL || strcmp(what, "now") != 0))
		return err_set(e, ERR_USAGE, "--full goes with now");
	for (size_t i = 0; i < n; i++)
		if (change_setting(o, t, set[i], e) < 0)
			return -1;
	if (option_given(o, "limit") && set_limit(o, t, e) < 0)
		return -1;
	if (what != NULL)
		return strcmp(what, "now") == 0 ? trim_now(o, t, e) :
						  set_percent(o, t, what, e);
	if (n > 0 || option_given(o, "limit"))
		return 0;
	return knob_read(t, &k, e) < 0 ? -1 : trim_show(o, &k, 0, true, e);
}

static int
trim_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	const char *what = operand(o, 1);
	struct target *t;
	uint64_t ignored;
	int rc;

	(void)cmd;
	/* What is no percentage is so without a target, too. */
	if (what != NULL && strcmp(what, "now") != 0 &&
	    trim_parse_percent(what, &ignored, e) < 0)
		return -1;
	if ((t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	rc = act(o, t, e);
	target_free(t);
	return rc;
}

const struct cmd cmd_trim = {
	.name = "trim",
	.operands = "PID [PERCENT|off|now]",
	.summary = "show or set how much free memory the allocator may keep",
	.details = "PERCENT is of the live heap: 100 keeps at most as much "
		   "again free, 0 trims at every\ncheck. now trims once.",
	.options = { trim_options, common_options },
	.min_operands = 1,
	.max_operands = 2,
	.run = trim_run,
};
