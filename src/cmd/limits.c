/* SPDX-License-Identifier: MIT */
/* ullage limits: what a process may use, what it does, and setting it. */
#include "config.h"

#include "cmd/cmd.h"
#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/limits_set.h"
#include "cmd/limits_view.h"
#include "proc/stat.h"
#include "target/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

/* Samples of a --seconds; no closer together than this. */
#define SAMPLES 40
#define INTERVAL_MIN (50 * MS)
#define WATCH_INTERVAL SECOND
#define WATCH_WINDOW (60 * SECOND)

static const struct option_spec limits_options[] = {
	{ 0, "seconds", OPT_DURATION, "N",
	    "watch for N seconds, and tell when each limit will be met",
	    false },
	{ 0, "watch", OPT_FLAG, NULL,
	    "show it again every second; the trend is that of --seconds (1m)",
	    false },
	{ 'd', "duration", OPT_DURATION, "SECONDS",
	    "end --watch after so long", false },
	{ 0, "all", OPT_FLAG, NULL,
	    "also what reads more than the process: nproc, locks, mappings",
	    false },
	{ 0, "ceilings", OPT_FLAG, NULL,
	    "show the ceilings of the system and the cgroup instead", false },
	{ 0, "json", OPT_FLAG, NULL, "write JSON", false },
	OPTION_END,
};

/* ---- time -------------------------------------------------------------------- */

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static void
wait_until(int64_t time)
{
	struct timespec t = { time / SECOND, time % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	    EINTR)
		;
}

/* ---- showing ------------------------------------------------------------------- */

static int
write_view(const struct options *o, const struct limits_view *v, struct err *e)
{
	bool json = option_given(o, "json");
	struct buf out = BUF_INIT;
	int rc;

	/* A terminal is cleared from its corner on for each view of a watch. */
	if (option_given(o, "watch") && !json)
		buf_puts(&out, isatty(1) ? "\033[H\033[2J" : "");
	if (option_given(o, "ceilings"))
		limits_view_ceilings(v, json, cmd_columns(true), &out);
	else if (json)
		limits_view_json(v, &out);
	else
		limits_view_text(v, cmd_columns(true), isatty(1), &out);
	if (option_given(o, "watch") && !json && !isatty(1))
		buf_puts(&out, "\n");
	rc = output_write(NULL, out.bytes, out.len, e);
	buf_free(&out);
	return rc;
}

/* The pid was used again while we watched. */
static int
check_same(const struct limits_view *v, uint64_t start_ticks, struct err *e)
{
	struct proc_stat s;

	if (proc_stat_read(v->pid, &s, e) < 0)
		return -1;
	if (s.start_ticks == start_ticks)
		return 0;
	return err_set(e, ERR_GONE,
	    "process %d ended, and another has its pid", v->pid);
}

static int
sample_for(struct limits_view *v, int64_t duration, struct err *e)
{
	int64_t interval = duration / SAMPLES, start = now(), next = start;

	if (interval < INTERVAL_MIN)
		interval = INTERVAL_MIN;
	for (;;) {
		if (limits_view_sample(v, now(), e) < 0)
			return -1;
		next += interval;
		if (next > start + duration)
			return 0;
		wait_until(next);
	}
}

static int
watch(const struct options *o, struct limits_view *v, uint64_t start_ticks,
    struct err *e)
{
	int64_t window = (int64_t)option_value(o, "seconds",
	    (uint64_t)WATCH_WINDOW);
	int64_t next = now(), end = INT64_MAX;

	if (option_given(o, "duration"))
		end = next + (int64_t)option_value(o, "duration", 0);
	for (;;) {
		if (limits_view_sample(v, now(), e) < 0 ||
		    check_same(v, start_ticks, e) < 0)
			return -1;
		for (int i = 0; i < LIMIT_RESOURCES; i++)
			trend_trim(&v->trend[i], window);
		if (write_view(o, v, e) < 0)
			return -1;
		next += WATCH_INTERVAL;
		if (next > end)
			return 0;
		wait_until(next);
	}
}

static int
show(const struct options *o, struct limits_view *v, uint64_t start_ticks,
    struct err *e)
{
	if (option_given(o, "watch") || option_given(o, "seconds"))
		v->trends = true;
	if (limits_view_read(v, e) < 0)
		return -1;
	if (option_given(o, "watch"))
		return watch(o, v, start_ticks, e);
	if (option_given(o, "seconds") &&
	    sample_for(v, (int64_t)option_value(o, "seconds", 0), e) < 0)
		return -1;
	if (check_same(v, start_ticks, e) < 0)
		return -1;
	return write_view(o, v, e);
}

/* ---- operands ------------------------------------------------------------------- */

struct request {
	struct assignment *list; /* owned */
	size_t n;
	bool named[LIMIT_RESOURCES]; /* to be shown */
	bool any_named;
};

static int
parse(const struct options *o, struct request *r, struct err *e)
{
	memset(r, 0, sizeof *r);
	r->list = xcalloc(operand_count(o), sizeof *r->list);
	for (size_t i = 1; i < operand_count(o); i++) {
		const char *text = operand(o, i);
		int id;

		if (strchr(text, '=') != NULL) {
			if (assignment_parse(text, &r->list[r->n++], e) < 0)
				return -1;
			continue;
		}
		if ((id = resource_parse(text, e)) < 0)
			return -1;
		r->named[id] = r->any_named = true;
	}
	if (r->n == 0 && (option_given(o, "force") ||
			     option_given(o, "dry-run") ||
			     option_given(o, "tree")))
		return err_set(e, ERR_USAGE,
		    "--force, --dry-run and --tree go with RESOURCE=VALUE");
	if (r->n > 0 && (option_given(o, "watch") ||
			    option_given(o, "seconds") ||
			    option_given(o, "ceilings")))
		return err_set(e, ERR_USAGE,
		    "setting a limit and watching it are two commands");
	return assignments_check(r->list, r->n, e);
}

/* What is not in the process' own files is read if somebody wants to see it. */
static unsigned
extras_of(const struct options *o, const struct request *r)
{
	unsigned extras = 0;

	if (option_given(o, "all"))
		return USAGE_USER | USAGE_LOCKS | USAGE_MAPS;
	if (r->named[LIMIT_nproc])
		extras |= USAGE_USER;
	if (r->named[LIMIT_locks])
		extras |= USAGE_LOCKS;
	return extras;
}

static int
limits_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct limits_view *v = xcalloc(1, sizeof *v);
	struct proc_stat stat;
	struct request r;
	int rc = -1;

	(void)cmd;
	if (parse(o, &r, e) < 0 || target_pid(operand(o, 0), &v->pid, e) < 0 ||
	    proc_stat_read(v->pid, &stat, e) < 0)
		goto out;
	if (r.n > 0 && limits_set(o, v->pid, stat.start_ticks, r.list, r.n,
			   e) < 0)
		goto out;
	rc = 0;
	if (r.n > 0 && !r.any_named)
		goto out;
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		v->chosen[i] = !r.any_named || r.named[i];
	v->extras = extras_of(o, &r);
	rc = show(o, v, stat.start_ticks, e);
out:
	limits_view_free(v);
	free(r.list);
	free(v);
	return rc;
}

const struct cmd cmd_limits = {
	.name = "limits",
	.operands = "PID [RESOURCE[=VALUE]...]",
	.summary = "show the limits of a process and what it uses, or set them",
	.details =
	    "VALUE is BOTH, SOFT:HARD, SOFT: or :HARD, of numbers, "
	    "\"unlimited\" and, for a\nsoft limit, \"max\" (the hard one). "
	    "Sizes take k, m and g. Several are set together\nor not at all.",
	.options = { limits_options, limits_set_options, common_options },
	.min_operands = 1,
	.max_operands = -1,
	.run = limits_run,
};
