/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/agent.h"
#include "agent/alloc_glibc.h"
#include "agent/mini.h"
#include "agent/real.h"

/* More than a thread's cache keeps, so it is from the arena of the thread that
 * asks; less than 64 KiB, whose freeing would make glibc tidy up. */
#define OFFERED 40000

/* The smallest chunk is 32 bytes with its header and serves up to 24. */
#define SMALLEST 24
#define SMALLEST_CHUNK 32

/* A bit of a chunk's size word; as in every glibc since 2.3. */
#define NON_MAIN 4

/* Heaps of other arenas are aligned to this (HEAP_MAX_SIZE) and begin with
 * the address of their arena; it is used as a name only. */
#define HEAP_ALIGN (UINT64_C(64) << 20)

#define SLOTS 8

static void *slots[SLOTS]; /* from the target's threads to the keeper */
static struct seed seeds[SEEDS];
static size_t n_seeds;

/*
 * The chunk is cut down here, so that nothing large is held; what is cut off
 * goes back to where it came from.
 */
HIDDEN bool
lend_offer(void)
{
	char *p = NULL, *small;

	for (size_t i = 0; i < SLOTS; i++) {
		void *none = NULL;

		if (load(&slots[i]) != NULL)
			continue;
		if (p == NULL && (p = real.malloc(OFFERED)) == NULL)
			return true;
		small = real.realloc(p, SMALLEST);
		p = small != NULL ? small : p;
		if (__atomic_compare_exchange_n(&slots[i], &none, p, false,
			__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return true;
	}
	if (p != NULL)
		real.free(p);
	return false;
}

/* An address that cannot be read fails here before the wrong first argument
 * does: a look without a fault. */
static bool
readable(const void *p)
{
	return mini_call4(SYS_rt_sigprocmask, 99, p, 0, 8) == -22 /* EINVAL */;
}

/* Its third word is the size of what of it is in use: heap_info in malloc's
 * arena.c, the same since 2.3. */
HIDDEN uint64_t
lend_heap_end(const char *chunk)
{
	const uint64_t *heap =
	    (const uint64_t *)((uint64_t)chunk & ~(HEAP_ALIGN - 1));

	return (uint64_t)heap + load(&heap[2]);
}

static uint64_t
arena_of(const char *p)
{
	const uint64_t *heap =
	    (const uint64_t *)((uint64_t)p & ~(HEAP_ALIGN - 1));

	if (!(((const uint64_t *)p)[-1] & NON_MAIN))
		return 0;
	return readable(heap) ? *heap : (uint64_t)heap;
}

static struct seed *
seed_of(uint64_t arena)
{
	for (size_t i = 0; i < n_seeds; i++)
		if (seeds[i].arena == arena)
			return &seeds[i];
	return NULL;
}

static void
keep(char *p)
{
	uint64_t arena = arena_of(p);
	struct seed *s = seed_of(arena);

	if (lend_is_mapped(p) ||
	    (s != NULL && s->p != NULL) || (s == NULL && n_seeds == SEEDS)) {
		real.free(p);
		return;
	}
	if (s == NULL)
		s = &seeds[n_seeds++];
	*s = (struct seed){ p, arena };
}

HIDDEN size_t
lend_collect(struct seed **out)
{
	for (size_t i = 0; i < SLOTS; i++) {
		void *p = __atomic_exchange_n(&slots[i], NULL,
		    __ATOMIC_ACQUIRE);

		if (p != NULL)
			keep(p);
	}
	*out = seeds;
	return n_seeds;
}

/* The smallest chunk that was freed last must be the one at `where`. */
static char *
back(const char *where)
{
	char *p = real.malloc(SMALLEST);

	if (p == where)
		return p;
	real.free(p);
	return NULL;
}

HIDDEN char *
lend_take(struct seed *s, size_t size)
{
	char *old = s->p, *p, *cut;
	size_t usable;

	if (old == NULL || (p = real.realloc(old, size)) == NULL)
		return NULL;
	if (p != old) {
		s->p = back(old);
		return p;
	}
	/* It grew in place: its tail becomes the seed. */
	usable = real_usable(p, size);
	s->p = NULL;
	cut = real.realloc(p, usable - SMALLEST_CHUNK);
	if (cut != NULL && cut == p)
		s->p = back(p + usable - SMALLEST_CHUNK + 8);
	return cut != NULL ? cut : p;
}

HIDDEN void
lend_leave(void)
{
	struct seed *all;

	lend_collect(&all);
	for (size_t i = 0; i < n_seeds; i++)
		real.free(all[i].p);
	n_seeds = 0;
}

HIDDEN void
lend_forget(void)
{
	n_seeds = 0;
	for (size_t i = 0; i < SLOTS; i++)
		store(&slots[i], NULL);
}
