/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/keeper.h"
#include "agent/alloc.h"
#include "agent/keeper_rule.h"
#include "agent/keeper_work.h"
#include "agent/mini.h"
#include "agent/real.h"
#include "agent/slots.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

/* Its own frames are small; statistics of jemalloc and the dynamic loader's
 * lazy binding need some. */
#define STACK_SIZE (64u * 1024u)

/*
 * Of libc, looked up when the first keeper is made: a target whose knob is
 * never turned has nothing to do with them.
 */
static struct {
	int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
	    void *);
	int (*attr_init)(pthread_attr_t *);
	int (*attr_detach)(pthread_attr_t *, int);
	int (*attr_stack)(pthread_attr_t *, size_t);
	int (*attr_destroy)(pthread_attr_t *);
	int (*mask)(int, const sigset_t *, sigset_t *);
} threads;

static uint32_t state;	   /* enum ull_keeper_state; the segment has a copy */
static uint64_t refused;   /* the attention for which there was no thread */
static uint32_t seeding;   /* of this keeper; threads compare theirs */
static bool allowed, filtered;
static bool left_behind;   /* a parent's keeper was here */
static bool left_trimming; /* in the middle of a trim */

HIDDEN bool
keeper_resolve(void)
{
	const struct link_map *from = real_scope();

	if (threads.create != NULL)
		return true;
	if (from == NULL)
		return false;
	threads.attr_init = (int (*)(pthread_attr_t *))real_from(from,
	    "pthread_attr_init");
	threads.attr_detach = (int (*)(pthread_attr_t *, int))real_from(from,
	    "pthread_attr_setdetachstate");
	threads.attr_stack = (int (*)(pthread_attr_t *, size_t))real_from(from,
	    "pthread_attr_setstacksize");
	threads.attr_destroy = (int (*)(pthread_attr_t *))real_from(from,
	    "pthread_attr_destroy");
	threads.mask = (int (*)(int, const sigset_t *, sigset_t *))real_from(
	    from, "pthread_sigmask");
	if (threads.attr_init == NULL || threads.attr_detach == NULL ||
	    threads.attr_stack == NULL || threads.attr_destroy == NULL ||
	    threads.mask == NULL)
		return false;
	threads.create = (int (*)(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *))real_from(from, "pthread_create");
	return threads.create != NULL;
}

HIDDEN void
keeper_state(enum ull_keeper_state s)
{
	release(&tables.keeper->state, s);
	release(&state, s);
}

/* ---- the thread ------------------------------------------------------------------- */

/*
 * The last look decides: an order that came between it and the state is seen
 * because attention is cleared before and looked at after.
 */
static void
leave(const struct alloc *a)
{
	uint64_t seen = load(&tables.control->attention);

	if (a != NULL && a->leave != NULL)
		a->leave();
	store(&tables.keeper->tid, 0);
	__atomic_compare_exchange_n(&tables.control->attention, &seen, 0, false,
	    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	if (keeper_work_wanted())
		store(&tables.control->attention, seen | 1);
	keeper_state(ULL_KEEPER_NONE);
}

/* Libraries that were loaded since; without a table of its own the numbers
 * of descriptors would be the program's. */
static void
follow(void)
{
	if (load(&slots_stale) == 0)
		return;
	if (mini_own_files())
		slots_follow();
	else
		store(&slots_stale, 0);
}

static void *
keeper(void *arg)
{
	const struct alloc *a = arg;
	struct keeper_work w;

	/* Nothing here is ever sampled. */
	self.busy = 1;
	self.countdown = UINT64_MAX >> 1;
	mini_call2(SYS_prctl, 15 /* PR_SET_NAME */, "ullage-keeper");
	store(&tables.keeper->tid, (uint64_t)mini_call1(SYS_gettid, 0));
	add(&tables.keeper->starts, 1);
	if (left_behind && a != NULL && a->recover != NULL)
		a->recover(left_trimming);
	left_behind = left_trimming = false;
	follow();
	if (keeper_work_wanted() && keeper_work_begin(&w, a)) {
		keeper_state(ULL_KEEPER_WATCHING);
		while (keeper_work_wanted()) {
			keeper_work_turn(&w);
			follow();
		}
		keeper_work_end(&w);
	}
	leave(a);
	return NULL;
}

/* ---- making it --------------------------------------------------------------------- */

static bool
create(void)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	void *arg = (void *)alloc_find();
	int rc;

	if (threads.attr_init(&attr) != 0)
		return false;
	for (size_t i = 0; i < sizeof all; i++)
		((unsigned char *)&all)[i] = 0xff;
	threads.attr_detach(&attr, PTHREAD_CREATE_DETACHED);
	threads.attr_stack(&attr, STACK_SIZE);
	/* libc takes its own two signals out of the set; the thread inherits
	 * what is blocked here. */
	threads.mask(SIG_SETMASK, &all, &old);
	rc = threads.create(&thread, &attr, keeper, arg);
	if (rc == EINVAL) {
		/* The target's static TLS leaves no room: libc's own size. */
		threads.attr_destroy(&attr);
		threads.attr_init(&attr);
		threads.attr_detach(&attr, PTHREAD_CREATE_DETACHED);
		rc = threads.create(&thread, &attr, keeper, arg);
	}
	threads.mask(SIG_SETMASK, &old, NULL);
	threads.attr_destroy(&attr);
	return rc == 0;
}

static void
refuse(uint64_t attention, enum ull_reason reason)
{
	store(&refused, attention);
	store(&slots_stale, 0);
	store(&tables.keeper->reason, reason);
	keeper_state(ULL_KEEPER_NONE);
}

/*
 * The knob alone is no cause before there was as much as the floor: many
 * small programs then never get a thread. Without memory behind the tables
 * there is nowhere to say why not.
 */
static bool
worth_it(uint64_t attention)
{
	const struct ull_control *c = tables.control;
	bool knob = (load(&c->trim) != ULL_TRIM_OFF ||
			load(&c->memory_limit) != 0) &&
	    load(&tables.counters->peak_bytes) > KEEPER_FLOOR;

	bool stale = load(&slots_stale) != 0;

	if (!knob && !stale && (load(&c->trim_now) | load(&c->trim_full) |
			 load(&c->report) | load(&c->setting)) == 0)
		return false;
	if (!segment_reserve(ULL_RECEIPTS_OFF, ULL_RECEIPTS_SIZE)) {
		store(&refused, attention);
		return false;
	}
	return knob || stale || keeper_work_ordered();
}

/* Makes the arena of this thread reachable, where that is needed. */
static void
offer(void)
{
	const struct alloc *a = alloc_find();
	uint32_t was = self.seeding;

	/* First: what it calls may come by here again. */
	self.seeding = load(&seeding);
	if (a != NULL && a->offer != NULL && !a->offer())
		self.seeding = was;
}

HIDDEN void
keeper_call_threads(void)
{
	add(&seeding, 1);
}

static void
start(uint64_t attention)
{
	uint32_t none = ULL_KEEPER_NONE;

	/* A vfork child, or one of clone, is in our memory and is not us. */
	if (!worth_it(attention) ||
	    mini_call1(SYS_getpid, 0) != tables.header->pid ||
	    !__atomic_compare_exchange_n(&state, &none, ULL_KEEPER_STARTING,
		false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	store(&tables.keeper->reason, ULL_REASON_NONE);
	store(&tables.keeper->state, ULL_KEEPER_STARTING);
	add(&seeding, 1);
	offer();
	if (!keeper_resolve() || !create())
		refuse(attention, ULL_REASON_THREAD);
}

HIDDEN void
keeper_attend(void)
{
	uint64_t attention = load(&tables.control->attention);
	int error = errno;

	if (agent_sandboxed || filtered) {
		if (load(&refused) != attention &&
		    segment_reserve(ULL_RECEIPTS_OFF, ULL_RECEIPTS_SIZE))
			refuse(attention, ULL_REASON_SECCOMP);
		store(&refused, attention);
	} else if (acquire(&state) == ULL_KEEPER_NONE) {
		if (allowed &&
		    (load(&refused) != attention || load(&slots_stale) != 0))
			start(attention);
	} else if (self.seeding != load(&seeding)) {
		offer();
	}
	errno = error;
}

/* Late, a thread has a heap already. */
HIDDEN void
keeper_thread_begins(void)
{
	const struct alloc *a;
	int error = errno;

	if (agent_sandboxed || filtered || self.busy || real_libc() != NULL)
		return;
	a = alloc_find();
	if (a != NULL && a->begin != NULL)
		a->begin();
	errno = error;
}

/* libc frees while it holds locks of its own that pthread_create takes. */
static bool
is_libc(const void *caller)
{
	const struct link_map *owner = real_owner(caller);

	return owner == NULL ||
	    owner == real_owner((const void *)__errno_location) ||
	    owner == real_owner((const void *)_dl_find_object);
}

HIDDEN bool
keeper_attend_freed(void *p, const void *caller)
{
	const struct alloc *a = alloc_find();
	int error = errno;
	bool kept = false;

	if (agent_sandboxed || filtered || self.busy || !agent_armed())
		return false;
	if (acquire(&state) == ULL_KEEPER_NONE && !is_libc(caller))
		keeper_attend();
	if (acquire(&state) != ULL_KEEPER_NONE && a != NULL && a->freed != NULL)
		kept = a->freed(p);
	errno = error;
	return kept;
}

/* ---- from the outside ----------------------------------------------------------------- */

HIDDEN void
keeper_configure(uint64_t percent, uint64_t limit, bool under_filter)
{
	const struct alloc *a = alloc_find();

	filtered = under_filter;
	store(&tables.control->trim, percent);
	store(&tables.control->memory_limit, limit);
	store(&tables.counters->allocator,
	    a != NULL ? a->id : ULL_ALLOCATOR_UNKNOWN);
	if (percent != ULL_TRIM_OFF || limit != 0)
		store(&tables.control->attention, 1);
}

HIDDEN void
keeper_allow(void)
{
	release(&allowed, true);
}

/*
 * Nothing is awaited but the end of the thread, which looks at that flag at
 * least every tenth of a second; and only if there is one.
 */
HIDDEN void
keeper_dismiss(void)
{
	struct timespec t = { 0, 1000000 };
	long tid;

	if (load(&state) == ULL_KEEPER_NONE || !agent_armed() ||
	    (tid = (long)load(&tables.keeper->tid)) == 0)
		return;
	for (int i = 0; i < 500 &&
	     mini_call3(SYS_tgkill, tables.header->pid, tid, 0) == 0;
	     i++)
		mini_call2(SYS_nanosleep, &t, NULL);
}

HIDDEN bool
keeper_gone(void)
{
	return acquire(&state) == ULL_KEEPER_NONE;
}

HIDDEN void
keeper_forget(void)
{
	uint32_t was = load(&state);

	left_behind |= was != ULL_KEEPER_NONE;
	left_trimming |= was == ULL_KEEPER_TRIMMING;
	store(&refused, 0);
	release(&state, ULL_KEEPER_NONE);
}
