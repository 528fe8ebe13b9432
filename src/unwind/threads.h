/* SPDX-License-Identifier: MIT */
/*
 * Every thread of a process and where it is now: stopped one at a time,
 * unwound from copies. Needs no agent; any 64-bit ELF process will do.
 */
#ifndef ULLAGE_UNWIND_THREADS_H
#define ULLAGE_UNWIND_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "unwind/modules.h"

struct thread {
	int32_t tid;
	char name[32];	  /* not escaped */
	char state;	  /* as in stat, when it was looked at */
	char wait[48];	  /* kernel function that it waits in, or "" */
	int64_t call;	  /* number of the system call it is in; -1: none */
	uint64_t *frames; /* leaf first, inside the call; owned */
	size_t n;
	size_t guessed;	  /* frames from here on have no table behind them */
	char *end;	  /* why the stack ends early; NULL if it is whole */
	uint64_t stopped; /* ns */

	uint64_t lock; /* address of the mutex that it waits for, or 0 */
	int32_t owner; /* thread that holds that mutex */
	size_t cycle;  /* 1 and up: the deadlock it is part of, else 0 */
};

struct threads {
	int32_t pid;
	int32_t body; /* a thread through which memory and files are reached:
		       * when the first one has ended, pid leads nowhere */
	uint64_t time_ns;	/* since the epoch */
	struct thread *threads; /* by tid */
	size_t n;
	size_t gone;   /* ended between being listed and being stopped */
	size_t cycles; /* deadlocks: threads that wait for each other */
	struct modules modules;
	struct maps maps; /* what modules' paths borrow from */
};

/*
 * NULL on failure: ERR_GONE if it ended or executed another program
 * meanwhile, ERR_DENIED if it may not be looked at or is being traced, with
 * the tracer's name. Owned by the caller.
 */
struct threads *threads_take(int32_t pid, struct err *e);
void threads_free(struct threads *t);

/* The thread of that tid, or NULL. */
struct thread *threads_find(const struct threads *t, int32_t tid);

#endif
