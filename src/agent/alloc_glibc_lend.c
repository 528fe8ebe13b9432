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

/*
 * From the target's threads to the keeper. The arena is written before the
 * chunk, so that one is enough of each.
 */
static struct {
	void *p;
	uint64_t arena;
} slots[SLOTS];

/*
 * One for each arena, from the first thread that allocated there and before it
 * had anything: so that the keeper, when it comes, reaches those whose threads
 * sleep. They lie where the arena begins and stay there, since a chunk further
 * up would keep libc from giving back what is below.
 */
static struct {
	void *p;
	uint64_t arena;
} roots[SEEDS];

static size_t sprouting; /* 1 + the root that is being used */

static struct seed seeds[SEEDS];
static size_t n_seeds;

/*
 * What was one too many. It is not freed while there is a keeper: the cache of
 * its thread has few places for the smallest chunks, and without a free one no
 * seed comes back.
 */
static struct spare {
	struct spare *next;
} *spares;

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
	static uint64_t readable_ones[16];
	uint64_t heap = (uint64_t)p & ~(HEAP_ALIGN - 1);
	uint64_t *one = &readable_ones[heap / HEAP_ALIGN % 16];

	if (!(((const uint64_t *)p)[-1] & NON_MAIN))
		return 0;
	if (load(one) != heap) {
		if (!readable((const void *)heap))
			return heap;
		store(one, heap);
	}
	return *(const uint64_t *)heap;
}

static struct seed *
seed_of(uint64_t arena)
{
	for (size_t i = 0; i < load(&n_seeds); i++)
		if (load(&seeds[i].arena) == arena)
			return &seeds[i];
	return NULL;
}

/* There is a seed of it, or one is on its way. Read by any thread: the answer
 * may be that of a moment ago, which costs a spare or a bit of time. */
static bool
is_reached(uint64_t arena)
{
	const struct seed *s = seed_of(arena);

	if (s != NULL && load(&s->p) != NULL)
		return true;
	for (size_t i = 0; i < SLOTS; i++)
		if (acquire(&slots[i].p) != NULL &&
		    load(&slots[i].arena) == arena)
			return true;
	return false;
}

/* Cuts the chunk down, so that nothing large is held; what is cut off goes
 * back to where it came from. False: there is no room, and it is as it was. */
static bool
hand_over(char *p, uint64_t arena)
{
	for (size_t i = 0; i < SLOTS; i++) {
		void *none = NULL;
		char *small;

		if (load(&slots[i].p) != NULL)
			continue;
		small = real.realloc(p, SMALLEST);
		p = small != NULL ? small : p;
		store(&slots[i].arena, arena);
		if (!__atomic_compare_exchange_n(&slots[i].p, &none, p, false,
			__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			real.free(p);
		return true;
	}
	return false;
}

HIDDEN bool
lend_offer(void)
{
	char *p = real.malloc(OFFERED);
	uint64_t arena;
	bool done;

	if (p == NULL)
		return true;
	arena = arena_of(p);
	done = lend_is_mapped(p) || is_reached(arena);
	if (!done && hand_over(p, arena))
		return true;
	real.free(p);
	return done;
}

/* Whose thread frees it does not matter: a chunk leads to the arena that it is
 * from. */
HIDDEN bool
lend_freed(void *p)
{
	uint64_t arena;

	if (lend_is_mapped(p) || is_reached(arena = arena_of(p)))
		return false;
	return hand_over(p, arena);
}

HIDDEN void
lend_begin(void)
{
	char *p = real.malloc(SMALLEST);
	uint64_t arena;

	if (p == NULL)
		return;
	arena = arena_of(p);
	for (size_t i = 0; i < SEEDS && !lend_is_mapped(p); i++) {
		void *there = acquire(&roots[i].p);

		if (there == NULL) {
			/* As with slots, the name may for a moment be
			 * another's. */
			store(&roots[i].arena, arena);
			if (__atomic_compare_exchange_n(&roots[i].p, &there, p,
				false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
				return;
		}
		if (load(&roots[i].arena) == arena)
			break;
	}
	real.free(p);
}

HIDDEN size_t
lend_reach(size_t *ever)
{
	struct seed *all;
	size_t n = lend_collect(&all), now = 0;

	for (size_t i = 0; i < n; i++)
		now += all[i].p != NULL;
	*ever = n;
	return now;
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
		store(&s->p, back(old));
		return p;
	}
	/* It grew in place: its tail becomes the seed. */
	usable = real_usable(p, size);
	store(&s->p, NULL);
	cut = real.realloc(p, usable - SMALLEST_CHUNK);
	if (cut != NULL && cut == p)
		store(&s->p, back(p + usable - SMALLEST_CHUNK + 8));
	return cut != NULL ? cut : p;
}

static void
spare(char *p)
{
	struct spare *one = (struct spare *)p;

	one->next = spares;
	spares = one;
}

static void
keep(char *p)
{
	uint64_t arena = arena_of(p);
	struct seed *s = seed_of(arena);

	if ((s != NULL && s->p != NULL) || (s == NULL && n_seeds == SEEDS)) {
		spare(p);
		return;
	}
	if (s == NULL) {
		s = &seeds[n_seeds];
		store(&s->arena, arena);
		release(&n_seeds, n_seeds + 1);
	}
	store(&s->p, p);
}

/*
 * Makes a seed of a root: a chunk of two smallest ones is taken with it and cut
 * in half. Either it grew in place, and its tail is the seed; or it moved, and
 * what comes back is the root.
 */
static void
sprout(size_t i)
{
	char *root = roots[i].p, *p, *half;
	struct seed s = { root, roots[i].arena };

	sprouting = i + 1;
	p = lend_take(&s, SMALLEST + SMALLEST_CHUNK);
	if (p == root) {
		/* Cut already; without its tail it is a root still. */
		if (s.p != NULL)
			keep(s.p);
	} else {
		if (s.p != root)
			store(&roots[i].p, NULL);
		if (p != NULL && real.realloc(p, SMALLEST) == p) {
			keep(p);
			if ((half = back(p + SMALLEST_CHUNK)) != NULL)
				spare(half);
		}
	}
	sprouting = 0;
}

static bool
has_seed(uint64_t arena)
{
	const struct seed *s = seed_of(arena);

	return s != NULL && s->p != NULL;
}

HIDDEN size_t
lend_collect(struct seed **out)
{
	for (size_t i = 0; i < SLOTS; i++) {
		void *p = __atomic_exchange_n(&slots[i].p, NULL,
		    __ATOMIC_ACQUIRE);

		if (p != NULL)
			keep(p);
	}
	for (size_t i = 0; i < SEEDS; i++)
		if (acquire(&roots[i].p) != NULL && !has_seed(roots[i].arena))
			sprout(i);
	*out = seeds;
	return n_seeds;
}

HIDDEN void
lend_leave(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		real.free(__atomic_exchange_n(&slots[i].p, NULL,
		    __ATOMIC_ACQUIRE));
	for (size_t i = 0; i < n_seeds; i++) {
		real.free(seeds[i].p);
		store(&seeds[i].p, NULL);
	}
	for (struct spare *one; (one = spares) != NULL;) {
		spares = one->next;
		real.free(one);
	}
}

HIDDEN void
lend_forget(void)
{
	for (size_t i = 0; i < n_seeds; i++)
		store(&seeds[i].p, NULL);
	spares = NULL;
	for (size_t i = 0; i < SLOTS; i++)
		store(&slots[i].p, NULL);
}

HIDDEN void
lend_inherit(void)
{
	if (sprouting != 0)
		store(&roots[sprouting - 1].p, NULL);
	sprouting = 0;
}
