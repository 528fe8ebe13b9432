/* SPDX-License-Identifier: MIT */
/* What a line of /proc/PID/status says, in plain units. */
#ifndef ULLAGE_PROC_STATUS_H
#define ULLAGE_PROC_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct status {
	char name[64]; /* comm, with the kernel's \n and \\ undone; not escaped */
	char state;
	int32_t pid, ppid;
	uint32_t uids[4], gids[4]; /* real, effective, saved, file system */
	int32_t ns_pid;		   /* in its own pid namespace */
	uint32_t threads;
	bool nested; /* in a pid namespace below ours */
	bool kernel_thread;
	/* Bytes. A process without memory (kernel thread, zombie) has none. */
	bool has_memory;
	uint64_t vm_size, vm_peak, rss, rss_peak, rss_anon, rss_file, rss_shmem;
	uint64_t data, stack, text, libraries, locked, pinned, page_tables, swap;
	/* Signals queued for the real user, and the limit on them. */
	uint64_t signals_queued, signals_limit;
	uint64_t signals_ignored, signals_caught; /* bit n-1 is signal n */
	uint64_t capabilities;			  /* effective */
};

/* False if it is no such text (no Name, State or Uid). */
bool status_parse(const char *text, struct status *s);

/* ERR_GONE if there is no such process. */
int status_read(int32_t pid, struct status *s, struct err *e);

#endif
