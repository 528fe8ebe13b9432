/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/memory_census.h"
#include "tune/ledger_watched.h"
#include "base/units.h"
#include "census/census.h"
#include "cmd/table_out.h"
#include "proc/status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* More is not walked unasked: it takes half a second of CPU time per GiB. */
#define AFFORDABLE (UINT64_C(256) << 20)
#define SECONDS 30

/* An agent that is loaded with its program is there by then. */
#define LATE_NS UINT64_C(2000000000)

/* Before the caller's bytes: one word, in mappings of their own two. */
#define HEADER 8
#define MAPPED_HEADER 16

/* Whether memory was allocated before the agent could see it, in a parent, too:
 * what a child inherits its own agent does not know. */
static bool
is_late(const struct target *t, const struct snapshot *s)
{
	struct timespec now, up;
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), boot, start;

	if (s->attached || s->parent != 0)
		return true;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	boot = (uint64_t)(now.tv_sec - up.tv_sec) * 1000000000u +
	    (uint64_t)now.tv_nsec - (uint64_t)up.tv_nsec;
	start = boot + t->process.start_ticks * (UINT64_C(1000000000) / hz);
	return s->start_ns > start + LATE_NS;
}

/* Unasked: or m->why_not. */
static bool
is_cheap(uint64_t anonymous, struct memory_census *m)
{
	char text[UNITS_MAX], limit[UNITS_MAX];

	if (anonymous <= AFFORDABLE)
		return true;
	snprintf(m->why_not, sizeof m->why_not,
	    "of more than %s a census is taken when asked for (--census); of "
	    "%s it takes about %.1f s of CPU time",
	    units_bytes(limit, (int64_t)AFFORDABLE),
	    units_bytes(text, (int64_t)anonymous),
	    (double)anonymous / (1u << 30) * 0.5);
	return false;
}

static bool
is_wanted(const struct options *o, const struct target *t,
    const struct snapshot *s, uint64_t anonymous, struct memory_census *m)
{
	if (option_given(o, "census"))
		return true;
	if (option_given(o, "cheap") || (s != NULL && !is_late(t, s)))
		return false;
	return is_cheap(anonymous, m);
}

static void
fill(struct memory_census *m, const struct census *c)
{
	const struct census_counts *mapped = &c->arenas[c->n_arenas - 1].counts;
	struct census_counts n;

	census_total(c, &n);
	m->taken = true;
	m->chunks = n.count[CHUNK_IN_USE];
	m->headers = m->chunks * HEADER +
	    mapped->count[CHUNK_IN_USE] * (MAPPED_HEADER - HEADER);
	m->live = n.bytes[CHUNK_IN_USE] - m->headers;
	/* A header is in memory, or it could not have been read. */
	m->in_memory = n.in_memory > m->headers ? n.in_memory - m->headers : 0;
	for (size_t i = 0; i < c->n_arenas; i++)
		m->headers += c->arenas[i].overhead;
	m->mapped = mapped->in_memory;
	m->trim = census_trim(c);
	m->uncovered = n.uncovered;
	m->cpu_ns = c->cpu_ns;
	m->wall_ns = c->wall_ns;
}

int
memory_census_take(const struct options *o, const struct target *t,
    const struct snapshot *s, uint64_t anonymous, struct memory_census *m,
    struct err *e)
{
	struct census_options how = { .seconds = SECONDS, .plain = true };
	struct census *c;

	memset(m, 0, sizeof *m);
	if (!is_wanted(o, t, s, anonymous, m))
		return 0;
	c = census_take(t->pid, &how, e);
	if (c == NULL && (option_given(o, "census") || e->status == ERR_GONE))
		return -1;
	if (c == NULL) {
		snprintf(m->why_not, sizeof m->why_not, "%s", e->text);
		return 0;
	}
	fill(m, c);
	census_free(c);
	return 0;
}

bool
memory_census_knob(const struct target *t, const struct snapshot *s,
    struct memory_census *m, uint64_t *base)
{
	struct census_options how = { .seconds = SECONDS, .plain = true };
	struct status status;
	struct err e = { ERR_FAILED, "" };
	struct census *c;
	double live, error;

	memset(m, 0, sizeof *m);
	if (!is_late(t, s) || status_read(t->pid, &status, &e) < 0 ||
	    !is_cheap(status.rss_anon, m))
		return false;
	if ((c = census_take(t->pid, &how, &e)) == NULL) {
		snprintf(m->why_not, sizeof m->why_not, "%s", e.text);
		return false;
	}
	fill(m, c);
	census_free(c);
	snapshot_live_total(s, &live, &error);
	*base = memory_census_base(m, status.rss_anon);
	if ((double)m->live > live)
		*base += m->live - (uint64_t)live;
	return true;
}

void
memory_census_use(const struct memory_census *m, struct ledger_input *in,
    struct ledger_trim *trim)
{
	if (!m->taken)
		return;
	in->watched = in->glibc = true;
	ledger_unwatch(in);
	in->live = (double)m->live;
	in->live_error = 0;
	in->absent = m->live - m->in_memory;
	in->mapped = m->mapped;
	in->metadata = m->headers;
	trim->allocator = "glibc";
	trim->releasable = m->trim;
	trim->counted = true;
}

uint64_t
memory_census_base(const struct memory_census *m, uint64_t anonymous)
{
	uint64_t gone = m->live + m->trim;

	return anonymous > gone ? anonymous - gone : 0;
}

/* ---- beside the agent ------------------------------------------------------------ */

static void
row(struct buf *out, const char *name, double bytes, double error,
    const char *more)
{
	char text[UNITS_MAX], e[UNITS_MAX];

	buf_printf(out, "  %-27s %8s", name,
	    units_bytes(text, (int64_t)bytes));
	if (error > 0)
		buf_printf(out, "  +- %s", units_bytes(e, (int64_t)error));
	buf_printf(out, "%s\n", more);
}

void
memory_census_draw(const struct memory_census *m, const struct snapshot *s,
    struct buf *out)
{
	char count[COUNT_MAX], text[UNITS_MAX], more[COUNT_MAX + 24];
	double live, error;

	if (!m->taken)
		return;
	buf_printf(out, "\nby a census, which took %s of CPU time:\n",
	    units_duration(text, (int64_t)m->cpu_ns));
	snprintf(more, sizeof more, "  in %s chunks",
	    count_text(count, m->chunks));
	row(out, "live", (double)m->live, 0, more);
	if (m->uncovered > 0)
		row(out, "not understood", (double)m->uncovered, 0, "");
	if (s == NULL)
		return;
	snapshot_live_total(s, &live, &error);
	row(out, "since the agent came", live, error, "");
	row(out, "from before it, or unseen",
	    live > (double)m->live ? 0 : (double)m->live - live, error,
	    live > (double)m->live ? "  (within the error)" : "");
}

json_t *
memory_census_json(const struct memory_census *m, const struct snapshot *s,
    uint64_t anonymous)
{
	double live = 0, error = 0;
	json_t *all;

	if (!m->taken)
		return json_null();
	all = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "live",
	    (json_int_t)m->live, "chunks", (json_int_t)m->chunks, "trim",
	    (json_int_t)m->trim, "uncovered", (json_int_t)m->uncovered,
	    "base", (json_int_t)memory_census_base(m, anonymous), "cpu",
	    (json_int_t)m->cpu_ns, "wall", (json_int_t)m->wall_ns);
	if (s == NULL)
		return all;
	snapshot_live_total(s, &live, &error);
	json_object_set_new(all, "agent_live", json_integer((json_int_t)live));
	json_object_set_new(all, "agent_error",
	    json_integer((json_int_t)error));
	json_object_set_new(all, "before_agent",
	    json_integer(live > (double)m->live ?
		    0 :
		    (json_int_t)((double)m->live - live)));
	return all;
}
