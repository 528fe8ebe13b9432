/* SPDX-License-Identifier: MIT */
/*
 * One thread of another process, stopped for as long as it takes to copy its
 * registers and the top of its stack, and let go as if nothing had happened.
 *
 * Who calls this may be killed at any instant: the kernel then lets the
 * thread go by itself, and no state between two calls here is one that it
 * could not go on from.
 */
#ifndef ULLAGE_UNWIND_STOP_H
#define ULLAGE_UNWIND_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "proc/maps.h"

enum stop_result {
	STOP_NEVER = 0, /* not tried yet */
	STOP_DONE,
	STOP_GONE,     /* the thread has ended */
	STOP_DENIED,   /* not permitted, or traced by another */
	STOP_BUSY,     /* in uninterruptible wait: left alone */
	STOP_TIMEOUT,  /* did not stop in time */
	STOP_FAILED,   /* something else; see error */
	STOP_FOREIGN,  /* 32-bit code: registers of another shape */
};

/* What was copied. Lives in memory that two processes share. */
struct stopped {
	enum stop_result result;
	int error; /* errno */
	struct user_regs_struct regs;
	uint64_t limit;	   /* end of the stack's mapping; 0: not known */
	uint32_t stack_len; /* bytes from regs.rsp that were copied */
	uint64_t also;	   /* to be copied besides: from there on; 0: none */
	uint32_t also_len; /* bytes of that */
	bool has_lock;	   /* lock was read: the thread waits in futex(2) */
	uint32_t lock[6];  /* words at the futex: a pthread_mutex_t begins so */
	uint64_t ns;	   /* that it stood still at most */
};

/*
 * Stops thread tid, copies at most `room` bytes of its stack to `stack`, and
 * as many from out->also on, if that is set, to stack + room; and lets it go.
 * Gives up after timeout nanoseconds; then the thread stays the caller's
 * tracee and may stop later: stop_late must be called until the caller ends.
 */
void stop_thread(pid_t tid, const struct maps *maps, void *stack, size_t room,
    uint64_t timeout, struct stopped *out);

/*
 * As waitpid without waiting, but the stop is only looked at: if we are killed
 * while it is a signal's, the kernel still has that signal and hands it over,
 * where one that was waited for is lost. -1: errno; 0: none yet; 1: *status.
 */
int stop_look(pid_t tid, int *status);

/* Lets go of the threads that stopped after their time. */
void stop_late(void);

#endif
