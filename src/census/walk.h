/* SPDX-License-Identifier: MIT */
/*
 * From chunk to chunk through one stretch of a glibc heap, while its owner
 * goes on. What is met may be half changed or forged: a size that cannot be
 * is noticed, read again, and if it stays, the walk goes on where a chain of
 * chunks is sure again. What lies between is stated in bytes.
 *
 * A chunk (malloc/malloc.c): at +0 the size of the one before if that is
 * free, at +8 its own size with three flags, at +16 what the caller got.
 * Whether it is in use is a flag of the next one.
 */
#ifndef ULLAGE_CENSUS_WALK_H
#define ULLAGE_CENSUS_WALK_H

#include "census/reader.h"

#define CHUNK_PREV_IN_USE 1u
#define CHUNK_MMAPPED 2u
#define CHUNK_NON_MAIN 4u
#define CHUNK_FLAGS UINT64_C(7)
#define CHUNK_HEADER 16u
#define CHUNK_MIN 32u
#define CHUNK_ALIGN 16u

/* What is seen of a chunk's contents. */
#define CHUNK_SEEN 64

struct census_chunk {
	uint64_t address; /* of the chunk; the caller's pointer is 16 further */
	uint64_t size;	  /* with header */
	uint32_t kind;	  /* what `state` has put there */
	size_t n;	  /* bytes of contents below */
	unsigned char seen[CHUNK_SEEN];
};

enum chunk_state {
	CHUNK_IN_USE,
	CHUNK_CACHED, /* in a thread's cache: looks in use */
	CHUNK_FAST,   /* in a fast bin: looks in use */
	CHUNK_FREE,
	CHUNK_STATES,
};

/* Runs of free chunks by length: the i-th class begins at 32 << i bytes. */
#define CENSUS_RUNS 24

/* Of one arena; bytes with headers, as mallinfo counts. */
struct census_counts {
	uint64_t count[CHUNK_STATES];
	uint64_t bytes[CHUNK_STATES];
	uint64_t in_memory;   /* of the bytes in use: on pages in memory */
	uint64_t top;	      /* bytes of the top chunk */
	uint64_t pages;	      /* whole free pages, in bytes */
	uint64_t resident;    /* those of them that are in memory */
	uint64_t top_resident;
	uint64_t uncovered;   /* bytes not understood */
	uint64_t derailed;    /* how often */
	uint64_t derailed_at; /* the first address where it stayed so */
	uint64_t odd;	      /* free chunks whose two sizes differ */
	uint64_t runs[CENSUS_RUNS], run_bytes[CENSUS_RUNS];
	uint64_t pinned; /* pages that would be free but for one chunk */
};

/* Adds `from` so many times. */
void census_counts_add(struct census_counts *to,
    const struct census_counts *from, uint64_t times);

struct census_segment {
	uint64_t start, end; /* of chunks */
	uint64_t top;	     /* the top chunk, 0: it ends in a fence */
	uint64_t top_at;     /* where the arena keeps top; 0: nowhere */
	bool main;	     /* of the main arena: may have holes */
	/* Counted are chunks, runs and pages that begin in here; both 0: all.
	 * Whole pages. */
	uint64_t from, until;
};

struct census_walk {
	const struct census_reader *reader;
	/* What looks in use may not be. Called for each, in order; may give it
	 * a kind. */
	enum chunk_state (*state)(void *arg, struct census_chunk *c);
	/* Called for each that is in use and counted. NULL: never. */
	void (*in_use)(void *arg, const struct census_chunk *c);
	/* A page would be free if this one were, which is in use or cached. */
	void (*pins)(void *arg, const struct census_chunk *c,
	    enum chunk_state state);
	void *arg;
	/* Asked now and then, and where it is: true ends the walk. NULL:
	 * never. */
	bool (*enough)(void *arg, uint64_t at);
};

/* Adds to *counts; the whole of a segment is covered or uncovered. */
void census_walk(const struct census_walk *w,
    const struct census_segment *segment, struct census_counts *counts);

#endif
