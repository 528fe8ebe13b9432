/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/plan_tables.h"
#include "base/escape.h"
#include "base/units.h"
#include "cmd/table_fit.h"
#include "cmd/table_out.h"

#include <math.h>
#include <string.h>

#define BIT(column) (UINT64_C(1) << (column))

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
	double error, memory = plan_memory(p, &error);

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
	put_bytes(out, plan_available(p));
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
	struct table *costs = plan_costs_table(p, false);
	struct table *obstacles = plan_obstacles_table(p, false);
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
	struct table *sum = plan_sum_table(p);
	struct table *costs = plan_costs_table(p, true);
	struct table *obstacles = plan_obstacles_table(p, true);

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
