/* SPDX-License-Identifier: MIT */
/*
 * Work that takes longer than a screen may wait: done by a thread, one job at
 * a time. Its end is told through a descriptor to poll.
 */
#ifndef ULLAGE_TOP_ASIDE_H
#define ULLAGE_TOP_ASIDE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

/* For handlers of crashes, which run when a stack is used up, too. */
#define CRASH_STACK (64 << 10)

struct aside {
	void *(*work)(void *arg, void *job);
	void *arg;
	void *job, *result;
	bool busy, ready, stop; /* under the lock */
	int fd;			/* readable when a result is there */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	char crash_stack[CRASH_STACK]; /* of its thread, to tell of an overflow */
};

int aside_start(struct aside *a, void *(*work)(void *arg, void *job),
    void *arg, struct err *e);

/* Gives it a job, which must stay good until the result has been taken.
 * Only when it is idle. */
void aside_give(struct aside *a, void *job);
bool aside_is_idle(struct aside *a);

/* True once for every job; *result is what work returned. */
bool aside_take(struct aside *a, void **result);

/* False if it is still at work after so many seconds: then nothing that it
 * uses may be freed, and the program should end by _exit. A result that nobody
 * took is in *left. */
bool aside_stop(struct aside *a, int seconds, void **left);

#endif
