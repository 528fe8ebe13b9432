/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/keeper_work.h"
#include "agent/keeper.h"
#include "agent/mini.h"

#include <fcntl.h>
#include <time.h>

#define TURN UINT64_C(100000000)
#define SECOND UINT64_C(1000000000)
#define BUDGET UINT64_C(10000000)

static uint64_t
since_start(void)
{
	return alloc_clock() - tables.header->start_monotonic;
}

static void
doze(uint64_t ns)
{
	struct timespec t = { 0, (long)ns };

	mini_call2(SYS_nanosleep, &t, NULL);
}

/* ---- what is wanted --------------------------------------------------------------- */

HIDDEN bool
keeper_work_ordered(void)
{
	const struct ull_control *c = tables.control;
	const struct ull_keeper *k = tables.keeper;

	return load(&c->trim_now) != load(&k->trim_now) ||
	    load(&c->trim_full) != load(&k->trim_full) ||
	    load(&c->report) != load(&k->report) ||
	    load(&c->setting) != load(&k->setting);
}

static bool
knob_on(void)
{
	return load(&tables.control->trim) != ULL_TRIM_OFF ||
	    load(&tables.control->memory_limit) != 0;
}

HIDDEN bool
keeper_work_wanted(void)
{
	return !agent_sandboxed && agent_writes() &&
	    (keeper_work_ordered() || knob_on());
}

/* ---- coming and going ---------------------------------------------------------- */

HIDDEN bool
keeper_work_begin(struct keeper_work *w, const struct alloc *a)
{
	*w = (struct keeper_work){ .alloc = a, .statm = -1 };
	keeper_pace_begin(&w->pace, alloc_clock());
	w->base = load(&tables.keeper->base); /* of the keeper before */
	keeper_idle_for(w);
	w->idle_since = w->others_at;
	w->first = load(&tables.keeper->receipts);
	store(&tables.keeper->budget, BUDGET);
	if (!mini_own_files()) {
		store(&tables.keeper->reason, ULL_REASON_FILES);
		return false;
	}
	w->statm = (int)mini_call4(SYS_openat, AT_FDCWD, "/proc/self/statm",
	    O_RDONLY | O_CLOEXEC, 0);
	if (w->statm < 0)
		store(&tables.keeper->reason, ULL_REASON_PROC);
	return true;
}

HIDDEN void
keeper_work_end(struct keeper_work *w)
{
	if (w->statm >= 0)
		mini_call1(SYS_close, w->statm);
}

/* ---- trims and their receipts ------------------------------------------------------ */

static void
write_receipt(struct keeper_work *w, const struct ull_receipt *r)
{
	uint64_t seq = load(&tables.keeper->receipts) + 1;
	struct ull_receipt *to = &tables.receipts[seq % ULL_RECEIPTS];

	/* A reader that meets it half written finds no number. */
	__atomic_exchange_n(&to->seq, 0, __ATOMIC_ACQ_REL);
	*to = *r;
	release(&to->seq, seq);
	release(&tables.keeper->receipts, seq);
	w->faults = keeper_faults();
	w->faults_since = alloc_clock();
	w->faults_seq = seq;
	w->lingers = r->cause == ULL_CAUSE_NOW || r->cause == ULL_CAUSE_FULL;
}

/* A second after a trim: what it cost the target in page faults. */
static void
count_faults(struct keeper_work *w)
{
	struct ull_receipt *r = &tables.receipts[w->faults_seq % ULL_RECEIPTS];

	if (w->faults_since == 0 || alloc_clock() - w->faults_since < SECOND)
		return;
	store(&r->faults, keeper_faults() - w->faults);
	w->faults_since = 0;
}

static void
trim(struct keeper_work *w, uint64_t want, enum ull_cause cause, bool idle,
    struct ull_receipt *r)
{
	struct alloc_pass p = { .want = want, .budget = BUDGET,
		.full = cause == ULL_CAUSE_FULL,
		.knob = cause == ULL_CAUSE_KNOB || cause == ULL_CAUSE_LIMIT,
		.idle = idle, .anonymous = keeper_anonymous, .of = w };
	uint64_t began = alloc_clock(), cpu = alloc_cpu(), anonymous;

	p.wanted = p.knob ? keeper_wanted : NULL;
	*r = (struct ull_receipt){ .cause = cause, .wanted = want,
		.faults = UINT64_MAX };
	keeper_resident(w, &r->before, &anonymous);
	keeper_state(ULL_KEEPER_TRIMMING);
	if (w->alloc != NULL)
		w->alloc->shrink(&p);
	else
		store(&tables.keeper->reason, ULL_REASON_ALLOCATOR);
	keeper_state(ULL_KEEPER_WATCHING);
	keeper_resident(w, &r->after, &anonymous);
	r->time = since_start();
	r->duration = alloc_clock() - began;
	r->live = load(&tables.counters->live_bytes);
	r->work = alloc_cpu() - cpu;
	r->longest = p.longest;
	r->flags = p.flags;
	r->arenas = p.arenas;
	r->chunks = p.chunks;
	write_receipt(w, r);
}

/* ---- a turn ------------------------------------------------------------------------- */

/* What was asked for and is not there is the base. */
static void
learn(struct keeper_work *w, const struct ull_receipt *r, bool idle)
{
	struct keeper_view v = keeper_see(w);

	w->base = keeper_base(&v, r->flags & ULL_TRIM_EXHAUSTED);
	if (idle && (r->flags & ULL_TRIM_EXHAUSTED))
		w->idle_base = w->base;
	store(&tables.keeper->base, w->base);
}

static void
settle(struct keeper_work *w, const struct ull_receipt *r, bool idle)
{
	bool overran = r->flags & ULL_TRIM_OVERRAN;

	learn(w, r, idle);
	w->next = keeper_pace_next(&w->pace, alloc_clock(), r->work, overran);
	store(&tables.keeper->pause, w->pace.pause);
	store(&tables.keeper->overruns, w->pace.overruns);
	store(&tables.keeper->in_row, w->pace.in_row);
	if (keeper_pace_on(&w->pace))
		return;
	store(&tables.keeper->reason, ULL_REASON_OVERRUN);
	store(&tables.control->trim, ULL_TRIM_OFF);
	store(&tables.control->memory_limit, 0);
}

/*
 * The base is that of the arenas that have been within reach: with a new one it
 * is what malloc_trim left, or nothing. Returns how many are within reach.
 */
static size_t
reach_out(struct keeper_work *w)
{
	static size_t before; /* of other keepers, too */
	size_t ever = 1, now = 1;

	if (w->alloc != NULL && w->alloc->reach != NULL)
		now = w->alloc->reach(&ever);
	if (ever > before)
		w->base = w->idle_base;
	before = ever;
	return now;
}

/* From outside, what was allocated before we came can be counted. */
static void
take_base(struct keeper_work *w)
{
	uint64_t base = load(&tables.control->base);

	if (base == 0)
		return;
	w->base = w->idle_base = base;
	store(&tables.control->base, 0);
}

static void
mind_knob(struct keeper_work *w)
{
	struct keeper_view v;
	struct ull_receipt r;
	bool by_limit, idle, falling;
	uint64_t want;
	size_t reach;

	if (!knob_on())
		return;
	if (load(&tables.control->interval) == 0) {
		store(&tables.keeper->reason, ULL_REASON_SAMPLER);
		return;
	}
	if (load(&tables.keeper->reason) == ULL_REASON_SAMPLER)
		store(&tables.keeper->reason, ULL_REASON_NONE);
	if (w->statm < 0)
		return;
	reach = reach_out(w);
	take_base(w);
	v = keeper_see(w);
	v.base = w->base = keeper_base(&v, false);
	w->idle_base = w->idle_base < w->base ? w->idle_base : w->base;
	idle = keeper_is_idle(w, v.anonymous);
	falling = keeper_is_falling(w, v.live);
	if (idle)
		v.base = w->idle_base;
	if (alloc_clock() < w->next || (reach == 0 && !idle) ||
	    (want = keeper_want(&v, &by_limit)) == 0 ||
	    (falling && !by_limit))
		return;
	trim(w, want, by_limit ? ULL_CAUSE_LIMIT : ULL_CAUSE_KNOB, idle, &r);
	settle(w, &r, idle);
}

/* The tickets are read before the work, so that one that comes meanwhile
 * stands. */
static void
serve_trims(struct keeper_work *w)
{
	uint64_t now = load(&tables.control->trim_now);
	uint64_t full = load(&tables.control->trim_full);
	struct ull_receipt r;
	bool idle;

	if (now != load(&tables.keeper->trim_now)) {
		/* Threads that sample meanwhile hand their arenas over. */
		keeper_idle_for(w);
		doze(2 * TURN);
		idle = keeper_idle_for(w) > TURN;
		trim(w, UINT64_MAX, ULL_CAUSE_NOW, idle, &r);
		learn(w, &r, idle);
		store(&tables.keeper->trim_now, now);
	}
	if (full != load(&tables.keeper->trim_full)) {
		trim(w, UINT64_MAX, ULL_CAUSE_FULL, false, &r);
		store(&tables.keeper->trim_full, full);
	}
}

static void
serve_report(struct keeper_work *w)
{
	uint64_t asked = load(&tables.control->report), began, n = 0;
	struct ull_keeper *k = tables.keeper;
	struct ull_statistics s;

	if (asked == load(&k->report))
		return;
	for (size_t i = 0; i < sizeof s / 8; i++)
		((uint64_t *)&s)[i] = UINT64_MAX;
	began = alloc_clock();
	if (w->alloc != NULL) {
		w->alloc->statistics(&s, k->arenas, &n);
		w->alloc->version(k->version, sizeof k->version);
	}
	s.cost = alloc_clock() - began;
	s.time = since_start();
	k->statistics = s;
	store(&k->n_arenas, n);
	release(&k->report, asked);
}

static void
serve_setting(struct keeper_work *w)
{
	uint64_t word = load(&tables.control->setting);
	struct ull_keeper *k = tables.keeper;
	int64_t old = INT64_MIN;
	bool done;

	if (word == load(&k->setting))
		return;
	done = w->alloc != NULL && (word >> 56) != 0 &&
	    w->alloc->set((unsigned)(word >> 56) - 1, ull_setting_value(word),
		&old);
	store(&k->setting_old, old);
	store(&k->setting_ok, done);
	release(&k->setting, word);
}

HIDDEN void
keeper_work_turn(struct keeper_work *w)
{
	serve_setting(w);
	serve_report(w);
	serve_trims(w);
	mind_knob(w);
	count_faults(w);
	if (keeper_work_wanted())
		doze(TURN);
	else if (w->faults_since != 0 && w->lingers) {
		/* Nobody switched a knob off: the receipt is worth a second of
		 * being there. */
		for (int i = 0; i < 10 && !keeper_work_wanted() &&
		     !agent_sandboxed;
		     i++)
			doze(TURN + TURN / 50);
		count_faults(w);
	}
}
