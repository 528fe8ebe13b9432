/* SPDX-License-Identifier: MIT */
/* One process for the tabs of the live view. */
#include "config.h"

#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/limits_view.h"
#include "cmd/top_source.h"
#include "cmd/trim.h"
#include "proc/status.h"
#include "profile/kind.h"
#include "profile/ops.h"
#include "profile/symbolize.h"
#include "target/glance.h"
#include "target/knob.h"
#include "target/presence.h"
#include "target/snapshot.h"
#include "tune/ledger_watched.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SMAPS_LIMIT (UINT64_C(1) << 30)
#define SMAPS_SMALL (UINT64_C(1) << 27) /* a millisecond or two */
#define SMAPS_NS INT64_C(10000000000)

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
	smaps_free(&s->maps);
	memset(&s->maps, 0, sizeof s->maps);
	s->has_maps = false;
	top_forget_looks(s);
	s->pid = 0;
}

struct symbolizer *
top_names(struct top_source *s)
{
	if (s->names == NULL)
		s->names = symbolizer_new(s->target->root, NULL, s->pid,
		    s->target->process.ns_pid);
	return s->names;
}

static bool
records(const struct target *t)
{
	struct glance g;
	struct err ignored;

	return target_glance(t, &g, &ignored) == 0 && g.armed;
}

/* The target that is asked for, kept from one look to the next; one without
 * an agent that records is looked at anew, since it may get one. */
static int
take(struct top_source *s, const struct source_request *r, struct err *e)
{
	char text[16];

	if (s->pid == r->pid && s->start == r->start && s->target != NULL &&
	    records(s->target))
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

/* Which of the view's kinds a part of the ledger is. */
static const enum part_kind kinds_of_parts[LEDGER_PARTS] = {
	[LEDGER_LIVE] = PART_LIVE,
	[LEDGER_RETAINED] = PART_RETAINED,
	[LEDGER_OVERHEAD] = PART_OVERHEAD,
	[LEDGER_HEAP] = PART_MAPPED,
	[LEDGER_DATA] = PART_MAPPED,
	[LEDGER_ANONYMOUS] = PART_MAPPED,
	[LEDGER_STACKS] = PART_STACKS,
	[LEDGER_SHARED] = PART_SHARED,
	[LEDGER_FILE] = PART_FILE,
	[LEDGER_AGENT] = PART_AGENT,
	[LEDGER_UNKNOWN] = PART_UNKNOWN,
};

static void
add_parts(const struct ledger *l, struct source_detail *d)
{
	d->rss = l->rss;
	d->swap = l->swap;
	for (int i = 0; i < LEDGER_PARTS && d->n_ledger < PARTS_MAX; i++) {
		struct source_part *p = &d->ledger[d->n_ledger];

		if (!l->known[i] || l->bytes[i] == 0)
			continue;
		d->n_ledger++;
		snprintf(p->name, sizeof p->name, "%s",
		    ledger_title((enum ledger_part)i));
		p->kind = kinds_of_parts[i];
		p->bytes = l->bytes[i];
		p->error = i == LEDGER_LIVE || i == LEDGER_RETAINED ? l->error :
								      0;
	}
}

static void
add_return(const struct ledger *l, const struct ledger_trim *trim,
    struct source_detail *d)
{
	char bytes[UNITS_MAX];
	const char *why;
	uint64_t estimate = ledger_return(l, trim, &why);

	if (estimate == UINT64_MAX)
		return;
	snprintf(d->ledger_note, sizeof d->ledger_note,
	    "a trim would return about %s: %s",
	    units_bytes(bytes, (int64_t)estimate), why);
}

static void
add_knob(const struct knob *k, struct source_detail *d)
{
	char percent[32], bytes[UNITS_MAX], took[UNITS_MAX];
	int n;

	n = snprintf(d->knob, sizeof d->knob, "trim knob %s",
	    trim_percent_text(percent, k->percent));
	if (k->n_receipts > 0) {
		const struct knob_receipt *r =
		    &k->receipts[k->n_receipts - 1];

		snprintf(d->knob + n, sizeof d->knob - (size_t)n,
		    "; the last trim (%s) returned %s in %s", r->cause,
		    r->before > r->after ? units_bytes(bytes,
			(int64_t)(r->before - r->after)) : "nothing",
		    units_duration(took, (int64_t)r->duration_ns));
	}
	d->receipts = trim_receipts(k);
}

/*
 * Looking at each mapping makes the target's own mmap calls wait, 13 ms for
 * a GiB: so not for large ones, and not at every look.
 */
static bool
wants_maps(struct top_source *s, const struct status *status)
{
	int64_t age = top_now() - s->mapped;

	if (status->rss > SMAPS_LIMIT ||
	    (s->has_maps && status->rss > SMAPS_SMALL && age < SMAPS_NS))
		return false;
	smaps_free(&s->maps);
	memset(&s->maps, 0, sizeof s->maps);
	s->has_maps = false;
	return true;
}

/* Its mappings, where they may be read and that is worth it; else the note says
 * what is missing. */
static void
look_at_maps(struct top_source *s, const struct source_request *r,
    const struct status *status, struct source_detail *d)
{
	struct err e;
	char size[UNITS_MAX];

	if (status->rss > SMAPS_LIMIT)
		snprintf(d->ledger_note, sizeof d->ledger_note,
		    "above %s mappings are not read by themselves, since the "
		    "process waits meanwhile; ullage memory %d reads them",
		    units_bytes(size, (int64_t)SMAPS_LIMIT), r->pid);
	if (!wants_maps(s, status))
		return;
	if (smaps_read(r->pid, &s->maps, &e) < 0) {
		if (e.status == ERR_DENIED)
			snprintf(d->ledger_note, sizeof d->ledger_note,
			    "its mappings may not be read, so most is "
			    "unknown; run ullage as its user or as root");
		return;
	}
	s->has_maps = true;
	s->mapped = top_now();
	s->n_stacks = stack_pointers_read(r->pid, s->stacks, TOP_STACKS_MAX);
	s->mapped_status = *status;
}

static int
add_ledger(struct top_source *s, const struct source_request *r,
    const struct snapshot *agent, struct source_detail *d, struct err *e)
{
	struct ledger_input in = { .metadata = UINT64_MAX };
	struct ledger_trim trim = { .allocator = "", .releasable = UINT64_MAX };
	struct err ignored;
	struct status status;
	struct ledger l;
	struct knob k;
	bool knob;

	if (status_read(r->pid, &status, e) < 0)
		return -1;
	look_at_maps(s, r, &status, d);
	/* Both of the same moment, or the parts would not add up. */
	in.status = s->has_maps ? &s->mapped_status : &status;
	in.maps = s->has_maps ? &s->maps : NULL;
	in.stack_pointers = s->stacks;
	in.n_stack_pointers = s->has_maps ? s->n_stacks : 0;
	knob = d->agent && knob_read(s->target, &k, &ignored) == 0;
	if (knob)
		ledger_take_knob(&k, &in, &trim);
	if (agent != NULL)
		ledger_watch(agent, &in);
	ledger_make(&in, &l);
	add_parts(&l, d);
	trim.anonymous = status.rss_anon;
	trim.live = (uint64_t)in.live;
	if (knob && in.watched)
		add_return(&l, &trim, d);
	else if (!d->agent && d->ledger_note[0] == '\0')
		snprintf(d->ledger_note, sizeof d->ledger_note,
		    "without an agent live and free heap cannot be told apart");
	if (knob)
		add_knob(&k, d);
	ledger_free(&l);
	ledger_unwatch(&in);
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
	p = kind->build(agent);
	profile_symbolize(p, top_names(s));
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

/* By the clock on the wall, which may have been set meanwhile: it is not there
 * for longer than its process. */
static void
add_agent_age(const struct snapshot *s, const struct source_request *r,
    struct source_detail *d)
{
	uint64_t age = (uint64_t)top_now() - r->start;
	struct timespec wall;
	uint64_t now;

	clock_gettime(CLOCK_REALTIME, &wall);
	now = (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_nsec;
	d->agent_since = now > s->start_ns ? now - s->start_ns : 0;
	if (d->agent_since > age)
		d->agent_since = age;
}

static void
add_losses(const struct snapshot *s, struct source_detail *d)
{
	struct source_loss *l = d->losses;

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
}

/* ---- all of it --------------------------------------------------------------------- */

static int
fill(struct top_source *s, const struct source_request *r,
    const struct snapshot *agent, struct source_detail *d, struct err *e)
{
	if ((r->parts & DETAIL_LIMITS) != 0 && add_limits(r, d, e) < 0)
		return -1;
	if ((r->parts & DETAIL_LEDGER) != 0 && add_ledger(s, r, agent, d, e) < 0)
		return -1;
	if (agent != NULL)
		add_agent_age(agent, r, d);
	if ((r->parts & DETAIL_PROFILE) != 0 && agent != NULL &&
	    add_profile(s, r, agent, d, e) < 0)
		return -1;
	if ((r->parts & DETAIL_LOSSES) != 0 && agent != NULL)
		add_losses(agent, d);
	if ((r->parts & DETAIL_THREADS) != 0)
		top_threads(s, r, d);
	if ((r->parts & DETAIL_FDS) != 0)
		top_fds(s, r, d);
	return 0;
}

/* Tens of megabytes of tables, for names that are known by now. After stacks
 * at once, since they are not looked at again by themselves. */
static void
rest(struct top_source *s, const struct source_detail *d)
{
	bool any;

	if (s->names == NULL)
		return;
	any = symbolizer_rest(s->names);
	if (d->text != NULL)
		any = symbolizer_rest(s->names) || any;
	if (any)
		malloc_trim(0);
}

struct source_detail *
top_source_detail(void *arg, const struct source_request *r)
{
	const unsigned of_agent = DETAIL_LEDGER | DETAIL_PROFILE |
	    DETAIL_LOSSES;
	struct top_source *s = arg;
	struct source_detail *d = xcalloc(1, sizeof *d);
	struct snapshot *agent = NULL;
	struct presence presence;
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
	/* On the tabs that need one; it reads maps. */
	if (!d->agent && (r->parts & of_agent) != 0 &&
	    (r->parts & DETAIL_LEDGER) == 0 &&
	    target_need_agent(s->target, &e) < 0 && (e.status == ERR_DENIED ||
		s->target->segment_path[0] != '\0'))
		snprintf(d->unseen, sizeof d->unseen, "%s", e.text);
	if (d->agent && presence_read(s->target, &presence, &e) == 0) {
		d->attached = presence.attached;
		d->quiet = presence.state != PRESENCE_ARMED;
	}
	if (d->agent && (r->parts & of_agent) != 0 &&
	    (agent = snapshot_take(s->target, &e)) == NULL)
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
	if (fill(s, r, agent, d, &e) < 0) {
		d->gone = e.status == ERR_GONE;
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
	}
	snapshot_free(agent);
	rest(s, d);
	return d;
}
