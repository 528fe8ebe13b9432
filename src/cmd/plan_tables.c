/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/plan_tables.h"

#include <math.h>

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

struct table *
plan_costs_table(const struct plan *p, bool all)
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

struct table *
plan_obstacles_table(const struct plan *p, bool all)
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

double
plan_memory(const struct plan *p, double *error)
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

double
plan_available(const struct plan *p)
{
	const struct ceiling *c = &p->facts.ceilings.of[CEILING_memory];

	if (c->limit == CEILING_UNKNOWN || c->used == CEILING_UNKNOWN)
		return PLAN_UNKNOWN;
	return (double)c->limit - (double)c->used;
}

struct table *
plan_sum_table(const struct plan *p)
{
	struct table *t = table_new(sum_columns, SUM_COLUMNS);
	const struct cgroup_limit *g = &p->facts.cgroups.memory;
	double error, memory = plan_memory(p, &error);

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
	table_double(t, SUM_AVAILABLE, plan_available(p));
	if (g->known)
		table_u64(t, SUM_CGROUP, g->limit);
	if (g->known && g->used_known)
		table_u64(t, SUM_CGROUP_USED, g->used);
	return t;
}
