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

/* Rows of each table unless -n says so; seconds for all of it. */
#define ROWS 12
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

/* All that one run is about. */
struct run {
	const struct options *o;
	int32_t pid;
	int only; /* a view, or -1 */
	bool space;
	struct census *c;
	struct census_base *base;   /* or NULL */
	struct census_sites *sites; /* or NULL */
	uint64_t shown_ns, began_ns; /* of the progress; 0: not yet */
};

/* ---- JSON ------------------------------------------------------------------------- */

static void
bytes_field(struct buf *out, const char *name, uint64_t value)
{
	buf_printf(out, ",\"%s\":%" PRIu64, name, value);
}

/* Below 0: not known. */
static int64_t
error_of(const struct census *c, uint64_t (*value)(const struct census_counts *))
{
	uint64_t parts[CENSUS_PARTS];

	for (int i = 0; i < CENSUS_PARTS; i++)
		parts[i] = value(&c->parts[i]);
	return (int64_t)census_parts_error(parts, c->part_cells, c->times);
}

static void
error_field(struct buf *out, const char *name, int64_t error)
{
	if (error < 0)
		buf_printf(out, ",\"%s\":null", name);
	else
		bytes_field(out, name, (uint64_t)error);
}

static uint64_t
in_use_of(const struct census_counts *n)
{
	return n->bytes[CHUNK_IN_USE];
}

static uint64_t
free_of(const struct census_counts *n)
{
	return n->bytes[CHUNK_FREE] + n->bytes[CHUNK_FAST];
}

static uint64_t
pages_of(const struct census_counts *n)
{
	return n->resident;
}

static void
json_head(const struct run *r, struct buf *out)
{
	const struct census *c = r->c;
	struct census_counts n;

	census_total(c, &n);
	buf_printf(out, "{\"pid\":%d,\"glibc\":\"2.%d\"", r->pid,
	    c->layout.minor);
	bytes_field(out, "count", n.count[CHUNK_IN_USE]);
	bytes_field(out, "bytes", n.bytes[CHUNK_IN_USE]);
	bytes_field(out, "in_memory", n.in_memory);
	bytes_field(out, "cached", n.bytes[CHUNK_CACHED]);
	bytes_field(out, "fast", n.bytes[CHUNK_FAST]);
	bytes_field(out, "free", n.bytes[CHUNK_FREE]);
	bytes_field(out, "top", n.top);
	bytes_field(out, "free_pages", n.pages);
	bytes_field(out, "free_pages_resident", n.resident);
	bytes_field(out, "top_resident", n.top_resident);
	bytes_field(out, "trim", census_trim(c));
	bytes_field(out, "pinned_pages", n.pinned);
	bytes_field(out, "uncovered", n.uncovered);
	bytes_field(out, "derailed", n.derailed);
	bytes_field(out, "derailed_at", n.derailed_at);
	bytes_field(out, "odd", n.odd);
	bytes_field(out, "stuck", c->stuck);
	bytes_field(out, "cpu_ns", c->cpu_ns);
	bytes_field(out, "wall_ns", c->wall_ns);
	bytes_field(out, "sample_one_in", c->times);
	bytes_field(out, "sample_stretches", c->cells);
	error_field(out, "bytes_error", error_of(c, in_use_of));
	error_field(out, "free_error", error_of(c, free_of));
	error_field(out, "free_pages_resident_error", error_of(c, pages_of));
	buf_printf(out, ",\"arenas_lost\":%s", c->arenas_lost ? "true" :
								 "false");
	buf_printf(out, ",\"cut\":%s", c->cut ? "true" : "false");
}

static void
json_table(const char *name, struct table *t, struct buf *out)
{
	buf_printf(out, ",\n\"%ss\":", name);
	table_json(t, out);
	table_free(t);
}

static void
view_json(const struct run *r, struct buf *out)
{
	json_head(r, out);
	for (int by = 0; by < CENSUS_VIEWS; by++)
		json_table(census_by_names[by],
		    census_table(r->c, (enum census_by)by, r->base), out);
	if (r->sites != NULL)
		json_table("site", census_sites_table(r->sites), out);
	buf_puts(out, "}\n");
}

/* ---- text --------------------------------------------------------------------------- */

/* "in use", "1.50k": part of a sentence. */
static void
part(struct buf *out, const char *what, uint64_t bytes)
{
	char text[UNITS_MAX];

	buf_printf(out, "%s %s", what, units_bytes(text, (int64_t)bytes));
}

/* What was left out, and why. */
static void
view_gaps(const struct census *c, const struct census_counts *n,
    struct buf *out)
{
	if (n->uncovered > 0)
		part(out, "; not understood:", n->uncovered);
	if (n->derailed > 0)
		buf_printf(out,
		    "\na chunk at 0x%" PRIx64 "%s has a size that cannot be: "
		    "its owner has written over it, or was just about to",
		    n->derailed_at, n->derailed > 1 ? " (and others)" : "");
	if (n->odd > 0)
		buf_printf(out, "\nfree chunks whose two sizes differ: "
				"%" PRIu64, n->odd);
	if (c->arenas_lost)
		buf_puts(out, "\nthe list of arenas does not hold: some were "
			      "not found");
	if (c->stuck > 0)
		buf_printf(out, "\npages that did not come were given up: %u "
				"times", c->stuck);
	buf_puts(out, c->cut ? "; time ran out\n" : "\n");
}

static void
view_sample(const struct census *c, struct buf *out)
{
	char text[UNITS_MAX];

	if (c->times < 2)
		return;
	buf_printf(out, "a sample: one in %" PRIu64 " stretches of 960k, "
			"%" PRIu64 " of them were read; ",
	    c->times, c->cells);
	if (error_of(c, in_use_of) < 0) {
		buf_puts(out, "too few to tell the error\n");
		return;
	}
	part(out, "standard errors: in use",
	    (uint64_t)error_of(c, in_use_of));
	part(out, ", free", (uint64_t)error_of(c, free_of));
	buf_printf(out, ", whole pages %s\n",
	    units_bytes(text, error_of(c, pages_of)));
}

static void
view_summary(const struct run *r, struct buf *out)
{
	const struct census *c = r->c;
	char count[COUNT_MAX], cpu[UNITS_MAX];
	struct census_counts n;

	census_total(c, &n);
	buf_printf(out, "process %d, glibc 2.%d%s: ", r->pid, c->layout.minor,
	    c->layout.is_static ? " (in the program)" : "");
	part(out, "in use", n.bytes[CHUNK_IN_USE]);
	buf_printf(out, " in %s chunks",
	    count_text(count, n.count[CHUNK_IN_USE]));
	part(out, "; free", n.bytes[CHUNK_FREE] + n.bytes[CHUNK_FAST]);
	if (c->cached_known)
		part(out, ", in thread caches", n.bytes[CHUNK_CACHED]);
	part(out, ", at the top", n.top);
	part(out, "\nwhole free pages in memory:", n.resident);
	part(out, ", at the top", n.top_resident);
	part(out, "; kept by one chunk each:", n.pinned * CENSUS_PAGE);
	view_gaps(c, &n, out);
	view_sample(c, out);
	if (option_given(r->o, "verbose"))
		cmd_note(r->o, "the census took %s of CPU time",
		    units_duration(cpu, (int64_t)c->cpu_ns));
}

static bool
is_shown(const struct run *r, int by)
{
	if (r->only >= 0)
		return by == r->only;
	return by < CENSUS_GROW || (by >= CENSUS_BY_RUN && r->space);
}

static void
view_text(const struct run *r, struct buf *out)
{
	struct table *t;

	if (r->only < 0)
		view_summary(r, out);
	for (int by = 0; by < CENSUS_VIEWS; by++) {
		if (!is_shown(r, by))
			continue;
		if (r->only < 0)
			buf_puts(out, "\n");
		t = census_table(r->c, (enum census_by)by, r->base);
		table_out_text(r->o, t, ROWS,
		    census_hidden(r->c, (enum census_by)by, r->base), out);
		table_free(t);
	}
	if (r->sites != NULL) {
		buf_puts(out, "\n");
		t = census_sites_table(r->sites);
		table_out_text(r->o, t, ROWS, 0, out);
		table_free(t);
	}
}

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
	struct run *r = arg;
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
	struct run *r = arg;

	if (r->sites != NULL)
		census_sites_pin(r->sites, address, pages);
}

static int
take(struct run *r, struct err *e)
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
write_out(const struct run *r, struct err *e)
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
		view_json(r, &out);
	else
		view_text(r, &out);
	rc = output_write(option_text(r->o, "output"), out.bytes, out.len, e);
	buf_free(&out);
	return rc;
}

static int
census_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct run r = { .o = o };
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
