/* SPDX-License-Identifier: MIT */
/* How much of each resource a process has in use. */
#ifndef ULLAGE_PROC_USAGE_H
#define ULLAGE_PROC_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/limits.h"
#include "proc/stat.h"
#include "proc/status.h"

/* What costs more than a file of the process, and is left out unless asked. */
enum usage_extra {
	USAGE_USER = 1,	 /* nproc: reads the status of every process */
	USAGE_LOCKS = 2, /* locks: reads /proc/locks */
	USAGE_MAPS = 4,	 /* reads the process' maps, which holds its lock */
};

struct usage {
	uint64_t used[LIMIT_RESOURCES]; /* in the unit of the resource */
	bool known[LIMIT_RESOURCES];
	uint64_t maps; /* number of mappings, if asked for */
	bool maps_known;
};

/* The parts that status tells (all but nofile, nproc, cpu, nice, rtprio). */
void usage_from_status(struct usage *u, const struct status *s);
/* cpu, nice and rtprio. */
void usage_from_stat(struct usage *u, const struct proc_stat *s);

/* Reads status, stat, the number of descriptors, and the extras. */
int usage_read(int32_t pid, unsigned extras, struct usage *u, struct err *e);

/*
 * Number of open descriptors: one stat of /proc/PID/fd where the kernel
 * counts (Linux 6.2), else the directory is read. -1 if it cannot be known,
 * with errno. Anybody may ask where the kernel counts.
 */
int64_t usage_descriptors(int32_t pid);

/* True if the kernel counts; found out once, on our own descriptors. */
bool usage_kernel_counts(void);

/* The highest descriptor, by reading the directory; -1 as above. */
int64_t usage_highest_descriptor(int32_t pid);

/*
 * Threads that count for the nproc of a real user: those of all processes
 * that can be seen from here.
 */
int usage_user_threads(uint32_t uid, uint64_t *threads, struct err *e);

/*
 * False if this limit does not bind the process, though it has one: nproc for
 * root and with CAP_SYS_RESOURCE or CAP_SYS_ADMIN, memlock with CAP_IPC_LOCK,
 * and what Linux never enforces.
 */
bool usage_binds(enum limit_id id, const struct status *s);

/*
 * The resource of which the largest part is in use: -1 if no finite limit
 * binds. *fraction is used / soft, above 1 if a limit was lowered.
 */
int usage_tightest(const struct usage *u, const struct limits *l,
    const struct status *s, double *fraction);

#endif
