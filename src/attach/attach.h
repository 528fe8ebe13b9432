/* SPDX-License-Identifier: MIT */
/*
 * The agent into a process that runs, and out of it again.
 *
 * One thread that waits in a known call is stopped for a moment and sent
 * through a stub that starts a thread; that one loads the agent as any thread
 * would. Everything that can be known without a stop is looked at before one,
 * and where it cannot be known that it is safe, it is refused.
 */
#ifndef ULLAGE_ATTACH_ATTACH_H
#define ULLAGE_ATTACH_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define ATTACH_UNSET UINT64_MAX

enum attach_follow {
	ATTACH_FOLLOW_NONE,
	ATTACH_FOLLOW_FORK,
	ATTACH_FOLLOW_ALL,
};

struct attach_want {
	uint64_t interval;     /* mean bytes between samples */
	uint64_t trim;	       /* as in target/knob.h */
	uint64_t memory_limit; /* bytes, 0: none */
	uint64_t lease_ns;     /* 0: for ever */
	enum attach_follow follow;
	const char *dir; /* base folder of the segment, or NULL */
	uint64_t wait_ns; /* for a safe point; 0: two seconds */
};

struct attach_outcome {
	int32_t tid;	  /* the thread that was stopped; 0: none had to be */
	const char *call; /* that it waited in */
	uint64_t stopped_ns; /* it stood still at most so long */
	uint64_t away_ns;    /* until it waited in its call again */
	uint64_t found_ns;   /* from the begin until there was a safe point */
	uint64_t total_ns;   /* from the begin until the agent had answered */
	unsigned tries;	     /* stops, the successful one included */
	int answer;	     /* the agent's; 0: done */
	const char *said;    /* the same as a sentence, after "the agent: " */
};

/*
 * Loads the library at `path`, as the target sees it, and arms it. 0 if the
 * agent is armed, be it by somebody else; -1 with e otherwise, and then the
 * target is as it was, or e says what is left.
 */
int attach_arm(int32_t pid, const char *path, const struct attach_want *want,
    struct attach_outcome *out, struct err *e);

/* Disarms the copy that is loaded from `path`. */
int attach_disarm(int32_t pid, const char *path, uint64_t wait_ns,
    struct attach_outcome *out, struct err *e);

#endif
