/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/keeper_work.h"
#include "agent/mini.h"

#include <sys/resource.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

/* See keeper_is_idle. */
#define IDLE SECOND
#define IDLE_LONG (5 * SECOND)
#define IDLE_BYTES (UINT64_C(64) << 20)

#define FALLING_MOST (3 * SECOND)

HIDDEN bool
keeper_resident(const struct keeper_work *w, uint64_t *rss, uint64_t *anonymous)
{
	char text[128];
	long n;

	*rss = *anonymous = 0;
	if (w->statm < 0)
		return false;
	n = mini_call4(SYS_pread64, w->statm, text, sizeof text - 1, 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return keeper_statm(text, rss, anonymous);
}

HIDDEN uint64_t
keeper_anonymous(const void *of)
{
	uint64_t rss, anonymous;

	keeper_resident(of, &rss, &anonymous);
	return anonymous;
}

HIDDEN uint64_t
keeper_faults(void)
{
	struct rusage r;

	if (mini_call2(SYS_getrusage, RUSAGE_SELF, &r) != 0)
		return 0;
	return (uint64_t)r.ru_minflt;
}

HIDDEN uint64_t
keeper_idle_for(struct keeper_work *w)
{
	uint64_t ran = w->others, passed = w->others_at;
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	w->others = (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec -
	    alloc_cpu();
	w->others_at = alloc_clock();
	ran = w->others - ran;
	passed = w->others_at - passed;
	if (ran >= passed / 200)
		w->idle_since = w->others_at;
	return w->others_at - w->idle_since;
}

/*
 * So long that the knob may hold a lock for longer than the budget: where that
 * is 0.1 s per GiB at least, for a large heap only what really rests.
 */
HIDDEN bool
keeper_is_idle(struct keeper_work *w, uint64_t anonymous)
{
	uint64_t idle = keeper_idle_for(w);

	return idle >= IDLE_LONG || (idle >= IDLE && anonymous <= IDLE_BYTES);
}

static struct keeper_view
view(const struct keeper_work *w)
{
	struct keeper_view v = { .base = w->base };

	keeper_resident(w, &v.rss, &v.anonymous);
	v.live = load(&tables.counters->live_bytes);
	if ((int64_t)v.live < 0)
		v.live = 0; /* for an instant: see stacks.c */
	v.percent = load(&tables.control->trim);
	v.limit = load(&tables.control->memory_limit);
	return v;
}

HIDDEN uint64_t
keeper_wanted(const void *of)
{
	struct keeper_view v = view(of);
	bool by_limit;

	return keeper_want(&v, &by_limit);
}

HIDDEN struct keeper_view
keeper_see(const struct keeper_work *w)
{
	struct ull_keeper *k = tables.keeper;
	struct keeper_view v = view(w);

	store(&k->seen_rss, v.rss);
	store(&k->seen_anonymous, v.anonymous);
	store(&k->seen_live, v.live);
	store(&k->base, v.base);
	store(&k->seen_time,
	    alloc_clock() - tables.header->start_monotonic);
	return v;
}

/*
 * True while the program is about to free much: a trim would find half of it,
 * and another would have to go through everything again. Not for long.
 */
HIDDEN bool
keeper_is_falling(struct keeper_work *w, uint64_t live)
{
	uint64_t before = w->live, now = alloc_clock();

	w->live = live;
	if (live + live / 64 + KEEPER_FLOOR / 4 >= before) {
		w->falling_since = 0;
		return false;
	}
	if (w->falling_since == 0)
		w->falling_since = now;
	return now - w->falling_since < FALLING_MOST;
}
