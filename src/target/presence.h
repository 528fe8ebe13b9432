/* SPDX-License-Identifier: MIT */
/*
 * How the agent is in a process, and the words by which it is told to go
 * quiet and to start again. No ptrace: the segment's owner may write them.
 */
#ifndef ULLAGE_TARGET_PRESENCE_H
#define ULLAGE_TARGET_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "target/target.h"

enum presence_state {
	PRESENCE_STARTING,
	PRESENCE_ARMED,
	PRESENCE_QUIET,	  /* its hooks are there and only forward */
	PRESENCE_DORMANT, /* nothing leads to it any more */
};

struct presence {
	bool attached; /* else preloaded */
	enum presence_state state;
	bool told;		/* to go quiet, and has not yet */
	uint64_t armings;
	uint64_t slots, objects;	   /* that lead to it */
	uint64_t foreign, unbound, refused; /* left alone; see abi/segment.h */
	uint64_t kept, inside;		   /* at the last disarming */
	const char *stop; /* why it does not record, a phrase, or NULL */
	uint64_t size;	  /* of the segment */
};

/* Any version's that has the frozen parts. */
int presence_read(const struct target *t, struct presence *p, struct err *e);

/* To go quiet: done at the agent's next slow path. */
int presence_quiet(const struct target *t, struct err *e);

/* To start again; it then makes a new segment. */
int presence_start(const struct target *t, struct err *e);

/* Somebody looked: what a lease waits for. Quietly nothing if there is none
 * or it may not be written. */
void presence_look(const struct target *t);

#endif
