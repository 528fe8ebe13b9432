/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program: its clocks jump. The one on the wall by a year to
 * and fro at every look, the one since boot by an hour forward each second, as
 * if the machine had been asleep.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define YEAR (365L * 24 * 3600)

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	static time_t first;
	static unsigned looks;
	int rc = (int)syscall(SYS_clock_gettime, clock, t);

	if (rc != 0)
		return rc;
	if (clock == CLOCK_REALTIME)
		t->tv_sec += (time_t)(++looks % 3 - 1) * YEAR;
	if (clock == CLOCK_BOOTTIME) {
		if (first == 0)
			first = t->tv_sec;
		t->tv_sec += (t->tv_sec - first) * 3600;
	}
	return 0;
}
