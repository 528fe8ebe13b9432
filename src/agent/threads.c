/* SPDX-License-Identifier: MIT */
/*
 * Thread table: pthread_t → who created it, and when.
 *
 * glibc puts its control block on top of each stack and hands stacks out
 * again, so there are about as many handles as there were threads at once.
 * An entry changes hands by compare-and-swap on its key, as in live.c.
 *
 * A new thread may name or detach itself before its creator has come back
 * from pthread_create. Then that makes the entry, or changes the one that an
 * ended thread left there; the creator, who knows when it began, keeps it.
 */
#include "config.h"

#include "agent/agent.h"

#define HALF (ULL_THREADS / 2)
#define BUCKETS (HALF / ULL_THREAD_BUCKET)

static uint32_t sequence;
static uint32_t named[ULL_THREADS];    /* when, by that */
static uint32_t detached[ULL_THREADS]; /* likewise */

static inline uint64_t
handle_of(uint64_t key)
{
	return key & ~ULL_THREAD_STATE;
}

/* First slot of the bucket of a handle in one half. */
static uint32_t
bucket_of(uint64_t handle, unsigned half)
{
	uint64_t h = (handle >> 6) * UINT64_C(0x9e3779b97f4a7c15);

	return half * HALF +
	    (uint32_t)(h >> 40) % BUCKETS * ULL_THREAD_BUCKET;
}

static bool
have_memory(uint32_t slot)
{
	return segment_reserve(ULL_THREADS_OFF, ULL_THREADS * 8) &&
	    segment_reserve(ULL_THREADS_OFF + ULL_THREADS * 8 +
		    slot * sizeof(struct ull_thread),
		sizeof(struct ull_thread));
}

static struct ull_thread *
entry_of(const uint64_t *key)
{
	return &tables.threads[key - tables.thread_keys];
}

static uint64_t *
find(uint64_t handle)
{
	if (!segment_reserved(ULL_THREADS_OFF))
		return NULL;
	for (unsigned half = 0; half < 2; half++) {
		uint64_t *k =
		    &tables.thread_keys[bucket_of(handle, half)];

		for (unsigned i = 0; i < ULL_THREAD_BUCKET; i++)
			if (handle_of(load(&k[i])) == handle)
				return &k[i];
	}
	return NULL;
}

static bool
swap(uint64_t *slot, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(slot, &from, to, false,
	    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* The entry of the longest ago among those of detached threads; most of
 * these have ended. */
static uint64_t *
claim_detached(uint64_t handle)
{
	uint64_t *best = NULL;
	uint64_t key = 0;

	for (unsigned i = 0; i < 2 * ULL_THREAD_BUCKET; i++) {
		uint32_t slot = bucket_of(handle, i / ULL_THREAD_BUCKET) +
		    i % ULL_THREAD_BUCKET;
		uint64_t *k = &tables.thread_keys[slot];

		if (!(load(k) & ULL_THREAD_DETACHED))
			continue;
		if (best == NULL ||
		    load(&entry_of(k)->birth) < load(&entry_of(best)->birth))
			best = k;
	}
	if (best != NULL)
		key = load(best);
	return key & ULL_THREAD_DETACHED && swap(best, key, ULL_KEY_BUSY) ?
	    best :
	    NULL;
}

static uint64_t *
claim(uint64_t handle)
{
	for (unsigned half = 0; half < 2; half++) {
		uint32_t first = bucket_of(handle, half);

		if (!have_memory(first) ||
		    !have_memory(first + ULL_THREAD_BUCKET - 1))
			return NULL;
		for (uint32_t i = first; i < first + ULL_THREAD_BUCKET; i++)
			if (load(&tables.thread_keys[i]) == 0 &&
			    swap(&tables.thread_keys[i], 0, ULL_KEY_BUSY))
				return &tables.thread_keys[i];
	}
	return claim_detached(handle);
}

static void
set_name(struct ull_thread *e, const char *name)
{
	union {
		char text[ULL_THREAD_NAME];
		uint64_t words[ULL_THREAD_NAME / 8];
	} n = { { 0 } };

	if (name != NULL)
		for (unsigned i = 0; i + 1 < sizeof n && name[i] != '\0'; i++)
			n.text[i] = name[i];
	for (unsigned i = 0; i < ULL_THREAD_NAME / 8; i++)
		store(&e->name[i], n.words[i]);
}

static void
stamp(uint32_t *stamps, const uint64_t *slot)
{
	store(&stamps[slot - tables.thread_keys], add(&sequence, 1) + 1);
}

static bool
is_since(const uint32_t *stamps, const uint64_t *slot, uint32_t since)
{
	return (int32_t)(load(&stamps[slot - tables.thread_keys]) - since) > 0;
}

/*
 * The creator and the thread itself may each have put an entry at the same
 * time. Both look after that, so that one of them finds both.
 */
static void
merge(uint64_t handle)
{
	uint64_t *whole = NULL, *half = NULL, key;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < 2 * ULL_THREAD_BUCKET; i++) {
		uint64_t *k =
		    &tables.thread_keys[bucket_of(handle,
					    i / ULL_THREAD_BUCKET) +
			i % ULL_THREAD_BUCKET];

		if (handle_of(load(k)) != handle)
			continue;
		if (load(&entry_of(k)->start) != 0)
			whole = k;
		else
			half = k;
	}
	if (whole == NULL || half == NULL)
		return;
	key = load(half);
	if (load(&entry_of(half)->name[0]) != 0)
		for (unsigned i = 0; i < ULL_THREAD_NAME / 8; i++)
			store(&entry_of(whole)->name[i],
			    load(&entry_of(half)->name[i]));
	if (key & ULL_THREAD_DETACHED)
		swap(whole, handle, handle | ULL_THREAD_DETACHED);
	if (handle_of(key) == handle)
		swap(half, key, 0);
}

/* Nobody has told who created it: it is here for its name or its flag. */
static void
put_half(uint64_t handle, const char *name, uint64_t flag)
{
	uint64_t *slot = claim(handle);

	if (slot == NULL)
		return;
	set_name(entry_of(slot), name);
	store(&entry_of(slot)->start, 0);
	stamp(name != NULL ? named : detached, slot);
	release(slot, handle | flag);
	merge(handle);
}

/*
 * The slot of handle, held by us; *key is what it held. NULL if there is no
 * room, or if another holds it.
 */
static uint64_t *
hold(uint64_t handle, uint64_t *key)
{
	uint64_t *slot = find(handle);

	*key = 0;
	if (slot == NULL)
		return claim(handle);
	*key = load(slot);
	return handle_of(*key) == handle && swap(slot, *key, ULL_KEY_BUSY) ?
	    slot :
	    NULL;
}

HIDDEN uint32_t
threads_begin(void)
{
	return load(&sequence);
}

HIDDEN void
threads_created(const struct created *c, const struct walk_regs *caller)
{
	uint64_t time, key, flag = c->detached ? ULL_THREAD_DETACHED : 0;
	uint32_t stack, birth;
	uint64_t *slot;
	struct ull_thread *e;

	if (!agent_armed())
		return;
	walk_meet(c->start);
	stack = sample_stack(caller, &time);
	birth = (uint32_t)(time / 62500000u);
	add(&tables.stacks[stack].created_threads, 1);
	if (c->handle == 0 || c->handle & ULL_THREAD_STATE ||
	    (slot = hold(c->handle, &key)) == NULL) {
		loss(ULL_LOSS_THREADS_FULL);
		return;
	}
	e = entry_of(slot);
	/* What an ended thread left there counts for nothing. */
	if (key != 0 && is_since(detached, slot, c->since))
		flag |= key & ULL_THREAD_DETACHED;
	if (key == 0 || !is_since(named, slot, c->since))
		set_name(e, NULL);
	store(&e->start, c->start);
	store(&e->birth, birth);
	store(&e->stack, (uint16_t)stack);
	store(&e->check,
	    ull_thread_check(c->handle, c->start, birth, (uint16_t)stack));
	release(slot, c->handle | flag);
	merge(c->handle);
}

HIDDEN uint32_t
threads_find(uint64_t handle)
{
	const uint64_t *slot = agent_writes() ? find(handle) : NULL;

	return slot != NULL ?
	    load(&entry_of(slot)->check) | UINT32_C(1) << 16 :
	    0;
}

HIDDEN void
threads_joined(uint64_t handle, uint32_t identity)
{
	uint64_t *slot;
	uint64_t key;

	/* Another thread may have the handle by now. */
	if (identity == 0 || threads_find(handle) != identity ||
	    (slot = find(handle)) == NULL)
		return;
	key = load(slot);
	if (handle_of(key) == handle)
		swap(slot, key, 0);
}

HIDDEN void
threads_detach(uint64_t handle, bool is_detached)
{
	uint64_t flag = is_detached ? ULL_THREAD_DETACHED : 0;
	uint64_t *slot;

	if (!agent_writes() || handle == 0 || handle & ULL_THREAD_STATE)
		return;
	if ((slot = find(handle)) == NULL) {
		if (is_detached)
			put_half(handle, NULL, flag);
		return;
	}
	swap(slot, handle | (flag ^ ULL_THREAD_DETACHED), handle | flag);
	stamp(detached, slot);
}

HIDDEN void
threads_name(uint64_t handle, const char *name)
{
	uint64_t *slot;

	if (!agent_writes() || handle == 0 || handle & ULL_THREAD_STATE)
		return;
	if ((slot = find(handle)) == NULL) {
		put_half(handle, name, 0);
		return;
	}
	set_name(entry_of(slot), name);
	stamp(named, slot);
}

HIDDEN void
threads_reserve_ahead(void)
{
	segment_reserve(ULL_THREADS_OFF, ULL_THREADS * 8 +
		HALF * sizeof(struct ull_thread));
}
