/* SPDX-License-Identifier: MIT */
/*
 * The memory ledger: every resident byte of a process in one row, and the
 * rows add up to the resident size exactly. What cannot be told apart is a
 * row of its own and is called unknown.
 *
 * A pure function of what was read: the kernel's totals, its account of each
 * mapping if that was asked for, and the live table of the agent if there is
 * one.
 */
#ifndef ULLAGE_TUNE_LEDGER_H
#define ULLAGE_TUNE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/smaps.h"
#include "proc/status.h"

enum ledger_part {
	LEDGER_LIVE,	  /* handed out by the allocator, resident */
	LEDGER_RETAINED,  /* free in the allocator, resident */
	LEDGER_OVERHEAD,  /* the allocator's own */
	LEDGER_HEAP,	  /* the three above, not told apart */
	LEDGER_DATA,	  /* private data of the program and its libraries */
	LEDGER_ANONYMOUS, /* mapped by the program itself, or by a runtime */
	LEDGER_STACKS,
	LEDGER_SHARED,
	LEDGER_FILE,
	LEDGER_AGENT, /* ours */
	LEDGER_UNKNOWN,
	LEDGER_PARTS,
};

/* Where a mapping belongs; LIVE and its kin are all HEAP here. */
struct ledger_map {
	const struct smap *map;
	enum ledger_part part; /* of its private anonymous memory, or all */
	double live;	       /* bytes of sampled objects in it, weighted */
	double absent;	       /* of them: not resident */
	bool scattered;	       /* some of them are not alone in their pages */
};

struct ledger_object {
	uint64_t address, usable; /* bytes */
	double weight;		  /* objects that it stands for */
};

struct ledger_input {
	const struct status *status;
	const struct smaps *maps; /* NULL: the cheap view */
	const uint64_t *stack_pointers;
	size_t n_stack_pointers;
	bool watched; /* the live table is there */
	const struct ledger_object *objects;
	size_t n_objects;
	double live, live_error; /* bytes */
	bool glibc;		 /* the allocator is: shapes of its arenas */
	uint64_t metadata;	 /* the allocator's word; UINT64_MAX */
	/* Of a census, when live is its count; 0 without one: */
	uint64_t absent; /* of live: not resident */
	uint64_t mapped; /* resident in chunks with mappings of their own */
};

struct ledger {
	uint64_t rss; /* sum of the parts */
	uint64_t bytes[LEDGER_PARTS];
	bool known[LEDGER_PARTS]; /* false: part of another row */
	uint64_t error;		  /* standard error of live and retained */
	uint64_t live_absent;	  /* of the live heap: not resident */
	double excess; /* the estimate of live exceeds what is resident by */
	uint64_t page_tables, swap; /* not part of the resident size */
	struct ledger_map *maps;    /* one each, NULL in the cheap view */
	size_t n_maps;
};

void ledger_make(const struct ledger_input *in, struct ledger *l);
void ledger_free(struct ledger *l);

/* What is known of trims. */
struct ledger_trim {
	const char *allocator; /* "glibc", ... */
	uint64_t releasable;   /* as the allocator says; UINT64_MAX */
	uint64_t base;	       /* anonymous less live after a trim; 0: none */
	uint64_t anonymous, live; /* bytes, now */
	bool counted; /* releasable is the count of a census */
};

/* Bytes that a trim would return, an estimate, and why; UINT64_MAX: unknown. */
uint64_t ledger_return(const struct ledger *l, const struct ledger_trim *t,
    const char **why);

/* "live heap"; and the key of JSON. */
const char *ledger_title(enum ledger_part part);
const char *ledger_key(enum ledger_part part);

#endif
