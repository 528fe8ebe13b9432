/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/knob.h"
#include "target/words.h"

#include <stdio.h>
#include <string.h>

_Static_assert(KNOB_RECEIPTS == ULL_RECEIPTS, "one for each");
_Static_assert(KNOB_ARENAS == ULL_ARENAS, "one for each");
_Static_assert(KNOB_PERCENT == ULL_TRIM_ONE, "the same unit");

static const char *const allocator_names[] = {
	[ULL_ALLOCATOR_UNKNOWN] = "unknown",
	[ULL_ALLOCATOR_GLIBC] = "glibc",
	[ULL_ALLOCATOR_TCMALLOC] = "tcmalloc",
	[ULL_ALLOCATOR_JEMALLOC] = "jemalloc",
	[ULL_ALLOCATOR_MIMALLOC] = "mimalloc",
};

static const char *const state_names[] = {
	[ULL_KEEPER_NONE] = "none",
	[ULL_KEEPER_STARTING] = "starting",
	[ULL_KEEPER_WATCHING] = "watching",
	[ULL_KEEPER_TRIMMING] = "trimming",
};

static const char *const reasons[] = {
#define X(name, text) text,
	ULL_REASONS(X)
#undef X
};

static const char *const causes[] = {
#define X(name, text) text,
	ULL_CAUSES(X)
#undef X
};

#define COUNT(array) (sizeof array / sizeof array[0])

/* ---- reading ------------------------------------------------------------------------ */

static int
check(const struct ull_header *h, const struct target *t, struct err *e)
{
	if (h->magic == ULL_MAGIC && h->abi_major == ULL_ABI_MAJOR &&
	    h->total_size >= ULL_TOTAL)
		return 0;
	return err_set(e, ERR_FAILED,
	    "%s is not a segment that this ullage can read; use the one that "
	    "the agent came with",
	    t->segment_path);
}

static void
copy_receipt(struct knob *k, const struct ull_receipt *r, uint64_t start)
{
	struct knob_receipt *o = &k->receipts[k->n_receipts++];

	*o = (struct knob_receipt){
		.seq = r->seq,
		.time_ns = start + r->time,
		.cause = causes[r->cause],
		.before = r->before,
		.after = r->after,
		.live = r->live,
		.duration_ns = r->duration,
		.work_ns = r->work,
		.longest_ns = r->longest,
		.faults = r->faults,
		.arenas = r->arenas,
		.chunks = r->chunks,
		.exhausted = r->flags & ULL_TRIM_EXHAUSTED,
		.grew = r->flags & ULL_TRIM_GREW,
		.locks = r->flags & ULL_TRIM_LOCKS,
		.overran = r->flags & ULL_TRIM_OVERRAN,
		.no_seed = r->flags & ULL_TRIM_NO_SEED,
		.stopped = r->flags & ULL_TRIM_STOPPED,
		.full = r->cause == ULL_CAUSE_FULL,
	};
}

/* Those whose number belongs into their slot, oldest first. */
static void
copy_receipts(struct knob *k, const struct ull_receipt *r, uint64_t written,
    uint64_t start)
{
	uint64_t from = written > ULL_RECEIPTS ? written - ULL_RECEIPTS + 1 : 1;

	for (uint64_t seq = from; seq <= written && seq - from < ULL_RECEIPTS;
	     seq++) {
		const struct ull_receipt *at = &r[seq % ULL_RECEIPTS];

		if (at->seq == seq && at->cause < COUNT(causes))
			copy_receipt(k, at, start);
	}
}

static void
copy_keeper(struct knob *k, const struct ull_keeper *u)
{
	const struct ull_statistics *s = &u->statistics;

	if (u->state < COUNT(state_names))
		k->keeper = state_names[u->state];
	k->has_keeper = u->state != ULL_KEEPER_NONE;
	if (u->reason > ULL_REASON_NONE && u->reason < COUNT(reasons))
		k->reason = reasons[u->reason];
	k->tid = u->tid;
	k->starts = u->starts;
	k->served_now = u->trim_now;
	k->served_full = u->trim_full;
	k->served_report = u->report;
	k->served_setting = u->setting;
	k->setting_old = u->setting_old;
	k->setting_ok = u->setting_ok == 1;
	k->seen_rss = u->seen_rss;
	k->seen_anonymous = u->seen_anonymous;
	k->seen_live = u->seen_live;
	k->base = u->base;
	k->pause_ns = u->pause;
	k->overruns = u->overruns;
	k->budget_ns = u->budget;
	k->written = u->receipts;
	snprintf(k->version, sizeof k->version, "%.*s",
	    (int)sizeof u->version - 1, u->version);
	k->statistics = (struct knob_statistics){ s->time != 0, s->cost,
		s->allocated, s->resident, s->releasable, s->cached,
		s->metadata, s->unmapped, s->free };
	for (size_t i = 0; i < u->n_arenas && i < ULL_ARENAS; i++)
		k->arenas[k->n_arenas++] = (struct knob_arena){
			u->arenas[i].id, u->arenas[i].allocated,
			u->arenas[i].dirty, u->arenas[i].threads
		};
}

int
knob_read(const struct target *t, struct knob *k, struct err *e)
{
	struct ull_receipt receipts[ULL_RECEIPTS];
	struct ull_control control;
	struct ull_counters counters;
	struct ull_keeper keeper;
	struct ull_header h;

	*k = (struct knob){ .keeper = "unknown" };
	if (target_need_agent(t, e) < 0 ||
	    words_read(t, &h, sizeof h, 0, e) < 0 || check(&h, t, e) < 0 ||
	    words_read(t, &control, sizeof control, ULL_CONTROL_OFF, e) < 0 ||
	    words_read(t, &counters, sizeof counters, ULL_COUNTERS_OFF, e) <
		0 ||
	    words_read(t, &keeper, sizeof keeper, ULL_KEEPER_OFF, e) < 0 ||
	    words_read(t, receipts, sizeof receipts, ULL_RECEIPTS_OFF, e) < 0)
		return -1;
	k->percent = control.trim;
	k->limit = control.memory_limit;
	k->pending = control.attention != 0;
	k->known_allocator = counters.allocator != ULL_ALLOCATOR_UNKNOWN &&
	    counters.allocator < COUNT(allocator_names);
	k->allocator = allocator_names[k->known_allocator ?
		counters.allocator :
		ULL_ALLOCATOR_UNKNOWN];
	copy_keeper(k, &keeper);
	copy_receipts(k, receipts, keeper.receipts, h.start_realtime);
	return 0;
}

uint64_t
knob_retained(const struct knob *k, uint64_t anonymous, uint64_t live)
{
	uint64_t other;

	if (__builtin_add_overflow(live, k->base, &other))
		return 0;
	return anonymous > other ? anonymous - other : 0;
}

/* ---- writing -------------------------------------------------------------------------- */

static int
may_command(const struct target *t, struct err *e)
{
	if (target_need_agent(t, e) < 0)
		return -1;
	if (!t->alive)
		return err_set(e, ERR_GONE,
		    "process %d has ended; nothing can be set there", t->pid);
	return 0;
}

/* Last of all: makes threads of the target look at the rest. */
static int
call_attention(const struct target *t, struct err *e)
{
	return words_write(t, WORDS_CONTROL(attention),
	    words_ticket(), e);
}

static int
exchange(const struct target *t, off_t at, uint64_t value,
    uint64_t *previous, bool *overtaken, struct err *e)
{
	uint64_t now;

	if (may_command(t, e) < 0 ||
	    words_read(t, previous, sizeof *previous, at, e) < 0 ||
	    words_write(t, at, value, e) < 0 || call_attention(t, e) < 0 ||
	    words_read(t, &now, sizeof now, at, e) < 0)
		return -1;
	*overtaken = now != value;
	return 0;
}

int
knob_set_percent(const struct target *t, uint64_t percent, uint64_t *previous,
    bool *overtaken, struct err *e)
{
	return exchange(t, WORDS_CONTROL(trim), percent,
	    previous, overtaken, e);
}

int
knob_set_limit(const struct target *t, uint64_t limit, uint64_t *previous,
    bool *overtaken, struct err *e)
{
	return exchange(t, WORDS_CONTROL(memory_limit), limit,
	    previous, overtaken, e);
}

int
knob_set_base(const struct target *t, uint64_t base, struct err *e)
{
	if (may_command(t, e) < 0)
		return -1;
	return words_write(t, WORDS_CONTROL(base), base, e);
}

static const off_t order_words[] = {
	[KNOB_NOW] = WORDS_CONTROL(trim_now),
	[KNOB_FULL] = WORDS_CONTROL(trim_full),
	[KNOB_REPORT] = WORDS_CONTROL(report),
};

int
knob_order(const struct target *t, enum knob_order order, uint64_t *ticket,
    struct err *e)
{
	*ticket = words_ticket();
	if (may_command(t, e) < 0 ||
	    words_write(t, order_words[order], *ticket, e) < 0)
		return -1;
	return call_attention(t, e);
}

bool
knob_served(const struct knob *k, enum knob_order order, uint64_t ticket)
{
	return (order == KNOB_NOW   ? k->served_now :
		   order == KNOB_FULL ? k->served_full :
					k->served_report) == ticket;
}

/* ---- settings ---------------------------------------------------------------------------- */

static const struct knob_setting settings[] = {
#define X(id, name, allocator, risk)                                           \
	{ name, NULL, risk },
	ULL_SETTINGS(X)
#undef X
};

static const uint64_t setting_owners[] = {
#define X(id, name, allocator, risk) ULL_ALLOCATOR_##allocator,
	ULL_SETTINGS(X)
#undef X
};

const struct knob_setting *
knob_setting_at(size_t i)
{
	static struct knob_setting named[COUNT(settings)];

	if (i >= COUNT(settings))
		return NULL;
	named[i] = settings[i];
	named[i].allocator = allocator_names[setting_owners[i]];
	return &named[i];
}

int
knob_set(const struct target *t, size_t setting, int64_t value,
    uint64_t *ticket, struct err *e)
{
	*ticket = ull_setting_word((unsigned)setting,
	    (unsigned)(words_ticket() >> 10), value);
	if (may_command(t, e) < 0 ||
	    words_write(t, WORDS_CONTROL(setting), *ticket, e) <
		0)
		return -1;
	return call_attention(t, e);
}
