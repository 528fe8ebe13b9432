/* SPDX-License-Identifier: MIT */
/* One process for the tabs of the live view. */
#include "config.h"

#include "base/xalloc.h"
#include "cmd/limits_view.h"
#include "cmd/top_source.h"
#include "proc/status.h"
#include "profile/kind.h"
#include "profile/ops.h"
#include "profile/symbolize.h"
#include "target/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the process ------------------------------------------------------------- */

static void
let_go(struct top_source *s)
{
	symbolizer_free(s->names);
	s->names = NULL;
	target_free(s->target);
	s->target = NULL;
	tasks_free(&s->before);
	memset(&s->before, 0, sizeof s->before);
	s->pid = 0;
}

/* The target that is asked for, kept from one look to the next; one without
 * an agent is looked at anew, since it may get one. */
static int
take(struct top_source *s, const struct source_request *r, struct err *e)
{
	char text[16];

	if (s->pid == r->pid && s->start == r->start && s->target != NULL &&
	    s->target->segment >= 0)
		return target_is_same(s->target) ? 0 :
		    err_set(e, ERR_GONE, "process %d has ended", r->pid);
	if (s->pid != r->pid || s->start != r->start)
		let_go(s);
	target_free(s->target);
	snprintf(text, sizeof text, "%d", r->pid);
	if ((s->target = target_find(text, e)) == NULL)
		return -1;
	if (!s->target->alive ||
	    s->target->process.start_ticks != top_ns_to_ticks(r->start))
		return err_set(e, ERR_GONE, "process %d has ended", r->pid);
	s->pid = r->pid;
	s->start = r->start;
	return 0;
}

/* ---- limits -------------------------------------------------------------------- */

/* Those that one looks for first come first. */
static const enum limit_id limit_order[] = { LIMIT_nofile, LIMIT_nproc,
	LIMIT_as, LIMIT_data, LIMIT_stack, LIMIT_memlock, LIMIT_sigpending,
	LIMIT_msgqueue, LIMIT_core, LIMIT_fsize, LIMIT_cpu, LIMIT_rss,
	LIMIT_nice, LIMIT_rtprio, LIMIT_rttime, LIMIT_locks };

static uint64_t
limit_value(const struct limit *l, uint64_t v)
{
	return !l->known ? NOT_KNOWN : v == LIMIT_INFINITY ? NO_LIMIT : v;
}

static void
add_limit(const struct limits_view *v, enum limit_id id,
    struct source_limit *out)
{
	const struct resource *r = &resources[id];
	const struct limit *l = &v->limits.of[id];
	struct buf above = BUF_INIT;

	snprintf(out->name, sizeof out->name, "%s", r->name);
	snprintf(out->help, sizeof out->help, "%s", r->help);
	out->bytes = r->unit == LIMIT_BYTES;
	if (r->unit == LIMIT_SECONDS)
		snprintf(out->unit, sizeof out->unit, "s");
	else if (r->unit == LIMIT_MICROS)
		snprintf(out->unit, sizeof out->unit, "us");
	out->used = v->usage.known[id] ? v->usage.used[id] : NOT_KNOWN;
	if (r->use != LIMIT_STOCK)
		out->used = NOT_KNOWN;
	out->soft = limit_value(l, l->soft);
	out->hard = limit_value(l, l->hard);
	out->binds = usage_binds(id, &v->status);
	limits_view_above(v, id, &above);
	snprintf(out->above, sizeof out->above, "%s", buf_text(&above));
	buf_free(&above);
}

static int
add_limits(const struct source_request *r, struct source_detail *d,
    struct err *e)
{
	struct limits_view v = { .pid = r->pid };
	int rc = limits_view_read(&v, e);

	for (size_t i = 0; rc == 0 &&
	     i < sizeof limit_order / sizeof limit_order[0]; i++)
		add_limit(&v, limit_order[i], &d->limits[d->n_limits++]);
	limits_view_free(&v);
	return rc;
}

/* ---- memory -------------------------------------------------------------------- */

static void
add_part(struct source_detail *d, const char *name, enum ledger_kind kind,
    uint64_t bytes, uint64_t error)
{
	struct source_part *p = &d->ledger[d->n_ledger];

	if (bytes == 0 || d->n_ledger == LEDGER_MAX)
		return;
	d->n_ledger++;
	snprintf(p->name, sizeof p->name, "%s", name);
	p->kind = kind;
	p->bytes = bytes;
	p->error = error;
}

/*
 * What status alone tells; the parts add up to RSS. Private memory beside the
 * live heap is the allocator's, stacks and data together.
 */
static int
add_ledger(const struct source_request *r, const struct snapshot *agent,
    struct source_detail *d, struct err *e)
{
	struct status s;
	double live = 0, error = 0;
	uint64_t held;

	if (status_read(r->pid, &s, e) < 0)
		return -1;
	d->rss = s.rss_anon + s.rss_file + s.rss_shmem;
	d->swap = s.swap;
	if (agent != NULL && !agent->shadowed)
		snapshot_live_total(agent, &live, &error);
	held = live < (double)s.rss_anon ? (uint64_t)live : s.rss_anon;
	add_part(d, "live heap", LEDGER_LIVE, held, (uint64_t)error);
	add_part(d, agent != NULL ? "other private" : "private",
	    LEDGER_UNKNOWN, s.rss_anon - held, 0);
	add_part(d, "files", LEDGER_FILE, s.rss_file, 0);
	add_part(d, "shared", LEDGER_SHARED, s.rss_shmem, 0);
	snprintf(d->ledger_note, sizeof d->ledger_note, "%s",
	    agent != NULL ? "other private: what the allocator keeps and its "
			    "overhead, stacks, data of libraries" :
			    "private: heap, stacks and data; an agent tells "
			    "them apart");
	return 0;
}

/* ---- the agent --------------------------------------------------------------------- */

static int
add_profile(struct top_source *s, const struct source_request *r,
    const struct snapshot *agent, struct source_detail *d, struct err *e)
{
	const struct kind *kind = kind_find(r->kind);
	struct profile *p, *change;

	if (kind == NULL)
		return err_set(e, ERR_FAILED, "there is no profile \"%s\"",
		    r->kind);
	if (s->names == NULL)
		s->names = symbolizer_new(s->target->root, NULL, r->pid,
		    s->target->process.ns_pid);
	p = kind->build(agent);
	profile_symbolize(p, s->names);
	d->profile = p;
	if (r->base == NULL)
		return 0;
	change = profile_diff(p, r->base, e);
	if (change == NULL)
		return -1;
	d->profile = change;
	d->whole = p;
	return 0;
}

static void
add_losses(const struct snapshot *s, struct source_detail *d)
{
	struct source_loss *l = d->losses;
	struct timespec now;

	for (size_t i = 0; i < sizeof s->fill / sizeof s->fill[0]; i++) {
		if (s->fill[i].name == NULL || d->n_losses == LOSSES_MAX)
			continue;
		snprintf(l->text, sizeof l->text, "%s", s->fill[i].name);
		l->count = s->fill[i].used;
		l->of = s->fill[i].cap;
		l++, d->n_losses++;
	}
	for (size_t i = 0; i < s->n_losses && d->n_losses < LOSSES_MAX; i++) {
		snprintf(l->text, sizeof l->text, "%s", s->losses[i].text);
		l->count = s->losses[i].count;
		l++, d->n_losses++;
	}
	d->interval = s->interval;
	d->interval_asked = s->interval_asked;
	d->samples = s->samples;
	d->frees = s->frees;
	d->segment = s->file_bytes;
	clock_gettime(CLOCK_REALTIME, &now);
	d->agent_since = (uint64_t)now.tv_sec * 1000000000u +
	    (uint64_t)now.tv_nsec;
	d->agent_since -= d->agent_since > s->start_ns ? s->start_ns :
							 d->agent_since;
}

/* ---- all of it --------------------------------------------------------------------- */

static int
fill(struct top_source *s, const struct source_request *r,
    const struct snapshot *agent, struct source_detail *d, struct err *e)
{
	if ((r->parts & DETAIL_LIMITS) != 0 && add_limits(r, d, e) < 0)
		return -1;
	if ((r->parts & DETAIL_LEDGER) != 0 && add_ledger(r, agent, d, e) < 0)
		return -1;
	if ((r->parts & DETAIL_PROFILE) != 0 && agent != NULL &&
	    add_profile(s, r, agent, d, e) < 0)
		return -1;
	if ((r->parts & DETAIL_LOSSES) != 0 && agent != NULL)
		add_losses(agent, d);
	if ((r->parts & DETAIL_THREADS) != 0)
		top_threads(s, r, d);
	if ((r->parts & DETAIL_FDS) != 0)
		top_fds(r, d);
	return 0;
}

struct source_detail *
top_source_detail(void *arg, const struct source_request *r)
{
	const unsigned of_agent = DETAIL_LEDGER | DETAIL_PROFILE |
	    DETAIL_LOSSES;
	struct top_source *s = arg;
	struct source_detail *d = xcalloc(1, sizeof *d);
	struct snapshot *agent = NULL;
	struct err e = { ERR_FAILED, "" };

	d->parts = r->parts;
	d->pid = r->pid;
	d->start = r->start;
	d->time = top_now();
	if (take(s, r, &e) < 0) {
		d->gone = e.status == ERR_GONE;
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
		return d;
	}
	d->agent = s->target->segment >= 0;
	if (d->agent && (r->parts & of_agent) != 0 &&
	    (agent = snapshot_take(s->target, &e)) == NULL)
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
	if (fill(s, r, agent, d, &e) < 0) {
		d->gone = e.status == ERR_GONE;
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
	}
	snapshot_free(agent);
	return d;
}
