/* SPDX-License-Identifier: MIT */
/*
 * What a trim costs those who allocate. A heap of scattered objects goes
 * through phases while two threads allocate and free all the time and note
 * how long each call took:
 *
 *   grow     to so many MiB
 *   shrink   nine objects in ten go, at random
 *   steady   nothing but the two threads
 *   join     connections come: 64 KiB each in pieces, a quarter of the size
 *   leave    and go again, all of them
 *   rest     nothing but the two threads
 *
 * trim-bench MIB SECONDS [--timer]: with --timer, malloc_trim(0) once a second
 * in a thread, as programs do it themselves. One line of JSON on standard
 * output.
 *
 * trim-bench MIB SECONDS --knob ULLAGE [TURNS]: after the shrinking, the knob off
 * and on by turns: see trim-turns.c.
 */
#define _GNU_SOURCE
#include "trim-bench.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *const names[PHASES] = { "grow", "shrink", "steady", "join",
	"leave", "rest" };
struct phase phases[PHASES + 1][THREADS];
static int phase, stop;
double live_bytes;
pthread_t threads[THREADS + 1];

uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static unsigned
bucket(uint64_t ns)
{
	unsigned log = ns > 1 ? 63 - (unsigned)__builtin_clzll(ns) : 0;
	unsigned part = log >= 4 ? (unsigned)(ns >> (log - 4)) & 15 : 0;
	unsigned b = log * 16 + part;

	return b < BUCKETS ? b : BUCKETS - 1;
}

static double
bucket_ns(unsigned b)
{
	return (double)(UINT64_C(1) << b / 16) * (1.0 + (b % 16) / 16.0);
}

static uint32_t
next(uint32_t *s)
{
	*s = *s * 1664525u + 1013904223u;
	return *s >> 8;
}

/*
 * True if this thread has given up the processor of its own accord since the
 * last time: to wait for a lock. Else a long call was only not scheduled, which
 * on a busy machine most of them are.
 */
static int
waited(long *switches)
{
	struct rusage r;
	long before = *switches;

	getrusage(RUSAGE_THREAD, &r);
	*switches = r.ru_nvcsw;
	return r.ru_nvcsw != before;
}

static void *
allocate_always(void *arg)
{
	unsigned id = (unsigned)(uintptr_t)arg;
	char *window[64] = { NULL };
	uint32_t s = 7 + id;
	long switches = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct phase *p =
		    &phases[__atomic_load_n(&phase, __ATOMIC_RELAXED)][id];
		unsigned k = next(&s) % 64;
		uint64_t began = now(), took;

		free(window[k]);
		window[k] = malloc(1500 + next(&s) % 2048);
		took = now() - began;
		*(volatile char *)window[k] = 1;
		p->calls++;
		p->counts[bucket(took)]++;
		if (took > p->worst)
			p->worst = took;
		if (took > 1000000 && waited(&switches) &&
		    took > p->worst_wait)
			p->worst_wait = took;
	}
	for (unsigned k = 0; k < 64; k++)
		free(window[k]);
	return NULL;
}

static void *
trim_each_second(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		poll(NULL, 0, 1000);
		malloc_trim(0);
	}
	return NULL;
}

double
resident(void)
{
	char text[128];
	unsigned long size = 0, rss = 0, shared = 0;
	int fd = open("/proc/self/statm", O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	sscanf(text, "%lu %lu %lu", &size, &rss, &shared);
	return (double)(rss - shared) / 256.0;
}

struct object {
	uint32_t size;
	uint32_t pad;
};

static struct object **objects;
static size_t n_objects, cap;

static void
grow(uint32_t *s, double mib)
{
	double want = live_bytes + mib * 1048576.0;

	while (live_bytes < want && n_objects < cap) {
		uint32_t size = 64 + next(s) % 2000;
		struct object *o = malloc(size);

		memset(o, 1, size);
		o->size = size;
		live_bytes += size;
		objects[n_objects++] = o;
	}
}

static void
shrink(uint32_t *s, unsigned of)
{
	size_t kept = 0;

	for (size_t i = 0; i < n_objects; i++) {
		if (next(s) % of == 0) {
			objects[kept++] = objects[i];
			continue;
		}
		live_bytes -= objects[i]->size;
		free(objects[i]);
	}
	n_objects = kept;
}

static void
free_from(size_t first)
{
	for (size_t i = first; i < n_objects; i++) {
		live_bytes -= objects[i]->size;
		free(objects[i]);
	}
	n_objects = first;
}

void
watch(struct phase *p, double seconds)
{
	static double seen[4096];
	unsigned n = 0;

	for (; n < seconds * 10 && n < 4096; n++) {
		poll(NULL, 0, 100);
		seen[n] = resident();
	}
	p->rss_1s = n > 9 ? seen[9] : 0;
	p->rss_3s = n > 29 ? seen[29] : 0;
	p->rss_end = n ? seen[n - 1] : 0;
	while (n > 0 && seen[n - 1] < p->rss_end * 1.05)
		n--;
	p->settled = n / 10.0;
}

void
enter(int next_phase)
{
	__atomic_store_n(&phase, next_phase, __ATOMIC_RELAXED);
}

static void
finish(int which, uint64_t began)
{
	struct phase *p = phases[which];

	p->seconds = (double)(now() - began) / 1e9;
	p->live = live_bytes / 1048576.0;
	if (p->rss_end == 0)
		p->rss_end = resident();
}

double
worst_wait(int which)
{
	const struct phase *p = phases[which];

	return (double)(p[0].worst_wait > p[1].worst_wait ? p[0].worst_wait :
							    p[1].worst_wait) /
	    1e6;
}

static void
report(void)
{
	printf("{");
	for (int i = 0; i < PHASES; i++) {
		struct phase *p = phases[i];
		uint64_t calls = p[0].calls + p[1].calls, sum = 0;
		double p50 = 0, p999 = 0;

		for (unsigned b = 0; b < BUCKETS; b++) {
			sum += p[0].counts[b] + p[1].counts[b];
			if (p50 == 0 && sum * 2 >= calls)
				p50 = bucket_ns(b);
			if (p999 == 0 &&
			    (double)sum >= (double)calls * 0.999)
				p999 = bucket_ns(b);
		}
		printf("%s\"%s\": {\"calls_per_s\": %.0f, \"p50_ns\": %.0f, "
		       "\"p999_ns\": %.0f, \"worst_ms\": %.3f, \"wait_ms\": %.3f, \"live_mib\": "
		       "%.1f, \"rss_1s_mib\": %.1f, \"rss_3s_mib\": %.1f, "
		       "\"rss_mib\": %.1f, \"settled_s\": %.1f}",
		    i ? ", " : "", names[i], (double)calls / p->seconds, p50,
		    p999,
		    (double)(p[0].worst > p[1].worst ? p[0].worst :
						       p[1].worst) /
			1e6,
		    worst_wait(i),
		    p->live, p->rss_1s, p->rss_3s, p->rss_end, p->settled);
	}
	printf("}\n");
}

int
main(int argc, char **argv)
{
	double mib = argc > 1 ? atof(argv[1]) : 1024;
	double seconds = argc > 2 ? atof(argv[2]) : 10;
	int timer = argc > 3 && strcmp(argv[3], "--timer") == 0;
	uint32_t s = 1;
	uint64_t began;
	size_t joined;

	cap = (size_t)(mib * 1048576.0 / 500);
	objects = calloc(cap, sizeof(void *));
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, allocate_always,
		    (void *)(uintptr_t)i);
	if (timer)
		pthread_create(&threads[THREADS], NULL, trim_each_second,
		    NULL);
	began = now();
	grow(&s, mib);
	finish(0, began);
	enter(1);
	began = now();
	shrink(&s, 10);
	finish(1, began);
	if (argc > 4 && strcmp(argv[3], "--knob") == 0) {
		on_and_off(argv[4], seconds, argc > 5 ? atoi(argv[5]) : 200);
		fflush(stdout);
		_exit(0);
	}
	enter(2);
	began = now();
	watch(phases[2], seconds);
	finish(2, began);
	enter(3);
	began = now();
	joined = n_objects;
	grow(&s, mib / 4);
	finish(3, began);
	enter(4);
	began = now();
	free_from(joined);
	finish(4, began);
	enter(5);
	began = now();
	watch(phases[5], seconds);
	finish(5, began);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < THREADS + (unsigned)timer; i++)
		pthread_join(threads[i], NULL);
	report();
	return 0;
}
