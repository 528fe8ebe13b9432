/* SPDX-License-Identifier: MIT */
/*
 * Threads with names. Usage: threads N. N workers "worker-I" with 256 KiB of
 * stack, of which they touch about 100 KiB; one that spins; one with a name
 * that wants to be something else. Prints "ready", ends with its input.
 */
#include "config.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TOUCH (100 * 1024)

static sem_t started;
static int hold[2];

static void
wait_for_ever(void)
{
	char c;

	sem_post(&started);
	while (read(hold[0], &c, 1) < 0)
		;
}

static void *
worker(void *argument)
{
	volatile char stack[TOUCH];
	char name[16];

	for (size_t i = 0; i < sizeof stack; i += 1024)
		stack[i] = 1;
	snprintf(name, sizeof name, "worker-%ld", (long)argument);
	prctl(PR_SET_NAME, name);
	wait_for_ever();
	return NULL;
}

static void *
nasty(void *argument)
{
	(void)argument;
	prctl(PR_SET_NAME, "a) R 1 (\033[1m\n");
	wait_for_ever();
	return NULL;
}

static void *
spinner(void *argument)
{
	(void)argument;
	prctl(PR_SET_NAME, "spinner");
	sem_post(&started);
	for (volatile unsigned long i = 0;; i++)
		;
	return NULL;
}

static void
begin(const pthread_attr_t *attr, void *(*f)(void *), long argument)
{
	pthread_t t;

	if (pthread_create(&t, attr, f, (void *)argument) != 0) {
		perror("pthread_create");
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	pthread_attr_t attr;
	long n = argc > 1 ? atol(argv[1]) : 1;
	char line[64];

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	if (pipe(hold) != 0)
		return 1;
	for (long i = 0; i < n; i++)
		begin(&attr, worker, i);
	begin(&attr, nasty, 0);
	begin(&attr, spinner, 0);
	for (long i = 0; i < n + 2; i++)
		while (sem_wait(&started) != 0)
			;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		;
	return 0;
}
