/* SPDX-License-Identifier: MIT */
/*
 * Live table: which sampled objects are still held, by address.
 *
 * Written by every thread of the target, read by the program at any moment,
 * without a lock. Each address has two buckets of sixteen keys; an entry is
 * claimed and given up by compare-and-swap on its key. The table grows in
 * tiers (memory is only asked for when it is needed): an address is looked
 * for in its buckets of every tier so far, and put into those of the newest.
 *
 * When the last tier is three quarters full, samples are not lost: the
 * interval is raised and the entries are thinned, each kept with the chance
 * that it would have had under the new interval, given that it was chosen
 * under the old one; its weight changes accordingly and totals stay unbiased.
 * The thinning is done in slices, one with each sample.
 */
#include "agent/agent.h"

#define BUCKETS (ULL_LIVE / ULL_BUCKET)
#define SLICE 256 /* slots thinned with one sample */

/* Buckets in use: 256 (4096 entries), 1024, 4096. */
static uint32_t tier;
static const uint32_t tier_buckets[] = { BUCKETS / 16, BUCKETS / 4, BUCKETS };
#define LAST_TIER 2

/* ---- where ---------------------------------------------------------------------- */

static inline uint64_t
hash_of(uint64_t addr)
{
	uint64_t h = (addr >> 3) * UINT64_C(0x9e3779b97f4a7c15);

	return h ^ h >> 32;
}

/*
 * The buckets of a tier include those of the tiers before, which are full
 * when it begins: so one of the two choices is among all, the other among the
 * new ones alone. Were both among all, the old ones would overflow long
 * before the tier is full.
 */
static inline uint64_t *
bucket_of(uint64_t hash, unsigned choice, uint32_t t)
{
	uint32_t old = t > 0 ? tier_buckets[t - 1] : 0;
	uint64_t fresh = tier_buckets[t] - old;
	uint32_t b = choice == 0 ? (uint32_t)(hash >> 12) % tier_buckets[t] :
				   old + (uint32_t)((hash >> 32) * fresh >> 32);

	return &tables.keys[(size_t)b * ULL_BUCKET];
}

static inline struct ull_live *
entry_of(const uint64_t *key)
{
	return &tables.live[key - tables.keys];
}

/* ---- the filter in front of free --------------------------------------------------- */

static inline uint32_t
filter_bit(uint64_t addr)
{
	return (uint32_t)(addr >> 4) % FILTER_BITS;
}

/*
 * A bit is set before its object is handed out and cleared when the last
 * object behind it is gone. It must never be clear while there is one, not
 * for an instant: the free of that object would not be seen. So whoever takes
 * the count from one to nothing first claims the bit, and while it clears it
 * nobody may get behind it. That takes a few instructions; filter_add looks
 * again a few times and then fails: the other may have been preempted.
 */
#define FILTER_STUCK 255 /* that many or more: set for good */
#define FILTER_CLEARING 254

static bool
filter_add(uint64_t addr)
{
	uint32_t bit = filter_bit(addr);
	uint8_t n = load(&wiped.counts[bit]), next;

	for (int i = 0; n == FILTER_CLEARING && i < 100; i++) {
		__builtin_ia32_pause();
		n = load(&wiped.counts[bit]);
	}
	do {
		if (n == FILTER_CLEARING)
			return false;
		if (n == FILTER_STUCK)
			return true;
		next = n + 1 == FILTER_CLEARING ? FILTER_STUCK : n + 1;
	} while (!__atomic_compare_exchange_n(&wiped.counts[bit], &n, next,
	    false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	__atomic_fetch_or(&wiped.filter[bit / 32], 1u << bit % 32,
	    __ATOMIC_RELAXED);
	return true;
}

static void
filter_remove(uint64_t addr)
{
	uint32_t bit = filter_bit(addr);
	uint8_t n = load(&wiped.counts[bit]), next;

	do {
		if (n == FILTER_STUCK || n == FILTER_CLEARING || n == 0)
			return;
		next = n == 1 ? FILTER_CLEARING : n - 1;
	} while (!__atomic_compare_exchange_n(&wiped.counts[bit], &n, next,
	    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	if (next != FILTER_CLEARING)
		return;
	__atomic_fetch_and(&wiped.filter[bit / 32], ~(1u << bit % 32),
	    __ATOMIC_RELAXED);
	release(&wiped.counts[bit], 0);
}

/* ---- put and take ------------------------------------------------------------------- */

static void
fill(struct ull_live *e, uint64_t addr, const struct taken *t)
{
	union {
		float f;
		uint32_t u;
	} weight = { t->weight };

	store(&e->size, t->size);
	store(&e->usable, t->usable);
	__atomic_store_n((uint32_t *)&e->weight, weight.u, __ATOMIC_RELAXED);
	store(&e->stack, t->stack);
	store(&e->birth, t->birth);
	store(&e->check,
	    ull_live_check(addr, t->size, t->usable, weight.u, t->stack,
		t->birth));
}

static void
read_entry(const struct ull_live *e, struct taken *t)
{
	t->size = load(&e->size);
	t->usable = load(&e->usable);
	__atomic_load((const float *)&e->weight, &t->weight, __ATOMIC_RELAXED);
	t->stack = load(&e->stack);
	t->birth = load(&e->birth);
}

/* Not one marked as an orphan: that object is gone, whatever address this is. */
static inline bool
is_key_of(uint64_t key, uint64_t addr)
{
	return (key & ~ULL_KEY_HELD) == addr;
}

/* The slot of addr in one of its buckets of the tiers so far, or NULL. */
static uint64_t *
find(uint64_t addr)
{
	uint64_t hash = hash_of(addr);

	for (int t = (int)load(&tier); t >= 0; t--) {
		for (unsigned choice = 0; choice < 2; choice++) {
			uint64_t *k =
			    bucket_of(hash, choice, (uint32_t)t);

			for (unsigned i = 0; i < ULL_BUCKET; i++)
				if (is_key_of(load(&k[i]), addr))
					return &k[i];
		}
	}
	return NULL;
}

static uint64_t *
claim(uint64_t hash, uint32_t t)
{
	uint64_t *k[2] = { bucket_of(hash, 0, t),
		bucket_of(hash, 1, t) };

	/* Side by side, so that both buckets fill evenly. */
	for (unsigned i = 0; i < ULL_BUCKET * 2; i++) {
		uint64_t *slot = &k[i % 2][i / 2];
		uint64_t empty = 0;

		if (load(slot) == 0 &&
		    __atomic_compare_exchange_n(slot, &empty, ULL_KEY_BUSY,
			false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return slot;
	}
	return NULL;
}

static bool
reserve_tier(uint32_t t)
{
	uint64_t slots = (uint64_t)tier_buckets[t] * ULL_BUCKET;

	return segment_reserve(ULL_KEYS_OFF, slots * 8) &&
	    segment_reserve(ULL_LIVE_OFF, slots * sizeof(struct ull_live));
}

HIDDEN void
live_reserve_ahead(void)
{
	reserve_tier(0);
}

/* The tier to put into: the next one when this is three quarters full. */
static uint32_t
choose_tier(void)
{
	uint32_t t = load(&tier), full;

	full = tier_buckets[t] * ULL_BUCKET / 4 * 3;
	if (t < LAST_TIER && load(&tables.counters->live_entries) >= full &&
	    reserve_tier(t + 1)) {
		__atomic_compare_exchange_n(&tier, &t, t + 1, false,
		    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		t = load(&tier);
	}
	return t;
}

/*
 * An entry of addr that is still there when addr is handed out again: its
 * free went past us.
 */
static void
drop_stale(uint64_t addr)
{
	struct taken t;

	if (!filter_maybe((const void *)addr) || !live_take(addr, &t))
		return;
	stacks_live(&t, true);
	loss(ULL_LOSS_STALE);
}

/* Nothing that looks like a state of a key: NULL is freed all the time. */
static inline bool
is_address(uint64_t addr)
{
	return !(addr & ULL_KEY_STATE) && addr > 16;
}

HIDDEN bool
live_put(uint64_t addr, const struct taken *t)
{
	uint64_t *slot = NULL;

	if (!is_address(addr)) {
		loss(ULL_LOSS_LIVE_FULL);
		return false;
	}
	drop_stale(addr);
	if (reserve_tier(0))
		slot = claim(hash_of(addr), choose_tier());
	if (slot == NULL || !filter_add(addr)) {
		if (slot != NULL)
			release(slot, 0);
		loss(ULL_LOSS_LIVE_FULL);
		return false;
	}
	add(&tables.counters->live_entries, 1);
	fill(entry_of(slot), addr, t);
	release(slot, addr);
	return true;
}

HIDDEN bool
live_take(uint64_t addr, struct taken *t)
{
	uint64_t *slot = is_address(addr) ? find(addr) : NULL;
	uint64_t key = addr;

	if (slot == NULL)
		return false;
	/*
	 * The object is ours until the real free, so nobody else takes it;
	 * only the thinner may hold it. The entry is read when it is claimed
	 * and not before: between, the thinner could change it and let go.
	 */
	while (!__atomic_compare_exchange_n(slot, &key, ULL_KEY_BUSY, false,
	    __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		if (key == (addr | ULL_KEY_HELD) &&
		    __atomic_compare_exchange_n(slot, &key,
			addr | ULL_KEY_ORPHAN, false, __ATOMIC_ACQ_REL,
			__ATOMIC_ACQUIRE))
			return false; /* the thinner settles it */
		if (key != addr && key != (addr | ULL_KEY_HELD))
			return false;
		key = addr;
	}
	read_entry(entry_of(slot), t);
	release(slot, 0);
	add(&tables.counters->live_entries, -1);
	filter_remove(addr);
	return true;
}

/* ---- thinning --------------------------------------------------------------------------- */

/* Gives up a slot that the thinner holds. */
static void
thin_remove(uint64_t *slot, uint64_t addr, const struct taken *t)
{
	stacks_live(t, true);
	filter_remove(addr);
	add(&tables.counters->live_entries, -1);
	release(slot, 0);
}

static void
thin_slot(uint64_t *slot, uint64_t floor)
{
	uint64_t addr = load(slot), held;
	struct taken t, kept;
	double chance;

	if (!is_address(addr) ||
	    !__atomic_compare_exchange_n(slot, &addr, addr | ULL_KEY_HELD,
		false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	read_entry(entry_of(slot), &t);
	chance = sample_chance(t.size, floor);
	if (chance * t.weight < 0.999999) {
		if (sample_random() >= chance * t.weight) {
			thin_remove(slot, addr, &t);
			return;
		}
		kept = t;
		kept.weight = (float)(1.0 / chance);
		stacks_live(&t, true);
		stacks_live(&kept, false);
		fill(entry_of(slot), addr, &kept);
		t = kept;
	}
	held = addr | ULL_KEY_HELD;
	if (!__atomic_compare_exchange_n(slot, &held, addr, false,
		__ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
		/* Freed meanwhile, and left to us. */
		add(&tables.counters->frees, 1);
		thin_remove(slot, addr, &t);
	}
}

/*
 * The interval under which the bytes that are live now would fill three
 * eighths of the table; at least the double.
 */
static void
raise_interval(uint64_t capacity)
{
	struct ull_counters *c = tables.counters;
	uint64_t now = sample_interval();
	uint64_t fit = load(&c->live_bytes) / (capacity / 8 * 3);
	uint64_t next = now * 2 > fit ? now * 2 : fit;
	uint64_t idle = load(&c->thin_cursor);

	/* The floor first: whoever samples from now on does so under it. */
	if (now == 0 || idle < ULL_LIVE)
		return;
	store(&c->interval_floor, next);
	if (__atomic_compare_exchange_n(&c->thin_cursor, &idle, 0, false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		add(&c->doublings, 1);
}

HIDDEN void
live_thin(void)
{
	struct ull_counters *c = tables.counters;
	uint64_t capacity =
	    (uint64_t)tier_buckets[load(&tier)] * ULL_BUCKET;
	uint64_t at = load(&c->thin_cursor), floor;

	if (at >= ULL_LIVE) {
		/* A tier that cannot grow thins as the last one does. */
		if (UNLIKELY(load(&c->live_entries) >= capacity / 4 * 3 +
			    (load(&tier) < LAST_TIER ? SLICE : 0)))
			raise_interval(capacity);
		return;
	}
	at = add(&c->thin_cursor, SLICE);
	if (at >= capacity) {
		store(&c->thin_cursor, ULL_LIVE);
		return;
	}
	floor = load(&c->interval_floor);
	for (uint64_t i = at; i < at + SLICE; i++)
		thin_slot(&tables.keys[i], floor);
}

HIDDEN void
live_forget(void)
{
	store(&tier, 0);
}

HIDDEN void
filter_clear(void)
{
	for (unsigned i = 0; i < FILTER_BITS / 32; i++)
		if (load(&wiped.filter[i]) != 0)
			store(&wiped.filter[i], 0);
	for (unsigned i = 0; i < FILTER_BITS; i++)
		if (load(&wiped.counts[i]) != 0)
			store(&wiped.counts[i], 0);
}
