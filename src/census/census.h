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

/* Stretches of which a sample is made. */
#define CENSUS_CELL (240 * CENSUS_PAGE)

struct census_arena {
	uint64_t address; /* 0: chunks with a mapping of their own */
	uint64_t system;  /* bytes that it has of the kernel */
	uint64_t overhead; /* its own headers */
	uint64_t pinned_cached; /* pages that chunks in caches pin */
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
	uint64_t times; /* a sample: one of so many was read; 1: all */
	uint64_t cells; /* stretches that were */
	struct census_counts parts[CENSUS_PARTS]; /* of a sample, scaled */
	uint64_t part_cells[CENSUS_PARTS];
	uint64_t cpu_ns, wall_ns; /* what it took */
	unsigned stuck;	   /* reads that were given up */
	bool cached_known; /* chunks in thread caches could be told */
	bool arenas_lost;  /* their list could not be followed to its end */
	bool cut;	   /* time ran out */
};

struct census_options {
	unsigned seconds; /* at most */
	uint32_t times;	  /* 2 and up: read one stretch in so many */
	uint64_t seed;	  /* which ones */
	bool plain;	  /* what chunks hold is not looked at */
	/* Called now and then: bytes of heap that are done, of so many. */
	void (*progress)(void *arg, uint64_t done, uint64_t all);
	/* A page (or so many) would be free but for what its owner got at that
	 * address. */
	void (*pins)(void *arg, uint64_t address, uint64_t pages);
	void *arg;
};

/* NULL on failure; owned by the caller. */
struct census *census_take(int32_t pid, const struct census_options *o,
    struct err *e);
void census_free(struct census *c);

/* Of all arenas together. */
void census_total(const struct census *c, struct census_counts *total);

/*
 * What malloc_trim(0) would return: whole free pages in memory, and of the top
 * of the main arena alone.
 */
uint64_t census_trim(const struct census *c);

#endif
