/* SPDX-License-Identifier: MIT */
/* What a reader of a live process and its child have in common. */
#ifndef ULLAGE_CENSUS_READER_CHILD_H
#define ULLAGE_CENSUS_READER_CHILD_H

#include "census/reader.h"

/*
 * The kernel holds the target's mmap lock while it looks up the pages of one
 * piece. Those of the target's threads that map and unmap wait for it, and
 * need a while without us in which to take it.
 */
#define PIECE ((size_t)1 << 20)

#define SCRATCH CENSUS_ROOM
#define LENDABLE ((CENSUS_WINDOW_PAGES + 64) * CENSUS_PAGE)

enum job { JOB_READ, JOB_PAGES, JOB_LOAD, JOB_CALL };

struct shared {
	enum job job;
	uint64_t address;
	size_t n;   /* bytes, or pages */
	size_t to;  /* offset in bytes */
	census_job call;
	uint64_t in[CENSUS_IN / 8];
	uint64_t at; /* the piece that is being read */
	ssize_t done;
	int error;
	long pause_ns; /* before each piece */
	uint64_t cost; /* CPU time of the child, ns */
	uint8_t there[CENSUS_WINDOW_PAGES];
	unsigned char bytes[SCRATCH + LENDABLE];
};

/*
 * Does what is asked for through the socket `end`, a byte at a time, until
 * that is closed. In a process that shares `s` with who asks.
 */
void census_child_serve(struct shared *s, int32_t pid, int pagemap, int end)
    __attribute__((noreturn));

#endif
