/* SPDX-License-Identifier: MIT */
/* What a plan's page consists of; tables are owned by the caller. */
#ifndef ULLAGE_CMD_PLAN_TABLES_H
#define ULLAGE_CMD_PLAN_TABLES_H

#include "cmd/plan_page.h"
#include "table/table.h"

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

/* With all: rows that tell nothing, too. */
struct table *plan_costs_table(const struct plan *p, bool all);
struct table *plan_obstacles_table(const struct plan *p, bool all);

/* One row, for JSON: the sentences of the text say the same. */
struct table *plan_sum_table(const struct plan *p);

/* What of memory is known to come: resident, and the kernel's for sockets;
 * bytes, with their standard error. */
double plan_memory(const struct plan *p, double *error);

/* Bytes of the machine's memory that are not in use, or PLAN_UNKNOWN. */
double plan_available(const struct plan *p);

#endif
