/* SPDX-License-Identifier: MIT */
/*
 * Threads that live, that were joined, that have ended and were not, and that
 * have detached themselves, each from a function of its own. Prints "ready",
 * ends with its input.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#define TOUCH 65536 /* glibc gives most of it back at the end */

static sem_t gone;

static void *
ends(void *arg)
{
	volatile char stack[TOUCH];

	for (size_t i = 0; i < sizeof stack; i += 512)
		stack[i] = 1;
	pthread_setname_np(pthread_self(), "short-lived");
	return arg;
}

static void *
lives(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *
detaches(void *arg)
{
	pthread_detach(pthread_self());
	sem_post(&gone);
	return arg;
}

static pthread_t
begin(void *(*f)(void *), const pthread_attr_t *attr)
{
	pthread_t t;

	if (pthread_create(&t, attr, f, NULL) != 0)
		abort();
	return t;
}

/* begin is where it is created; these tell it apart. */
#define CREATES(name, count, f, then)                                          \
	static __attribute__((noinline)) void name(void)                       \
	{                                                                      \
		for (int i = 0; i < (count); i++) {                            \
			pthread_t t = begin(f, NULL);                          \
                                                                               \
			(void)t;                                               \
			then;                                                  \
		}                                                              \
		__asm__ volatile("");                                          \
	}

CREATES(make_joined, 7, ends, pthread_join(t, NULL))
CREATES(make_unjoined, 5, ends, (void)0)
CREATES(make_living, 3, lives, (void)0)
CREATES(make_detaching, 40, detaches, sem_wait(&gone))

static __attribute__((noinline)) void
make_detached(void)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 11; i++)
		begin(ends, &attr);
	pthread_attr_destroy(&attr);
}

static int
ends_as_c11(void *arg)
{
	return arg == NULL;
}

static __attribute__((noinline)) void
make_c11(void)
{
	int result = 0;
	thrd_t t;

	for (int i = 0; i < 4; i++) {
		if (thrd_create(&t, ends_as_c11, NULL) != thrd_success ||
		    thrd_join(t, &result) != thrd_success || result != 1)
			abort();
	}
	if (thrd_create(&t, ends_as_c11, NULL) != thrd_success ||
	    thrd_detach(t) != thrd_success)
		abort();
	__asm__ volatile("");
}

int
main(void)
{
	sem_init(&gone, 0, 0);
	make_detached();
	make_joined();
	make_detaching();
	make_c11();
	make_unjoined();
	make_living();
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
