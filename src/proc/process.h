/* SPDX-License-Identifier: MIT */
/*
 * Processes as /proc lists them. The only place that knows libproc2.
 */
#ifndef ULLAGE_PROC_PROCESS_H
#define ULLAGE_PROC_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct process {
	int32_t pid;
	uint32_t uid;	      /* effective */
	uint64_t start_ticks; /* field 22 of stat: with the pid, its identity */
	uint64_t rss;	      /* bytes */
	uint32_t threads;
	char state;	 /* as in stat: R S D Z T t X I */
	char name[32];	 /* comm; not escaped */
	uint32_t uids[4]; /* real, effective, saved, file system */
	int32_t ns_pid;	  /* its pid in its own pid namespace */
};

/* All processes that may be looked at, by pid. Owned by the caller. */
int processes_read(struct process **list, size_t *n, struct err *e);

/* One process; ERR_GONE if there is none. */
int process_read(int32_t pid, struct process *p, struct err *e);

/*
 * True if the process bears that name: its comm, or the base name of its
 * program or of argv[0].
 */
bool process_is_named(const struct process *p, const char *name);

/*
 * A path as /proc shows it to us, as the process itself would name it: its
 * root may be a folder of ours. Points into path.
 */
const char *process_own_path(int32_t pid, const char *path);

/* Inode of its pid namespace; 0 if it may not be read. */
uint64_t process_pid_namespace(int32_t pid);

#endif
