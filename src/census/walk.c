/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/walk.h"
#include "census/resume.h"

#include <string.h>

/* A walk that meets nonsense reads it again so many times: it may have been
 * half written. */
#define RETRIES 3

/* So often the top may move away while we come near. */
#define MOVES 64

/* Between two looks at the clock. */
#define STEPS 4096

struct walker {
	const struct census_walk *w;
	struct census_segment s;
	struct census_counts *counts;
	struct census_window window;
	uint64_t p;
	struct census_chunk last; /* before p; size 0: none */
	uint64_t run, run_end;	  /* of free chunks; equal: none */
	uint64_t steps;
	uint64_t retry_at; /* where the last derailment was */
	int retries, moves;
};

static uint64_t
resident(const struct walker *k, uint64_t start, uint64_t end)
{
	const struct census_window *w = &k->window;
	uint64_t bytes = 0;

	if (start < w->start || end > w->end)
		return census_resident(k->w->reader, start, end);
	for (uint64_t at = start; at < end; at += CENSUS_PAGE)
		if (w->there[(at - w->start) / CENSUS_PAGE])
			bytes += CENSUS_PAGE;
	return bytes;
}

/* malloc_trim gives back the pages behind the links of a free chunk (48). */
static void
end_run(struct walker *k)
{
	uint64_t start = (k->run + 48 + CENSUS_PAGE - 1) & ~(CENSUS_PAGE - 1);
	uint64_t end = k->run_end & ~(CENSUS_PAGE - 1);

	if (k->run_end > k->run && end > start) {
		k->counts->pages += end - start;
		k->counts->resident += resident(k, start, end);
	}
	k->run = k->run_end = 0;
}

/* The flag of the next chunk has told about the last one. */
static void
settle(struct walker *k, bool in_use, uint64_t prev_size)
{
	struct census_chunk *c = &k->last;
	enum chunk_state state = CHUNK_FREE;

	if (c->size == 0)
		return;
	if (in_use)
		state = k->w->state(k->w->arg, c);
	else if (prev_size != c->size)
		k->counts->odd++;
	k->counts->count[state]++;
	k->counts->bytes[state] += c->size;
	if (state == CHUNK_FREE || state == CHUNK_FAST) {
		if (k->run == k->run_end)
			k->run = c->address;
		k->run_end = c->address + c->size;
	} else {
		end_run(k);
	}
	c->size = 0;
}

/* The top as it is now; false if it cannot be read. */
static bool
refresh_top(struct walker *k)
{
	uint64_t top, size;

	if (k->s.top_at == 0 ||
	    !census_word(k->w->reader, k->s.top_at, &top) || top % 16 != 0 ||
	    top < k->s.start || !census_word(k->w->reader, top + 8, &size))
		return false;
	size &= ~CHUNK_FLAGS;
	if (size > CENSUS_USER_END)
		return false;
	k->s.top = top;
	if (top + size > k->s.end)
		k->s.end = top + size;
	return true;
}

static void
count_top(struct walker *k, uint64_t size)
{
	uint64_t start = k->p + CHUNK_MIN + 1, end = k->p + size;

	start = (start + CENSUS_PAGE - 1) & ~(CENSUS_PAGE - 1);
	end &= ~(CENSUS_PAGE - 1);
	k->counts->top += size;
	if (end > start)
		k->counts->top_resident += resident(k, start, end);
}

/* At the top, or past where it is by now: true ends the walk. */
static bool
at_top(struct walker *k)
{
	uint64_t head;

	if (k->s.top == 0 || k->p < k->s.top)
		return false;
	if (k->moves++ < MOVES && refresh_top(k) && k->p < k->s.top) {
		census_window_drop(&k->window);
		return false;
	}
	/* Past it: finish has the rest. */
	if (k->p == k->s.top && census_word(k->w->reader, k->p + 8, &head)) {
		settle(k, head & CHUNK_PREV_IN_USE, k->last.size);
		head &= ~CHUNK_FLAGS;
		if (head > k->s.end - k->p)
			head = k->s.end - k->p;
		count_top(k, head);
	}
	return true;
}

/* On to where a chain of chunks is sure; false if there is none. */
static bool
resume(struct walker *k, uint64_t from)
{
	uint64_t at;

	end_run(k);
	k->counts->uncovered += k->last.size;
	k->last.size = 0;
	at = census_resume(k->w, &k->s, from);
	k->counts->uncovered += at - k->p;
	k->p = at;
	census_window_drop(&k->window);
	return at < k->s.end;
}

static bool
derail(struct walker *k)
{
	if (k->retry_at != k->p) {
		k->retry_at = k->p;
		k->retries = 0;
	}
	if (k->retries++ < RETRIES && k->last.size != 0) {
		k->p = k->last.address;
		k->last.size = 0;
		refresh_top(k);
		census_window_drop(&k->window);
		return true;
	}
	if (k->counts->derailed++ == 0)
		k->counts->derailed_at = k->p;
	return resume(k, k->p + CHUNK_ALIGN);
}

/*
 * sysmalloc ends a stretch with chunks of 16 bytes, or one and a header of 0.
 * In the main arena somebody else's sbrk may follow, and more of the heap.
 */
static bool
fence(struct walker *k, uint64_t prev_size, uint64_t head)
{
	uint64_t rest;

	settle(k, head & CHUNK_PREV_IN_USE, prev_size);
	end_run(k);
	rest = k->s.end - k->p;
	if (rest > 2 * CHUNK_HEADER && (k->s.main || k->s.top != 0))
		return resume(k, k->p + 2 * CHUNK_HEADER);
	if (rest > 2 * CHUNK_HEADER)
		k->counts->uncovered += rest - 2 * CHUNK_HEADER;
	return false;
}

static bool
step(struct walker *k)
{
	uint64_t word[2], size;
	size_t got = 0;
	const unsigned char *at = census_window_at(&k->window, k->p,
	    CHUNK_HEADER, CHUNK_HEADER + CHUNK_SEEN, &got);

	if (at == NULL)
		return derail(k);
	memcpy(word, at, sizeof word);
	size = word[1] & ~CHUNK_FLAGS;
	if (size == CHUNK_HEADER || word[1] == CHUNK_PREV_IN_USE)
		return fence(k, word[0], word[1]);
	if (size < CHUNK_MIN || size % CHUNK_ALIGN != 0 ||
	    size > k->s.end - k->p || word[1] & CHUNK_MMAPPED ||
	    (k->s.main && word[1] & CHUNK_NON_MAIN))
		return derail(k);
	settle(k, word[1] & CHUNK_PREV_IN_USE, word[0]);
	k->last.address = k->p;
	k->last.size = size;
	k->last.n = got - CHUNK_HEADER;
	/* The size of the next one is the caller's while this is in use. */
	if (k->last.n > size - 8)
		k->last.n = size - 8;
	memcpy(k->last.seen, at + CHUNK_HEADER, k->last.n);
	k->p += size;
	return true;
}

/*
 * Nothing follows that could tell about the last one. What was freed next to
 * the top meanwhile has become part of it.
 */
static void
finish(struct walker *k)
{
	if (k->last.size != 0 && refresh_top(k) &&
	    k->s.top <= k->last.address) {
		k->p = k->last.address;
		count_top(k, k->s.end - k->p);
		k->last.size = 0;
	}
	k->counts->uncovered += k->last.size;
	k->last.size = 0;
	end_run(k);
}

void
census_walk(const struct census_walk *w, const struct census_segment *segment,
    struct census_counts *counts)
{
	struct walker k;

	memset(&k, 0, sizeof k);
	k.w = w;
	k.s = *segment;
	k.counts = counts;
	k.p = segment->start;
	census_window_init(&k.window, w->reader, CENSUS_WINDOW_PAGES);
	while (k.p < k.s.end && !at_top(&k)) {
		if (++k.steps % STEPS == 0 && w->enough != NULL &&
		    w->enough(w->arg)) {
			counts->uncovered += k.s.end - k.p;
			break;
		}
		if (!step(&k))
			break;
	}
	finish(&k);
	census_window_fini(&k.window);
}
