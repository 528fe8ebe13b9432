/* SPDX-License-Identifier: MIT */
/*
 * A program to attach to: one thread waits in epoll, another reads the clock
 * in a loop. For each line of standard input one of output:
 *
 *	gap	the longest time between two readings since the last such line,
 *		in microseconds
 *	pair	what a malloc(64) and its free take, in nanoseconds: the least
 *		of ten rounds
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static uint64_t longest;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *
read_clock(void *unused)
{
	uint64_t before = now();

	for (;;) {
		uint64_t at = now();

		if (at - before > __atomic_load_n(&longest, __ATOMIC_RELAXED))
			__atomic_store_n(&longest, at - before,
			    __ATOMIC_RELAXED);
		before = at;
	}
	return unused;
}

static double
pair(void)
{
	enum { N = 2000000 };
	double least = 1e9;

	for (int round = 0; round < 10; round++) {
		uint64_t begin = now();

		for (int i = 0; i < N; i++) {
			void *p = malloc(64);

			__asm__ volatile("" : : "r"(p) : "memory");
			free(p);
		}
		if ((double)(now() - begin) / N < least)
			least = (double)(now() - begin) / N;
	}
	return least;
}

static void *
answer(void *unused)
{
	char line[64];

	while (fgets(line, sizeof line, stdin) != NULL) {
		if (line[0] == 'g')
			printf("gap %.1f\n",
			    (double)__atomic_exchange_n(&longest, 0,
				__ATOMIC_RELAXED) / 1e3);
		else
			printf("pair %.2f\n", pair());
		fflush(stdout);
	}
	exit(0);
	return unused;
}

int
main(int argc, char **argv)
{
	struct epoll_event event;
	pthread_t thread;
	int fd = epoll_create1(0);

	if (argc < 2 || strcmp(argv[1], "quiet") != 0)
		pthread_create(&thread, NULL, read_clock, NULL);
	pthread_create(&thread, NULL, answer, NULL);
	puts("ready");
	fflush(stdout);
	for (;;)
		epoll_wait(fd, &event, 1, 100);
}
