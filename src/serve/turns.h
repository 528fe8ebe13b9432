/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is. Every request is answered by a thread of its own, but only
 * few are at work at a time, so that few profiles are in memory; who waits for
 * time to pass gives up his turn meanwhile.
 */
#ifndef ULLAGE_SERVE_TURNS_H
#define ULLAGE_SERVE_TURNS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TURNS_WORKERS_MAX 1024 /* requests being answered */
#define TURNS_WAITERS_MAX 16   /* of these, with ?seconds= */
#define TURNS_BUSY_MAX 6       /* of these, at work */

struct turns {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on CLOCK_MONOTONIC */
	bool stopping;
	volatile int ending; /* the same, for those who hold no lock */
	size_t workers, waiters, busy;
};

void turns_init(struct turns *t);
void turns_fini(struct turns *t);

/* One more thread; false if there are enough, or the server ends. */
bool turns_begin(struct turns *t);
void turns_end(struct turns *t);

/* *mine tells whether the caller has a turn; both may be called either way. */
void turns_take(struct turns *t, bool *mine);
void turns_leave(struct turns *t, bool *mine);

/*
 * Lets time pass. After a second or more the caller has a turn again; less is
 * for who watches something else for long after it, and needs no turn. False
 * (and e) if too many wait, or the server ends.
 */
bool turns_wait(struct turns *t, bool *mine, uint64_t ns, struct err *e);

/* The same for who is no worker; false if the server ends. */
bool turns_idle(struct turns *t, uint64_t ns);

/* Ends all waits and waits for all workers. */
void turns_stop(struct turns *t);

#endif
