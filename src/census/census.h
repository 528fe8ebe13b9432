/* SPDX-License-Identifier: MIT */
/*
 * What is in the glibc heap of a process that nobody watched: read from
 * outside, while it runs, without an agent. Bytes are those of chunks, with
 * their headers, as mallinfo2 counts.
 */
#ifndef ULLAGE_CENSUS_CENSUS_H
#define ULLAGE_CENSUS_CENSUS_H

#include "base/err.h"
#include "census/kinds.h"
#include "census/layout.h"
#include "census/tally.h"
#include "census/walk.h"

struct census_arena {
	uint64_t address; /* 0: chunks with a mapping of their own */
	uint64_t system;  /* bytes that it has of the kernel */
	uint64_t overhead; /* its own headers */
	uint32_t heaps;
	struct census_counts counts;
};

struct census {
	struct census_layout layout;
	struct mappings maps;
	struct census_process *process;
	struct census_reader reader;
	struct census_arena *arenas; /* owned; main first, mmapped last */
	size_t n_arenas;
	struct census_tally tally; /* in use */
	struct census_kinds *kinds;
	bool cached_known; /* chunks in thread caches could be told */
	bool cut;	   /* time ran out */
};

/* seconds: of time at most. NULL on failure; owned by the caller. */
struct census *census_take(int32_t pid, unsigned seconds, struct err *e);
void census_free(struct census *c);

/* Of all arenas together. */
void census_total(const struct census *c, struct census_counts *total);

#endif
