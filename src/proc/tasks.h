/* SPDX-License-Identifier: MIT */
/*
 * Threads of a process, as /proc/PID/task tells. Names come from the target
 * and are not escaped.
 */
#ifndef ULLAGE_PROC_TASKS_H
#define ULLAGE_PROC_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct task {
	int32_t tid;
	char name[64];	 /* comm; kernel threads have longer ones */
	char state;	 /* as in stat */
	char wait[64];	 /* kernel function it waits in; "" unknown or none */
	uint64_t cpu_ns; /* user and system since its start */
	uint64_t start_ns; /* since boot */
	bool has_stack;	 /* the stack pointer lies in a mapping of its own */
	bool is_main;
	uint64_t stack_pointer; /* 0: unknown, it was running */
	uint64_t stack_start, stack_end;
	bool has_resident;
	uint64_t stack_resident; /* bytes */
};

struct tasks {
	struct task *tasks; /* ascending tid */
	size_t n;
	uint64_t taken_ns;  /* since boot */
	size_t shared_stacks; /* threads whose mapping holds others' stacks */
};

enum tasks_need {
	TASKS_STAT = 0,
	TASKS_WAIT = 1,	  /* wait channels */
	TASKS_STACKS = 2, /* stack pointers, mappings, what is resident */
};

/* tasks_free in any case. */
int tasks_read(int32_t pid, unsigned need, struct tasks *out, struct err *e);
void tasks_free(struct tasks *t);

/* Folds digits: "worker-12" becomes "worker-#". */
void task_pattern(const char *name, char *out, size_t size);

/*
 * The part of a second that a thread ran, between two looks or, with before
 * NULL, since its start. Negative if that cannot be told.
 */
double task_share(const struct task *before, uint64_t before_ns,
    const struct task *now, uint64_t now_ns);

/* The tid that a thread has in its own pid namespace; 0: unknown. */
int32_t task_namespace_tid(int32_t pid, int32_t tid);

/* Bytes of [start, end) that are in memory; false if that is not told. */
bool task_resident(int32_t pid, uint64_t start, uint64_t end, uint64_t *bytes);

struct task *tasks_find(const struct tasks *t, int32_t tid);

/* ---- the parsers, for tests and fuzzers ---------------------------------- */

/* Text of stat, of `len` bytes; ticks are converted. False if it is none. */
bool task_stat_parse(const char *text, size_t len, struct task *t);

/* Text of syscall: the stack pointer, 0 for "running" or nonsense. */
uint64_t task_syscall_parse(const char *text);

/*
 * Finds for each task the mapping that holds its stack pointer, in the text of
 * maps. A mapping that several tasks share is nobody's.
 */
void tasks_place_stacks(struct tasks *t, const char *maps);

#endif
