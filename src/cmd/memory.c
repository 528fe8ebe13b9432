/* SPDX-License-Identifier: MIT */
/* ullage memory: the ledger of a process's resident memory. */
#include "config.h"

#include "cmd/cmd.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/memory_census.h"
#include "target/knob.h"
#include "target/snapshot.h"
#include "tune/ledger_watched.h"

#include <jansson.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Above this the kernel's account of each mapping is not asked for unasked:
 * it takes 13 ms per GiB, for which the target's own mmap calls wait. */
#define SMAPS_LIMIT (UINT64_C(1) << 30)

#define STACKS_MAX 4096

static const struct option_spec memory_options[] = {
	{ 0, "smaps", OPT_FLAG, NULL,
	    "look at each mapping however large the process is", false },
	{ 0, "cheap", OPT_FLAG, NULL,
	    "the kernel's totals only, whatever the size", false },
	{ 0, "ask", OPT_FLAG, NULL,
	    "ask the allocator for its own numbers; glibc holds locks for it",
	    false },
	{ 0, "census", OPT_FLAG, NULL,
	    "count the heap of glibc, however large it is", false },
	{ 0, "maps", OPT_FLAG, NULL, "list the mappings too", false },
	{ 0, "json", OPT_FLAG, NULL, "write JSON", false },
	OPTION_END,
};

/* All that was read. */
struct account {
	struct target *t;
	struct status status;
	struct smaps maps;
	bool has_maps;
	struct snapshot *s; /* NULL: no agent, or it sees nothing */
	struct knob k;
	bool has_knob;
	struct err no_agent; /* why live is not known from one; "" */
	struct memory_census census;
	struct ledger_input in;
	struct ledger l;
	uint64_t stacks[STACKS_MAX];
	uint64_t estimate; /* of a trim; UINT64_MAX */
	const char *why;
};

/* ---- reading ------------------------------------------------------------------------- */

/* The allocator's own statistics, through the keeper. */
static int
ask(const struct options *o, struct account *a, struct err *e)
{
	struct timespec nap = { 0, 20000000 };
	uint64_t ticket;

	if (knob_order(a->t, KNOB_REPORT, &ticket, e) < 0)
		return -1;
	for (int i = 0; i < 150; i++) {
		if (knob_read(a->t, &a->k, e) < 0)
			return -1;
		if (knob_served(&a->k, KNOB_REPORT, ticket))
			return 0;
		if (!a->k.has_keeper && a->k.reason != NULL)
			break;
		nanosleep(&nap, NULL);
	}
	a->k.statistics.asked = false;
	cmd_note(o, "the allocator has not been asked: %s",
	    a->k.reason != NULL ?
		a->k.reason :
		"the target allocates nothing at the moment, and the order "
		"waits until it does");
	return 0;
}

static int
read_agent(const struct options *o, struct account *a, struct err *e)
{
	const char *unseen;

	if (a->t->segment < 0) {
		if (option_given(o, "ask"))
			return target_need_agent(a->t, e);
		target_need_agent(a->t, &a->no_agent);
		return 0;
	}
	if (option_given(o, "ask") && ask(o, a, e) < 0)
		return -1;
	if ((a->s = snapshot_take(a->t, e)) == NULL ||
	    (!option_given(o, "ask") && knob_read(a->t, &a->k, e) < 0))
		return -1;
	a->has_knob = true;
	if (a->s->parent != 0)
		cmd_note(o, "process %d forked this one; what it had allocated "
			    "until then is not known and counts as retained",
		    a->s->parent);
	unseen = snapshot_heap_unseen(a->s);
	if (unseen == NULL)
		return 0;
	cmd_note(o, "%s", unseen);
	snapshot_free(a->s);
	a->s = NULL;
	return 0;
}

static int
read_kernel(const struct options *o, struct account *a, struct err *e)
{
	bool want = option_given(o, "smaps") || option_given(o, "maps");

	if (status_read(a->t->pid, &a->status, e) < 0)
		return -1;
	if (!a->status.has_memory)
		return err_set(e, ERR_FAILED,
		    "process %d has no memory to account for", a->t->pid);
	if (option_given(o, "cheap"))
		return 0;
	if (!want && a->status.rss > SMAPS_LIMIT) {
		cmd_note(o,
		    "more than 1 GiB is resident, so mappings were not looked "
		    "at one by one: that takes about %.0f ms, during which the "
		    "target's own mmap calls wait (--smaps)",
		    (double)a->status.rss / (1u << 30) * 13.0);
		return 0;
	}
	if (smaps_read(a->t->pid, &a->maps, e) == 0)
		a->has_maps = true;
	else if (want || e->status == ERR_GONE)
		return -1;
	else
		cmd_note(o, "%s; this is what the totals tell", e->text);
	return 0;
}

static int
read_census(const struct options *o, struct account *a, struct err *e)
{
	if (memory_census_take(o, a->t, a->s, a->status.rss_anon, &a->census,
		e) < 0)
		return -1;
	if (a->census.taken || a->s != NULL)
		return 0;
	if (a->no_agent.text[0] != '\0')
		cmd_note(o, "%s; live and free cannot be told apart",
		    a->no_agent.text);
	if (a->census.why_not[0] != '\0')
		cmd_note(o, "%s", a->census.why_not);
	return 0;
}

static void
reckon(struct account *a)
{
	struct ledger_trim trim = { .allocator = "", .releasable = UINT64_MAX };

	a->in = (struct ledger_input){ .status = &a->status,
		.maps = a->has_maps ? &a->maps : NULL,
		.stack_pointers = a->stacks,
		.metadata = UINT64_MAX };
	if (a->has_maps)
		a->in.n_stack_pointers = stack_pointers_read(a->t->pid,
		    a->stacks, STACKS_MAX);
	if (a->has_knob)
		ledger_take_knob(&a->k, &a->in, &trim);
	if (a->s != NULL)
		ledger_watch(a->s, &a->in);
	memory_census_use(&a->census, &a->in, &trim);
	ledger_make(&a->in, &a->l);
	trim.anonymous = a->status.rss_anon;
	trim.live = (uint64_t)a->in.live;
	a->estimate = ledger_return(&a->l, &trim, &a->why);
}

/* ---- text ------------------------------------------------------------------------------ */

/* What each part is drawn with; the first two are the ones one looks for. */
static const struct {
	const char *colour, *glyph;
} looks[LEDGER_PARTS] = {
	[LEDGER_LIVE] = { "\033[32m", "█" },
	[LEDGER_RETAINED] = { "\033[33m", "▒" },
	[LEDGER_OVERHEAD] = { "\033[33m", "░" },
	[LEDGER_HEAP] = { "\033[32m", "▓" },
	[LEDGER_DATA] = { "", "·" },
	[LEDGER_ANONYMOUS] = { "", "▪" },
	[LEDGER_STACKS] = { "", "▫" },
	[LEDGER_SHARED] = { "", "=" },
	[LEDGER_FILE] = { "", "-" },
	[LEDGER_AGENT] = { "\033[36m", "+" },
	[LEDGER_UNKNOWN] = { "\033[31m", "?" },
};

/* One line for the eye, on a terminal only. */
static void
draw_bar(const struct options *o, const struct ledger *l, size_t columns,
    struct buf *out)
{
	bool colour = cmd_color(o);
	size_t width = columns > 24 ? columns - 4 : 20, drawn = 0;
	uint64_t so_far = 0;

	if (!isatty(1) || l->rss == 0 ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return;
	for (int i = 0; i < LEDGER_PARTS; i++) {
		size_t until;

		so_far += l->bytes[i];
		until = (size_t)((double)so_far / (double)l->rss *
			(double)width + 0.5);
		if (until <= drawn)
			continue;
		if (colour)
			buf_puts(out, looks[i].colour);
		for (; drawn < until; drawn++)
			buf_puts(out, looks[i].glyph);
		if (colour && looks[i].colour[0] != '\0')
			buf_puts(out, "\033[0m");
	}
	buf_puts(out, "\n\n");
}

static void
draw_part(const struct account *a, int i, struct buf *out)
{
	char bytes[UNITS_MAX], share[UNITS_MAX], error[UNITS_MAX];
	const struct ledger *l = &a->l;

	buf_printf(out, "%-29s %8s %6s", ledger_title(i),
	    units_bytes(bytes, (int64_t)l->bytes[i]),
	    units_percent(share,
		l->rss ? (double)l->bytes[i] / (double)l->rss : 0));
	if ((i == LEDGER_LIVE || i == LEDGER_RETAINED) && l->error > 0)
		buf_printf(out, "  +- %s",
		    units_bytes(error, (int64_t)l->error));
	if (i == LEDGER_LIVE && l->live_absent > 0)
		buf_printf(out, "  (%s more is not resident)",
		    units_bytes(error, (int64_t)l->live_absent));
	if (i == LEDGER_LIVE && l->excess > 0)
		buf_printf(out, "  (estimate %s above)",
		    units_bytes(error, (int64_t)l->excess));
	buf_puts(out, "\n");
}

static void
draw_allocator(const struct account *a, struct buf *out)
{
	const struct knob_statistics *s = &a->k.statistics;
	const struct {
		const char *name;
		uint64_t bytes;
	} rows[] = {
		{ "in use", s->allocated },
		{ "resident", s->resident },
		{ "free", s->free },
		{ "free, can be released", s->releasable },
		{ "free, held in caches", s->cached },
		{ "its own", s->metadata },
		{ "address space alone", s->unmapped },
	};
	char text[UNITS_MAX], b[UNITS_MAX];

	if (!s->asked)
		return;
	buf_printf(out, "\n%s", a->k.allocator);
	if (a->k.version[0] != '\0') {
		buf_puts(out, " ");
		escape_terminal(out, a->k.version, strlen(a->k.version));
	}
	buf_printf(out, " says (in %s):\n",
	    units_duration(text, (int64_t)s->cost_ns));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		buf_printf(out, "  %-27s %8s\n", rows[i].name,
		    rows[i].bytes == KNOB_UNKNOWN ?
			"-" :
			units_bytes(text, (int64_t)rows[i].bytes));
	for (size_t i = 0; i < a->k.n_arenas; i++)
		buf_printf(out, "  arena %-3llu in use %8s, free %8s, %llu "
				"threads\n",
		    (unsigned long long)a->k.arenas[i].id,
		    units_bytes(text, (int64_t)a->k.arenas[i].allocated),
		    units_bytes(b, (int64_t)a->k.arenas[i].dirty),
		    (unsigned long long)a->k.arenas[i].threads);
}

static void
draw_maps(const struct account *a, struct buf *out)
{
	char r[UNITS_MAX], v[UNITS_MAX];

	buf_puts(out, "\n");
	for (size_t i = 0; i < a->l.n_maps; i++) {
		const struct ledger_map *m = &a->l.maps[i];

		if (m->map->rss == 0)
			continue;
		buf_printf(out, "%12llx %8s live %8s  %-9s %s ",
		    (unsigned long long)m->map->start,
		    units_bytes(r, (int64_t)m->map->rss),
		    m->live > 0 ? units_bytes(v, (int64_t)m->live) : "-",
		    ledger_key(m->part), m->map->perms);
		escape_terminal(out, m->map->name, strlen(m->map->name));
		buf_puts(out, "\n");
	}
}

static void
draw(const struct options *o, const struct account *a, struct buf *out)
{
	char text[UNITS_MAX], b[UNITS_MAX];
	const struct ledger *l = &a->l;

	draw_bar(o, l, cmd_columns(false), out);
	for (int i = 0; i < LEDGER_PARTS; i++)
		if (l->known[i] && (l->bytes[i] > 0 || i < LEDGER_HEAP ||
				       i == LEDGER_UNKNOWN))
			draw_part(a, i, out);
	buf_printf(out, "%-29s %8s\n", "resident (RSS)",
	    units_bytes(text, (int64_t)l->rss));
	buf_printf(out, "\n%-29s %8s\n", "page tables, not in RSS",
	    units_bytes(text, (int64_t)l->page_tables));
	if (l->swap > 0)
		buf_printf(out, "%-29s %8s\n", "swapped out, not in RSS",
		    units_bytes(text, (int64_t)l->swap));
	if ((a->has_knob && a->s != NULL) || a->census.taken) {
		buf_printf(out, "\na trim would return %s%s: %s\n",
		    a->estimate == UINT64_MAX || a->estimate == 0 ||
			    a->census.taken ?
			"" :
			"about ",
		    a->estimate == UINT64_MAX ?
			"an unknown amount" :
			units_bytes(text, (int64_t)a->estimate),
		    a->why);
		if (a->k.n_receipts > 0) {
			const struct knob_receipt *r =
			    &a->k.receipts[a->k.n_receipts - 1];

			buf_printf(out,
			    "the last one (%s) returned %s in %s\n", r->cause,
			    units_bytes(text,
				(int64_t)(r->before - r->after)),
			    units_duration(b, (int64_t)r->duration_ns));
		}
	}
	memory_census_draw(&a->census, a->s, out);
	if (a->has_knob)
		draw_allocator(a, out);
	if (option_given(o, "maps"))
		draw_maps(a, out);
}

/* ---- JSON ------------------------------------------------------------------------------ */

static json_t *
number(uint64_t n)
{
	return n == UINT64_MAX ? json_null() : json_integer((json_int_t)n);
}

static json_t *
allocator_json(const struct knob *k)
{
	const struct knob_statistics *s = &k->statistics;

	if (!s->asked)
		return json_null();
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "name", k->allocator, "version",
	    escape_is_utf8(k->version) ? k->version : "", "cost",
	    number(s->cost_ns), "allocated", number(s->allocated), "resident",
	    number(s->resident), "free", number(s->free), "releasable",
	    number(s->releasable), "cached", number(s->cached), "metadata",
	    number(s->metadata), "unmapped", number(s->unmapped));
}

static json_t *
maps_json(const struct ledger *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n_maps; i++) {
		const struct ledger_map *m = &l->maps[i];

		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:o, s:o, s:s, s:o}", "start",
			number(m->map->start), "end", number(m->map->end),
			"rss", number(m->map->rss), "live",
			number((uint64_t)m->live), "part",
			ledger_key(m->part), "name",
			json_text(m->map->name)));
	}
	return list;
}

static void
draw_json(const struct options *o, const struct account *a, struct buf *out)
{
	const struct ledger *l = &a->l;
	json_t *all = json_object(), *parts = json_object();
	char *text;

	for (int i = 0; i < LEDGER_PARTS; i++)
		json_object_set_new(parts, ledger_key(i),
		    l->known[i] ? number(l->bytes[i]) : json_null());
	json_object_set_new(all, "pid", json_integer(a->t->pid));
	json_object_set_new(all, "rss", number(l->rss));
	json_object_set_new(all, "parts", parts);
	json_object_set_new(all, "live_error",
	    a->s || a->census.taken ? number(l->error) : json_null());
	json_object_set_new(all, "live_absent",
	    a->s || a->census.taken ? number(l->live_absent) : json_null());
	json_object_set_new(all, "live_excess",
	    a->s ? number((uint64_t)l->excess) : json_null());
	json_object_set_new(all, "page_tables", number(l->page_tables));
	json_object_set_new(all, "swap", number(l->swap));
	json_object_set_new(all, "trim_estimate",
	    (a->s && a->has_knob) || a->census.taken ? number(a->estimate) :
							  json_null());
	json_object_set_new(all, "trim_reason",
	    (a->s && a->has_knob) || a->census.taken ? json_string(a->why) :
							  json_null());
	json_object_set_new(all, "census",
	    memory_census_json(&a->census, a->s, a->status.rss_anon));
	json_object_set_new(all, "smaps_ns",
	    a->has_maps ? number(a->maps.cost_ns) : json_null());
	json_object_set_new(all, "allocator",
	    a->has_knob ? json_string(a->k.allocator) : json_null());
	json_object_set_new(all, "statistics",
	    a->has_knob ? allocator_json(&a->k) : json_null());
	if (option_given(o, "maps"))
		json_object_set_new(all, "maps", maps_json(l));
	text = json_dumps(all, JSON_INDENT(1));
	buf_puts(out, text != NULL ? text : "null");
	buf_puts(out, "\n");
	free(text);
	json_decref(all);
}

static int
memory_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	static struct account a; /* large */
	struct buf out = BUF_INIT;
	int rc = -1;

	(void)cmd;
	if ((a.t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	if (!a.t->alive) {
		rc = err_set(e, ERR_GONE,
		    "process %d has ended and has no memory", a.t->pid);
	} else if (read_agent(o, &a, e) == 0 && read_kernel(o, &a, e) == 0 &&
	    read_census(o, &a, e) == 0) {
		reckon(&a);
		if (option_given(o, "json"))
			draw_json(o, &a, &out);
		else
			draw(o, &a, &out);
		if (a.has_maps && option_given(o, "verbose"))
			cmd_note(o, "reading the mappings took %.1f ms",
			    (double)a.maps.cost_ns / 1e6);
		rc = output_write(NULL, out.bytes, out.len, e);
	}
	buf_free(&out);
	ledger_free(&a.l);
	ledger_unwatch(&a.in);
	snapshot_free(a.s);
	smaps_free(&a.maps);
	target_free(a.t);
	return rc;
}

const struct cmd cmd_memory = {
	.name = "memory",
	.operands = "PID",
	.summary = "show where the resident memory of a process went",
	.details = "The parts add up to the resident size. Retained is free "
		   "memory that the allocator\nkeeps; ullage trim gives it "
		   "back.",
	.options = { memory_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = memory_run,
};
