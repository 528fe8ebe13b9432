/* SPDX-License-Identifier: MIT */
/*
 * Where the C library of a target keeps its heap. glibc exports nothing of
 * it, so its data is searched for what can only be an arena (254 pointers of
 * bins, each of which points back to itself or to a chunk); what is believed
 * is what holds on this heap. Offsets are of glibc 2.31 to 2.41, x86-64.
 */
#ifndef ULLAGE_CENSUS_LAYOUT_H
#define ULLAGE_CENSUS_LAYOUT_H

#include "census/maps.h"
#include "census/reader.h"

#define CENSUS_FAST_BINS 10

/* struct malloc_state, as it was when read. */
struct census_state {
	uint64_t address;
	uint64_t top;
	uint64_t next;
	uint64_t system; /* bytes that it has of the kernel */
	uint64_t fast[CENSUS_FAST_BINS];
};

struct census_layout {
	int minor;		/* of glibc 2.minor */
	char release[64];	/* as the library calls itself; not escaped */
	bool is_static;		/* it is part of the program */
	struct census_state main;
	uint64_t heap_start, heap_end; /* [heap]; 0: none */
	bool par;		/* mp_ was found: the three below are known */
	uint64_t brk_start;	/* first chunk, before alignment */
	uint64_t mmapped;	/* bytes in mmapped chunks */
	uint32_t mmapped_count;
};

/* Where in an arena its fields are. */
#define STATE_TOP 96
#define STATE_SIZE 2200

/* ERR_FAILED with a sentence for what is not a glibc heap or not a known one. */
int census_layout_find(const struct census_reader *r,
    const struct mappings *maps, struct census_layout *l, struct err *e);

/* Reads an arena; false if what is there is none. */
bool census_state_read(const struct census_reader *r, uint64_t address,
    struct census_state *s);

#endif
