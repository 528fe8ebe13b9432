/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/plan_page.h"
#include "base/escape.h"
#include "base/units.h"
#include "cmd/table_fit.h"
#include "cmd/table_out.h"
#include "table/table.h"

#include <math.h>
#include <string.h>

#define BIT(column) (UINT64_C(1) << (column))

enum {
	COST_NAME,
	COST_EACH,
	COST_EACH_ERROR,
	COST_FIXED,
	COST_NOW,
	COST_GOAL,
	COST_GOAL_ERROR,
	COST_BASIS,
	COST_COLUMNS,
};

static const struct column cost_columns[COST_COLUMNS] = {
    [COST_NAME] = {"metric", "", CELL_TEXT, "what is counted", true, false},
    [COST_EACH] = {"each", "EACH", CELL_REAL, "for one more", false, false},
    [COST_EACH_ERROR] = {"each_error", "+-", CELL_REAL,
	"its standard error, if fitted", false, false},
    [COST_FIXED] = {"fixed", "FIXED", CELL_REAL,
	"what does not depend on how many, if fitted", false, false},
    [COST_NOW] = {"now", "NOW", CELL_REAL, "at present", false, false},
    [COST_GOAL] = {"goal", "AT GOAL", CELL_REAL, "as many as asked for", false,
	false},
    [COST_GOAL_ERROR] = {"goal_error", "+-", CELL_REAL,
	"its standard error, if fitted", false, false},
    [COST_BASIS] = {"basis", "BASIS", CELL_TEXT,
	"fitted, average (includes the fixed part) or given", true, true},
};

enum {
	OBSTACLE_BREAKS,
	OBSTACLE_NAME,
	OBSTACLE_USED,
	OBSTACLE_LIMIT,
	OBSTACLE_EACH,
	OBSTACLE_IN_THE_WAY,
	OBSTACLE_COMMAND,
	OBSTACLE_NOTE,
	OBSTACLE_COLUMNS,
};

static const struct column obstacle_columns[OBSTACLE_COLUMNS] = {
    [OBSTACLE_BREAKS] = {"breaks_at", "BREAKS AT", CELL_COUNT,
	"how many it allows; null where that is not known", false, false},
    [OBSTACLE_NAME] = {"limit_name", "BECAUSE OF", CELL_TEXT,
	"limit or ceiling", true, false},
    [OBSTACLE_USED] = {"used", "USED", CELL_COUNT,
	"of it, by all whom it binds", false, false},
    [OBSTACLE_LIMIT] = {"limit", "LIMIT", CELL_COUNT, "its value", false,
	false},
    [OBSTACLE_EACH] = {"each", "EACH", CELL_REAL, "for one more", false, false},
    [OBSTACLE_IN_THE_WAY] = {"in_the_way", "!", CELL_BOOL,
	"it breaks before the goal", true, false},
    [OBSTACLE_COMMAND] = {"command", "TO MOVE IT", CELL_TEXT,
	"what moves it far enough", true, true},
    [OBSTACLE_NOTE] = {"note", "", CELL_TEXT, "what else to know", true, false},
};

enum {
	SUM_PID,
	SUM_NAME,
	SUM_UNIT,
	SUM_AT,
	SUM_GOAL,
	SUM_SAMPLES,
	SUM_LEAST,
	SUM_MOST,
	SUM_FITTED,
	SUM_MEMORY,
	SUM_MEMORY_ERROR,
	SUM_AVAILABLE,
	SUM_CGROUP,
	SUM_CGROUP_USED,
	SUM_COLUMNS,
};

/* Of JSON alone: the sentences of the text say the same. */
static const struct column sum_columns[SUM_COLUMNS] = {
    [SUM_PID] = {"pid", "", CELL_ID, "process", false, false},
    [SUM_NAME] = {"command", "", CELL_TEXT, "its name", false, false},
    [SUM_UNIT] = {"unit", "", CELL_TEXT, "what is counted", false, false},
    [SUM_AT] = {"at", "", CELL_COUNT, "how many now", false, false},
    [SUM_GOAL] = {"goal", "", CELL_COUNT, "asked for", false, false},
    [SUM_SAMPLES] = {"samples", "", CELL_COUNT, "looks", false, false},
    [SUM_LEAST] = {"least", "", CELL_COUNT, "fewest seen", false, false},
    [SUM_MOST] = {"most", "", CELL_COUNT, "most seen", false, false},
    [SUM_FITTED] = {"fitted", "", CELL_BOOL, "enough change for a line", false,
	false},
    [SUM_MEMORY] = {"memory", "", CELL_BYTES,
	"of process and sockets at the goal", false, false},
    [SUM_MEMORY_ERROR] = {"memory_error", "", CELL_BYTES, "its standard error",
	false, false},
    [SUM_AVAILABLE] = {"available", "", CELL_BYTES,
	"memory of the machine that is not in use", false, false},
    [SUM_CGROUP] = {"cgroup_limit", "", CELL_SIZE_LIMIT,
	"what the control group may have", false, false},
    [SUM_CGROUP_USED] = {"cgroup_used", "", CELL_BYTES, "and has", false,
	false},
};

const char *const plan_unit_names[] = {
    [PLAN_CONNECTIONS] = "connections",
    [PLAN_FDS] = "fds",
    [PLAN_THREADS] = "threads",
};

const char *const plan_unit_words[] = {
    [PLAN_CONNECTIONS] = "connections",
    [PLAN_FDS] = "descriptors",
    [PLAN_THREADS] = "threads",
};

/* ---- tables -------------------------------------------------------------- */

static const char *
basis_text(enum plan_how how)
{
	return how == COST_FITTED    ? "fitted"
	       : how == COST_AVERAGE ? "average"
	       : how == COST_GIVEN   ? "given"
				     : "";
}

/* Bytes are drawn as bytes; a count that has to be whole, as one. */
static void
put(struct table *t, size_t column, bool bytes, bool whole, double v)
{
	table_double_as(t, column,
	    bytes   ? CELL_BYTES
	    : whole ? CELL_COUNT
		    : CELL_REAL,
	    v);
}

static struct table *
costs_table(const struct plan *p, bool all)
{
	struct table *t = table_new(cost_columns, COST_COLUMNS);

	for (int k = 0; k < PLAN_METRICS; k++) {
		const struct plan_cost *c = &p->model.of[k];
		bool bytes = plan_metrics[k].bytes;
		double error, goal = plan_predict(&p->model,
				  (enum plan_metric)k, p->goal, &error);

		if (!all && (!isfinite(c->now) || c->now == 0))
			continue;
		table_row(t);
		table_text(t, COST_NAME, plan_metrics[k].name);
		put(t, COST_EACH, bytes, false, c->each);
		put(t, COST_NOW, bytes, true, c->now);
		put(t, COST_GOAL, bytes, true, goal);
		if (c->how != COST_UNKNOWN)
			table_text(t, COST_BASIS, basis_text(c->how));
		if (c->how != COST_FITTED)
			continue;
		put(t, COST_EACH_ERROR, bytes, false, c->each_error);
		put(t, COST_FIXED, bytes, true, c->fixed);
		put(t, COST_GOAL_ERROR, bytes, true, error);
	}
	return t;
}

static struct table *
obstacles_table(const struct plan *p, bool all)
{
	struct table *t = table_new(obstacle_columns, OBSTACLE_COLUMNS);

	for (size_t i = 0; i < p->obstacles.n; i++) {
		const struct plan_obstacle *o = &p->obstacles.list[i];

		if (!all && !isfinite(o->breaks_at) && o->note == NULL)
			continue;
		table_row(t);
		table_text(t, OBSTACLE_NAME, o->name);
		if (isinf(o->breaks_at))
			table_text(t, OBSTACLE_BREAKS, "never");
		else
			table_double(t, OBSTACLE_BREAKS, floor(o->breaks_at));
		put(t, OBSTACLE_USED, o->bytes, true, o->used);
		if (isinf(o->limit))
			table_text(t, OBSTACLE_LIMIT, "unlimited");
		else
			put(t, OBSTACLE_LIMIT, o->bytes, true, o->limit);
		put(t, OBSTACLE_EACH, o->bytes, false, o->each);
		table_u64(t, OBSTACLE_IN_THE_WAY, o->breaks);
		if (o->command[0] != '\0')
			table_text(t, OBSTACLE_COMMAND, o->command);
		if (o->note != NULL)
			table_text(t, OBSTACLE_NOTE, o->note);
	}
	return t;
}

/* What of memory is known to come: resident, and the kernel's for sockets. */
static double
memory_at_goal(const struct plan *p, double *error)
{
	static const enum plan_metric parts[] = {
	    METRIC_RSS, METRIC_BUFFERS, METRIC_OBJECTS};
	double sum = 0, squares = 0;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		double more,
		    v = plan_predict(&p->model, parts[i], p->goal, &more);

		if (!isfinite(v) && parts[i] != METRIC_RSS)
			continue;
		sum += v;
		squares += more * more;
	}
	*error = sqrt(squares);
	return sum;
}

static double
available(const struct plan *p)
{
	const struct ceiling *c = &p->facts.ceilings.of[CEILING_memory];

	if (c->limit == CEILING_UNKNOWN || c->used == CEILING_UNKNOWN)
		return PLAN_UNKNOWN;
	return (double)c->limit - (double)c->used;
}

static struct table *
sum_table(const struct plan *p)
{
	struct table *t = table_new(sum_columns, SUM_COLUMNS);
	const struct cgroup_limit *g = &p->facts.cgroups.memory;
	double error, memory = memory_at_goal(p, &error);

	table_row(t);
	table_u64(t, SUM_PID, (uint64_t)p->t->pid);
	table_text(t, SUM_NAME, p->t->process.name);
	table_text(t, SUM_UNIT, plan_unit_names[p->unit]);
	table_u64(t, SUM_AT, (uint64_t)p->model.at);
	table_u64(t, SUM_GOAL, (uint64_t)p->goal);
	table_u64(t, SUM_SAMPLES, p->model.samples);
	table_u64(t, SUM_LEAST, (uint64_t)p->model.least);
	table_u64(t, SUM_MOST, (uint64_t)p->model.most);
	table_u64(t, SUM_FITTED, p->model.fitted);
	table_double(t, SUM_MEMORY, memory);
	if (p->model.fitted)
		table_double(t, SUM_MEMORY_ERROR, error);
	table_double(t, SUM_AVAILABLE, available(p));
	if (g->known)
		table_u64(t, SUM_CGROUP, g->limit);
	if (g->known && g->used_known)
		table_u64(t, SUM_CGROUP_USED, g->used);
	return t;
}

/* ---- sentences ----------------------------------------------------------- */

static void
put_bytes(struct buf *out, double bytes)
{
	char text[UNITS_MAX];

	buf_puts(out,
	    isfinite(bytes) ? units_bytes(text, (int64_t)bytes) : "unknown");
}

static void
put_count(struct buf *out, double count)
{
	char text[COUNT_MAX];

	buf_puts(out, count_text(text, (uint64_t)count));
}

static void
say_what(const struct plan *p, struct buf *out)
{
	escape_terminal(out, p->t->process.name, strlen(p->t->process.name));
	buf_printf(out, " (%d) has ", p->t->pid);
	put_count(out, p->model.at);
	buf_printf(out, " %.*s",
	    (int)strlen(plan_unit_words[p->unit]) - (p->model.at == 1),
	    plan_unit_words[p->unit]);
	if (p->unit == PLAN_CONNECTIONS && p->shape.listens) {
		buf_puts(out, " to its listening sockets");
		if (p->shape.outgoing != 0) {
			buf_puts(out, ", and ");
			put_count(out, (double)p->shape.outgoing);
			buf_puts(out, " of its own to others");
		}
	} else if (p->unit == PLAN_CONNECTIONS) {
		buf_puts(out, " (it has no listening socket: all that are "
			      "established)");
	}
	buf_puts(out, "\n");
}

static void
say_how(const struct plan *p, struct buf *out)
{
	const struct plan_model *m = &p->model;
	const char *unit = plan_unit_words[p->unit];
	char text[UNITS_MAX];

	if (m->fitted) {
		buf_printf(out, "%zu looks in %s, while they went from ",
		    m->samples, units_duration(text, (int64_t)p->watched_ns));
		put_count(out, m->least);
		buf_puts(out, " to ");
		put_count(out, m->most);
		buf_puts(out, ": a line is fitted\n");
		return;
	}
	if (m->samples > 1) {
		buf_puts(out, "not enough change: from ");
		put_count(out, m->least);
		buf_puts(out, " to ");
		put_count(out, m->most);
		buf_printf(out, " in %zu looks\n", m->samples);
	}
	if (m->at > 0 && m->unit == PLAN_CONNECTIONS)
		buf_puts(out,
		    "each is an average and includes the fixed part: at most "
		    "that, and nothing\nbreaks earlier than it says\n");
	else
		buf_puts(out, "what one costs is not known\n");
	buf_printf(out,
	    "plan again with --seconds while the number of %s changes, to "
	    "know\n",
	    unit);
}

static void
say_memory(const struct plan *p, struct buf *out)
{
	const struct cgroup_limit *g = &p->facts.cgroups.memory;
	double error, memory = memory_at_goal(p, &error);

	if (!isfinite(memory))
		return;
	buf_puts(out, "\nmemory at ");
	put_count(out, p->goal);
	buf_puts(out, p->model.fitted ? ": " : ": at most ");
	put_bytes(out, memory);
	if (p->model.fitted) {
		buf_puts(out, " +- ");
		put_bytes(out, error);
	}
	buf_puts(out, " with its sockets; this machine has ");
	put_bytes(out, available(p));
	buf_puts(out, " available");
	if (g->known && g->limit != CGROUP_NO_LIMIT) {
		buf_puts(out, ", the control group ");
		put_bytes(out, g->used_known
				   ? fmax(0, (double)g->limit - (double)g->used)
				   : PLAN_UNKNOWN);
		buf_puts(out, " left of ");
		put_bytes(out, (double)g->limit);
	}
	buf_puts(out, "\n");
}

/* What is not in the table, and the answer. */
static void
say_verdict(const struct plan *p, struct buf *out)
{
	size_t in_the_way = 0;
	const char *between = "no growth seen, or no limit: ";

	for (size_t i = 0; i < p->obstacles.n; i++) {
		in_the_way += p->obstacles.list[i].breaks;
		if (!isinf(p->obstacles.list[i].breaks_at))
			continue;
		buf_printf(out, "%s%s", between, p->obstacles.list[i].name);
		between = "; ";
	}
	if (between[0] == ';')
		buf_puts(out, "\n");
	between = "growth not known: ";
	for (size_t i = 0; i < p->obstacles.n; i++) {
		const struct plan_obstacle *o = &p->obstacles.list[i];

		if (!isnan(o->breaks_at) || o->note != NULL)
			continue;
		buf_printf(out, "%s%s", between, o->name);
		between = "; ";
	}
	if (between[0] == ';')
		buf_puts(out, "\n");
	put_count(out, p->goal);
	buf_printf(out, " %s: ", plan_unit_words[p->unit]);
	if (in_the_way != 0) {
		buf_printf(out, "%zu thing%s in the way, first %s at ",
		    in_the_way, in_the_way == 1 ? " is" : "s are",
		    p->obstacles.list[0].name);
		put_count(out, p->obstacles.list[0].breaks_at);
		buf_puts(out, p->model.fitted || p->unit != PLAN_CONNECTIONS
				  ? "\n"
				  : " at the earliest\n");
	} else {
		buf_puts(out, "nothing that is known stands in the way\n");
	}
}

/* The commands, in an order that works: ceilings before limits. */
static void
say_commands(const struct plan *p, struct buf *out)
{
	const char *last = "";
	bool any = false;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < p->obstacles.n; i++) {
			const struct plan_obstacle *o = &p->obstacles.list[i];
			bool ours = strncmp(o->command, "ullage ", 7) == 0;

			if (!o->breaks || o->command[0] == '\0' ||
			    ours != (pass == 1) ||
			    strcmp(o->command, last) == 0)
				continue;
			buf_puts(out, any ? "  "
					  : "\nto move what is in the "
					    "way:\n  ");
			escape_terminal(
			    out, last = o->command, strlen(o->command));
			buf_puts(out, "\n");
			any = true;
		}
	}
	for (size_t i = 0; i < p->obstacles.n; i++)
		if (p->obstacles.list[i].note != NULL)
			buf_printf(out, "%s: %s\n", p->obstacles.list[i].name,
			    p->obstacles.list[i].note);
}

/* ---- the page ------------------------------------------------------------ */

/* The sentences say the basis, and commands are below, to be copied. */
static void
write_tables(const struct plan *p, struct buf *out)
{
	struct table *costs = costs_table(p, false);
	struct table *obstacles = obstacles_table(p, false);
	struct table_options how = {
	    .columns = cmd_columns(true), .headings = true};
	static const size_t spare_costs[] = {COST_GOAL_ERROR, COST_EACH_ERROR},
			    spare_obstacles[] = {OBSTACLE_EACH, OBSTACLE_USED};

	how.hidden = BIT(COST_BASIS);
	if (!p->model.fitted)
		how.hidden |= BIT(COST_EACH_ERROR) | BIT(COST_FIXED) |
			      BIT(COST_GOAL_ERROR);
	table_fit(costs, &how, spare_costs, 2, out);
	buf_puts(out, "\n");
	how.hidden = BIT(OBSTACLE_COMMAND) | BIT(OBSTACLE_NOTE);
	if (table_rows(obstacles) > 0)
		table_fit(obstacles, &how, spare_obstacles, 2, out);
	table_free(costs);
	table_free(obstacles);
}

void
plan_write_text(const struct plan *p, struct buf *out)
{
	say_what(p, out);
	say_how(p, out);
	buf_puts(out, "\n");
	write_tables(p, out);
	say_commands(p, out);
	say_memory(p, out);
	say_verdict(p, out);
}

void
plan_write_json(const struct plan *p, struct buf *out)
{
	struct table *sum = sum_table(p);
	struct table *costs = costs_table(p, true);
	struct table *obstacles = obstacles_table(p, true);

	buf_puts(out, "{\"plan\": ");
	table_json_row(sum, 0, out);
	buf_puts(out, ",\n\"costs\": ");
	table_json(costs, out);
	buf_puts(out, ",\n\"obstacles\": ");
	table_json(obstacles, out);
	buf_puts(out, "}\n");
	table_free(sum);
	table_free(costs);
	table_free(obstacles);
}
