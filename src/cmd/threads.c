/* SPDX-License-Identifier: MIT */
/* ullage threads: what they do, and what their stacks take. */
#include "config.h"

#include "base/hash.h"
#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/profile_out.h"
#include "cmd/table_out.h"
#include "cmd/threads_creators.h"
#include "proc/tasks.h"
#include "table/table.h"
#include "target/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 50

#define BIT(column) (UINT64_C(1) << (column))

enum {
	COL_TID,
	COL_STATE,
	COL_CPU,
	COL_CPU_NS,
	COL_RESERVED,
	COL_RESIDENT,
	COL_AGE,
	COL_WAIT,
	COL_NAME,
	COL_START,
	COL_CREATOR,
	COL_STACK,
	COL_COUNT,
};

/* To add a column: a row here, a line in add_row. */
static const struct column columns[COL_COUNT] = {
    [COL_TID] = {"tid", "TID", CELL_ID, "thread id", false, false},
    [COL_STATE] = {"state", "S", CELL_TEXT,
	"R runs, S sleeps, D waits for a device, T stopped, Z ended; J ended "
	"and not joined",
	true, false},
    [COL_CPU] = {"cpu", "CPU", CELL_PERCENT,
	"part of a CPU, since its start or with --seconds", false, false},
    [COL_CPU_NS] = {"cpu_time", "TIME", CELL_DURATION,
	"CPU time since its start", false, false},
    [COL_RESERVED] = {"stack_reserved", "STACK", CELL_BYTES,
	"size of the mapping that its stack is in", false, false},
    [COL_RESIDENT] = {"stack_resident", "RESIDENT", CELL_BYTES,
	"what of the stack is in memory", false, false},
    [COL_AGE] = {"age", "AGE", CELL_DURATION, "since its start", false, false},
    [COL_WAIT] = {"wait", "WAITS IN", CELL_TEXT,
	"kernel function that it waits in", true, false},
    /* The last one shown that may be cut is. */
    [COL_NAME] = {"name", "NAME", CELL_TEXT, "name of the thread", true, true},
    [COL_START] = {"start", "START", CELL_TEXT,
	"function that it began in (with an agent)", true, false},
    [COL_CREATOR] = {"created_by", "CREATED BY", CELL_TEXT,
	"function and line that created it (with an agent)", true, true},
    [COL_STACK] = {"stack", "STACK OF CREATION", CELL_TEXT,
	"the same with its callers (with an agent)", true, false},
};

enum {
	GROUP_COUNT,
	GROUP_CPU,
	GROUP_CPU_NS,
	GROUP_RESERVED,
	GROUP_RESIDENT,
	GROUP_EACH,
	GROUP_NAME,
	GROUP_COLUMNS,
};

static const struct column group_columns[GROUP_COLUMNS] = {
    [GROUP_COUNT] = {"count", "COUNT", CELL_COUNT, "threads", false, false},
    [GROUP_CPU] = {"cpu", "CPU", CELL_PERCENT,
	"CPUs that they keep busy together", false, false},
    [GROUP_CPU_NS] = {"cpu_time", "TIME", CELL_DURATION,
	"CPU time since their start", false, false},
    [GROUP_RESERVED] = {"stack_reserved", "STACKS", CELL_BYTES,
	"size of the mappings of their stacks", false, false},
    [GROUP_RESIDENT] = {"stack_resident", "RESIDENT", CELL_BYTES,
	"what of the stacks is in memory", false, false},
    [GROUP_EACH] = {"resident_each", "EACH", CELL_BYTES,
	"resident stack of one of them", false, false},
    [GROUP_NAME] = {"name", "NAME", CELL_TEXT,
	"name, with # for each number in it", true, true},
};

static const struct option_spec threads_options[] = {
    {0, "by", OPT_TEXT, "WHAT", "totals only, by name", false},
    {'d', "seconds", OPT_DURATION, "N",
	"measure CPU use over N seconds, not since the start", false},
    {'o', "output", OPT_TEXT, "FILE",
	"write the profile of creating stacks to FILE (- is standard output)",
	false},
    {'F', "format", OPT_TEXT, "NAME",
	"the profile as pprof, text, collapsed or json", false},
    OPTION_END,
};

struct look {
	struct tasks before, now;
	bool twice; /* before was taken */
	struct creators who;
};

struct group {
	char *name; /* owned */
	uint64_t count, cpu_ns, with_stack, reserved, with_resident, resident;
	double share;
};

/* ---- measuring ----------------------------------------------------------- */

static void
wait_for(uint64_t ns)
{
	struct timespec left = {
	    (time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

/* A thread that ran at one look may have waited at the other. */
static void
keep_stacks(struct look *l)
{
	for (size_t i = 0; i < l->now.n; i++) {
		struct task *t = &l->now.tasks[i];
		const struct task *was = tasks_find(&l->before, t->tid);

		if (was == NULL || t->has_stack || !was->has_stack ||
		    was->start_ns != t->start_ns || t->stack_pointer != 0)
			continue;
		t->has_stack = true;
		t->stack_start = was->stack_start;
		t->stack_end = was->stack_end;
		t->has_resident = was->has_resident;
		t->stack_resident = was->stack_resident;
	}
}

static int
measure(const struct options *o, int32_t pid, struct look *l, struct err *e)
{
	uint64_t ns = option_value(o, "seconds", 0);

	memset(l, 0, sizeof *l);
	if (ns != 0) {
		if (tasks_read(pid, TASKS_STACKS, &l->before, e) < 0)
			return -1;
		l->twice = true;
		wait_for(ns);
	}
	if (tasks_read(pid, TASKS_WAIT | TASKS_STACKS, &l->now, e) < 0)
		return -1;
	keep_stacks(l);
	return 0;
}

static double
share_of(const struct look *l, const struct task *t)
{
	const struct task *was;

	if (!l->twice)
		return task_share(NULL, 0, t, l->now.taken_ns);
	was = tasks_find(&l->before, t->tid);
	if (was == NULL || was->start_ns != t->start_ns)
		return task_share(NULL, 0, t, l->now.taken_ns);
	return task_share(was, l->before.taken_ns, t, l->now.taken_ns);
}

/* ---- rows ---------------------------------------------------------------- */

static void
add_creator(struct table *out, const struct look *l,
    const struct snapshot_thread *h)
{
	struct buf text = BUF_INIT;

	sites_function(l->who.sites, h->start, &text);
	table_text(out, COL_START, buf_text(&text));
	text.len = 0;
	sites_where(l->who.sites, h->stack, &text);
	table_text(out, COL_CREATOR, buf_text(&text));
	text.len = 0;
	sites_chain(l->who.sites, h->stack, &text);
	table_text(out, COL_STACK, buf_text(&text));
	buf_free(&text);
}

/* Threads that have ended and that nobody has joined: no task any more. */
static void
add_unjoined(struct table *out, const struct look *l)
{
	const struct snapshot *s = l->who.s;

	for (size_t i = 0; s != NULL && i < s->n_threads; i++) {
		const struct snapshot_thread *h = &s->threads[i];
		uint64_t bytes;

		if (!creators_is_unjoined(h))
			continue;
		table_row(out);
		table_text(out, COL_STATE, "J");
		table_u64(out, COL_AGE, h->age);
		if (h->stack_end != 0)
			table_u64(
			    out, COL_RESERVED, h->stack_end - h->stack_start);
		if (creators_resident(&l->who, h, &bytes))
			table_u64(out, COL_RESIDENT, bytes);
		if (h->name[0] != '\0')
			table_text(out, COL_NAME, h->name);
		add_creator(out, l, h);
	}
}

static struct table *
rows_table(const struct look *l)
{
	struct table *out = table_new(columns, COL_COUNT);

	for (size_t i = 0; i < l->now.n; i++) {
		const struct task *t = &l->now.tasks[i];
		char state[2] = {t->state, '\0'};
		const struct snapshot_thread *h;
		double share = share_of(l, t);

		table_row(out);
		table_u64(out, COL_TID, (uint64_t)t->tid);
		table_text(out, COL_STATE, state);
		table_u64(out, COL_CPU_NS, t->cpu_ns);
		if (share >= 0)
			table_double(out, COL_CPU, share);
		if (t->has_stack)
			table_u64(
			    out, COL_RESERVED, t->stack_end - t->stack_start);
		if (t->has_resident)
			table_u64(out, COL_RESIDENT, t->stack_resident);
		if (t->wait[0] != '\0')
			table_text(out, COL_WAIT, t->wait);
		table_text(out, COL_NAME, t->name);
		if (l->now.taken_ns > t->start_ns)
			table_u64(out, COL_AGE, l->now.taken_ns - t->start_ns);
		if ((h = creators_find(&l->who, t->tid, t->start_ns)) != NULL)
			add_creator(out, l, h);
	}
	add_unjoined(out, l);
	return out;
}

static void
group_add(struct group *g, const struct look *l, const struct task *t)
{
	double share = share_of(l, t);

	g->count++;
	g->cpu_ns += t->cpu_ns;
	g->share += share > 0 ? share : 0;
	if (t->has_stack) {
		g->with_stack++;
		g->reserved += t->stack_end - t->stack_start;
	}
	if (t->has_resident) {
		g->with_resident++;
		g->resident += t->stack_resident;
	}
}

static void
add_group_row(struct table *out, const struct group *g)
{
	table_row(out);
	table_text(out, GROUP_NAME, g->name);
	table_u64(out, GROUP_COUNT, g->count);
	table_u64(out, GROUP_CPU_NS, g->cpu_ns);
	table_double(out, GROUP_CPU, g->share);
	if (g->with_stack != 0)
		table_u64(out, GROUP_RESERVED, g->reserved);
	if (g->with_resident != 0) {
		table_u64(out, GROUP_RESIDENT, g->resident);
		table_u64(out, GROUP_EACH, g->resident / g->with_resident);
	}
}

static struct table *
groups_table(const struct look *l)
{
	struct table *out = table_new(group_columns, GROUP_COLUMNS);
	struct group *groups = NULL;
	struct hash index = HASH_INIT;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < l->now.n; i++) {
		char name[sizeof l->now.tasks[i].name];
		uint64_t h;
		uint32_t id = 0;

		task_pattern(l->now.tasks[i].name, name, sizeof name);
		h = hash_bytes(name, strlen(name));
		for (size_t at = hash_start(&index, h);
		     n != 0 && (id = hash_next(&index, h, &at)) != 0;)
			if (strcmp(groups[id - 1].name, name) == 0)
				break;
		if (id == 0) {
			groups = xgrow(groups, n, &cap, sizeof *groups);
			groups[n] = (struct group){.name = xstrdup(name)};
			id = (uint32_t)++n;
			hash_put(&index, h, id);
		}
		group_add(&groups[id - 1], l, &l->now.tasks[i]);
	}
	for (size_t i = 0; i < n; i++) {
		add_group_row(out, &groups[i]);
		free(groups[i].name);
	}
	free(groups);
	hash_free(&index);
	return out;
}

/* ---- the last line ------------------------------------------------------- */

static void
add_unjoined_total(const struct look *l, struct buf *out)
{
	const struct snapshot *s = l->who.s;
	uint64_t n = 0, reserved = 0, resident = 0, bytes;
	char text[COUNT_MAX], size[UNITS_MAX];

	for (size_t i = 0; s != NULL && i < s->n_threads; i++) {
		const struct snapshot_thread *h = &s->threads[i];

		if (!creators_is_unjoined(h))
			continue;
		n++;
		reserved += h->stack_end - h->stack_start;
		if (creators_resident(&l->who, h, &bytes))
			resident += bytes;
	}
	if (n == 0)
		return;
	buf_printf(out, "%s %s ended and %s not joined: ", count_text(text, n),
	    n == 1 ? "has" : "have", n == 1 ? "was" : "were");
	buf_printf(out, "%s of stack reserved, ",
	    units_bytes(size, (int64_t)reserved));
	buf_printf(
	    out, "%s resident\n", units_bytes(size, (int64_t)resident));
}

static void
add_totals(const struct look *l, struct buf *out)
{
	struct group all = {.count = 0};
	char text[COUNT_MAX], bytes[UNITS_MAX];

	for (size_t i = 0; i < l->now.n; i++)
		group_add(&all, l, &l->now.tasks[i]);
	buf_printf(out, "\n%s thread%s", count_text(text, all.count),
	    all.count == 1 ? "" : "s");
	if (all.with_stack != 0)
		buf_printf(out, ", %s of stack reserved",
		    units_bytes(bytes, (int64_t)all.reserved));
	if (all.with_resident != 0) {
		buf_printf(out, ", %s resident",
		    units_bytes(bytes, (int64_t)all.resident));
		buf_printf(out, ", %s per thread",
		    units_bytes(
			bytes, (int64_t)(all.resident / all.with_resident)));
	}
	if (all.with_stack != all.count)
		buf_printf(out, "; the stack%s of %s %s unknown",
		    all.count - all.with_stack == 1 ? "" : "s",
		    count_text(text, all.count - all.with_stack),
		    all.count - all.with_stack == 1 ? "is" : "are");
	buf_puts(out, "\n");
	add_unjoined_total(l, out);
	creators_caveat(&l->who, out);
}

/* ---- the command --------------------------------------------------------- */

static void
write_out(const struct options *o, const struct look *l, bool by_name, int sort,
    struct buf *out)
{
	struct table *t = by_name ? groups_table(l) : rows_table(l);
	size_t width = cmd_columns(true);
	uint64_t hidden = by_name ? 0 : BIT(COL_STACK);

	table_out_order(t, sort, by_name ? GROUP_COUNT : COL_CPU_NS);
	if (width != 0 && width < 72)
		hidden |= by_name ? BIT(GROUP_CPU_NS)
				  : BIT(COL_CPU_NS) | BIT(COL_AGE);
	if (!by_name && l->who.s == NULL)
		hidden |= BIT(COL_START) | BIT(COL_CREATOR);
	if (option_given(o, "json")) {
		table_json(t, out);
	} else {
		table_out_text(o, t, ROWS, hidden, out);
		add_totals(l, out);
	}
	table_free(t);
}

static int
threads_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	const char *by = option_text(o, "by");
	struct buf out = BUF_INIT;
	struct look l = {.twice = false};
	struct target *t;
	bool profile = option_given(o, "output") || option_given(o, "format");
	int sort, rc;

	(void)cmd;
	if (profile && profile_out_check(o, e) < 0)
		return -1;
	if (by != NULL && strcmp(by, "name") != 0)
		return err_set(
		    e, ERR_USAGE, "cannot group by \"%s\"; there is name", by);
	if (table_out_sort(o, by ? group_columns : columns,
		by ? GROUP_COLUMNS : COL_COUNT, &sort, e) < 0 ||
	    (t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	if (profile) {
		rc = profile_out_kind(o, t, "threadcreate", e);
		target_free(t);
		return rc;
	}
	if ((rc = measure(o, t->pid, &l, e)) == 0)
		rc = creators_read(&l.who, o, t, e);
	if (rc == 0 && !target_is_same(t))
		rc = err_set(e, ERR_GONE, "process %d ended meanwhile", t->pid);
	if (rc == 0) {
		write_out(o, &l, by != NULL, sort, &out);
		rc = output_write(NULL, out.bytes, out.len, e);
	}
	buf_free(&out);
	tasks_free(&l.before);
	tasks_free(&l.now);
	creators_free(&l.who);
	target_free(t);
	return rc;
}

const struct cmd cmd_threads = {
    .name = "threads",
    .operands = "PID",
    .summary = "show threads: CPU use, where they wait, what stacks take",
    .details = "Nothing has to run in the process. A stack is known by "
	       "the stack pointer of a thread that waits; of one that "
	       "runs at that moment it is unknown. Who created the threads, "
	       "which of them were never joined, and the profile, need a "
	       "process that has an agent.",
    .options = {threads_options, table_out_options, symbol_options,
	common_options},
    .min_operands = 1,
    .max_operands = 1,
    .run = threads_run,
};
