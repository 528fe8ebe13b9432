/* SPDX-License-Identifier: MIT */
/*
 * stacks THREADS BYTES: many threads with stacks of that size, asleep a few
 * calls deep. Says "ready" with the number that it could start. Of the lines
 * on standard input "corrupt" makes one more thread, whose stack leads
 * nowhere; "burst" starts threads that end at once, again and again, until
 * "rest"; "exec" becomes another program; "leave" ends the first thread alone;
 * "quit" ends it.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_attr_t small;
static _Atomic int bursting;

__attribute__((noinline)) static void
asleep(void)
{
	while (poll(NULL, 0, -1) < 1)
		;
}

/* Not a tail call: what comes after keeps the frame. */
__attribute__((noinline)) static void
deeper(uintptr_t levels)
{
	if (levels > 0)
		deeper(levels - 1);
	else
		asleep();
	__asm__ volatile("");
}

static void *
sleeper(void *levels)
{
	deeper((uintptr_t)levels % 5);
	return NULL;
}

/* Writes over its own return address and the caller's whole frame. */
static void *
corrupted(void *arg)
{
	uintptr_t *frame = __builtin_frame_address(0);

	(void)arg;
	pthread_setname_np(pthread_self(), "corrupt");
	for (int i = 1; i < 12; i++)
		frame[i] = 0x4141414141414141;
	asleep();
	return NULL;
}

static void *
nothing(void *arg)
{
	return arg;
}

static void *
burst(void *arg)
{
	pthread_t t;

	(void)arg;
	while (bursting)
		if (pthread_create(&t, &small, nothing, NULL) == 0)
			pthread_join(t, NULL);
	return NULL;
}

static int
start(void *(*function)(void *), uintptr_t arg)
{
	pthread_t t;

	if (pthread_create(&t, &small, function, (void *)arg) != 0)
		return 0;
	pthread_detach(t);
	return 1;
}

static void
obey(const char *line, char **argv)
{
	if (strcmp(line, "corrupt\n") == 0) {
		start(corrupted, 0);
	} else if (strcmp(line, "burst\n") == 0) {
		bursting = 1;
		start(burst, 0);
	} else if (strcmp(line, "rest\n") == 0) {
		bursting = 0;
	} else if (strcmp(line, "exec\n") == 0) {
		execl("/proc/self/exe", argv[0], "3", argv[2], NULL);
	} else if (strcmp(line, "leave\n") == 0) {
		pthread_exit(NULL);
	} else if (strcmp(line, "quit\n") == 0) {
		exit(0);
	}
}

int
main(int argc, char **argv)
{
	uintptr_t n, started = 0;
	char line[64];

	if (argc != 3)
		return 2;
	n = strtoul(argv[1], NULL, 10);
	pthread_attr_init(&small);
	if (pthread_attr_setstacksize(&small, strtoul(argv[2], NULL, 10)) != 0)
		return 2;
	for (uintptr_t i = 0; i < n; i++)
		started += (uintptr_t)start(sleeper, i);
	printf("ready %lu\n", (unsigned long)started);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		obey(line, argv);
	return 0;
}
