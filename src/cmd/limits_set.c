/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/limits_set.h"
#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/table_fit.h"
#include "symbol/imports.h"
#include "table/table.h"
#include "tune/refuse.h"
#include "tune/setlimit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct option_spec limits_set_options[] = {
	{ 0, "dry-run", OPT_FLAG, NULL,
	    "check and show what would change, and change nothing", false },
	{ 0, "force", OPT_FLAG, NULL,
	    "set limits that harm the process, too", false },
	{ 0, "tree", OPT_FLAG, NULL,
	    "set the limits of its children, and theirs, too", false },
	OPTION_END,
};

enum {
	COL_PID,
	COL_COMMAND,
	COL_RESOURCE,
	COL_UNIT,
	COL_OLD_SOFT,
	COL_OLD_HARD,
	COL_SOFT,
	COL_HARD,
	COL_CHANGED,
	COL_COUNT,
};

static const struct column columns[COL_COUNT] = {
	[COL_PID] = { "pid", "PID", CELL_ID, "process id", false, false },
	[COL_COMMAND] = { "command", "COMMAND", CELL_TEXT, "process name",
	    true, false },
	[COL_RESOURCE] = { "resource", "RESOURCE", CELL_TEXT,
	    "the word for it", true, false },
	[COL_UNIT] = { "unit", "UNIT", CELL_TEXT, "of the numbers", true,
	    false },
	[COL_OLD_SOFT] = { "old_soft", "OLD SOFT", CELL_LIMIT,
	    "soft limit before", false, false },
	[COL_OLD_HARD] = { "old_hard", "OLD HARD", CELL_LIMIT,
	    "hard limit before", false, false },
	[COL_SOFT] = { "soft", "NEW SOFT", CELL_LIMIT, "soft limit now", false,
	    false },
	[COL_HARD] = { "hard", "NEW HARD", CELL_LIMIT, "hard limit now", false,
	    false },
	[COL_CHANGED] = { "changed", "", CELL_BOOL,
	    "whether it was changed: not with --dry-run", false, false },
};

static const size_t spare[] = { COL_COMMAND, COL_PID };

static void
put(struct table *t, size_t column, enum limit_id id, uint64_t value)
{
	if (resources[id].unit == LIMIT_BYTES)
		table_u64_as(t, column, CELL_SIZE_LIMIT, value);
	else
		table_u64(t, column, value);
}

static int
print(const struct options *o, const struct limit_plan *plan, struct err *e)
{
	struct table *t = table_new(columns, COL_COUNT);
	struct table_options how = {
		.columns = cmd_columns(true),
		.headings = true,
		.hidden = UINT64_C(1) << COL_UNIT | UINT64_C(1) << COL_CHANGED,
	};
	struct buf out = BUF_INIT;
	int rc;

	for (size_t i = 0; i < plan->n; i++) {
		const struct limit_change *c = &plan->changes[i];

		if (c->gone)
			continue;
		table_row(t);
		table_u64(t, COL_PID, (uint64_t)c->pid);
		table_text(t, COL_COMMAND, c->name);
		table_text(t, COL_RESOURCE, resources[c->resource].name);
		table_text(t, COL_UNIT,
		    limit_unit_name(resources[c->resource].unit));
		put(t, COL_OLD_SOFT, c->resource, c->old.soft);
		put(t, COL_OLD_HARD, c->resource, c->old.hard);
		put(t, COL_SOFT, c->resource, c->new.soft);
		put(t, COL_HARD, c->resource, c->new.hard);
		table_u64(t, COL_CHANGED, !option_given(o, "dry-run"));
	}
	if (option_given(o, "json"))
		table_json(t, &out);
	else
		table_fit(t, &how, spare, sizeof spare / sizeof spare[0],
		    &out);
	rc = output_write(NULL, out.bytes, out.len, e);
	buf_free(&out);
	table_free(t);
	return rc;
}

/* What gcc makes of FD_SET with _FORTIFY_SOURCE tells as much. */
static bool
uses_select(int32_t pid)
{
	static const char *const names[] = { "select", "pselect",
		"__fdelt_chk", "__fdelt_warn", NULL };

	return imports_any(pid, names);
}

static void
warn_all(const struct options *o, const struct limit_plan *plan)
{
	struct buf lines = BUF_INIT;
	char *save = NULL;

	for (size_t i = 0; i < plan->n; i++) {
		const struct limit_change *c = &plan->changes[i];

		refuse_warn(c, refuse_wants_select(c) && uses_select(c->pid),
		    &lines);
	}
	for (char *s = lines.len > 0 ? strtok_r(lines.bytes, "\n", &save) :
				       NULL;
	     s != NULL; s = strtok_r(NULL, "\n", &save))
		cmd_note(o, "warning: %s", s);
	buf_free(&lines);
}

static int
check(const struct options *o, const struct limit_plan *plan, struct err *e)
{
	/* First all that the kernel would refuse: --force does not help. */
	for (size_t i = 0; i < plan->n; i++)
		if (refuse_denied(&plan->changes[i], e) < 0)
			return -1;
	for (size_t i = 0; i < plan->n && !option_given(o, "force"); i++)
		if (refuse_harm(&plan->changes[i], e) < 0)
			return -1;
	return 0;
}

int
limits_set(const struct options *o, int32_t pid, uint64_t start_ticks,
    const struct assignment *list, size_t n, struct err *e)
{
	struct limit_plan plan = LIMIT_PLAN_INIT;
	int rc = -1;

	if (limit_plan_add(&plan, pid, start_ticks, list, n, e) < 0)
		goto out;
	if (option_given(o, "tree") &&
	    limit_plan_add_children(&plan, pid, list, n, e) < 0)
		goto out;
	if (check(o, &plan, e) < 0)
		goto out;
	warn_all(o, &plan);
	if (option_given(o, "dry-run"))
		cmd_note(o, "nothing is changed (--dry-run)");
	else if (limit_plan_apply(&plan, e) < 0)
		goto out;
	rc = print(o, &plan, e);
out:
	limit_plan_free(&plan);
	return rc;
}

int
limits_set_own(const char *const *texts, size_t n, struct err *e)
{
	struct assignment *list = xcalloc(n + 1, sizeof *list);
	struct limit_plan plan = LIMIT_PLAN_INIT;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = assignment_parse(texts[i], &list[i], e);
	if (rc == 0)
		rc = assignments_check(list, n, e);
	if (rc == 0)
		rc = limit_plan_add(&plan, getpid(), 0, list, n, e);
	for (size_t i = 0; i < plan.n && rc == 0; i++)
		rc = refuse_denied(&plan.changes[i], e);
	if (rc == 0)
		rc = limit_plan_apply(&plan, e);
	limit_plan_free(&plan);
	free(list);
	return rc;
}
