/* SPDX-License-Identifier: MIT */
/* What the two halves of trim-bench share: the threads that allocate, and what
 * they note in which phase. */
#ifndef TESTS_BENCH_TRIM_BENCH_H
#define TESTS_BENCH_TRIM_BENCH_H

#include <pthread.h>
#include <stdint.h>

#define THREADS 2
#define BUCKETS 640 /* of a sixteenth of a power of two, from 1 ns */
#define PHASES 6

/* Times are nanoseconds, sizes MiB. */
struct phase {
	uint64_t calls, worst, worst_wait;
	uint64_t counts[BUCKETS];
	double seconds, rss_1s, rss_3s, rss_end, live, settled;
};

extern struct phase phases[PHASES + 1][THREADS]; /* the last: not counted */
extern double live_bytes;
extern pthread_t threads[THREADS + 1];

uint64_t now(void);

/* What the threads do from here on is noted there. */
void enter(int next_phase);

/* Anonymous resident MiB. */
double resident(void);

/* The resident size for so many seconds, and when it was within 5 % of what it
 * ends at. */
void watch(struct phase *p, double seconds);

/* In milliseconds. */
double worst_wait(int which);

/* trim-turns.c: the knob off and on by turns; a line of JSON. `ullage` is the
 * program, `seconds` the time to settle, `n` the number of turns. */
void on_and_off(const char *ullage, double seconds, int n);

#endif
