/* SPDX-License-Identifier: MIT */
/* All processes with what they use of their limits. */
#ifndef ULLAGE_CMD_PS_ROWS_H
#define ULLAGE_CMD_PS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "proc/limits.h"
#include "proc/status.h"
#include "proc/usage.h"

struct ps_row {
	struct status status;
	struct limits limits;
	struct usage usage;
	bool agent;
	int tightest; /* enum limit_id; -1: no limit binds */
	double fraction;
};

/* From this part on a limit is trouble. */
#define PS_TROUBLE 0.8

/*
 * Every process that can be seen: two reads and a stat for each. In the order
 * of ullage ps: trouble, agents, the others; in each the tightest first.
 * Owned by the caller.
 */
int ps_rows_read(struct ps_row **rows, size_t *n, struct err *e);

#endif
