/* SPDX-License-Identifier: MIT */
/* ullage census: what is in a heap that nobody watched. */
#include "config.h"

#include "cmd/cmd.h"
#include "base/output.h"
#include "base/units.h"
#include "census/census.h"
#include "cmd/census_view.h"
#include "cmd/profile_out.h"
#include "cmd/table_out.h"
#include "encode/encode.h"
#include "proc/stat.h"
#include "target/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* For all of it, unless --seconds says so. */
#define SECONDS 30

#define PROGRESS_AFTER_NS UINT64_C(1000000000)
#define PROGRESS_EVERY_NS UINT64_C(100000000)

static const struct option_spec census_options[] = {
	{ 0, "by", OPT_TEXT, "WHAT",
	    "one table alone: arena, content, size, range, run or pin", false },
	{ 0, "base", OPT_TEXT, "FILE",
	    "show what has grown since a census that --json wrote", false },
	{ 0, "fragmentation", OPT_FLAG, NULL,
	    "show free runs, and who keeps pages from being free", false },
	{ 0, "sample", OPT_TEXT, "N%",
	    "read so much of the heap alone, and state the error", false },
	{ 'n', "rows", OPT_NUMBER, "N", "most rows of a table; 0 is all",
	    false },
	{ 'o', "output", OPT_TEXT, "FILE",
	    "write to a file: a profile if its name ends so (x.pb.gz, "
	    "x.html)", false },
	{ 'F', "format", OPT_TEXT, "NAME",
	    "a profile: pprof, text, collapsed, json or html", false },
	{ 0, "type", OPT_TEXT, "NAME",
	    "value of the profile to show (as pinned_space)", false },
	{ 0, "seconds", OPT_DURATION, "N",
	    "take no longer than that, and tell what was left out (30)",
	    false },
	{ 0, "json", OPT_FLAG, NULL, "write JSON: all tables", false },
	OPTION_END,
};

/* ---- what was asked ----------------------------------------------------------------- */

static int
parse_by(const struct options *o, int *only, struct err *e)
{
	const char *by = option_text(o, "by");

	*only = -1;
	if (by == NULL)
		return 0;
	for (int i = 0; i < CENSUS_VIEWS; i++)
		if (strcmp(by, census_by_names[i]) == 0)
			*only = i;
	if (*only >= 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "--by takes arena, content, size, range, run or pin, not "
	    "\"%s\"", by);
}

static unsigned
seconds_of(const struct options *o)
{
	uint64_t ns = option_value(o, "seconds",
	    SECONDS * UINT64_C(1000000000));

	ns /= UINT64_C(1000000000);
	return ns < 1 ? 1 : ns > 86400 ? 86400 : (unsigned)ns;
}

/* "10%" is one in ten. */
static int
parse_sample(const struct options *o, uint32_t *times, struct err *e)
{
	const char *text = option_text(o, "sample");
	char *end;
	double percent;

	*times = 1;
	if (text == NULL)
		return 0;
	percent = strtod(text, &end);
	if (end == text || (*end != '\0' && strcmp(end, "%") != 0) ||
	    !(percent >= 0.01 && percent <= 100))
		return err_set(e, ERR_USAGE,
		    "--sample takes 0.01%% to 100%%, not \"%s\"", text);
	*times = (uint32_t)(100 / percent + 0.5);
	return 0;
}

/* -F, or a name that is a profile's. */
static bool
wants_profile(const struct options *o)
{
	const char *file = option_text(o, "output");
	const struct encoder *by_name;

	if (option_given(o, "format"))
		return true;
	if (option_given(o, "json") || file == NULL ||
	    (by_name = encoder_for_file(file)) == NULL)
		return false;
	return strcmp(by_name->name, "text") != 0 &&
	    strcmp(by_name->name, "json") != 0;
}

static bool
wants_json(const struct options *o)
{
	const char *file = option_text(o, "output");
	const struct encoder *by_name = file != NULL ?
	    encoder_for_file(file) :
	    NULL;

	return option_given(o, "json") ||
	    (by_name != NULL && strcmp(by_name->name, "json") == 0);
}

/* ---- the command -------------------------------------------------------------------- */

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What takes less than a second is over before it is read. */
static void
on_progress(void *arg, uint64_t done, uint64_t all)
{
	struct census_run *r = arg;
	uint64_t now = now_ns();
	char text[UNITS_MAX];

	if (now < r->began_ns + PROGRESS_AFTER_NS ||
	    now < r->shown_ns + PROGRESS_EVERY_NS || all == 0)
		return;
	r->shown_ns = now;
	fprintf(stderr, "\rcensus: %d%% of %s ",
	    (int)(done >= all ? 100 : done * 100 / all),
	    units_bytes(text, (int64_t)all));
	fflush(stderr);
}

static void
on_pin(void *arg, uint64_t address, uint64_t pages)
{
	struct census_run *r = arg;

	if (r->sites != NULL)
		census_sites_pin(r->sites, address, pages);
}

static int
take(struct census_run *r, struct err *e)
{
	struct census_options how = { .seconds = seconds_of(r->o),
		.arg = r, .pins = on_pin };
	struct proc_stat before, after;

	r->began_ns = now_ns();
	how.seed = r->began_ns;
	if (isatty(2) && !cmd_quiet(r->o))
		how.progress = on_progress;
	if (parse_sample(r->o, &how.times, e) < 0 ||
	    proc_stat_read(r->pid, &before, e) < 0)
		return -1;
	r->c = census_take(r->pid, &how, e);
	if (r->shown_ns != 0)
		fputs("\r\033[K", stderr);
	if (r->c == NULL || proc_stat_read(r->pid, &after, e) < 0)
		return -1;
	if (after.start_ticks == before.start_ticks)
		return 0;
	return err_set(e, ERR_GONE,
	    "process %d ended, and another has its pid", r->pid);
}

static int
write_out(const struct census_run *r, struct err *e)
{
	struct buf out = BUF_INIT;
	struct profile *p;
	int rc;

	if (wants_profile(r->o)) {
		p = census_profile(r->c, r->pid);
		rc = profile_out(r->o, p, r->pid, "census", e);
		profile_free(p);
		return rc;
	}
	if (wants_json(r->o))
		census_view_json(r, &out);
	else
		census_view_text(r, &out);
	rc = output_write(option_text(r->o, "output"), out.bytes, out.len, e);
	buf_free(&out);
	return rc;
}

static int
census_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct census_run r = { .o = o };
	const char *why = NULL;
	int rc = -1;

	(void)cmd;
	if (parse_by(o, &r.only, e) < 0 ||
	    (wants_profile(o) && profile_out_check(o, e) < 0) ||
	    target_pid(operand(o, 0), &r.pid, e) < 0)
		return -1;
	r.space = option_given(o, "fragmentation");
	if (option_given(o, "base") &&
	    (r.base = census_base_read(option_text(o, "base"), e)) == NULL)
		return -1;
	if (r.space)
		r.sites = census_sites_new(operand(o, 0), &why);
	if (take(&r, e) == 0)
		rc = write_out(&r, e);
	if (rc == 0 && why != NULL)
		cmd_note(o, "%s", why);
	census_sites_free(r.sites);
	census_free(r.c);
	census_base_free(r.base);
	return rc;
}

const struct cmd cmd_census = {
	.name = "census",
	.operands = "PID",
	.summary = "tell what is in the heap of a process that nobody watched",
	.details = "Reads glibc's heap from outside; the process needs no "
		   "agent and goes on.",
	.options = { census_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = census_run,
};
