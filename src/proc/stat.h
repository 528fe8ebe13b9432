/* SPDX-License-Identifier: MIT */
/*
 * What /proc/PID/stat says. The name in it may hold anything, parentheses
 * and blanks too: fields are counted from the last parenthesis.
 */
#ifndef ULLAGE_PROC_STAT_H
#define ULLAGE_PROC_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct proc_stat {
	int32_t pid, ppid;
	char name[64]; /* comm; older kernels write a line feed as \n */
	char state;
	uint64_t user_time, system_time; /* nanoseconds, all its threads */
	int32_t nice;
	uint32_t threads;
	uint64_t start_ticks; /* since boot; with the pid, its identity */
	uint64_t vm_size;     /* bytes */
	uint32_t rt_priority; /* 0: not real-time */
	uint32_t policy;      /* SCHED_... */
};

bool proc_stat_parse(const char *text, struct proc_stat *s);

/* ERR_GONE if there is no such process. */
int proc_stat_read(int32_t pid, struct proc_stat *s, struct err *e);

/* Undoes the kernel's \n, \\ and \ooo in a name, in place. */
void proc_unescape(char *text);

/*
 * Reads /proc/PID/NAME into memory of the caller: at most size-1 bytes and a
 * NUL. Returns the length or -1 with errno. Cheaper than buf_read_file, for
 * lists of thousands.
 */
long proc_read(int32_t pid, const char *name, char *text, size_t size);

#endif
