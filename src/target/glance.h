/* SPDX-License-Identifier: MIT */
/*
 * A few numbers of an agent, for lists: a few reads of less than a page, where
 * a snapshot copies megabytes.
 */
#ifndef ULLAGE_TARGET_GLANCE_H
#define ULLAGE_TARGET_GLANCE_H

#include "target/target.h"

/* Reasons for losses, at most. */
#define GLANCE_LOSSES 64

struct glance {
	bool shadowed;	     /* the agent sees no allocation */
	bool armed;	     /* it records */
	bool attached;	     /* it sees what was allocated since */
	uint64_t live_bytes; /* the agent's running estimate */
	uint64_t peak_bytes;
	uint64_t samples, frees;
	uint64_t interval; /* bytes; in force */
	uint64_t lost;	   /* of all reasons */
	uint64_t losses[GLANCE_LOSSES]; /* by reason */
	uint64_t file_bytes; /* memory behind the segment */
};

int target_glance(const struct target *t, struct glance *g, struct err *e);

/* The name of a reason, "LIVE_FULL"; NULL past the last. */
const char *glance_loss_name(size_t i);

/*
 * Pids of our own pid namespace that a segment in the usual folders is named
 * after. A hint: the process may be gone or another by now; and containers
 * have folders of their own, see target_list_agents, which costs much more.
 * Owned by the caller; in no order.
 */
size_t target_hints(int32_t **pids);

#endif
