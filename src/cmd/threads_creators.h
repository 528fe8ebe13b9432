/* SPDX-License-Identifier: MIT */
/* Who created the threads: what ullage threads can tell of a process that has
 * an agent. */
#ifndef ULLAGE_CMD_THREADS_CREATORS_H
#define ULLAGE_CMD_THREADS_CREATORS_H

#include "cmd/cmd.h"
#include "profile/sites.h"
#include "proc/tasks.h"
#include "target/snapshot.h"

struct creators {
	struct snapshot *s; /* NULL: there is no agent */
	struct sites *sites;
	const struct snapshot_thread **by_tid; /* those that run */
	size_t n;
	bool namespaces; /* tids are of another pid namespace */
	uint64_t taken_ns; /* since boot */
	int32_t pid;
};

/* After the tasks were read. creators_free in any case. */
int creators_read(struct creators *c, const struct options *o,
    const struct target *t, struct err *e);
void creators_free(struct creators *c);

/* The same with names of somebody's own. */
int creators_look(struct creators *c, const struct target *t,
    struct symbolizer *names, struct err *e);

/*
 * NULL if it is not known. `start` is the thread's, in ns since boot: what was
 * noted before that is of another thread, whose place it has.
 */
const struct snapshot_thread *creators_find(const struct creators *c,
    int32_t tid, uint64_t start);

/* A sentence on what it does not see any more, if it does not record. */
void creators_caveat(const struct creators *c, struct buf *out);

/* Ended, and nobody has joined it: its stack is kept. */
bool creators_is_unjoined(const struct snapshot_thread *h);

/* What of its stack is in memory; false if that is not known. */
bool creators_resident(const struct creators *c,
    const struct snapshot_thread *h, uint64_t *bytes);

#endif
