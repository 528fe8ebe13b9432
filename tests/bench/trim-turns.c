/* SPDX-License-Identifier: MIT */
/*
 * The knob off and on by turns on one heap: so many seconds with it off, so
 * many with it at 100; then turn after turn, which gives ratios of throughput
 * between neighbours; and in the end malloc_trim(0) once.
 *
 * What two threads that wait for one lock get done swings by a third from one
 * window to the next, whatever the knob does: only many turns tell.
 */
#define _GNU_SOURCE
#include "trim-bench.h"

#include <malloc.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TURNS_MOST 2048
#define SETTLE                                                                 \
	60 /* ms: a keeper that comes takes seeds, one that goes frees them */
#define WINDOW 240 /* ms */

static void
turn(const char *ullage, const char *to)
{
	char command[512];

	snprintf(command, sizeof command,
	    "LD_PRELOAD= ULLAGE_TRIM_PERCENT= %s trim %d %s >/dev/null 2>&1",
	    ullage, (int)getpid(), to);
	if (system(command) != 0)
		fprintf(stderr, "trim-bench: failed: %s\n", command);
}

struct reading {
	double wall, calls;
	double cpu, rest; /* of the two threads; of the others but this one */
};

static double
seconds_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct reading
take_reading(void)
{
	const struct phase *p = phases[PHASES];
	struct reading r = {.wall = (double)now() / 1e9,
	    .calls = (double)(p[0].calls + p[1].calls)};
	clockid_t id;

	for (unsigned i = 0; i < THREADS; i++) {
		pthread_getcpuclockid(threads[i], &id);
		r.cpu += seconds_of(id);
	}
	r.rest = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - r.cpu -
		 seconds_of(CLOCK_THREAD_CPUTIME_ID);
	return r;
}

/* Calls of both threads in a second and in a second of their processors, the
 * knob so; and the processor's time of the keeper in a second. */
static struct reading
throughput(const char *ullage, const char *to)
{
	struct reading a, b;

	turn(ullage, to);
	poll(NULL, 0, SETTLE);
	a = take_reading();
	poll(NULL, 0, WINDOW);
	b = take_reading();
	return (struct reading){b.wall - a.wall,
	    (b.calls - a.calls) / (b.wall - a.wall),
	    (b.calls - a.calls) / (b.cpu - a.cpu),
	    (b.rest - a.rest) / (b.wall - a.wall)};
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The mean of logarithms of ratios without a tenth at either end, as a ratio,
 * and its standard error. */
struct estimate {
	double ratio, error;
};

static struct estimate
mean_of(double *v, int n)
{
	double sum = 0, squares = 0, mean;
	int cut = n / 10, m = n - 2 * cut;

	qsort(v, (size_t)n, sizeof *v, ascending);
	for (int i = cut; i < n - cut; i++)
		sum += v[i];
	mean = sum / m;
	/* Winsorized: what was cut off counts as the last that was not. The
	 * error of a trimmed mean is that deviation over 0.8 sqrt n. */
	for (int i = 0; i < n; i++) {
		double x = v[i < cut ? cut : i >= n - cut ? n - cut - 1 : i];

		squares += (x - mean) * (x - mean);
	}
	return (struct estimate){
	    exp(mean), n > 1 ? sqrt(squares / (n - 1)) / (0.8 * sqrt(n)) : NAN};
}

/*
 * Two windows a turn, off and 100; which of them comes first changes from turn
 * to turn, or what drifts would look like the knob's doing. The noise is what
 * neighbouring windows with the knob off differ by.
 */
struct turns {
	struct estimate calls, calls_noise, cpu, cpu_noise;
	double keeper;
};

static struct turns
by_turns(const char *ullage, int n)
{
	static double calls[2][TURNS_MOST], cpu[2][TURNS_MOST];
	struct reading w[2] = {{.wall = 0}}, before;
	struct turns r = {.keeper = 0};

	for (int i = 0; i < n; i++) {
		before = w[0];
		for (int k = 0; k < 2; k++) {
			int on = (k + i) % 2;

			w[on] = throughput(ullage, on ? "100" : "off");
		}
		calls[0][i] = log(w[1].calls / w[0].calls);
		cpu[0][i] = log(w[1].cpu / w[0].cpu);
		r.keeper += w[1].rest / n;
		if (i == 0)
			continue;
		calls[1][i - 1] = log(w[0].calls / before.calls);
		cpu[1][i - 1] = log(w[0].cpu / before.cpu);
	}
	r.calls = mean_of(calls[0], n);
	r.calls_noise = mean_of(calls[1], n - 1);
	r.cpu = mean_of(cpu[0], n);
	r.cpu_noise = mean_of(cpu[1], n - 1);
	return r;
}

static void
print_turns(const struct turns *r)
{
	printf("\"ratio\": %.4f, \"ratio_error\": %.4f, \"noise\": %.4f, "
	       "\"noise_error\": %.4f, \"cpu_ratio\": %.4f, "
	       "\"cpu_error\": %.4f, \"cpu_noise\": %.4f, "
	       "\"cpu_noise_error\": %.4f, \"keeper\": %.5f",
	    r->calls.ratio, r->calls.error, r->calls_noise.ratio,
	    r->calls_noise.error, r->cpu.ratio, r->cpu.error,
	    r->cpu_noise.ratio, r->cpu_noise.error, r->keeper);
}

void
on_and_off(const char *ullage, double seconds, int n)
{
	double trimmed, before = resident();
	struct turns r;
	uint64_t began;

	n = n < 2 ? 2 : n > TURNS_MOST ? TURNS_MOST : n;
	enter(2);
	watch(phases[2], seconds);
	turn(ullage, "100");
	enter(3);
	watch(phases[3], seconds);
	enter(PHASES);
	trimmed = resident();
	r = by_turns(ullage, n);
	turn(ullage, "off");
	enter(4);
	began = now();
	malloc_trim(0);
	poll(NULL, 0, 100);
	enter(PHASES);
	printf("{\"live_mib\": %.0f, \"before_mib\": %.0f, \"trimmed_mib\": "
	       "%.0f, \"settled_s\": %.1f, \"left_mib\": %.0f, \"off_ms\": "
	       "%.2f, \"knob_ms\": %.2f, \"malloc_trim_ms\": %.2f, "
	       "\"malloc_trim_took_ms\": %.2f, ",
	    live_bytes / 1048576.0, before, trimmed, phases[3]->settled,
	    resident(), worst_wait(2), worst_wait(3), worst_wait(4),
	    (double)(now() - began) / 1e6 - 100);
	print_turns(&r);
	printf("}\n");
}
