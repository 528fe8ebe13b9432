/* SPDX-License-Identifier: MIT */
/* Threads of a process, as far as an attach has to know: who waits where. */
#ifndef ULLAGE_ATTACH_TASKS_H
#define ULLAGE_ATTACH_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of all that live, ascending. -1 if there is no such process; owned. */
int task_list(int32_t pid, int32_t **tids, size_t *n);

bool task_exists(int32_t pid, int32_t tid);
char task_state(int32_t pid, int32_t tid); /* as in stat; '?': none */

/* What a thread waits in. */
struct task_call {
	bool running; /* or in no system call: the rest is not known */
	int64_t number;
	uint64_t sp, pc;
};

/* False if the thread has ended or may not be looked at. */
bool task_call_read(int32_t pid, int32_t tid, struct task_call *call);

/* The same from its file, held open: for looking again and again. */
int task_call_open(int32_t pid, int32_t tid);
bool task_call_again(int fd, struct task_call *call);

/* Nanoseconds that it has been on a processor; false if that is not told. */
bool task_ran(int32_t pid, int32_t tid, uint64_t *ns);

/* The thread of that tid in the process's own namespace, or 0. */
int32_t task_in_namespace(int32_t pid, int32_t inner);

/* A line "NAME:\tvalue" of its status: the number, in that base; false if
 * there is none. */
bool task_status_number(int32_t pid, int32_t tid, const char *name, int base,
    uint64_t *value);

/* Where the threads are, the most first: "3 in futex, 1 running". */
void task_summary(int32_t pid, char *out, size_t room);

/*
 * How safe it is to let a thread that waits in this call start another one.
 * Calls of an event loop are: nobody holds a lock of libc's there. Others
 * only if the allocator is glibc's, as others' locks sleep in these very
 * calls. All others not: a futex may be any lock.
 */
enum task_safety { TASK_UNSAFE, TASK_SAFE_WITH_GLIBC, TASK_SAFE };
enum task_safety task_safety(int64_t number);

#endif
