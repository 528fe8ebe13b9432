/* SPDX-License-Identifier: MIT */
/*
 * One watched process: who it is, and its segment if it has an agent.
 */
#ifndef ULLAGE_TARGET_TARGET_H
#define ULLAGE_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/process.h"

struct target {
	int32_t pid;
	bool alive;
	struct process process; /* as it was when found; name alone if dead */
	char root[40];		/* "/proc/PID/root", "" for a dead one */
	int segment;		/* descriptor, read and write; -1: no agent */
	char segment_path[512]; /* as opened */
};

/*
 * Finds a process by pid or by a name that exactly one bears (several: the
 * candidates are listed and the status is ERR_USAGE). A dead process is found
 * by pid if its segment is there. Its segment is opened if it has one.
 * NULL on failure; owned by the caller.
 */
struct target *target_find(const char *pid_or_name, struct err *e);
void target_free(struct target *t);

/* The first half of it: the pid alone, for what needs no agent. A pid is not
 * looked up. */
int target_pid(const char *pid_or_name, int32_t *pid, struct err *e);

/* Fails with the reason and the advice if the target has no agent. */
int target_need_agent(const struct target *t, struct err *e);

/* Still the same process? Compares the start time, so a reused pid is told. */
bool target_is_same(const struct target *t);

/*
 * Which of the live processes have an agent: segments in the usual folders,
 * by pid, ascending. Owned by the caller.
 */
int target_list_agents(int32_t **pids, size_t *n, struct err *e);

/*
 * The same of processes that the caller has listed already, by pid, ascending:
 * costs nothing for those of our own pid namespace, unless somebody left a
 * segment under their pid.
 */
struct agent_candidate {
	int32_t pid;
	bool nested; /* in a pid namespace below ours */
};

void target_agents_among(const struct agent_candidate *list, size_t count,
    int32_t **pids, size_t *n);

/* Asks the agent to sample every `interval` bytes; 0 none, 1 all. */
int target_set_interval(const struct target *t, uint64_t interval,
    struct err *e);

#endif
