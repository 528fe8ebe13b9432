/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/walk.h"
#include "census/pins.h"
#include "census/resume.h"

#include <string.h>

/* A walk that meets nonsense reads it again so many times: it may have been
 * half written. */
#define RETRIES 3

/* What a heap may grow by between two looks at its top. */
#define GROWTH (UINT64_C(64) << 20)

/* Pages of holes are looked at in parts, so that there is an end in time. */
#define LOOK (UINT64_C(256) << 20)

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
	struct census_pins pins;
	uint64_t steps;
	uint64_t retry_at; /* where the last derailment was */
	int retries, moves;
};

static uint64_t
resident(const struct walker *k, uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;

	while (start < end) {
		uint64_t part = end - start < LOOK ? end - start : LOOK;

		bytes += census_window_resident(&k->window, start,
		    start + part);
		start += part;
		if (part == LOOK && k->w->enough != NULL &&
		    k->w->enough(k->w->arg, start))
			break;
	}
	return bytes;
}

static bool
counted(const struct walker *k, uint64_t address)
{
	return k->s.until == 0 ||
	    (address >= k->s.from && address < k->s.until);
}

/* Bytes of what may begin and end in the middle of pages. */
static uint64_t
in_memory(const struct walker *k, uint64_t start, uint64_t end)
{
	uint64_t first = start & ~(CENSUS_PAGE - 1);
	uint64_t last = (end - 1) & ~(CENSUS_PAGE - 1), bytes;

	if (first == last)
		return resident(k, first, first + CENSUS_PAGE) > 0 ?
		    end - start :
		    0;
	bytes = resident(k, first + CENSUS_PAGE, last);
	if (resident(k, first, first + CENSUS_PAGE) > 0)
		bytes += first + CENSUS_PAGE - start;
	if (resident(k, last, last + CENSUS_PAGE) > 0)
		bytes += end - last;
	return bytes;
}

/* ---- runs of free chunks ------------------------------------------------------ */

static void
count_run(struct census_counts *n, uint64_t bytes)
{
	size_t i = 0;

	while (i + 1 < CENSUS_RUNS && bytes >> (i + 6) != 0)
		i++;
	n->runs[i]++;
	n->run_bytes[i] += bytes;
}

/* malloc_trim gives back the pages behind the links of a free chunk (48). */
static void
end_run(struct walker *k)
{
	uint64_t start = (k->run + 48 + CENSUS_PAGE - 1) & ~(CENSUS_PAGE - 1);
	uint64_t end = k->run_end & ~(CENSUS_PAGE - 1);

	if (k->run_end > k->run && counted(k, k->run)) {
		count_run(k->counts, k->run_end - k->run);
		if (end > start) {
			k->counts->pages += end - start;
			k->counts->resident += resident(k, start, end);
		}
	}
	k->run = k->run_end = 0;
}

static void
count_chunk(struct walker *k, const struct census_chunk *c,
    enum chunk_state state)
{
	struct census_counts *n = k->counts;

	n->count[state]++;
	n->bytes[state] += c->size;
	if (state != CHUNK_IN_USE)
		return;
	n->in_memory += in_memory(k, c->address, c->address + c->size);
	if (k->w->in_use != NULL)
		k->w->in_use(k->w->arg, c);
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
	census_pins_put(&k->pins, c, state);
	if (counted(k, c->address))
		count_chunk(k, c, state);
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
	if (size > CENSUS_USER_END || top > k->s.end + GROWTH ||
	    top + size > k->s.end + GROWTH)
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
	struct census_chunk top = { .address = k->p, .size = size };

	end_run(k);
	if (size > 0)
		census_pins_put(&k->pins, &top, CHUNK_FREE);
	if (!counted(k, k->p))
		return;
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

/* All that begins before the end of what is counted has been settled. */
static bool
past_it(const struct walker *k)
{
	uint64_t until = k->s.until;

	return until != 0 && k->last.size != 0 && k->last.address >= until &&
	    (k->run == k->run_end || k->run >= until);
}

/* From p to there nothing is understood. */
static void
leave_out(struct walker *k, uint64_t to)
{
	if (k->s.until != 0 && to > k->s.until)
		to = k->s.until;
	if (to > k->p)
		k->counts->uncovered += to - k->p;
}

/* On to where a chain of chunks is sure; false if there is none. */
static bool
resume(struct walker *k, uint64_t from)
{
	uint64_t at;

	end_run(k);
	if (k->last.size != 0)
		census_pins_spoil(&k->pins, k->last.address);
	k->counts->uncovered += k->last.size;
	k->last.size = 0;
	at = census_resume(k->w, &k->s, from);
	leave_out(k, at);
	k->p = at;
	census_pins_spoil(&k->pins, at);
	census_window_drop(&k->window);
	return at < k->s.end && (k->s.until == 0 || at < k->s.until);
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
	census_pins_spoil(&k->pins, k->p);
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
	if (!past_it(k))
		k->counts->uncovered += k->last.size;
	k->last.size = 0;
	end_run(k);
	census_pins_end(&k->pins);
}

void
census_counts_add(struct census_counts *to, const struct census_counts *from,
    uint64_t times)
{
	for (int s = 0; s < CHUNK_STATES; s++) {
		to->count[s] += from->count[s] * times;
		to->bytes[s] += from->bytes[s] * times;
	}
	for (int i = 0; i < CENSUS_RUNS; i++) {
		to->runs[i] += from->runs[i] * times;
		to->run_bytes[i] += from->run_bytes[i] * times;
	}
	to->in_memory += from->in_memory * times;
	to->top += from->top * times;
	to->pages += from->pages * times;
	to->resident += from->resident * times;
	to->top_resident += from->top_resident * times;
	to->uncovered += from->uncovered * times;
	to->derailed += from->derailed;
	to->odd += from->odd;
	to->pinned += from->pinned * times;
	if (to->derailed_at == 0)
		to->derailed_at = from->derailed_at;
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
	census_pins_init(&k.pins, w, segment, counts);
	census_window_init(&k.window, w->reader, CENSUS_WINDOW_PAGES);
	if (k.p % CENSUS_PAGE != 0)
		census_pins_spoil(&k.pins, k.p);
	while (k.p < k.s.end && !at_top(&k) && !past_it(&k)) {
		if (++k.steps % STEPS == 0 && w->enough != NULL &&
		    w->enough(w->arg, k.p)) {
			leave_out(&k, k.s.end);
			break;
		}
		if (!step(&k))
			break;
	}
	finish(&k);
	census_window_fini(&k.window);
}
