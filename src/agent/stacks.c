/* SPDX-License-Identifier: MIT */
/*
 * Stack table: stack → number, insert only; and the sums of each stack.
 *
 * A new stack gets its frames and its record first and is then put into the
 * index by one compare-and-swap, so whoever finds it finds it whole. Two
 * threads that meet with the same new stack both write a record; the loser's
 * is wasted, which is rare and bounded by the table.
 *
 * Sums are moved by fetch-and-add alone. The high-water mark costs nothing
 * per stack: see struct ull_stack.
 */
#include "agent/agent.h"

#define PROBES 64

static uint64_t
hash_of(const uint64_t *frames, unsigned depth, uint16_t cut)
{
	uint64_t h = depth | (uint64_t)cut << 32;

	for (unsigned i = 0; i < depth; i++) {
		h = (h ^ frames[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h | 1;
}

static bool
same(const struct ull_stack *s, uint64_t hash, const uint64_t *frames,
    unsigned depth)
{
	if (s->hash != hash || s->depth != depth)
		return false;
	for (unsigned i = 0; i < depth; i++)
		if (load(&tables.frames[s->frames + i]) != frames[i])
			return false;
	return true;
}

/*
 * Takes n of *used; false when they are not to be had. Overshoots by no more
 * than the threads that try at once, and gives nothing back: another may
 * have taken what came after.
 */
static bool
take(uint32_t *used, uint32_t n, uint32_t cap, uint32_t *first)
{
	if (load(used) + n > cap)
		return false;
	*first = add(used, n);
	return *first + n <= cap;
}

/* A filled record that nobody can find yet, or ULL_STACK_LOST. */
static uint32_t
make(uint64_t hash, const uint64_t *frames, unsigned depth, uint16_t cut)
{
	struct ull_counters *c = tables.counters;
	struct ull_stack *s;
	uint32_t number, first;

	if (!take(&c->frames_used, depth, ULL_FRAMES, &first) ||
	    !segment_reserve(ULL_FRAMES_OFF + first * 8u, depth * 8u)) {
		loss(ULL_LOSS_FRAMES_FULL);
		return ULL_STACK_LOST;
	}
	if (!take(&c->stacks_used, 1, ULL_STACKS, &number) ||
	    !segment_reserve(ULL_STACKS_OFF + number * sizeof *s, sizeof *s)) {
		loss(ULL_LOSS_STACKS_FULL);
		return ULL_STACK_LOST;
	}
	for (unsigned i = 0; i < depth; i++)
		store(&tables.frames[first + i], frames[i]);
	s = &tables.stacks[number];
	s->frames = first;
	s->depth = (uint16_t)depth;
	s->cut = cut;
	s->modules = load(&c->modules_used);
	store(&s->peak_epoch, load(&c->peak_epoch));
	release(&s->hash, hash);
	return number;
}

HIDDEN uint32_t
stacks_put(const uint64_t *frames, unsigned depth, uint16_t cut)
{
	uint64_t hash = hash_of(frames, depth, cut);
	uint32_t slot = (uint32_t)(hash >> 40), number = 0, found;

	if (!segment_reserve(ULL_INDEX_OFF, ULL_INDEX * 4))
		return ULL_STACK_LOST;
	for (unsigned i = 0; i < PROBES; i++, slot++) {
		slot %= ULL_INDEX;
		found = acquire(&tables.index[slot]);
		if (found == 0) {
			if (number == 0)
				number = make(hash, frames, depth, cut);
			if (number == ULL_STACK_LOST)
				return ULL_STACK_LOST;
			if (__atomic_compare_exchange_n(&tables.index[slot],
				&found, number, false, __ATOMIC_RELEASE,
				__ATOMIC_ACQUIRE))
				return number;
			/* Somebody put one here meanwhile: the same? */
		}
		if (same(&tables.stacks[found], hash, frames, depth))
			return found;
	}
	loss(ULL_LOSS_STACKS_FULL);
	return ULL_STACK_LOST;
}

/* ---- sums -------------------------------------------------------------------- */

/* What a sample adds: recomputed alike when it is taken away again. */
static inline uint64_t
objects_of(float weight)
{
	return (uint64_t)((double)weight * ULL_OBJECT_ONE + 0.5);
}

static inline uint64_t
bytes_of(const struct taken *t)
{
	return t->weight == 1.0f ?
	    t->usable :
	    (uint64_t)((double)t->usable * t->weight + 0.5);
}

/*
 * The Horvitz-Thompson estimate of the variance of a Poisson sample: for an
 * object of s bytes that stands for w, (sw)^2 (1 - 1/w). Nothing at w = 1.
 */
static void
add_variance(struct ull_stack *s, uint64_t bytes, float weight)
{
	union {
		uint64_t u;
		double d;
	} old, new;
	double more = (double)bytes * (double)bytes * (1.0 - 1.0 / weight);

	if (more <= 0.0)
		return;
	old.u = load(&s->alloc_variance);
	for (int tries = 0; tries < 8; tries++) {
		new.d = old.d + more;
		if (__atomic_compare_exchange_n(&s->alloc_variance, &old.u,
			new.u, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return;
	}
	loss(ULL_LOSS_VARIANCE);
}

HIDDEN void
stacks_allocated(const struct taken *t)
{
	struct ull_stack *s = &tables.stacks[t->stack];
	uint64_t bytes = bytes_of(t);

	add(&s->alloc_objects, objects_of(t->weight));
	add(&s->alloc_bytes, bytes);
	add(&s->samples, 1);
	add_variance(s, bytes, t->weight);
}

/* Before the sums of a stack change: keep them if a mark was set since. */
static void
settle(struct ull_stack *s)
{
	uint64_t epoch = load(&tables.counters->peak_epoch);
	uint64_t seen = load(&s->peak_epoch);

	if (seen == epoch)
		return;
	if (__atomic_compare_exchange_n(&s->peak_epoch, &seen, epoch, false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		store(&s->peak_objects, load(&s->live_objects));
		store(&s->peak_bytes, load(&s->live_bytes));
	}
}

/* The process holds `live` bytes now: is that the most so far? */
static void
mark_peak(uint64_t live)
{
	struct ull_counters *c = tables.counters;
	uint64_t peak = load(&c->peak_bytes);

	for (int tries = 0; live > peak && tries < 8; tries++) {
		if (!__atomic_compare_exchange_n(&c->peak_bytes, &peak, live,
			false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		add(&c->peak_epoch, 1);
		store(&c->peak_time, load(&c->last_sample));
		return;
	}
}

HIDDEN void
stacks_live(const struct taken *t, bool gone)
{
	struct ull_stack *s = &tables.stacks[t->stack];
	struct ull_counters *c = tables.counters;
	uint64_t objects = objects_of(t->weight), bytes = bytes_of(t);

	settle(s);
	if (gone) {
		add(&s->live_objects, -objects);
		add(&s->live_bytes, -bytes);
		add(&c->live_bytes, -bytes);
	} else {
		add(&s->live_objects, objects);
		add(&s->live_bytes, bytes);
		mark_peak(add(&c->live_bytes, bytes) + bytes);
	}
}
