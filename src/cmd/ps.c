/* SPDX-License-Identifier: MIT */
/* ullage ps: the processes that have an agent. */
#include "config.h"

#include "cmd/cmd.h"
#include "base/output.h"
#include "base/xalloc.h"
#include "table/table.h"
#include "target/snapshot.h"
#include "target/target.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	COL_PID,
	COL_USER,
	COL_RSS,
	COL_LIVE,
	COL_ERROR,
	COL_THREADS,
	COL_SAMPLES,
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
	[COL_THREADS] = { "threads", "THR", CELL_COUNT, "threads", false,
	    false },
	[COL_SAMPLES] = { "samples", "SAMPLES", CELL_COUNT,
	    "allocations that the agent recorded", false, false },
	[COL_COMMAND] = { "command", "COMMAND", CELL_TEXT, "process name",
	    true, true },
};

static const struct option_spec ps_options[] = {
	{ 0, "json", OPT_FLAG, NULL, "write JSON", false },
	OPTION_END,
};

static void
add_row(struct table *table, int32_t pid)
{
	char text[16];
	struct err ignored;
	struct target *t;
	struct snapshot *s;
	struct passwd *user;
	double bytes, error;

	snprintf(text, sizeof text, "%d", pid);
	if ((t = target_find(text, &ignored)) == NULL)
		return; /* ended meanwhile */
	table_row(table);
	table_u64(table, COL_PID, (uint64_t)pid);
	user = getpwuid(t->process.uid);
	snprintf(text, sizeof text, "%u", t->process.uid);
	table_text(table, COL_USER, user ? user->pw_name : text);
	table_u64(table, COL_RSS, t->process.rss);
	table_u64(table, COL_THREADS, t->process.threads);
	table_text(table, COL_COMMAND, t->process.name);
	if ((s = snapshot_take(t, &ignored)) != NULL && !s->shadowed) {
		snapshot_live_total(s, &bytes, &error);
		table_u64(table, COL_LIVE, (uint64_t)bytes);
		table_u64(table, COL_ERROR, (uint64_t)error);
		table_u64(table, COL_SAMPLES, s->samples);
	}
	snapshot_free(s);
	target_free(t);
}

static int
ps_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct table_options how = { 0, cmd_columns(true), true };
	struct buf out = BUF_INIT;
	struct table *table;
	int32_t *pids;
	size_t n;
	int rc;

	(void)cmd;
	if (target_list_agents(&pids, &n, e) < 0)
		return -1;
	table = table_new(columns, COL_COUNT);
	for (size_t i = 0; i < n; i++)
		add_row(table, pids[i]);
	free(pids);
	if (option_given(o, "json"))
		table_json(table, &out);
	else if (table_rows(table) > 0)
		table_draw(table, &how, &out);
	else
		cmd_note(o, "no process has an agent; start one with `ullage "
			    "run -- CMD`");
	rc = out.len > 0 ? output_write(NULL, out.bytes, out.len, e) : 0;
	buf_free(&out);
	table_free(table);
	return rc;
}

const struct cmd cmd_ps = {
	.name = "ps",
	.operands = "",
	.summary = "list the processes that have an agent",
	.options = { ps_options, common_options },
	.run = ps_run,
};
