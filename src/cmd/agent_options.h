/* SPDX-License-Identifier: MIT */
/*
 * The options by which run and attach tell an agent how to be: their table,
 * what is checked of them, and how they reach an agent that is there already.
 */
#ifndef ULLAGE_CMD_AGENT_OPTIONS_H
#define ULLAGE_CMD_AGENT_OPTIONS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cmd/cmd.h"
#include "target/target.h"

/* --interval, --trim, --memory-limit, --follow, --dir */
extern const struct option_spec agent_options[];

/* --follow and --dir; *trim is that of --trim, or KNOB_OFF. */
int agent_options_check(const struct options *o, uint64_t *trim,
    struct err *e);

/*
 * Those that were given, to the agent that t has: the interval and the knob.
 * text gets a sentence for each, and one that names those that are fixed when
 * an agent comes into a process.
 */
int agent_options_apply(const struct options *o, const struct target *t,
    struct buf *text, struct err *e);

#endif
