/* SPDX-License-Identifier: MIT */
/*
 * Changing resource limits of running processes: planned first, then applied
 * as a whole or not at all.
 *
 * A process is held by a pidfd and known by its start time; both are compared
 * before and after, so a pid that was used again is never changed unnoticed.
 */
#ifndef ULLAGE_TUNE_SETLIMIT_H
#define ULLAGE_TUNE_SETLIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/err.h"
#include "proc/limits.h"
#include "tune/assignment.h"

struct limit_change {
	int32_t pid;
	uint64_t start_ticks;
	char name[64]; /* comm; not escaped */
	enum limit_id resource;
	struct limit old, new;
	bool gone; /* it ended before it could be changed; children alone */
};

struct limit_plan {
	struct limit_change *changes; /* owned; those of a process adjoin */
	size_t n, cap;
};

#define LIMIT_PLAN_INIT { NULL, 0, 0 }

void limit_plan_free(struct limit_plan *plan);

/*
 * Adds the changes that the assignments mean for a process. With start_ticks
 * other than 0 fails if it is not the process that started then.
 */
int limit_plan_add(struct limit_plan *plan, int32_t pid,
    uint64_t start_ticks, const struct assignment *list, size_t n,
    struct err *e);

/*
 * The same for its children, their children, and so on, as they are now;
 * those that end meanwhile are left out.
 */
int limit_plan_add_children(struct limit_plan *plan, int32_t pid,
    const struct assignment *list, size_t n, struct err *e);

/*
 * Applies the plan, reads every limit back, and puts the old ones back if one
 * cannot be set; old then is what the kernel said it was. A child that is gone
 * is marked, and no failure.
 */
int limit_plan_apply(struct limit_plan *plan, struct err *e);

/* prlimit(2); tests put something else here. */
extern int (*limit_plan_prlimit)(int32_t pid, int resource,
    const struct rlimit64 *new, struct rlimit64 *old);

#endif
