/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_tables.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "target/snapshot.h"

#include <stdlib.h>

enum {
	ALL_PID,
	ALL_NAME,
	ALL_RSS,
	ALL_LIVE,
	ALL_THREADS,
	ALL_FDS,
	ALL_SOFT,
	ALL_TIGHTEST,
	ALL_FREE,
	ALL_COLUMNS,
};

static const struct column all_columns[ALL_COLUMNS] = {
	[ALL_PID] = { "pid", "pid", CELL_ID, "process", false, false },
	[ALL_NAME] = { "name", "name", CELL_TEXT, "its name", true, false },
	[ALL_RSS] = { "rss", "rss", CELL_BYTES, "resident memory", false,
	    false },
	[ALL_LIVE] = { "live", "heap", CELL_BYTES,
	    "heap memory held, estimated", false, false },
	[ALL_THREADS] = { "threads", "threads", CELL_COUNT, "threads", false,
	    false },
	[ALL_FDS] = { "fds", "fds", CELL_COUNT, "open descriptors", false,
	    false },
	[ALL_SOFT] = { "fds_soft", "soft", CELL_LIMIT,
	    "soft limit of descriptors", false, false },
	[ALL_TIGHTEST] = { "tightest", "tightest", CELL_TEXT,
	    "the limit of which the largest part is in use", true, false },
	[ALL_FREE] = { "headroom", "headroom", CELL_PERCENT,
	    "the part of it that is free", false, false },
};

static void
heap_cell(struct table *t, size_t column, const struct watched *w)
{
	struct snapshot *s;
	double live, error;
	struct err ignored;

	if (w->t->segment < 0 || (s = snapshot_take(w->t, &ignored)) == NULL)
		return;
	snapshot_live_total(s, &live, &error);
	table_u64(t, column, (uint64_t)live);
	snapshot_free(s);
}

static void
all_row(struct table *t, struct watched *w)
{
	struct status status;
	struct limits limits;
	struct usage usage;
	struct err ignored;
	double fraction;
	int tightest;

	if (watched_lock(w, &ignored) < 0)
		return;
	table_row(t);
	table_u64(t, ALL_PID, (uint64_t)w->pid);
	table_text(t, ALL_NAME, w->name);
	heap_cell(t, ALL_LIVE, w);
	if (status_read(w->pid, &status, &ignored) == 0 &&
	    limits_read(w->pid, &limits, &ignored) == 0 &&
	    usage_read(w->pid, 0, &usage, &ignored) == 0) {
		table_u64(t, ALL_RSS, status.rss);
		table_u64(t, ALL_THREADS, status.threads);
		if (usage.known[LIMIT_nofile])
			table_u64(t, ALL_FDS, usage.used[LIMIT_nofile]);
		table_u64(t, ALL_SOFT, limits.of[LIMIT_nofile].soft);
		tightest = usage_tightest(&usage, &limits, &status, &fraction);
		if (tightest >= 0) {
			table_text(t, ALL_TIGHTEST, resources[tightest].name);
			table_double(t, ALL_FREE, 1 - fraction);
		}
	}
	watched_unlock(w);
}

struct table *
serve_overview(struct serve_targets *s)
{
	struct table *t = table_new(all_columns, ALL_COLUMNS);
	struct watched **list;
	size_t n = serve_targets_all(s, &list);

	for (size_t i = 0; i < n; i++) {
		all_row(t, list[i]);
		serve_targets_put(s, list[i]);
	}
	free(list);
	return t;
}

/* ---- one process ------------------------------------------------------------- */

static const struct column fact_columns[] = {
	{ "what", "", CELL_TEXT, "what is measured", true, false },
	{ "value", "", CELL_BYTES, "its value", false, false },
};

static void
fact(struct table *t, const char *what, uint64_t value)
{
	table_row(t);
	table_text(t, 0, what);
	table_u64(t, 1, value);
}

static void
memory_section(const struct status *s, source_section_fn *fn, void *arg)
{
	struct table *t = table_new(fact_columns, 2);

	if (s->has_memory) {
		fact(t, "resident", s->rss);
		fact(t, "most that was resident", s->rss_peak);
		fact(t, "anonymous", s->rss_anon);
		fact(t, "of files", s->rss_file);
		fact(t, "shared", s->rss_shmem);
		fact(t, "swapped out", s->swap);
		fact(t, "page tables", s->page_tables);
	}
	fn(arg, "memory",
	    "anonymous, of files and shared add up to resident", t);
	table_free(t);
}

static void
agent_section(const struct watched *w, source_section_fn *fn, void *arg)
{
	struct table *t = table_new(fact_columns, 2);
	struct snapshot *s = NULL;
	double live, error;
	struct err ignored;

	if (w->t->segment >= 0)
		s = snapshot_take(w->t, &ignored);
	if (s != NULL) {
		snapshot_live_total(s, &live, &error);
		fact(t, "heap memory held, estimated", (uint64_t)live);
		if (error > 0)
			fact(t, "standard error of it", (uint64_t)error);
		fact(t, "held at the high-water mark", s->peak_bytes);
		fact(t, "between two samples", s->interval);
		fact(t, "tables of the agent", s->file_bytes);
		snapshot_free(s);
	}
	fn(arg, "heap", s != NULL ? NULL :
		"it has no agent: start it with ullage run", t);
	table_free(t);
}

enum {
	LIM_NAME,
	LIM_USED,
	LIM_SOFT,
	LIM_HARD,
	LIM_FREE,
	LIM_FULL,
	LIM_HELP,
	LIM_COLUMNS,
};

static const struct column limit_columns[LIM_COLUMNS] = {
	[LIM_NAME] = { "limit", "limit", CELL_TEXT, "resource", true, false },
	[LIM_USED] = { "used", "used", CELL_COUNT, "in use", false, false },
	[LIM_SOFT] = { "soft", "soft", CELL_LIMIT, "soft limit", false,
	    false },
	[LIM_HARD] = { "hard", "hard", CELL_LIMIT, "hard limit", false,
	    false },
	[LIM_FREE] = { "free", "free", CELL_PERCENT,
	    "part of the soft limit that is free", false, false },
	[LIM_FULL] = { "full", "full", CELL_TEXT,
	    "when it will be met at this pace", true, false },
	[LIM_HELP] = { "what", "what it limits", CELL_TEXT, "what it limits",
	    true, false },
};

static void
limit_row(struct table *t, const struct watched *w, int i,
    const struct limits *l, const struct usage *u)
{
	uint64_t soft = l->of[i].soft;
	char text[TREND_TEXT_MAX];
	struct trend_answer a;

	table_row(t);
	table_text(t, LIM_NAME, resources[i].name);
	table_text(t, LIM_HELP, resources[i].help);
	table_u64(t, LIM_SOFT, soft);
	table_u64(t, LIM_HARD, l->of[i].hard);
	if (!u->known[i])
		return;
	table_u64(t, LIM_USED, u->used[i]);
	if (soft == LIMIT_INFINITY || resources[i].use != LIMIT_STOCK)
		return;
	if (soft != 0)
		table_double(t, LIM_FREE,
		    1 - (double)u->used[i] / (double)soft);
	a = trend_ask(&w->trends[i], (double)soft,
	    resources[i].unit == LIMIT_BYTES ? 4096 : 1);
	table_text(t, LIM_FULL, trend_text(text, &a, true));
}

int
serve_sections(struct watched *w, source_section_fn *fn, void *arg,
    struct err *e)
{
	struct table *t;
	struct status status;
	struct limits limits;
	struct usage usage;

	if (status_read(w->pid, &status, e) < 0 ||
	    limits_read(w->pid, &limits, e) < 0 ||
	    usage_read(w->pid, 0, &usage, e) < 0)
		return -1;
	agent_section(w, fn, arg);
	memory_section(&status, fn, arg);
	t = table_new(limit_columns, LIM_COLUMNS);
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		if (limits.of[i].known && resources[i].enforced)
			limit_row(t, w, i, &limits, &usage);
	fn(arg, "limits", NULL, t);
	table_free(t);
	return 0;
}
