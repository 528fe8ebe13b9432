/* SPDX-License-Identifier: MIT */
/*
 * Samples of running threads from the kernel's cpu-clock: registers and the
 * top of the stack as they are at the tick. The process is not stopped and
 * does not notice; nothing enters it. perf_event_open(2) is known here alone.
 */
#ifndef ULLAGE_UNWIND_PERF_H
#define ULLAGE_UNWIND_PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "base/err.h"

/* Bytes of stack that the kernel copies with a sample. */
#define PERF_STACK_MAX ((size_t)16 << 10)

/* Frames in the kernel that are kept. */
#define PERF_KERNEL_MAX 32

struct perf_sample {
	int32_t tid;
	uint64_t kernel[PERF_KERNEL_MAX]; /* leaf first; none in user mode */
	size_t n_kernel;
	bool has_user;	/* regs and stack are there: not so of a thread that
			 * is ending, or a kernel thread's */
	struct user_regs_struct regs;
	const uint8_t *stack; /* from regs.rsp on; borrowed for the call */
	size_t stack_len;
};

typedef void perf_fn(void *arg, const struct perf_sample *s);

struct perf;

/*
 * Watches all threads of a process, those that are yet to come too, a tick for
 * each 1/hz seconds that one runs. Descriptors: one for each thread and cpu.
 * NULL on failure, with the reason and what to do; owned by the caller.
 */
struct perf *perf_open(int32_t pid, unsigned hz, struct err *e);
void perf_close(struct perf *p);

/* Waits for at most `ms` until there is something to take. */
void perf_wait(const struct perf *p, int ms);

/* Hands over what has come so far. */
void perf_drain(struct perf *p, perf_fn *fn, void *arg);

/* Samples that the kernel had no room for. */
uint64_t perf_lost(const struct perf *p);

/* Time in the kernel is seen: else only the program's own code is. */
bool perf_sees_kernel(const struct perf *p);

#endif
