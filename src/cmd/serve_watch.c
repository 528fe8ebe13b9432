/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_watch.h"
#include "base/xalloc.h"
#include "cmd/serve_targets.h"
#include "proc/smaps.h"
#include "proc/stat.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "target/glance.h"
#include "target/knob.h"
#include "target/snapshot.h"
#include "tune/ledger_watched.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TREND_WINDOW 600000000000 /* ns of history */

/* Above this the mappings are not looked at unasked: it takes 13 ms per GiB,
 * for which the target's own mmap calls wait. */
#define SMAPS_LIMIT (UINT64_C(1) << 30)
#define STACKS_MAX 4096

/* The memory is accounted for this often, and never for more than half a
 * percent of the time. */
#define MEMORY_EVERY UINT64_C(10000000000) /* ns */
#define MEMORY_SHARE 200

void
watch_free(struct watch *w)
{
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		trend_free(&w->trends[i]);
	free(w->history);
}

/* ---- memory ------------------------------------------------------------------ */

static void
add_agent(const struct target *t, struct ledger_input *in,
    struct ledger_trim *trim)
{
	struct knob *k = xcalloc(1, sizeof *k);
	struct snapshot *s = NULL;
	struct err ignored;

	if (t->segment >= 0 && knob_read(t, k, &ignored) == 0) {
		ledger_take_knob(k, in, trim);
		s = snapshot_take(t, &ignored);
	}
	if (s != NULL)
		ledger_watch(s, in);
	snapshot_free(s);
	free(k);
}

static void
keep(const struct ledger *l, const struct ledger_input *in,
    const struct ledger_trim *trim, struct watch_memory *m)
{
	const char *why;

	m->rss = l->rss;
	memcpy(m->bytes, l->bytes, sizeof m->bytes);
	memcpy(m->known, l->known, sizeof m->known);
	m->live_error = l->error;
	m->watched = in->watched;
	m->returned = in->watched ? ledger_return(l, trim, &why) : UINT64_MAX;
	m->time = serve_now();
}

static void
account(const struct target *t, const struct status *status, bool maps,
    struct watch_memory *m)
{
	struct ledger_input in = { .status = status, .metadata = UINT64_MAX };
	struct ledger_trim trim = { .allocator = "", .releasable = UINT64_MAX };
	uint64_t *stacks = NULL;
	struct smaps smaps;
	struct err ignored;
	struct ledger l;

	if ((maps || status->rss <= SMAPS_LIMIT) &&
	    smaps_read(t->pid, &smaps, &ignored) == 0) {
		in.maps = &smaps;
		stacks = xcalloc(STACKS_MAX, sizeof *stacks);
		in.stack_pointers = stacks;
		in.n_stack_pointers = stack_pointers_read(t->pid, stacks,
		    STACKS_MAX);
	}
	add_agent(t, &in, &trim);
	ledger_make(&in, &l);
	trim.anonymous = status->rss_anon;
	trim.live = (uint64_t)in.live;
	keep(&l, &in, &trim, m);
	ledger_free(&l);
	if (in.maps != NULL)
		smaps_free(&smaps);
	free(stacks);
	ledger_unwatch(&in);
}

static void
look_at_memory(struct watched *w, const struct handle *h,
    const struct status *status, bool maps)
{
	uint64_t start = serve_now(), rest;
	struct watch_memory m;

	if (start < w->watch.memory_next || !status->has_memory)
		return;
	account(h->t, status, maps, &m);
	rest = (m.time - start) * MEMORY_SHARE;
	pthread_mutex_lock(&w->lock);
	w->watch.memory = m;
	w->watch.memory_next = m.time +
	    (rest > MEMORY_EVERY ? rest : MEMORY_EVERY);
	pthread_mutex_unlock(&w->lock);
}

/* ---- trims ------------------------------------------------------------------- */

/* Receipts that fell out of the ring between two looks are missing here; their
 * number is the agent's own count. */
static void
look_at_trims(struct watched *w, const struct handle *h)
{
	struct watch_trims *sum = &w->watch.trims;
	struct knob *k = xcalloc(1, sizeof *k);
	struct err ignored;

	if (h->t->segment >= 0 && knob_read(h->t, k, &ignored) == 0) {
		pthread_mutex_lock(&w->lock);
		/* Another agent counts from the start. */
		if (k->written < sum->seen)
			sum->seen = 0;
		for (size_t i = 0; i < k->n_receipts; i++) {
			const struct knob_receipt *r = &k->receipts[i];

			if (r->seq <= sum->seen)
				continue;
			sum->longest = r->longest_ns;
			if (!sum->begun)
				continue;
			sum->work += r->work_ns;
			if (r->before > r->after)
				sum->returned += r->before - r->after;
		}
		sum->seen = k->written;
		sum->begun = true;
		pthread_mutex_unlock(&w->lock);
	}
	free(k);
}

/* ---- history ----------------------------------------------------------------- */

static double
cpu_share(struct watch *w, uint64_t cpu)
{
	uint64_t now = serve_now();
	double share = NAN;

	if (w->cpu_time != 0 && now > w->cpu_time && cpu >= w->cpu)
		share = (double)(cpu - w->cpu) / (double)(now - w->cpu_time);
	w->cpu = cpu;
	w->cpu_time = now;
	return share;
}

/* Caller holds the lock. */
static void
add_sample(struct watch *w, const struct watch_sample *sample)
{
	if (w->history == NULL) {
		w->history = xcalloc(WATCH_HISTORY, sizeof *w->history);
		w->every = 1;
	}
	if (w->n_history != 0 && ++w->skipped < w->every)
		return;
	w->skipped = 0;
	if (w->n_history == WATCH_HISTORY) {
		for (size_t i = 0; i < WATCH_HISTORY / 2; i++)
			w->history[i] = w->history[2 * i];
		w->n_history = WATCH_HISTORY / 2;
		w->every *= 2;
	}
	w->history[w->n_history++] = *sample;
}

static void
fill_sample(const struct watched *w, const struct handle *h,
    const struct status *status, const struct usage *u,
    struct watch_sample *out)
{
	const struct watch_memory *m = &w->watch.memory;
	struct timespec now;
	struct limits limits;
	struct glance g;
	struct err ignored;

	clock_gettime(CLOCK_REALTIME, &now);
	out->time = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	for (int i = 0; i < WATCH_LINES; i++)
		out->of[i] = NAN;
	out->of[WATCH_THREADS] = status->threads;
	if (status->has_memory)
		out->of[WATCH_RSS] = (double)status->rss;
	if (h->t->segment >= 0 && target_glance(h->t, &g, &ignored) == 0 &&
	    !g.shadowed && g.interval != 0)
		out->of[WATCH_LIVE] = (double)g.live_bytes;
	if (m->time != 0 && m->known[LEDGER_RETAINED])
		out->of[WATCH_RETAINED] = (double)m->bytes[LEDGER_RETAINED];
	if (u->known[LIMIT_nofile])
		out->of[WATCH_FDS] = (double)u->used[LIMIT_nofile];
	if (limits_read(w->pid, &limits, &ignored) == 0 &&
	    limits.of[LIMIT_nofile].known &&
	    limits.of[LIMIT_nofile].soft != LIMIT_INFINITY)
		out->of[WATCH_FDS_SOFT] =
		    (double)limits.of[LIMIT_nofile].soft;
}

static void
add_trends(struct watch *w, const struct usage *u)
{
	int64_t now = (int64_t)serve_now();

	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		if (!u->known[i] || resources[i].use != LIMIT_STOCK)
			continue;
		trend_add(&w->trends[i], now, (double)u->used[i]);
		trend_trim(&w->trends[i], TREND_WINDOW);
	}
}

void
watch_look(struct watched *w, bool maps)
{
	struct watch_sample sample;
	struct proc_stat stat;
	struct status status;
	struct handle *h;
	struct usage u = { .maps = 0 };
	struct err ignored;
	int64_t fds;

	if ((h = watched_open(w, &ignored)) == NULL)
		return;
	if (proc_stat_read(w->pid, &stat, &ignored) == 0 &&
	    status_read(w->pid, &status, &ignored) == 0) {
		usage_from_status(&u, &status);
		usage_from_stat(&u, &stat);
		if ((fds = usage_descriptors(w->pid)) >= 0) {
			u.used[LIMIT_nofile] = (uint64_t)fds;
			u.known[LIMIT_nofile] = true;
		}
		look_at_memory(w, h, &status, maps);
		look_at_trims(w, h);
		fill_sample(w, h, &status, &u, &sample);
		pthread_mutex_lock(&w->lock);
		sample.of[WATCH_CPU] = cpu_share(&w->watch,
		    stat.user_time + stat.system_time);
		add_trends(&w->watch, &u);
		add_sample(&w->watch, &sample);
		pthread_mutex_unlock(&w->lock);
	}
	watched_close(w, h);
}
