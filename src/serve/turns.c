/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/turns.h"

#include <errno.h>
#include <time.h>

/* Waits that are shorter hold no profile. */
#define NAP_NS 1000000000u

void
turns_init(struct turns *t)
{
	pthread_condattr_t attr;

	*t = (struct turns){ .stopping = false };
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void
turns_fini(struct turns *t)
{
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
}

bool
turns_begin(struct turns *t)
{
	bool may;

	pthread_mutex_lock(&t->lock);
	may = !t->stopping && t->workers < TURNS_WORKERS_MAX;
	t->workers += may;
	pthread_mutex_unlock(&t->lock);
	return may;
}

void
turns_end(struct turns *t)
{
	pthread_mutex_lock(&t->lock);
	t->workers--;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

/* ---- with the lock held ------------------------------------------------------ */

static void
take(struct turns *t, bool *mine)
{
	if (*mine)
		return;
	while (t->busy >= TURNS_BUSY_MAX)
		pthread_cond_wait(&t->changed, &t->lock);
	t->busy++;
	*mine = true;
}

static void
leave(struct turns *t, bool *mine)
{
	if (!*mine)
		return;
	*mine = false;
	t->busy--;
	pthread_cond_broadcast(&t->changed);
}

/* Until the time has passed, or the server ends. */
static void
pass(struct turns *t, uint64_t ns)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	ns += (uint64_t)until.tv_nsec;
	until.tv_sec += (time_t)(ns / 1000000000u);
	until.tv_nsec = (long)(ns % 1000000000u);
	while (!t->stopping && pthread_cond_timedwait(&t->changed, &t->lock,
				   &until) != ETIMEDOUT)
		;
}

/* ------------------------------------------------------------------------------ */

void
turns_take(struct turns *t, bool *mine)
{
	pthread_mutex_lock(&t->lock);
	take(t, mine);
	pthread_mutex_unlock(&t->lock);
}

void
turns_leave(struct turns *t, bool *mine)
{
	pthread_mutex_lock(&t->lock);
	leave(t, mine);
	pthread_mutex_unlock(&t->lock);
}

bool
turns_wait(struct turns *t, bool *mine, uint64_t ns, struct err *e)
{
	bool holds = ns >= NAP_NS, stopped;

	pthread_mutex_lock(&t->lock);
	if (holds && t->waiters >= TURNS_WAITERS_MAX) {
		pthread_mutex_unlock(&t->lock);
		err_set(e, ERR_FAILED,
		    "%d requests with seconds are being answered already; "
		    "try again later", TURNS_WAITERS_MAX);
		return false;
	}
	t->waiters += holds;
	leave(t, mine);
	pass(t, ns);
	if (holds)
		take(t, mine);
	t->waiters -= holds;
	stopped = t->stopping;
	pthread_mutex_unlock(&t->lock);
	if (stopped)
		err_set(e, ERR_FAILED, "the server is ending");
	return !stopped;
}

bool
turns_idle(struct turns *t, uint64_t ns)
{
	bool stopped;

	pthread_mutex_lock(&t->lock);
	pass(t, ns);
	stopped = t->stopping;
	pthread_mutex_unlock(&t->lock);
	return !stopped;
}

void
turns_stop(struct turns *t)
{
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	t->ending = 1;
	pthread_cond_broadcast(&t->changed);
	while (t->workers > 0)
		pthread_cond_wait(&t->changed, &t->lock);
	pthread_mutex_unlock(&t->lock);
}
