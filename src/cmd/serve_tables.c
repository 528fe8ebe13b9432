/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_tables.h"
#include "base/xalloc.h"
#include "cmd/trim.h"
#include "proc/stat.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "target/glance.h"
#include "target/knob.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ALL_PID,
	ALL_NAME,
	ALL_RSS,
	ALL_LIVE,
	ALL_RETAINED,
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
	[ALL_RETAINED] = { "retained", "retained", CELL_BYTES,
	    "heap memory that is free, but kept by the allocator", false,
	    false },
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
heap_cells(struct table *t, const struct target *target)
{
	struct err ignored;
	struct glance g;

	if (target->segment >= 0 &&
	    target_glance(target, &g, &ignored) == 0 && !g.shadowed &&
	    g.interval != 0)
		table_u64(t, ALL_LIVE, g.live_bytes);
}

static void
limit_cells(struct table *t, const struct watched *w,
    const struct status *status)
{
	struct proc_stat stat;
	struct limits limits;
	struct usage u = { .maps = 0 };
	struct err ignored;
	double fraction;
	int64_t fds;
	int tightest;

	if (proc_stat_read(w->pid, &stat, &ignored) < 0 ||
	    limits_read(w->pid, &limits, &ignored) < 0)
		return;
	usage_from_status(&u, status);
	usage_from_stat(&u, &stat);
	if ((fds = usage_descriptors(w->pid)) >= 0) {
		u.used[LIMIT_nofile] = (uint64_t)fds;
		u.known[LIMIT_nofile] = true;
		table_u64(t, ALL_FDS, (uint64_t)fds);
	}
	table_u64(t, ALL_SOFT, limits.of[LIMIT_nofile].soft);
	tightest = usage_tightest(&u, &limits, status, &fraction);
	if (tightest < 0)
		return;
	table_text(t, ALL_TIGHTEST, resources[tightest].name);
	table_double(t, ALL_FREE, 1 - fraction);
}

static void
all_row(struct table *t, struct watched *w)
{
	struct watch_memory m;
	struct status status;
	struct handle *h;
	struct err ignored;
	char name[64];

	if ((h = watched_open(w, &ignored)) == NULL)
		return;
	watched_name(w, name);
	pthread_mutex_lock(&w->lock);
	m = w->watch.memory;
	pthread_mutex_unlock(&w->lock);
	table_row(t);
	table_u64(t, ALL_PID, (uint64_t)w->pid);
	table_text(t, ALL_NAME, name);
	heap_cells(t, h->t);
	if (m.time != 0 && m.known[LEDGER_RETAINED])
		table_u64(t, ALL_RETAINED, m.bytes[LEDGER_RETAINED]);
	if (status_read(w->pid, &status, &ignored) == 0) {
		if (status.has_memory)
			table_u64(t, ALL_RSS, status.rss);
		table_u64(t, ALL_THREADS, status.threads);
		limit_cells(t, w, &status);
	}
	watched_close(w, h);
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
	{ "share", "", CELL_PERCENT, "of the resident memory", false, false },
};

static void
fact(struct table *t, const char *what, uint64_t value)
{
	table_row(t);
	table_text(t, 0, what);
	table_u64(t, 1, value);
}

/* The ledger of the last look; what the kernel says now until there is one. */
static void
memory_section(const struct status *s, const struct watch_memory *m,
    source_section_fn *fn, void *arg)
{
	struct table *t = table_new(fact_columns, 3);

	for (int i = 0; m->time != 0 && i < LEDGER_PARTS; i++) {
		if (!m->known[i] || (m->bytes[i] == 0 && i > LEDGER_RETAINED))
			continue;
		fact(t, ledger_title(i), m->bytes[i]);
		if (m->rss != 0)
			table_double(t, 2,
			    (double)m->bytes[i] / (double)m->rss);
	}
	if (m->time != 0)
		fact(t, "resident", m->rss);
	else if (s->has_memory)
		fact(t, "resident", s->rss);
	if (m->returned != UINT64_MAX && m->time != 0)
		fact(t, "a trim would return about", m->returned);
	if (s->has_memory) {
		fact(t, "most that was resident", s->rss_peak);
		fact(t, "swapped out", s->swap);
		fact(t, "page tables", s->page_tables);
	}
	fn(arg, "memory", m->time == 0 ? NULL :
		"the parts add up to resident; what cannot be told apart is "
		"unknown", t);
	table_free(t);
}

static void
agent_section(const struct target *target, const struct watch_memory *m,
    source_section_fn *fn, void *arg)
{
	struct table *t = table_new(fact_columns, 2);
	struct glance g;
	struct err ignored;
	bool has = target->segment >= 0 &&
	    target_glance(target, &g, &ignored) == 0;

	if (has && !g.shadowed && g.interval != 0) {
		fact(t, "held now, estimated", g.live_bytes);
		if (m->watched && m->live_error > 0)
			fact(t, "standard error of it", m->live_error);
		fact(t, "held at the high-water mark", g.peak_bytes);
		fact(t, "between two samples", g.interval);
	}
	if (has) {
		fact(t, "tables of the agent", g.file_bytes);
		table_row(t);
		table_text(t, 0, "what it could not record");
		table_u64_as(t, 1, CELL_COUNT, g.lost);
	}
	fn(arg, "heap", !has ? "it has no agent: ullage attach brings one in" :
	    g.shadowed ? "another malloc comes before the agent's, so it sees "
			 "nothing" : NULL, t);
	table_free(t);
}

static void
trim_section(const struct target *target, source_section_fn *fn, void *arg)
{
	struct knob *k = xcalloc(1, sizeof *k);
	char text[128], percent[32];
	struct table *t;
	struct err ignored;

	if (target->segment >= 0 && knob_read(target, k, &ignored) == 0) {
		t = trim_receipts(k);
		snprintf(text, sizeof text, "the trim knob is %s%s",
		    k->percent == KNOB_OFF ? "" : "at ",
		    trim_percent_text(percent, k->percent));
		fn(arg, "trims", text, t);
		table_free(t);
	}
	free(k);
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
	bool bytes = resources[i].unit == LIMIT_BYTES;
	enum cell_kind kind = bytes ? CELL_SIZE_LIMIT : CELL_LIMIT;
	uint64_t soft = l->of[i].soft;
	char text[TREND_TEXT_MAX];
	struct trend_answer a;

	table_row(t);
	table_text(t, LIM_NAME, resources[i].name);
	table_text(t, LIM_HELP, resources[i].help);
	table_u64_as(t, LIM_SOFT, kind, soft);
	table_u64_as(t, LIM_HARD, kind, l->of[i].hard);
	if (!u->known[i] || resources[i].use != LIMIT_STOCK)
		return;
	table_u64_as(t, LIM_USED, bytes ? CELL_BYTES : CELL_COUNT, u->used[i]);
	if (soft == LIMIT_INFINITY)
		return;
	if (soft != 0)
		table_double(t, LIM_FREE,
		    1 - (double)u->used[i] / (double)soft);
	a = trend_ask(&w->watch.trends[i], (double)soft, bytes ? 4096 : 1);
	table_text(t, LIM_FULL, trend_text(text, &a, true));
}

int
serve_sections(struct watched *w, const struct handle *h,
    source_section_fn *fn, void *arg, struct err *e)
{
	struct table *t;
	struct watch_memory m;
	struct status status;
	struct limits limits;
	struct usage usage;

	if (status_read(w->pid, &status, e) < 0 ||
	    limits_read(w->pid, &limits, e) < 0 ||
	    usage_read(w->pid, 0, &usage, e) < 0)
		return -1;
	pthread_mutex_lock(&w->lock);
	m = w->watch.memory;
	pthread_mutex_unlock(&w->lock);
	memory_section(&status, &m, fn, arg);
	agent_section(h->t, &m, fn, arg);
	trim_section(h->t, fn, arg);
	t = table_new(limit_columns, LIM_COLUMNS);
	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		if (limits.of[i].known && resources[i].enforced)
			limit_row(t, w, i, &limits, &usage);
	pthread_mutex_unlock(&w->lock);
	fn(arg, "limits", NULL, t);
	table_free(t);
	return 0;
}
