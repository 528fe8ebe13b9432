/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds per malloc+free pair, in one of four ways:
 *
 *   tight    malloc(64), free
 *   mixed    a window of 10,000 objects of 16 B to 8 KiB, sizes drawn evenly
 *            over their logarithm; each step replaces one
 *   large    malloc(1 MiB), free
 *   realloc  growth by half from 16 B to 256 KiB; ns per realloc
 *
 * pairs MODE THREADS [COUNT]: prints "ns MEDIAN LEAST" of a few repetitions of
 * about ten milliseconds each. With COUNT: that many pairs, once, and no
 * clock, for counting instructions. The last line says what the process has:
 * "self PRIVATE-KB FDS THREADS", the segment of an agent left out.
 *
 * The clock is the thread's own CPU time, so that what others do on the machine
 * weighs less; a tool that makes threads wait looks better by it than it is.
 *
 * Reads no clock inside what it times and prints to standard output alone.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW 10000
#define SIZES 4096 /* drawn beforehand; a power of two */
#define REPETITIONS 7
#define REPETITION_NS 10000000
#define THREADS_MAX 8

static uint16_t sizes[SIZES];
static pthread_barrier_t start;

struct job {
	void (*run)(struct job *, uint64_t count);
	uint64_t count;
	uint64_t ns; /* of the last run */
	void *window[WINDOW];
	uint32_t random;
};

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint32_t
random_of(struct job *j)
{
	j->random = j->random * 1664525 + 1013904223;
	return j->random >> 8;
}

/* 2^4 to 2^13: the exponent's fraction by linear interpolation will do. */
static void
draw_sizes(void)
{
	struct job j = {.random = 12345};

	for (unsigned i = 0; i < SIZES; i++) {
		unsigned power = 4 + random_of(&j) % 9;
		unsigned fraction = random_of(&j) % 256;

		sizes[i] = (uint16_t)((1u << power) +
		    ((1u << power) * fraction >> 8));
	}
}

/* ---- the loops --------------------------------------------------------------- */

/* As if p were used: neither call may be left out. */
static inline void
use(void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

static void
tight(struct job *j, uint64_t count)
{
	(void)j;
	for (uint64_t i = 0; i < count; i++) {
		void *p = malloc(64);

		use(p);
		free(p);
	}
}

static void
large(struct job *j, uint64_t count)
{
	(void)j;
	for (uint64_t i = 0; i < count; i++) {
		char *p = malloc(1 << 20);

		if (p == NULL)
			abort();
		*(volatile char *)p = 1;
		use(p);
		free(p);
	}
}

static void
mixed(struct job *j, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		uint32_t r = random_of(j);
		void **at = &j->window[r % WINDOW];
		char *p;

		free(*at);
		p = malloc(sizes[i % SIZES]);
		if (p == NULL)
			abort();
		*(volatile char *)p = 1;
		*at = p;
	}
}

static void
growth(struct job *j, uint64_t count)
{
	size_t size = 16;
	void *p = NULL;

	(void)j;
	for (uint64_t i = 0; i < count; i++) {
		void *q = realloc(p, size);

		if (q == NULL)
			abort();
		p = q;
		use(p);
		size += size / 2;
		if (size > 256 * 1024) {
			free(p);
			p = NULL;
			size = 16;
		}
	}
	free(p);
}

/* ---- running ------------------------------------------------------------------- */

static void *
one_thread(void *arg)
{
	struct job *j = arg;
	uint64_t t;

	pthread_barrier_wait(&start);
	t = now();
	j->run(j, j->count);
	j->ns = now() - t;
	return NULL;
}

/* ns per pair, the mean of the threads. */
static double
run(struct job *jobs, unsigned threads, uint64_t count)
{
	pthread_t ids[THREADS_MAX];
	uint64_t total = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		jobs[i].count = count;
		if (i > 0 &&
		    pthread_create(&ids[i], NULL, one_thread, &jobs[i]) != 0)
			abort();
	}
	one_thread(&jobs[0]);
	for (unsigned i = 0; i < threads; i++) {
		if (i > 0)
			pthread_join(ids[i], NULL);
		total += jobs[i].ns;
	}
	pthread_barrier_destroy(&start);
	return (double)total / (double)count / threads;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_runs(struct job *jobs, unsigned threads)
{
	double ns[REPETITIONS];
	uint64_t count = 4096;

	/* The window is full and the code is warm when the clock counts. */
	run(jobs, threads, WINDOW * 4);
	while (run(jobs, threads, count) * (double)count < REPETITION_NS)
		count *= 2;
	for (unsigned i = 0; i < REPETITIONS; i++)
		ns[i] = run(jobs, threads, count);
	qsort(ns, REPETITIONS, sizeof ns[0], ascending);
	printf("ns %.3f %.3f\n", ns[REPETITIONS / 2], ns[0]);
}

/* ---- what the process has -------------------------------------------------------- */

static unsigned
entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

/* The segment is shared, but counts as private while nobody else maps it. */
static void
print_self(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long private_kb = 0, kb, from, to;
	char line[512];
	int ours = 1;

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%lx-%lx", &from, &to) == 2)
			ours = strstr(line, ".seg\n") == NULL;
		else if (ours &&
		    sscanf(line, "Private_%*[^:]: %lu", &kb) == 1)
			private_kb += kb;
	}
	if (f != NULL)
		fclose(f);
	/* "." and ".."; and the folder itself is open while it is read. */
	printf("self %lu %u %u\n", private_kb, entries("/proc/self/fd") - 3,
	    entries("/proc/self/task") - 2);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct job *, uint64_t);
	} modes[] = {{"tight", tight}, {"mixed", mixed}, {"large", large},
	    {"realloc", growth}};
	static struct job jobs[THREADS_MAX];
	unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : 0, mode;

	for (mode = 0; mode < 4; mode++)
		if (argc > 1 && strcmp(argv[1], modes[mode].name) == 0)
			break;
	if (mode == 4 || threads < 1 || threads > THREADS_MAX) {
		fprintf(stderr, "usage: pairs tight|mixed|large|realloc "
				"THREADS [COUNT]\n");
		return 2;
	}
	draw_sizes();
	/* glibc maps blocks of this size, and trims its heap, until the first
	 * of them is freed; the pairs are to be about malloc alone. */
	free(malloc(1 << 20));
	for (unsigned i = 0; i < threads; i++) {
		jobs[i].run = modes[mode].run;
		jobs[i].random = i + 1;
	}
	if (argc > 3)
		jobs[0].run(&jobs[0], strtoull(argv[3], NULL, 10));
	else
		print_runs(jobs, threads);
	print_self();
	return 0;
}
