/* SPDX-License-Identifier: MIT */
/*
 * Unwinding a stack from a copy of its top and of the registers. libunwind is
 * known here and nowhere else; it never sees the thread itself.
 */
#ifndef ULLAGE_UNWIND_REMOTE_H
#define ULLAGE_UNWIND_REMOTE_H

#include "base/err.h"
#include "proc/maps.h"
#include "unwind/memory.h"
#include "unwind/modules.h"
#include "unwind/stop.h"

/* No stack is followed further. */
#define REMOTE_FRAMES_MAX 1024

enum remote_end {
	END_WHOLE = 0, /* came to the function that began the thread */
	END_COPY,      /* went beyond what was copied of the stack */
	END_ELSEWHERE, /* goes on at `elsewhere`, which was not copied */
	END_OTHER,
};

struct remote_stack {
	/*
	 * Leaf first; inside the call instruction, so that the line is that
	 * of the call.
	 */
	uint64_t frames[REMOTE_FRAMES_MAX];
	size_t n;
	size_t guessed; /* frames from here on were found by frame pointers,
			 * without a table; n if none */
	enum remote_end end;
	bool interrupted; /* a handler of a signal is on it */
	uint64_t elsewhere;
	char why[160]; /* where and why it ended early, else "" */
};

struct remote;

/* All borrowed and to outlive it. NULL on failure. */
struct remote *remote_new(const struct maps *maps,
    const struct modules *modules, struct memory *memory, struct err *e);
void remote_free(struct remote *r);

/*
 * Follows a stack. The copy is from->stack_len bytes and from->also_len of the
 * other place behind them; `room` is how much of each would have been copied
 * at most.
 */
void remote_unwind(struct remote *r, const struct stopped *from,
    const uint8_t *stack, size_t room, struct remote_stack *out);

#endif
