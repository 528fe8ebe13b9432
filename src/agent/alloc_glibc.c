/* SPDX-License-Identifier: MIT */
/*
 * glibc's malloc. malloc_trim holds an arena's lock while it walks all of it
 * (0.15 s per GiB); mallinfo2 likewise (0.04 s per GiB). So neither is called
 * unless somebody asked for exactly that.
 *
 * The trim here takes free chunks out of an arena one at a time, large ones
 * first, drops the whole pages inside each while it is ours, and holds them
 * all until the pass is over, so that none is met twice. The lock is held for
 * a chunk at a time, by malloc itself. Chunks stay below the least mmap
 * threshold, so that all of them come from the heap and the threshold, whose
 * setting would end glibc's own adjustment of it, is left alone.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/alloc.h"
#include "agent/alloc_glibc.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <malloc.h>
#include <sys/mman.h>

#define PAGE UINT64_C(4096)
#define LARGEST (UINT64_C(120) << 10) /* below M_MMAP_THRESHOLD's 128 KiB */
#define SMALLEST (PAGE + 256)	      /* smaller ones hold no whole page */

/* A size is done when so many chunks in a row had nothing to give. */
#define MISSES 4096
#define HEAPS 64 /* of an arena, whose ends are remembered */

/*
 * When others have to grow the heap by this much, and by an eighth of what has
 * been gained, they need what we hold. Less is the price of a pass: it is free
 * memory again after it.
 */
#define GROWTH (UINT64_C(4) << 20)

struct held {
	struct held *next;
};

static struct held *held; /* read by a forked child: always a whole list */

static int (*trim)(size_t);
static struct mallinfo2 (*info)(void);
static int (*option)(int, int);
static const char *(*libc_version)(void);

static bool
find(const struct link_map *owner)
{
	trim = (int (*)(size_t))real_in(owner, "malloc_trim");
	info = (struct mallinfo2(*)(void))real_in(owner, "mallinfo2");
	option = (int (*)(int, int))real_in(owner, "mallopt");
	libc_version =
	    (const char *(*)(void))real_in(owner, "gnu_get_libc_version");
	return trim != NULL && libc_version != NULL;
}

static void
version(char *out, size_t size)
{
	mini_copy(out, size, libc_version());
}

static void
statistics(struct ull_statistics *s, struct ull_arena *arenas,
    uint64_t *n_arenas)
{
	struct mallinfo2 m;

	(void)arenas;
	*n_arenas = 0;
	if (info == NULL)
		return;
	m = info();
	s->allocated = m.uordblks + m.hblkhd;
	s->free = m.fordblks;
}

/* ---- one chunk ------------------------------------------------------------------ */

struct place {
	uint64_t start, end; /* whole pages inside the chunk */
};

/* Drops what is resident between; bytes that went. */
static uint64_t
drop(const struct place *at)
{
	unsigned char resident[LARGEST / PAGE + 2];
	uint64_t pages = (at->end - at->start) / PAGE, n = 0;

	if (at->end <= at->start || pages > sizeof resident ||
	    mini_call3(SYS_mincore, at->start, at->end - at->start,
		resident) != 0)
		return 0;
	for (uint64_t i = 0; i < pages; i++)
		n += resident[i] & 1;
	if (n == 0 ||
	    mini_call3(SYS_madvise, at->start, at->end - at->start,
		MADV_DONTNEED) != 0)
		return 0;
	return n * PAGE;
}

/* What the chunk really has: it may be less than was asked for, since a seed
 * may have been cut off its end, and then that would be dropped, too. */
static struct place
hold(char *p)
{
	struct held *h = (struct held *)p;
	uint64_t start = (uint64_t)p + sizeof *h;
	uint64_t end = (uint64_t)p + real_usable(p, 0);

	h->next = held;
	release(&held, h);
	return (struct place){ (start + PAGE - 1) & ~(PAGE - 1),
		end & ~(PAGE - 1) };
}

static uint64_t
heap_end(void)
{
	return (uint64_t)mini_call1(SYS_brk, 0);
}

/* ---- one arena ------------------------------------------------------------------- */

struct walk_state {
	struct alloc_pass *pass;
	struct seed *seed;
	uint64_t end;	 /* of the main heap, as seen last */
	uint64_t others; /* bytes that others made it grow by */
	/* Heaps of other arenas, and their ends when they were first seen. */
	struct {
		uint64_t base, end;
	} heaps[HEAPS];
	size_t n_heaps;
};

/*
 * True if the chunk is from past the end of its heap: no free one, then, but
 * malloc found none of that size and grew the heap for us.
 */
static bool
is_fresh(struct walk_state *w, const char *chunk, size_t size)
{
	uint64_t last = (uint64_t)chunk + size, base;
	size_t i = 0;

	if (w->seed->arena == 0 && (uint64_t)chunk < heap_end())
		return last > w->end;
	base = lend_heap(chunk);
	while (i < w->n_heaps && w->heaps[i].base != base)
		i++;
	if (i == HEAPS)
		return true;
	if (i == w->n_heaps) {
		w->heaps[i].base = base;
		w->heaps[i].end = lend_heap_end(chunk);
		w->n_heaps++;
	}
	return last > w->heaps[i].end;
}

/* What others made the main heap grow by shows that they miss what is held. */
static void
note_growth(struct walk_state *w)
{
	uint64_t end = heap_end();

	if (w->seed->arena != 0)
		return;
	w->others += end > w->end ? end - w->end : 0;
	w->end = end;
	if (w->others > GROWTH + w->pass->released / 8)
		w->pass->flags |= ULL_TRIM_GREW;
}

enum step { STEP_MORE, STEP_MISS, STEP_SIZE_DONE, STEP_END };

/* Takes one chunk. */
static enum step
step(struct walk_state *w, size_t size)
{
	struct alloc_pass *p = w->pass;
	uint64_t began = alloc_began(p), gone = 0;
	char *chunk = lend_take(w->seed, size);
	enum step then = STEP_MISS;
	struct place at;

	if (chunk == NULL) {
		then = w->seed->p == NULL ? STEP_END : STEP_SIZE_DONE;
	} else if (lend_is_mapped(chunk) || is_fresh(w, chunk, size)) {
		/* M_MMAP_THRESHOLD was set low, or there is none free. */
		real.free(chunk);
		w->end = heap_end();
		then = STEP_SIZE_DONE;
	} else {
		note_growth(w);
		at = hold(chunk);
		gone = drop(&at);
		then = gone > 0 ? STEP_MORE : STEP_MISS;
	}
	p->released += gone;
	p->chunks++;
	if (!alloc_ended(p, began) || (p->flags & ULL_TRIM_GREW))
		return STEP_END;
	return then;
}

/* True if all its sizes were gone through. */
static bool
walk_arena(struct alloc_pass *p, struct seed *seed)
{
	static struct walk_state w; /* the keeper's alone; large */

	w = (struct walk_state){ .pass = p, .seed = seed, .end = heap_end() };
	/* The heap of a seed is there for sure: its end before anything. */
	if (seed->arena != 0)
		is_fresh(&w, seed->p, 0);
	for (uint64_t size = LARGEST; size >= SMALLEST;
	     size -= size / 4 > PAGE / 4 ? size / 4 : PAGE / 4) {
		unsigned misses = 0;

		while (misses < MISSES) {
			enum step s = step(&w, size);

			if (s == STEP_END)
				return false;
			if (s == STEP_SIZE_DONE)
				break;
			misses = s == STEP_MISS ? misses + 1 : 0;
		}
	}
	return true;
}

/* The list stays whole at every moment: a fork may copy it. */
static void
give_back(struct alloc_pass *p)
{
	struct held *h;

	while ((h = held) != NULL) {
		uint64_t began = alloc_began(p);

		release(&held, h->next);
		real.free(h);
		alloc_ended(p, began);
	}
}

static void
release_all(struct alloc_pass *p)
{
	uint64_t began = alloc_began(p);

	trim(0);
	p->flags |= ULL_TRIM_EXHAUSTED;
	alloc_ended(p, began);
}

static void
release_slices(struct alloc_pass *p)
{
	static size_t turn; /* not always the same arena first */
	struct seed *seeds;
	size_t n = lend_collect(&seeds), done = 0;

	p->flags |= ULL_TRIM_LOCKS;
	if (p->full) {
		release_all(p);
		return;
	}
	for (size_t i = 0; i < n && p->released < p->want &&
	     !(p->flags & (ULL_TRIM_GREW | ULL_TRIM_STOPPED));
	     i++) {
		struct seed *s = &seeds[(turn + i) % n];

		if (s->p == NULL)
			continue;
		p->arenas++;
		done += walk_arena(p, s);
	}
	turn++;
	if (p->arenas == 0)
		p->flags |= ULL_TRIM_NO_SEED;
	else if (done == p->arenas)
		p->flags |= ULL_TRIM_EXHAUSTED;
	give_back(p);
}

/* ---- the rest --------------------------------------------------------------------- */

/* mallopt takes them but cannot tell them. */
static bool
set(unsigned setting, int64_t value, int64_t *old)
{
	static const struct {
		unsigned setting;
		int option;
	} options[] = {
		{ ULL_SETTING_ARENA_MAX, M_ARENA_MAX },
		{ ULL_SETTING_MMAP_THRESHOLD, M_MMAP_THRESHOLD },
		{ ULL_SETTING_TRIM_THRESHOLD, M_TRIM_THRESHOLD },
		{ ULL_SETTING_TOP_PAD, M_TOP_PAD },
	};
	static int64_t known[sizeof options / sizeof options[0]];
	static bool is_known[sizeof options / sizeof options[0]];

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (options[i].setting != setting)
			continue;
		if (is_known[i])
			*old = known[i];
		if (option == NULL || value < 0 || value > INT32_MAX ||
		    option(options[i].option, (int)value) != 1)
			return false;
		known[i] = value;
		is_known[i] = true;
		return true;
	}
	return false;
}

/* In a forked child: chunks that the parent's keeper held at that moment. The
 * seeds may have been in the middle of growing; they are left alone. */
static void
recover(bool was_trimming)
{
	struct held *h;

	if (was_trimming)
		lend_forget();
	while ((h = held) != NULL) {
		release(&held, h->next);
		real.free(h);
	}
}

HIDDEN const struct alloc alloc_glibc = {
	.id = ULL_ALLOCATOR_GLIBC,
	.find = find,
	.version = version,
	.statistics = statistics,
	.shrink = release_slices,
	.set = set,
	.offer = lend_offer,
	.leave = lend_leave,
	.recover = recover,
};
