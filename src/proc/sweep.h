/* SPDX-License-Identifier: MIT */
/*
 * All processes again and again, cheaply: what a live view reads every second.
 *
 * A sweep keeps /proc/PID/stat and /proc/PID/fd of every process open, as far
 * as our own limit of descriptors allows: looking a path up again costs more
 * than reading the file. Such a descriptor belongs to the process, not to the
 * pid, so a pid that was used again is told at once. Files that hold a lock of
 * the process (maps, smaps) are never read, the folder of descriptors is
 * never listed.
 */
#ifndef ULLAGE_PROC_SWEEP_H
#define ULLAGE_PROC_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/limits.h"

/* What is read beside stat. Limits and command lines are read when a process
 * is new and rarely after that, but for limits that are half used up. */
enum sweep_need {
	SWEEP_FDS = 1,
	SWEEP_LIMITS = 2,
	SWEEP_COMMAND = 4,
};

struct sweep_row {
	int32_t pid, ppid;
	uint64_t start_ticks; /* with the pid, its identity */
	uint32_t uid;	      /* effective */
	char state;	      /* as in stat */
	bool kernel;	      /* a thread of the kernel */
	char name[64];	      /* comm; not escaped */
	char command[192];    /* arguments with blanks between, cut; or "" */
	uint64_t cpu_ns;      /* all its threads since the start */
	uint64_t rss, size;   /* bytes */
	uint32_t threads;
	int64_t fds; /* -1: not known */
	bool has_limits;
	struct limits limits; /* those that can run full */
};

struct sweep;

/* proc: the folder, "/proc" but in tests. NULL if it cannot be read. */
struct sweep *sweep_new(const char *proc, struct err *e);
void sweep_free(struct sweep *s);

/* Reads once; rows stay good until the next time. */
int sweep_run(struct sweep *s, unsigned needs, struct err *e);

/* The next time limits are read whatever is known. */
void sweep_limits_anew(struct sweep *s);

size_t sweep_count(const struct sweep *s);
const struct sweep_row *sweep_row(const struct sweep *s, size_t i);

/* Bytes of /proc/PID/stat text, into a row; for tests and fuzzers. */
bool sweep_parse_stat(const char *text, struct sweep_row *r);

#endif
