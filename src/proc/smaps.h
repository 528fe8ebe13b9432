/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/smaps: what each mapping has in memory. The kernel walks the page
 * tables for it, about 13 ms per GiB resident, and the process's own mmap
 * calls wait meanwhile: never on a refresh loop.
 */
#ifndef ULLAGE_PROC_SMAPS_H
#define ULLAGE_PROC_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Sizes in bytes. */
struct smap {
	uint64_t start, end;
	uint64_t inode;
	char perms[5];
	const char *name; /* path or "[heap]"; "" if unnamed; not escaped */
	uint64_t rss, anonymous, swap, locked;
};

struct smaps {
	struct smap *list; /* ascending addresses */
	size_t n;
	uint64_t cost_ns; /* of reading it; 0 when parsed from text */
	char *text;	  /* what names point into; owned */
};

/* From text, which is taken over and changed. Lines that are not understood
 * are left out. */
void smaps_parse(char *text, struct smaps *s);

/* ERR_GONE, ERR_DENIED; nothing to free then. */
int smaps_read(int32_t pid, struct smaps *s, struct err *e);
void smaps_free(struct smaps *s);

/*
 * Stack pointers of the threads that wait in a system call; those that run
 * show none. At most `max`; returns how many. Needs the right to trace, else
 * there are none.
 */
size_t stack_pointers_read(int32_t pid, uint64_t *list, size_t max);

#endif
