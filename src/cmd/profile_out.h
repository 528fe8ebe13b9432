/* SPDX-License-Identifier: MIT */
/*
 * What the commands share that end in a profile: the options that say how it
 * is written, and the writing.
 */
#ifndef ULLAGE_CMD_PROFILE_OUT_H
#define ULLAGE_CMD_PROFILE_OUT_H

#include "cmd/cmd.h"
#include "profile/profile.h"
#include "symbol/symbol.h"
#include "target/target.h"

/* -o -F -n --type --json */
extern const struct option_spec profile_out_options[];

/* --raw --debug-dirs */
extern const struct option_spec symbol_options[];

/*
 * Checks the options of both tables before any work is done, so that a typing
 * error does not cost a snapshot.
 */
int profile_out_check(const struct options *o, struct err *e);

/* A symbolizer as the options want it; NULL with --raw. */
struct symbolizer *profile_out_symbolizer(const struct options *o,
    const char *root, long pid, long ns_pid);

/*
 * Takes the profile of that kind ("fds") and writes it. Needs an agent; of a
 * process that has ended, its last state, and says so.
 */
int profile_out_kind(const struct options *o, const struct target *t,
    const char *kind, struct err *e);

/* Writes p; pid and name are for %p and %n in -o. */
int profile_out(const struct options *o, const struct profile *p, long pid,
    const char *name, struct err *e);

#endif
