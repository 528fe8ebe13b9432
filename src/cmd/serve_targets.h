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
#include "cmd/serve_watch.h"
#include "symbol/symbol.h"
#include "target/target.h"

/*
 * A process as it was found: shared by all who look at it at this moment, and
 * replaced when an agent comes or another program takes its place.
 */
struct handle {
	unsigned users; /* under the lock of the watched process */
	struct target *t;

	/* Held while names are looked up; never while a target is read. */
	pthread_mutex_t names_lock;
	struct symbolizer *names; /* NULL until it is needed */
};

struct watched {
	/* Never changes. */
	int32_t pid;
	uint64_t start_ticks;
	bool named;    /* was asked for by name or pid */

	/* Under the list's lock. */
	unsigned users;
	bool listed;
	bool ended;

	/* Held for as long as its threads are stopped one after the other:
	 * there can be one tracer only. */
	pthread_mutex_t tracing;

	/* Under its own lock, which nobody holds for long. */
	pthread_mutex_t lock;
	char name[64]; /* not escaped */
	struct handle *handle;
	struct watch watch; /* what was seen so far */
	bool cpu_profile;   /* one is being taken */
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

void watched_name(struct watched *w, char out[64]);

/* As it is now, to be let go; NULL if it has ended. */
struct handle *watched_open(struct watched *w, struct err *e);
void watched_close(struct watched *w, struct handle *h);

uint64_t serve_now(void); /* ns, CLOCK_MONOTONIC */

#endif
