/* SPDX-License-Identifier: MIT */
/*
 * How the keeper works in an arena of glibc that is not its own. Private to
 * alloc_glibc*.c.
 *
 * malloc serves a thread from the thread's arena, and nothing says which. But
 * realloc works in the arena that its argument is from. So one small chunk
 * that was handed over, a seed, is enough to take any number out of its
 * arena: grown by realloc it becomes the chunk that is wanted, or moves and
 * leaves its old place free. That place, of the smallest size, goes into the
 * cache of the thread that freed it, the keeper's, and the next malloc of
 * that size hands it out again: the seed is back. Where growing happened in
 * place, the tail is cut off by another realloc and comes back the same way.
 *
 * None of this is promised. It is checked each time: a seed that does not
 * come back from exactly where it should be ends the pass, harmlessly, and
 * the arena counts as out of reach.
 */
#ifndef ULLAGE_AGENT_ALLOC_GLIBC_H
#define ULLAGE_AGENT_ALLOC_GLIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEDS 64

struct seed {
	char *p;	/* a chunk of the smallest size; NULL: lost */
	uint64_t arena; /* tells arenas apart; 0 is the main one */
};

/* Hands one over, in a thread of the target. False: no room now. */
bool lend_offer(void);

/* In a thread of the target, before it allocates for the first time: keeps a
 * way into its arena, of 32 bytes, for as long as the process lives. */
void lend_begin(void);

/* Keeps a chunk that such a thread would free, if its arena has no seed yet.
 * False: free it. */
bool lend_freed(void *chunk);

/* How many arenas have one now, and how many have had one. */
size_t lend_reach(size_t *ever);

/* The seeds there are, with those that were handed over since. */
size_t lend_collect(struct seed **seeds);

/* A chunk of at least `size` bytes from the arena of the seed. NULL: there is
 * none, or the seed was lost. */
char *lend_take(struct seed *s, size_t size);

/* True if the chunk is a mapping of its own and no part of an arena: bit 1 of
 * the size word before it. */
static inline bool
lend_is_mapped(const char *chunk)
{
	return ((const uint64_t *)chunk)[-1] & 2;
}

/* Where the heap of a chunk ends that is not in the main arena. */
uint64_t lend_heap_end(const char *chunk);

/* Gives all seeds back, or (their memory may be in use) forgets them. */
void lend_leave(void);
void lend_forget(void);

/* In a forked child whose parent's keeper was there. */
void lend_inherit(void);

/* ---- alloc_glibc_pass.c --------------------------------------------------- */

struct alloc_pass;

/* One trim: begin, each arena (true if there is no more in it), end. */
void pass_begin(struct alloc_pass *p);
bool pass_arena(struct alloc_pass *p, struct seed *seed);
void pass_end(struct alloc_pass *p);

/* In a forked child: gives back what the parent's keeper held. */
void pass_forget(void);

#endif
