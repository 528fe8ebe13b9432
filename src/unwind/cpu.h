/* SPDX-License-Identifier: MIT */
/*
 * Where the threads of a process spend processor time: samples over a while,
 * unwound as they come. Needs no agent and stops nobody.
 */
#ifndef ULLAGE_UNWIND_CPU_H
#define ULLAGE_UNWIND_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "unwind/modules.h"

/* Ticks in a second. Not a divisor of what programs do by the clock. */
#define CPU_HZ 99
#define CPU_HZ_MAX 10000

struct cpu_stack {
	uint64_t *frames; /* leaf first; the kernel's come first; owned */
	size_t n;
	char thread[32];  /* its name, not escaped */
	uint64_t count;   /* ticks */
};

struct cpu {
	int32_t pid;
	unsigned hz;
	uint64_t time_ns;     /* of the start, since the epoch */
	uint64_t duration_ns; /* that it took in fact */
	struct cpu_stack *stacks;
	size_t n, cap;
	uint64_t ticks;	      /* all of them */
	uint64_t early;	      /* whose stack ends before its beginning */
	uint64_t lost;	      /* that were not recorded */
	bool kernel;	      /* time in the kernel is included */
	bool ended;	      /* the process did, meanwhile */
	struct modules modules;
	struct maps maps;     /* what modules' paths borrow from */
};

/*
 * Takes samples for `ns`, or until *stop is set (by a handler or another
 * thread; may be NULL) or the process ends. NULL on failure; owned by the
 * caller.
 */
struct cpu *cpu_take(int32_t pid, unsigned hz, uint64_t ns,
    const volatile int *stop, struct err *e);
void cpu_free(struct cpu *c);

#endif
