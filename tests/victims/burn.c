/* SPDX-License-Identifier: MIT */
/*
 * Spends processor time, three parts in one function and one in another, by
 * the thread's own clock. Prints "ready"; "more" starts a thread "late" that
 * does the same; "fork" starts a child that does; ends with its input.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long sum;

static long
used_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

__attribute__((noinline)) static void
burn_three(long end)
{
	while (used_ms() < end)
		for (int i = 0; i < 100000; i++)
			sum += (unsigned long)i;
}

__attribute__((noinline)) static void
burn_one(long end)
{
	while (used_ms() < end)
		for (int i = 0; i < 100000; i++)
			sum ^= (unsigned long)i;
}

static void *
burner(void *name)
{
	prctl(PR_SET_NAME, name);
	for (long at = used_ms();; at += 40) {
		burn_three(at + 30);
		burn_one(at + 40);
	}
	return NULL;
}

static void
start(const char *name)
{
	pthread_t t;

	if (pthread_create(&t, NULL, burner, (void *)name) != 0)
		_exit(1);
	pthread_detach(t);
}

int
main(void)
{
	char line[32];

	start("burner");
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strcmp(line, "more\n") == 0)
			start("late");
		else if (strcmp(line, "fork\n") == 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, 9);
			burner((void *)"child");
		}
		puts("done");
		fflush(stdout);
	}
	return 0;
}
