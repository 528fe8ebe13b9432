/* SPDX-License-Identifier: MIT */
/*
 * Suspects: stacks whose descriptors stay open, more of them at each look.
 *
 * A server opens and closes all day; that it holds many says nothing. What is
 * leaked outlives what is not. So for each stack the longest life of those
 * that were seen to close in between is taken, and those count that have been
 * open for more than twice as long (and longer than the time between two
 * looks). If their number grows in the first half of the looks and in the
 * second, the stack is a suspect. A pool that fills up slowly is one too:
 * it is called a suspect for that.
 */
#ifndef ULLAGE_PROFILE_LEAKS_H
#define ULLAGE_PROFILE_LEAKS_H

#include <stddef.h>
#include <stdint.h>

#include "target/snapshot.h"

struct leak_fd {
	uint32_t stack;
	int32_t fd;
	uint32_t birth; /* in 1/16 s since the agent began */
};

struct leak_look {
	uint64_t time; /* ns since the agent began */
	struct leak_fd *fds; /* owned */
	size_t n;
};

struct leak {
	uint32_t stack;
	uint64_t open;	     /* at the last look */
	uint64_t long_first; /* how many had been open for long, at first */
	uint64_t long_last;
	uint64_t closed; /* of all at a look, not there at the next */
	uint64_t lived;	 /* ns, at most: the longest life of those */
	uint64_t limit;	 /* ns: what counts as long */
	uint64_t oldest; /* ns */
};

/* What of a snapshot with open filled the comparison needs. */
void leak_look_take(struct leak_look *look, const struct snapshot *s);
void leak_look_free(struct leak_look *look);

/* At least this much growth is none of chance. */
#define LEAKS_MIN 3

/*
 * The suspects among n looks (three or more), most growth first; n_stacks is
 * of the last snapshot. Owned by the caller.
 */
struct leak *leaks_find(const struct leak_look *looks, size_t n,
    size_t n_stacks, size_t *n_found);

#endif
