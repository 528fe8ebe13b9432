/* SPDX-License-Identifier: MIT */
/*
 * Two threads that each hold the mutex that the other one wants, and a third
 * that waits for one of them without being part of it. Says "ready" when all
 * of them wait. The lines where they do are marked for the test to find.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t first_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void *
take_second(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "left");
	pthread_mutex_lock(&first_lock);
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&second_lock); /* left waits */
	return NULL;
}

static void *
take_first(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "right");
	pthread_mutex_lock(&second_lock);
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&first_lock); /* right waits */
	return NULL;
}

static void *
bystander(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "bystander");
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&first_lock);
	return NULL;
}

int
main(void)
{
	pthread_t threads[3];

	pthread_barrier_init(&both, NULL, 4);
	pthread_create(&threads[0], NULL, take_second, NULL);
	pthread_create(&threads[1], NULL, take_first, NULL);
	pthread_create(&threads[2], NULL, bystander, NULL);
	pthread_barrier_wait(&both);
	puts("ready");
	fflush(stdout);
	/* The test waits until the deadlock is complete; it never ends. */
	pthread_join(threads[0], NULL);
	return 0;
}
