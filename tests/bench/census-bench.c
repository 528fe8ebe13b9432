/* SPDX-License-Identifier: MIT */
/*
 * A heap to take a census of, and what that costs its owner.
 *
 *	census-bench MIB [work|work-first|map|map-first|still]
 *
 * Makes a scattered heap of so many MiB, a third of it freed. Then one thread
 * works in it (malloc, memset, free), or maps and unmaps all the time,
 * -first so that no ordinary task takes its CPU. Each line that is read is
 * answered: "ROUNDS SECONDS LONGEST_NS CPU_SECONDS" of that thread since the
 * last one, or, to "trim", what malloc_trim(0) returned, or, to "info", what
 * mallinfo2 says is in use.
 */
#include "config.h"

#include "../victims/resident.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static atomic_ulong rounds, longest;

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t
any_size(unsigned *seed)
{
	size_t size = 16u << (rand_r(seed) % 9);

	return size + (size_t)rand_r(seed) % size;
}

static void
scatter(size_t bytes)
{
	size_t cap = bytes / 256, n = 0;
	void **p = mmap(NULL, cap * sizeof *p, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned seed = 1;
	void *volatile large;

	for (size_t sum = 0; sum < bytes && n < cap; n++) {
		size_t size = any_size(&seed);

		p[n] = memset(malloc(size), 0xfe, size);
		sum += size + 16;
	}
	for (size_t i = 0; i < n; i++)
		if (rand_r(&seed) % 3 == 0)
			free(p[i]);
	munmap(p, cap * sizeof *p);
	/* A program that goes on asks for something large now and then, which
	 * empties the fast bins. */
	large = malloc(8000);
	free(large);
}

/* Nobody else's work on the CPU that it has. */
static void
go_first(const char *mode)
{
	struct sched_param first = { .sched_priority = 1 };

	if (strstr(mode, "-first") != NULL)
		pthread_setschedparam(pthread_self(), SCHED_FIFO, &first);
}

static void *
work(void *mode)
{
	static void *p[10000];
	unsigned seed = 2;

	go_first(mode);
	for (;;) {
		unsigned i = (unsigned)rand_r(&seed) % 10000;
		size_t size = any_size(&seed);

		free(p[i]);
		p[i] = memset(malloc(size), 0xfd, size < 64 ? size : 64);
		rounds++;
	}
	return NULL;
}

static void *
map(void *mode)
{
	go_first(mode);
	for (;;) {
		uint64_t took, at = now_ns();
		char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		*p = 1;
		munmap(p, 65536);
		took = now_ns() - at;
		if (took > longest)
			longest = took;
		rounds++;
	}
	return NULL;
}

static double
cpu_of(pthread_t t)
{
	struct timespec at = { 0, 0 };
	clockid_t clock;

	if (pthread_getcpuclockid(t, &clock) == 0)
		clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void
answer(const char *line, pthread_t t, uint64_t *since)
{
	static double cpu_since;
	uint64_t now = now_ns();
	double cpu = cpu_of(t);

	if (strcmp(line, "trim\n") == 0) {
		long before = resident();

		malloc_trim(0);
		printf("trim %ld\n", before - resident());
	} else if (strcmp(line, "info\n") == 0) {
		printf("info %zu\n", mallinfo2().uordblks);
	} else {
		printf("%lu %.6f %lu %.6f\n", atomic_exchange(&rounds, 0),
		    (double)(now - *since) / 1e9, atomic_exchange(&longest, 0),
		    cpu - cpu_since);
		*since = now;
		cpu_since = cpu;
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static char in[4096], out[4096];
	char line[64];
	pthread_t t = pthread_self();
	uint64_t since;

	setvbuf(stdin, in, _IOFBF, sizeof in);
	setvbuf(stdout, out, _IOFBF, sizeof out);
	scatter((size_t)atol(argc > 1 ? argv[1] : "64") << 20);
	if (argc > 2 && strncmp(argv[2], "work", 4) == 0)
		pthread_create(&t, NULL, work, argv[2]);
	else if (argc > 2 && strncmp(argv[2], "map", 3) == 0)
		pthread_create(&t, NULL, map, argv[2]);
	printf("ready\n");
	fflush(stdout);
	since = now_ns();
	while (fgets(line, sizeof line, stdin) != NULL)
		answer(line, t, &since);
	return 0;
}
