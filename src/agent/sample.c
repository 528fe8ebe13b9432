/* SPDX-License-Identifier: MIT */
/*
 * When to sample, and what a sample is worth.
 *
 * Poisson by bytes: think of points strewn over the bytes that a thread
 * allocates, R apart in the mean; an allocation of s bytes is chosen if a
 * point falls on it, with p = 1 - e^(-s/R), and stands for 1/p objects. The
 * distance to the next point is drawn from the exponential distribution,
 * which has no memory: it may be drawn anew at any time, so a long distance
 * is walked in pieces, and a thread notices a changed interval in time.
 *
 * The distance is a whole number of bytes, at least 1, and an allocation is
 * chosen when size >= distance: P(ceil(X) <= s) = P(X <= s) for whole s, so p
 * is exact. A distance of 0 chooses every allocation, also of 0 bytes: that
 * is interval 1.
 */
#include "agent/agent.h"
#include "agent/keeper.h"
#include "agent/real.h"

#include <time.h>

/* Pieces: a thread that allocates sees a new interval, and what is asked of
 * the keeper, after this much. A look costs 30 ns. */
#define PIECE (UINT64_C(1) << 20)

/* ---- numbers ----------------------------------------------------------------- */

HIDDEN double
sample_random(void)
{
	uint64_t x = self.random;

	/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's
	 * xorshift generators, scrambled", 2014. */
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	self.random = x;
	return (double)((x * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53;
}

/* Natural logarithm of a positive normal number; error below 1e-11. */
static double
logarithm(double v)
{
	union {
		double d;
		uint64_t u;
	} x = { v };
	int e = (int)(x.u >> 52) - 1023;
	double s, s2;

	x.u = (x.u & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff) << 52;
	if (x.d > 1.4142135623730951) {
		x.d *= 0.5;
		e++;
	}
	s = (x.d - 1.0) / (x.d + 1.0);
	s2 = s * s;
	return e * 0.6931471805599453 +
	    2.0 * s *
	    (1.0 +
		s2 * (1.0 / 3 +
		    s2 * (1.0 / 5 +
			s2 * (1.0 / 7 +
			    s2 * (1.0 / 9 + s2 * (1.0 / 11 + s2 / 13))))));
}

/* 1 - e^-x for x >= 0, without cancellation for small x. */
static double
one_minus_exp(double x)
{
	union {
		double d;
		uint64_t u;
	} scale;
	double r, sum, term;
	int k;

	if (x > 45.0)
		return 1.0;
	k = (int)(x * 1.4426950408889634 + 0.5);
	r = x - k * 0.6931471805599453; /* in [-0.35, 0.35] */
	/* 1 - e^-r as a series; twelve terms leave less than 1e-15. */
	sum = term = r;
	for (int i = 2; i <= 12; i++) {
		term *= -r / i;
		sum += term;
	}
	if (k == 0)
		return sum;
	scale.u = (uint64_t)(1023 - k) << 52;
	return 1.0 - scale.d * (1.0 - sum);
}

HIDDEN double
sample_chance(uint64_t size, uint64_t interval)
{
	if (interval <= 1)
		return 1.0;
	return one_minus_exp((double)(size ? size : 1) / (double)interval);
}

/* ---- when --------------------------------------------------------------------- */

HIDDEN uint64_t
sample_interval(void)
{
	uint64_t asked = load(&tables.control->interval);
	uint64_t floor = load(&tables.counters->interval_floor);

	return asked == 0 ? 0 : asked > floor ? asked : floor;
}

/* A fresh distance in bytes; UINT64_MAX when sampling is off. */
static uint64_t
draw(uint64_t interval)
{
	double d;

	if (interval == 0)
		return UINT64_MAX;
	if (interval == 1)
		return 0;
	d = -(double)interval * logarithm(1.0 - sample_random());
	return d >= 0x1p62 ? UINT64_MAX : (uint64_t)d + 1;
}

static void
set_countdown(uint64_t distance)
{
	self.capped = distance > PIECE;
	self.countdown = self.capped ? PIECE : distance;
}

/* A thread's first time, also after a fork. */
static void
seed(void)
{
	uint64_t x = tables.header->nonce ^ (uint64_t)(uintptr_t)&self;

	x ^= add(&tables.counters->samples, 0) << 32;
	x = (x ^ x >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	self.random = x | 1;
	self.arming = agent.arming;
	self.scratch = (uint32_t)(x >> 40);
	self.interval = sample_interval();
	set_countdown(draw(self.interval));
}

HIDDEN bool
sample_due(uint64_t size, uint64_t *interval)
{
	uint64_t over, distance;
	bool due;

	self.asked++;
	if (UNLIKELY(!agent_records())) {
		self.countdown = agent_rest();
		self.arming = agent.arming;
		return false;
	}
	keeper_look();
	if (UNLIKELY(self.arming != agent.arming)) {
		keeper_thread_begins();
		seed();
		if (size < self.countdown) {
			self.countdown -= size;
			return false;
		}
	}
	over = size - self.countdown;
	due = !self.capped;
	*interval = self.interval;
	self.interval = sample_interval();
	distance = draw(self.interval);
	if (!due && distance <= over && distance != UINT64_MAX) {
		/* The piece ended inside this allocation, and the next point
		 * still falls on it. */
		due = true;
		*interval = self.interval;
		over = 0;
		distance = draw(self.interval);
	}
	/* What lies past a point carries on with a fresh distance. */
	set_countdown(due || distance <= over ? distance : distance - over);
	if (due && UNLIKELY(self.busy)) {
		loss(ULL_LOSS_REENTERED);
		return false;
	}
	return due;
}

/* ---- recording ------------------------------------------------------------------- */

#define SCRATCHES 32

static uint64_t scratch[SCRATCHES][ULL_DEPTH_MAX];
static uint32_t scratch_taken;

/* A walk buffer: too large for the stack of a signal handler. */
static int
scratch_claim(void)
{
	for (uint32_t i = 0; i < SCRATCHES; i++) {
		uint32_t n = (self.scratch + i) % SCRATCHES, bit = 1u << n;

		if (!(__atomic_fetch_or(&scratch_taken, bit,
			  __ATOMIC_ACQUIRE) &
			bit))
			return (int)n;
	}
	return -1;
}

static void
scratch_give(int n)
{
	__atomic_fetch_and(&scratch_taken, ~(1u << n), __ATOMIC_RELEASE);
}

HIDDEN struct inside insides[INSIDES] __attribute__((aligned(64)));

HIDDEN void
sample_forget(void)
{
	store(&scratch_taken, 0);
	for (unsigned i = 0; i < INSIDES; i++)
		store(&insides[i].n, 0);
}

static inline uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec -
	    agent.start;
}

static uint32_t
walk_stack(const struct walk_regs *caller)
{
	static const uint8_t cut_of[] = {
		[WALK_WHOLE] = 0,
		[WALK_FOREIGN] = 1 + ULL_LOSS_WALK_FOREIGN,
		[WALK_NO_CFI] = 1 + ULL_LOSS_WALK_NO_CFI,
		[WALK_BAD] = 1 + ULL_LOSS_WALK_BAD,
		[WALK_DEEP] = 1 + ULL_LOSS_WALK_DEEP,
	};
	enum walk_end end;
	uint32_t stack;
	unsigned depth;
	int n = scratch_claim();

	if (n < 0) {
		loss(ULL_LOSS_SCRATCH);
		return ULL_STACK_LOST;
	}
	depth = walk(caller, stackend_find(caller->sp), scratch[n],
	    ULL_DEPTH_MAX, &end);
	if (cut_of[end] != 0)
		loss(cut_of[end] - 1);
	stack = stacks_put(scratch[n], depth, cut_of[end]);
	scratch_give(n);
	return stack;
}

HIDDEN GROUPED uint32_t
sample_stack(const struct walk_regs *caller, uint64_t *time)
{
	uint64_t hi = stackend_find(caller->sp), generation;
	uint32_t stack;

	*time = now();
	if (UNLIKELY(load(&tables.control->lease) != 0))
		agent_mind_lease(*time);
	if (LIKELY(memo_find(caller, hi, &stack)))
		return stack;
	if (UNLIKELY(self.busy)) {
		loss(ULL_LOSS_HANDLER);
		return ULL_STACK_LOST;
	}
	if (UNLIKELY(!agent_enter()))
		return ULL_STACK_LOST;
	self.busy = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	generation = walk_generation();
	stack = walk_stack(caller);
	if (stack != ULL_STACK_LOST)
		memo_keep(caller, hi, generation, stack);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self.busy = 0;
	agent_leave();
	return stack;
}

HIDDEN void
sample_put(const void *p, uint64_t size, uint64_t interval,
    const struct walk_regs *caller)
{
	uint64_t time;
	struct taken t;

	if (UNLIKELY(!agent_enter()))
		return;
	self.busy = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	time = now();
	if (UNLIKELY(load(&tables.control->lease) != 0))
		agent_mind_lease(time);
	t.size = size;
	t.usable = real_usable(p, size);
	t.weight = (float)(1.0 / sample_chance(size, interval));
	t.birth = (uint32_t)(time / 62500000u);
	t.stack = walk_stack(caller);
	stacks_allocated(&t);
	stacks_live(&t, false);
	if (!live_put((uint64_t)p, &t))
		stacks_live(&t, true);
	add(&tables.counters->samples, 1);
	store(&tables.counters->last_sample, time);
	live_thin();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self.busy = 0;
	agent_leave();
}

HIDDEN bool
sample_take(const void *p, struct taken *t)
{
	bool had;

	if (!agent_armed() || !agent_enter())
		return false;
	had = live_take((uint64_t)p, t);
	if (had) {
		stacks_live(t, true);
		add(&tables.counters->frees, 1);
	}
	agent_leave();
	return had;
}

HIDDEN void
sample_restore(const void *p, const struct taken *t)
{
	if (!agent_enter())
		return;
	stacks_live(t, false);
	if (!live_put((uint64_t)p, t))
		stacks_live(t, true);
	agent_leave();
}
