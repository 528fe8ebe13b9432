/* SPDX-License-Identifier: MIT */
/*
 * Where a process spends its processor time: samples of the kernel, unwound
 * from copies as they come. Needs no agent, and stops nothing.
 */
#ifndef ULLAGE_UNWIND_CPU_H
#define ULLAGE_UNWIND_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "unwind/modules.h"

/* Processor time from one sample to the next, as Go's profiles have it. */
#define CPU_PERIOD_NS UINT64_C(10000000)

struct cpu_thread {
	int32_t tid;
	char name[32]; /* not escaped; "" if it ended before it was asked for */
};

struct cpu_stack {
	uint64_t *frames; /* leaf first, inside the call; owned */
	size_t n;	  /* 0: there was none to be had */
	size_t thread;	  /* index */
	uint64_t count;	  /* samples */
};

struct cpu {
	int32_t pid;
	uint64_t time_ns;     /* since the epoch, when it began */
	uint64_t duration_ns; /* as measured */
	uint64_t samples, lost;
	uint64_t early; /* samples whose stack ends early */
	bool user_only; /* time in the kernel is not in it */
	bool ended;	/* the process did, before the time was over */
	struct cpu_stack *stacks; size_t n_stacks, cap_stacks;
	struct cpu_thread *threads; size_t n_threads, cap_threads;
	struct hash index; /* of the stacks */
	struct modules modules;
	struct maps maps; /* what modules' paths borrow from */
};

/* Waits so many nanoseconds; false (and e) if it was told to give up. */
typedef bool cpu_wait_fn(void *arg, uint64_t ns, struct err *e);

/*
 * Samples for so long. NULL on failure: ERR_GONE, ERR_DENIED, or what wait
 * said. Owned by the caller.
 */
struct cpu *cpu_take(int32_t pid, uint64_t duration_ns, cpu_wait_fn *wait,
    void *arg, struct err *e);
void cpu_free(struct cpu *c);

#endif
