/* SPDX-License-Identifier: MIT */
/*
 * Samples of the kernel (perf_event_open): of every thread of a process, each
 * time that it has used so much processor time, its registers and the top of
 * its stack. The process is not stopped and does not notice.
 */
#ifndef ULLAGE_UNWIND_PERF_H
#define ULLAGE_UNWIND_PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "unwind/stop.h"

/* Most bytes of a stack that come with a sample. */
#define PERF_ROOM 16384

struct perf;

struct perf_sample {
	int32_t tid;
	struct stopped from;  /* regs, stack_len; limit is not known */
	const uint8_t *stack; /* borrowed for the call */
	bool has_stack;	      /* false: a 32-bit program's, or none at all */
};

typedef void perf_fn(void *arg, const struct perf_sample *s);

/*
 * Watches all threads, also those to come, a sample for each period_ns of
 * processor time. NULL on failure: ERR_DENIED with the setting that forbids
 * it. Owned by the caller.
 */
struct perf *perf_open(int32_t pid, uint64_t period_ns, struct err *e);
void perf_close(struct perf *p);

/* True if time in the kernel is left out, because it may not be seen. */
bool perf_user_only(const struct perf *p);

/* Calls back with what has come since the last call; at least every tenth of
 * a second, or samples are lost. */
void perf_read(struct perf *p, perf_fn *fn, void *arg);

/* Stops taking samples; what is there can still be read. */
void perf_stop(struct perf *p);

/* Samples that found no room. */
uint64_t perf_lost(const struct perf *p);

#endif
