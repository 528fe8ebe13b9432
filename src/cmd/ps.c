/* SPDX-License-Identifier: MIT */
/* ullage ps: processes with their headroom. */
#include "config.h"

#include "cmd/cmd.h"
#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/ps_rows.h"
#include "cmd/table_fit.h"
#include "cmd/table_out.h"
#include "proc/usage.h"
#include "table/table.h"
#include "target/knob.h"
#include "target/snapshot.h"
#include "target/target.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	COL_PID,
	COL_USER,
	COL_RSS,
	COL_LIVE,
	COL_ERROR,
	COL_RETAINED,
	COL_THREADS,
	COL_SAMPLES,
	COL_FDS,
	COL_FDS_SOFT,
	COL_TIGHTEST,
	COL_PERCENT,
	COL_AGENT,
	COL_COMMAND,
	COL_COUNT,
};

static const struct column columns[COL_COUNT] = {
	[COL_PID] = { "pid", "PID", CELL_ID, "process id", false, false },
	[COL_USER] = { "user", "USER", CELL_TEXT, "effective user", true,
	    false },
	[COL_RSS] = { "rss", "RSS", CELL_BYTES, "resident memory", false,
	    false },
	[COL_LIVE] = { "live", "LIVE", CELL_BYTES,
	    "heap that is held, as estimated", false, false },
	[COL_ERROR] = { "live_error", "+-", CELL_BYTES,
	    "standard error of live; 0 is exact", false, false },
	[COL_RETAINED] = { "retained", "RETAINED", CELL_BYTES,
	    "private memory beyond live that a trim may return, at most",
	    false, false },
	[COL_THREADS] = { "threads", "THR", CELL_COUNT, "threads", false,
	    false },
	[COL_SAMPLES] = { "samples", "SAMPLES", CELL_COUNT,
	    "allocations that the agent recorded", false, false },
	[COL_FDS] = { "fds", "FDS", CELL_COUNT, "open descriptors", false,
	    false },
	[COL_FDS_SOFT] = { "fds_soft", "SOFT", CELL_LIMIT,
	    "soft limit on descriptors", false, false },
	[COL_TIGHTEST] = { "tightest", "TIGHTEST", CELL_TEXT,
	    "the limit of which the largest part is in use", true, false },
	[COL_PERCENT] = { "tightest_percent", "%", CELL_PERCENT,
	    "that part", false, false },
	[COL_AGENT] = { "agent", "", CELL_BOOL, "it has an agent", true,
	    false },
	[COL_COMMAND] = { "command", "COMMAND", CELL_TEXT, "process name",
	    true, true },
};

/* Left out of a narrow terminal, the first one first. */
static const size_t spare[] = { COL_RETAINED, COL_LIVE, COL_USER,
	COL_FDS_SOFT, COL_THREADS, COL_RSS };

static const struct option_spec ps_options[] = {
	{ 0, "all", OPT_FLAG, NULL,
	    "also kernel threads, zombies and ullage itself", false },
	{ 0, "agents", OPT_FLAG, NULL, "only processes with an agent", false },
	{ 0, "user", OPT_TEXT, "USER",
	    "only processes of that user, by name or number", false },
	{ 0, "name", OPT_TEXT, "TEXT",
	    "only processes whose name contains TEXT", false },
	{ 0, "reverse", OPT_FLAG, NULL, "turn the order round", false },
	OPTION_END,
};

/* ---- which ------------------------------------------------------------------------ */

struct filter {
	bool all, agents;
	bool has_uid;
	uint32_t uid;
	const char *name;
};

static int
parse_filter(const struct options *o, struct filter *f, struct err *e)
{
	const char *user = option_text(o, "user");
	struct passwd *entry;
	char *end;

	f->all = option_given(o, "all");
	f->agents = option_given(o, "agents");
	f->name = option_text(o, "name");
	f->has_uid = user != NULL;
	if (user == NULL)
		return 0;
	if ((entry = getpwnam(user)) != NULL) {
		f->uid = entry->pw_uid;
		return 0;
	}
	f->uid = (uint32_t)strtoul(user, &end, 10);
	if (*user >= '0' && *user <= '9' && *end == '\0')
		return 0;
	return err_set(e, ERR_USAGE, "there is no user \"%s\"", user);
}

static bool
wanted(const struct filter *f, const struct ps_row *r)
{
	if (!f->all && (r->status.kernel_thread || r->status.state == 'Z' ||
			   r->status.state == 'X' ||
			   r->status.pid == getpid()))
		return false;
	if (f->agents && !r->agent)
		return false;
	if (f->has_uid && r->status.uids[1] != f->uid)
		return false;
	return f->name == NULL || strstr(r->status.name, f->name) != NULL;
}

/* ---- the table ----------------------------------------------------------------------- */

/* The name of a user; asked for once for each, since that can be slow. */
static const char *
user_name(uint32_t uid)
{
	static uint32_t last;
	static char name[64];
	struct passwd *user;

	if (*name != '\0' && uid == last)
		return name;
	user = getpwuid(uid);
	if (user != NULL)
		snprintf(name, sizeof name, "%s", user->pw_name);
	else
		snprintf(name, sizeof name, "%u", uid);
	last = uid;
	return name;
}

static void
add_agent(struct table *table, int32_t pid, uint64_t anonymous)
{
	char text[16];
	struct err ignored;
	struct target *t;
	struct snapshot *s;
	double bytes, error;
	struct knob k;

	snprintf(text, sizeof text, "%d", pid);
	if ((t = target_find(text, &ignored)) == NULL)
		return; /* ended meanwhile */
	if ((s = snapshot_take(t, &ignored)) != NULL && !s->shadowed &&
	    s->armed) {
		snapshot_live_total(s, &bytes, &error);
		table_u64(table, COL_LIVE, (uint64_t)bytes);
		table_u64(table, COL_ERROR, (uint64_t)error);
		table_u64(table, COL_SAMPLES, s->samples);
		if (snapshot_heap_unseen(s) == NULL &&
		    knob_read(t, &k, &ignored) == 0)
			table_u64(table, COL_RETAINED,
			    knob_retained(&k, anonymous, (uint64_t)bytes));
	}
	snapshot_free(s);
	target_free(t);
}

static void
add_row(struct table *table, const struct ps_row *r)
{
	table_row(table);
	table_u64(table, COL_PID, (uint64_t)r->status.pid);
	table_text(table, COL_USER, user_name(r->status.uids[1]));
	if (r->status.has_memory)
		table_u64(table, COL_RSS, r->status.rss);
	table_u64(table, COL_THREADS, r->status.threads);
	if (r->usage.known[LIMIT_nofile])
		table_u64(table, COL_FDS, r->usage.used[LIMIT_nofile]);
	if (r->limits.of[LIMIT_nofile].known)
		table_u64(table, COL_FDS_SOFT,
		    r->limits.of[LIMIT_nofile].soft);
	if (r->tightest >= 0) {
		table_text(table, COL_TIGHTEST, resources[r->tightest].name);
		table_double(table, COL_PERCENT, r->fraction);
	}
	table_u64(table, COL_AGENT, r->agent);
	table_text(table, COL_COMMAND, r->status.name);
	if (r->agent)
		add_agent(table, r->status.pid, r->status.rss_anon);
}

static int
write_table(const struct options *o, const struct table *table, struct err *e)
{
	struct table_options how = {
		.rows = (size_t)option_value(o, "rows", 0),
		.columns = cmd_columns(true),
		.headings = true,
		.hidden = UINT64_C(1) << COL_ERROR | UINT64_C(1) << COL_SAMPLES,
	};
	struct buf out = BUF_INIT;
	int rc = 0;

	if (option_given(o, "json"))
		table_json(table, &out);
	else if (table_rows(table) > 0)
		table_fit(table, &how, spare, sizeof spare / sizeof spare[0],
		    &out);
	else if (option_given(o, "agents"))
		cmd_note(o, "no process has an agent; start one with `ullage "
			    "run -- CMD`");
	else
		cmd_note(o, "no such process can be seen");
	if (out.len > 0)
		rc = output_write(NULL, out.bytes, out.len, e);
	buf_free(&out);
	return rc;
}

static int
ps_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	bool reverse = option_given(o, "reverse");
	struct table *table;
	struct filter f;
	struct ps_row *rows;
	size_t n;
	int rc, sort;

	(void)cmd;
	if (parse_filter(o, &f, e) < 0 ||
	    table_out_sort(o, columns, COL_COUNT, &sort, e) < 0 ||
	    ps_rows_read(&rows, &n, e) < 0)
		return -1;
	table = table_new(columns, COL_COUNT);
	for (size_t i = 0; i < n; i++) {
		const struct ps_row *r = &rows[reverse ? n - 1 - i : i];

		if (wanted(&f, r))
			add_row(table, r);
	}
	if (sort >= 0)
		table_sort(table, (size_t)sort, reverse);
	else if (sort < -1)
		table_sort(table, (size_t)(-sort - 2), !reverse);
	rc = write_table(o, table, e);
	table_free(table);
	free(rows);
	return rc;
}

const struct cmd cmd_ps = {
	.name = "ps",
	.operands = "",
	.summary = "list processes with their headroom; * marks an agent",
	.details =
	    "Those that use 80% of a limit or more come first, then those "
	    "with an agent, then\nthe others; within each, the tightest first.",
	.options = { ps_options, table_out_options, common_options },
	.run = ps_run,
};
