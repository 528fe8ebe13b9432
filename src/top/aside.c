/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/aside.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void *
run(void *arg)
{
	struct aside *a = arg;
	const uint64_t one = 1;
	const stack_t stack = { .ss_sp = a->crash_stack,
		.ss_size = sizeof a->crash_stack };
	stack_t old;

	/* A sanitizer has one already, and takes it away in the end. */
	if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE) != 0)
		sigaltstack(&stack, NULL);
	pthread_mutex_lock(&a->lock);
	for (;;) {
		void *job, *result;
		ssize_t n;

		while (!a->stop && (!a->busy || a->ready))
			pthread_cond_wait(&a->wake, &a->lock);
		if (a->stop)
			break;
		job = a->job;
		pthread_mutex_unlock(&a->lock);
		result = a->work(a->arg, job);
		pthread_mutex_lock(&a->lock);
		a->result = result;
		a->ready = true;
		n = write(a->fd, &one, sizeof one);
		(void)n;
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

int
aside_start(struct aside *a, void *(*work)(void *arg, void *job), void *arg,
    struct err *e)
{
	sigset_t all, old;
	int rc;

	memset(a, 0, sizeof *a);
	a->work = work;
	a->arg = arg;
	a->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->fd < 0)
		return err_errno(e, "cannot make an eventfd");
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->wake, NULL);
	/* Signals are for the thread that has the terminal. */
	sigfillset(&all);
	/* But a crash is told of where it happens: blocked, it would end the
	 * program before the terminal is put back. */
	for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
		sigdelset(&all, crashes[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&a->thread, NULL, run, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return 0;
	close(a->fd);
	errno = rc;
	return err_errno(e, "cannot start a thread");
}

void
aside_give(struct aside *a, void *job)
{
	pthread_mutex_lock(&a->lock);
	a->job = job;
	a->busy = true;
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&a->lock);
}

bool
aside_is_idle(struct aside *a)
{
	bool idle;

	pthread_mutex_lock(&a->lock);
	idle = !a->busy;
	pthread_mutex_unlock(&a->lock);
	return idle;
}

bool
aside_take(struct aside *a, void **result)
{
	uint64_t n;
	bool ready;

	pthread_mutex_lock(&a->lock);
	ready = a->ready;
	*result = a->result;
	if (ready) {
		a->ready = a->busy = false;
		a->result = NULL;
		while (read(a->fd, &n, sizeof n) > 0)
			;
	}
	pthread_mutex_unlock(&a->lock);
	return ready;
}

bool
aside_stop(struct aside *a, int seconds, void **left)
{
	struct timespec until;

	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&a->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	if (pthread_timedjoin_np(a->thread, NULL, &until) != 0)
		return false;
	*left = a->ready ? a->result : NULL;
	close(a->fd);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->wake);
	return true;
}
