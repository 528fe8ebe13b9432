/* SPDX-License-Identifier: MIT */
/*
 * The allocators whose memory can be accounted for and given back. One vtable
 * each; to add one: a file alloc_NAME.c, a row in alloc.c and in enum
 * ull_allocator.
 *
 * All but `find`, `begin`, `offer` and `freed` run in the keeper thread alone.
 * None of the others is called on a path of the target's own threads: what
 * takes the allocator's locks for long is done because somebody asked, and is
 * timed.
 */
#ifndef ULLAGE_AGENT_ALLOC_H
#define ULLAGE_AGENT_ALLOC_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/segment.h"

/* One trim. The backend fills the lower half by alloc_began and alloc_ended. */
struct alloc_pass {
	uint64_t want;	 /* bytes; UINT64_MAX: all that there is */
	bool full;	 /* locks may be held for long */
	bool knob;	 /* ends when the knob is switched off */
	bool idle;	 /* nobody runs whom a lock could hold up */
	uint64_t budget; /* ns that a call should last at most */
	/* The process's anonymous memory in bytes, 0 if it cannot be had. */
	uint64_t (*anonymous)(const void *);
	/* What is still wanted, or NULL if `want` holds until the end: in the
	 * minutes that a pass may take more becomes free. */
	uint64_t (*wanted)(const void *);
	const void *of; /* the argument of both */

	uint64_t released; /* bytes, as far as the backend knows */
	uint64_t longest; /* ns, of one call */
	uint64_t arenas, chunks;
	uint64_t flags; /* ULL_TRIM_... */
	uint64_t calls, overruns;
	/* Since when it has worked without a rest: wall, processor time, and
	 * when to look at the latter again. */
	uint64_t burst, burst_cpu, look;
};

/* Around each call into the allocator or the kernel. */
uint64_t alloc_began(struct alloc_pass *p);
/* Counts it, rests when it is time; false: end the pass. */
bool alloc_ended(struct alloc_pass *p, uint64_t began);

/* ns of CLOCK_MONOTONIC; of this thread's processor time. */
uint64_t alloc_clock(void);
uint64_t alloc_cpu(void);

struct alloc {
	enum ull_allocator id;
	/* Looks the symbols up in the object whose malloc is called; false if
	 * it is another's. Calls nothing. */
	bool (*find)(const struct link_map *owner);
	/* Text into out, "" if it cannot say. */
	void (*version)(char *out, size_t size);
	/* Fills what it knows; the rest stays UINT64_MAX. */
	void (*statistics)(struct ull_statistics *s, struct ull_arena *arenas,
	    uint64_t *n_arenas);
	void (*shrink)(struct alloc_pass *p);
	/* Its settings; false if refused. *old is INT64_MIN if unknown. */
	bool (*set)(unsigned setting, int64_t value, int64_t *old);
	/* In a thread of the target that allocates for the first time, whether
	 * the knob is on or not. Or NULL. */
	void (*begin)(void);
	/* In a thread of the target, in the slow path, once after the keeper
	 * came and after keeper_call_threads: makes the thread's arena
	 * reachable, or gives back what only the thread itself can. False: to
	 * be called again. Or NULL. */
	bool (*offer)(void);
	/* In a thread of the target that frees p: true if p is kept to make
	 * its arena reachable, and must not be freed. Or NULL. */
	bool (*freed)(void *p);
	/* How many arenas are within reach, and how many have been. Or NULL:
	 * all are always. */
	size_t (*reach)(size_t *ever);
	/* When the keeper goes, and in the child's keeper after a fork. */
	void (*leave)(void);
	void (*recover)(bool was_trimming);
};

extern const struct alloc alloc_glibc, alloc_tcmalloc, alloc_jemalloc,
    alloc_mimalloc;

/* Whose malloc the program's calls reach; NULL if it is none of these.
 * Idempotent. */
const struct alloc *alloc_find(void);

#endif
