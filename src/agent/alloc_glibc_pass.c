/* SPDX-License-Identifier: MIT */
/*
 * A trim of glibc's heap in slices: free chunks are taken out of an arena one
 * at a time, large ones first; the whole pages inside each are dropped while
 * it is ours; all are held until the pass is over, so that none is met twice.
 * The arena's lock is held for a chunk at a time, by malloc itself.
 *
 * malloc gives the smallest free chunk that is large enough, and cuts off what
 * was not asked for. So sizes go down in small steps: then what is cut off is
 * smaller than a page, and little is lost at the cut. The last chunk, the top,
 * is the one that a size with no free chunk left is cut from: that ends the
 * size.
 *
 * Chunks stay below the least mmap threshold, so that all of them come from
 * the heap and the threshold, whose setting would end glibc's own adjustment
 * of it, is left alone.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/alloc.h"
#include "agent/alloc_glibc.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <sys/mman.h>
#include <sys/uio.h>

#define PAGE UINT64_C(4096)
#define LARGEST (UINT64_C(120) << 10) /* below M_MMAP_THRESHOLD's 128 KiB */
#define SMALLEST (PAGE + 256)	      /* smaller ones hold no whole page */
#define STEP_PART 16		      /* of a size to the next, at least */
#define STEP_LEAST UINT64_C(256)

/* A size is done when so many chunks in a row had nothing to give, and the
 * pass when a size has less than a page for three chunks. */
#define MISSES 1024
#define CHUNKS_PER_PAGE 3
#define ENOUGH_TO_TELL 64

/* A chunk that may be of the top: see is_top. */
#define SUSPECTS 3

/*
 * When others have to grow the heap by this much, and by an eighth of what has
 * been gained, they need what we hold. Less is the price of a pass: it is free
 * memory again after it.
 */
#define GROWTH (UINT64_C(4) << 20)

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#define SELF (-10000) /* PIDFD_SELF_THREAD, Linux 6.14 */

struct held {
	struct held *next;
};

static struct held *held; /* read by a forked child: always a whole list */

/* Pages that are to be dropped: one call, one flush of other processors'
 * translations. */
#define BATCH 64

static struct {
	struct iovec pieces[BATCH];
	unsigned n;
	uint64_t resident; /* bytes of them */
	bool one_by_one;   /* the kernel cannot take several */
} batch;

static uint64_t at_begin; /* anonymous memory; 0: unknown */

/* ---- dropping ---------------------------------------------------------------- */

static uint64_t
drop_each(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < batch.n; i++)
		if (mini_call3(SYS_madvise, batch.pieces[i].iov_base,
			batch.pieces[i].iov_len, MADV_DONTNEED) == 0)
			bytes += batch.pieces[i].iov_len;
	return bytes < batch.resident ? bytes : batch.resident;
}

static uint64_t
drop_all(void)
{
	uint64_t bytes = 0;
	long done;

	for (unsigned i = 0; i < batch.n; i++)
		bytes += batch.pieces[i].iov_len;
	if (!batch.one_by_one) {
		done = mini_syscall(SYS_process_madvise, SELF,
		    (long)batch.pieces, batch.n, MADV_DONTNEED, 0, 0);
		if (done == (long)bytes)
			return batch.resident;
		batch.one_by_one = done < 0;
	}
	return drop_each();
}

/*
 * False: end the pass. What others allocated since it began shows by how much
 * memory there is in spite of what was dropped.
 */
static bool
flush(struct alloc_pass *p)
{
	uint64_t began, now;
	bool more;

	if (batch.n == 0)
		return true;
	began = alloc_began(p);
	p->released += drop_all();
	batch.n = 0;
	batch.resident = 0;
	if (p->wanted != NULL) {
		uint64_t want = p->released + p->wanted(p->of);

		p->want = want > p->want ? want : p->want;
	}
	more = alloc_ended(p, began);
	if (at_begin == 0 || (now = p->anonymous(p->of)) == 0)
		return more;
	if (now + p->released > at_begin + GROWTH + p->released / 8)
		p->flags |= ULL_TRIM_GREW;
	return more && !(p->flags & ULL_TRIM_GREW);
}

struct place {
	uint64_t start, end; /* whole pages inside a chunk */
};

/* Notes what is resident between; its pages. */
static uint64_t
mark(const struct place *at)
{
	unsigned char resident[LARGEST / PAGE + 2];
	uint64_t pages = (at->end - at->start) / PAGE, n = 0;

	if (at->end <= at->start || pages > sizeof resident ||
	    mini_call3(SYS_mincore, at->start, at->end - at->start,
		resident) != 0)
		return 0;
	for (uint64_t i = 0; i < pages; i++)
		n += resident[i] & 1;
	if (n == 0)
		return 0;
	batch.pieces[batch.n++] =
	    (struct iovec){ (void *)at->start, at->end - at->start };
	batch.resident += n * PAGE;
	return n;
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

/* ---- one arena ------------------------------------------------------------------ */

struct walk_state {
	struct alloc_pass *pass;
	struct seed *seed;
	uint64_t limit;	   /* where the top ended first; 0: not met yet */
	unsigned suspects; /* in a row */
	unsigned misses;   /* in a row */
	uint64_t chunks, pages; /* of this size */
};

/* Where the chunk after this one ends, by its size word. It may be changing;
 * nothing but a guess depends on it. */
static uint64_t
end_of_next(const char *chunk)
{
	const char *word = chunk + real_usable((void *)chunk, 0);

	return (uint64_t)word - 8 + (load((const uint64_t *)word) & ~7u);
}

/*
 * True if the chunk was cut from the top: then the one behind it is what is
 * left of the top, and ends where the heap does. The main arena may have
 * pieces that are not the break's, of which nothing tells the end; a chunk
 * there may be one when it ends like one, and three such are taken for it.
 */
static bool
is_top(struct walk_state *w, const char *chunk, uint64_t *limit)
{
	uint64_t end = end_of_next(chunk);

	if (end % PAGE != 0) {
		w->suspects = 0;
		return false;
	}
	*limit = w->seed->arena != 0 ? lend_heap_end(chunk) :
				       (uint64_t)mini_call1(SYS_brk, 0);
	if (end == *limit)
		return true;
	return w->seed->arena == 0 && (uint64_t)chunk > *limit &&
	    ++w->suspects >= SUSPECTS;
}

/* What of the top was there before is free memory as any other; beyond it
 * malloc grew the heap for us. */
static bool
is_exhausted(struct walk_state *w, const char *chunk, uint64_t size)
{
	uint64_t limit;

	if (!is_top(w, chunk, &limit))
		return false;
	if (size < LARGEST)
		return true;
	if (w->limit == 0)
		w->limit = limit;
	return w->limit != limit;
}

enum step { STEP_MORE, STEP_SIZE_DONE, STEP_END };

/* Takes one chunk. */
static enum step
step(struct walk_state *w, uint64_t size)
{
	struct alloc_pass *p = w->pass;
	uint64_t began = alloc_began(p), pages = 0;
	char *chunk = lend_take(w->seed, size);
	enum step then = STEP_MORE;
	struct place at;

	if (chunk == NULL) {
		then = w->seed->p == NULL ? STEP_END : STEP_SIZE_DONE;
	} else if (lend_is_mapped(chunk) || is_exhausted(w, chunk, size)) {
		/* M_MMAP_THRESHOLD was set low, or there is none free. */
		real.free(chunk);
		then = STEP_SIZE_DONE;
	} else {
		at = hold(chunk);
		pages = mark(&at);
		p->chunks++;
		w->chunks++;
		w->pages += pages;
		w->misses = pages > 0 ? 0 : w->misses + 1;
	}
	if (!alloc_ended(p, began) || (batch.n == BATCH && !flush(p)))
		return STEP_END;
	return w->misses >= MISSES ? STEP_SIZE_DONE : then;
}

HIDDEN bool
pass_arena(struct alloc_pass *p, struct seed *seed)
{
	struct walk_state w = { .pass = p, .seed = seed };
	uint64_t less;

	for (uint64_t size = LARGEST; size >= SMALLEST; size -= less) {
		enum step s = STEP_MORE;

		w.misses = w.suspects = 0;
		w.chunks = w.pages = 0;
		while (s == STEP_MORE)
			s = step(&w, size);
		if (s == STEP_END)
			return false;
		if (size < 2 * PAGE && w.chunks > ENOUGH_TO_TELL &&
		    w.pages * CHUNKS_PER_PAGE < w.chunks)
			break;
		less = size / STEP_PART & ~UINT64_C(15);
		less = less > STEP_LEAST ? less : STEP_LEAST;
	}
	return flush(p);
}

/* ---- all of it -------------------------------------------------------------------- */

HIDDEN void
pass_begin(struct alloc_pass *p)
{
	batch.n = 0;
	batch.resident = 0;
	at_begin = p->anonymous(p->of);
}

/* The list stays whole at every moment: a fork may copy it. */
HIDDEN void
pass_end(struct alloc_pass *p)
{
	struct held *h;

	flush(p);
	while ((h = held) != NULL) {
		uint64_t began = alloc_began(p);

		release(&held, h->next);
		real.free(h);
		alloc_ended(p, began);
	}
}

HIDDEN void
pass_forget(void)
{
	struct held *h;

	while ((h = held) != NULL) {
		release(&held, h->next);
		real.free(h);
	}
}
