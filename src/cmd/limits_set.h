/* SPDX-License-Identifier: MIT */
/* Setting limits, for ullage limits and ullage run. */
#ifndef ULLAGE_CMD_LIMITS_SET_H
#define ULLAGE_CMD_LIMITS_SET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "tune/assignment.h"

/* --force, --dry-run and --tree. */
extern const struct option_spec limits_set_options[];

/*
 * Checks, warns, applies and prints what was and what is. start_ticks is the
 * process that the user means, 0 for whichever has the pid.
 */
int limits_set(const struct options *o, int32_t pid, uint64_t start_ticks,
    const struct assignment *list, size_t n, struct err *e);

/* The limits of this very process, for a command that will take its place. */
int limits_set_own(const char *const *texts, size_t n, struct err *e);

#endif
