/* SPDX-License-Identifier: MIT */
/*
 * The processes that are served: those that were named, and with all_agents
 * those that have an agent, whenever they come. Several threads ask at once.
 */
#ifndef ULLAGE_CMD_SERVE_TARGETS_H
#define ULLAGE_CMD_SERVE_TARGETS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/limits.h"
#include "symbol/symbol.h"
#include "target/target.h"
#include "tune/trend.h"

struct watched {
	/* Never changes. */
	int32_t pid;
	uint64_t start_ticks;
	bool named;    /* was asked for by name or pid */

	/* Under the list's lock. */
	unsigned users;
	bool listed;
	bool ended;
	char name[64]; /* not escaped */

	/* Under its own lock, which is taken for as long as it is measured. */
	pthread_mutex_t lock;
	struct target *t;
	struct symbolizer *names;
	struct trend trends[LIMIT_RESOURCES];
};

struct serve_targets {
	pthread_mutex_t lock;
	bool all_agents;
	struct watched **list; /* by pid; owned */
	size_t n, cap;
	uint64_t looked; /* when for agents; ns, CLOCK_MONOTONIC */
};

void serve_targets_init(struct serve_targets *s, bool all_agents);
void serve_targets_fini(struct serve_targets *s);

/* A process to be served, whether it has an agent or not. */
int serve_targets_name(struct serve_targets *s, const char *pid_or_name,
    struct err *e);

/*
 * All that are served and run now, by pid; each to be put back, then the array
 * freed.
 */
size_t serve_targets_all(struct serve_targets *s, struct watched ***list);

/* One of them; ERR_GONE if it is not served, or has ended. */
struct watched *serve_targets_get(struct serve_targets *s, int32_t pid,
    struct err *e);
void serve_targets_put(struct serve_targets *s, struct watched *w);

/* Takes its lock and makes sure that `t` is how it is now: an agent may have
 * come, or the program may have been replaced. -1 and unlocked if it ended. */
int watched_lock(struct watched *w, struct err *e);
void watched_unlock(struct watched *w);

uint64_t serve_now(void); /* ns, CLOCK_MONOTONIC */

#endif
