/* SPDX-License-Identifier: MIT */
/*
 * What the agent knows, as a ledger takes it. The ledger itself knows nothing
 * of agents.
 */
#ifndef ULLAGE_TUNE_LEDGER_WATCHED_H
#define ULLAGE_TUNE_LEDGER_WATCHED_H

#include "target/knob.h"
#include "target/snapshot.h"
#include "tune/ledger.h"

/*
 * Live objects and their total into `in`, which then owns the objects. False,
 * and nothing is changed, when the agent does not see the heap.
 */
bool ledger_watch(const struct snapshot *s, struct ledger_input *in);

/* The objects; not what else it points to. */
void ledger_unwatch(struct ledger_input *in);

/* The allocator, what it said when it was asked, and what the last trim
 * left. */
void ledger_take_knob(const struct knob *k, struct ledger_input *in,
    struct ledger_trim *trim);

#endif
