/* SPDX-License-Identifier: MIT */
/* ullage census: what is in a heap that nobody watched. */
#include "config.h"

#include "cmd/cmd.h"
#include "base/output.h"
#include "base/units.h"
#include "census/census.h"
#include "cmd/census_view.h"
#include "cmd/table_out.h"
#include "proc/stat.h"
#include "target/target.h"

#include <inttypes.h>
#include <string.h>

/* Rows of each table unless -n says so; seconds for all of it. */
#define ROWS 12
#define SECONDS 30

static const struct option_spec census_options[] = {
	{ 0, "by", OPT_TEXT, "WHAT",
	    "one table alone: arena, content or size", false },
	{ 0, "base", OPT_TEXT, "FILE",
	    "show what has grown since a census that --json wrote", false },
	{ 'n', "rows", OPT_NUMBER, "N", "most rows of a table; 0 is all",
	    false },
	{ 'o', "output", OPT_TEXT, "FILE", "write to a file", false },
	{ 0, "seconds", OPT_DURATION, "N",
	    "take no longer than that, and tell what was left out (30)",
	    false },
	{ 0, "json", OPT_FLAG, NULL, "write JSON: all tables", false },
	OPTION_END,
};

static void
bytes_field(struct buf *out, const char *name, uint64_t value)
{
	buf_printf(out, ",\"%s\":%" PRIu64, name, value);
}

static void
view_json(const struct census *c, int32_t pid, const struct census_base *base,
    struct buf *out)
{
	struct census_counts n;

	census_total(c, &n);
	buf_printf(out, "{\"pid\":%d,\"glibc\":\"2.%d\"", pid,
	    c->layout.minor);
	bytes_field(out, "count", n.count[CHUNK_IN_USE]);
	bytes_field(out, "bytes", n.bytes[CHUNK_IN_USE]);
	bytes_field(out, "cached", n.bytes[CHUNK_CACHED]);
	bytes_field(out, "fast", n.bytes[CHUNK_FAST]);
	bytes_field(out, "free", n.bytes[CHUNK_FREE]);
	bytes_field(out, "top", n.top);
	bytes_field(out, "free_pages", n.pages);
	bytes_field(out, "free_pages_resident", n.resident);
	bytes_field(out, "top_resident", n.top_resident);
	bytes_field(out, "uncovered", n.uncovered);
	bytes_field(out, "derailed", n.derailed);
	bytes_field(out, "odd", n.odd);
	buf_printf(out, ",\"cut\":%s", c->cut ? "true" : "false");
	for (int by = 0; by < CENSUS_VIEWS; by++) {
		struct table *t = census_table(c, (enum census_by)by, base);

		buf_printf(out, ",\n\"%ss\":", census_by_names[by]);
		table_json(t, out);
		table_free(t);
	}
	buf_puts(out, "}\n");
}

/* "in use", "1.50k": part of a sentence. */
static void
part(struct buf *out, const char *what, uint64_t bytes)
{
	char text[UNITS_MAX];

	buf_printf(out, "%s %s", what, units_bytes(text, (int64_t)bytes));
}

static void
view_summary(const struct census *c, int32_t pid, struct buf *out)
{
	char count[COUNT_MAX];
	struct census_counts n;

	census_total(c, &n);
	buf_printf(out, "process %d, glibc 2.%d%s: ", pid, c->layout.minor,
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
	if (n.uncovered > 0)
		part(out, "; not understood:", n.uncovered);
	if (n.derailed > 0)
		buf_printf(out, " (first at 0x%" PRIx64 ")", n.derailed_at);
	buf_puts(out, c->cut ? "; time ran out\n" : "\n");
}

static void
view_text(const struct options *o, const struct census *c, int32_t pid,
    int only, const struct census_base *base, struct buf *out)
{
	if (only < 0)
		view_summary(c, pid, out);
	for (int by = 0; by < CENSUS_VIEWS; by++) {
		struct table *t;

		if (only >= 0 && by != only)
			continue;
		if (only < 0)
			buf_puts(out, "\n");
		t = census_table(c, (enum census_by)by, base);
		table_out_text(o, t, ROWS,
		    census_hidden((enum census_by)by, base), out);
		table_free(t);
	}
}

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
	    "--by takes arena, content or size, not \"%s\"", by);
}

static unsigned
seconds_of(const struct options *o)
{
	uint64_t ns = option_value(o, "seconds",
	    SECONDS * UINT64_C(1000000000));

	ns /= UINT64_C(1000000000);
	return ns < 1 ? 1 : ns > 86400 ? 86400 : (unsigned)ns;
}

static int
census_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct census_base *base = NULL;
	struct census *c = NULL;
	struct buf out = BUF_INIT;
	struct proc_stat before, after;
	int rc = -1, only;
	int32_t pid;

	(void)cmd;
	if (parse_by(o, &only, e) < 0 ||
	    target_pid(operand(o, 0), &pid, e) < 0 ||
	    proc_stat_read(pid, &before, e) < 0)
		return -1;
	if (option_given(o, "base") &&
	    (base = census_base_read(option_text(o, "base"), e)) == NULL)
		return -1;
	c = census_take(pid, seconds_of(o), e);
	if (c == NULL || proc_stat_read(pid, &after, e) < 0)
		goto out;
	if (after.start_ticks != before.start_ticks) {
		err_set(e, ERR_GONE,
		    "process %d ended, and another has its pid", pid);
		goto out;
	}
	if (option_given(o, "json"))
		view_json(c, pid, base, &out);
	else
		view_text(o, c, pid, only, base, &out);
	rc = output_write(option_text(o, "output"), out.bytes, out.len, e);
out:
	buf_free(&out);
	census_free(c);
	census_base_free(base);
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
