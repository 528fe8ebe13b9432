/* SPDX-License-Identifier: MIT */
/*
 * The registers and stacks of many threads, one after the other.
 *
 * A process of its own does it, with every signal blocked: whatever happens
 * to ullage meanwhile, the thread that is stopped at that moment is let go
 * properly, and no other is touched afterwards.
 */
#ifndef ULLAGE_UNWIND_CAPTURE_H
#define ULLAGE_UNWIND_CAPTURE_H

#include "base/err.h"
#include "proc/maps.h"
#include "unwind/stop.h"

struct capture_slot {
	pid_t tid;
	pid_t tracer;	/* who traces it, if that is why it was not stopped */
	char state;	/* as in stat, just before; '?' if unknown */
	char name[32];	/* not escaped */
	char wait[48];	/* kernel function that it waits in, or "" */
	struct stopped stopped;
	uint64_t stack; /* offset in the arena */
};

struct capture {
	struct capture_slot *slots; /* n of them, in the order of the wishes */
	size_t n;
	uint8_t *arena;
	size_t slots_size, arena_size; /* of the shared memory */
};

/* What is asked for of a thread. */
struct capture_wish {
	pid_t tid;
	uint64_t also; /* another place to copy from besides, or 0 */
};

/*
 * At most `room` bytes of each stack, and of each other place. A thread that
 * cannot be stopped has its reason in its slot. NULL on failure; owned by the caller.
 */
struct capture *capture_take(pid_t pid, const struct capture_wish *wishes,
    size_t n, const struct maps *maps, size_t room, struct err *e);
void capture_free(struct capture *c);

/* The copy of a slot's stack: stopped.stack_len bytes, and right behind them
 * stopped.also_len of the other place. */
const uint8_t *capture_stack(const struct capture *c, size_t slot);

#endif
