/* SPDX-License-Identifier: MIT */
/*
 * ullage debug segment PID: the header of a segment, how full its tables are,
 * and what was lost. An agent may not print; this is how one looks into it.
 */
#include "config.h"

#include "cmd/cmd.h"
#include "base/escape.h"
#include "base/output.h"
#include "base/units.h"
#include "target/knob.h"
#include "target/presence.h"
#include "target/snapshot.h"
#include "target/target.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct option_spec debug_options[] = {
	{ 0, "json", OPT_FLAG, NULL, "write JSON", false },
	OPTION_END,
};

static void
line(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "%-16s ", key);
	escape_terminal(out, text, strlen(text));
	buf_puts(out, "\n");
}

/* How the agent is in the process, and what it left alone there. */
static void
draw_presence(const struct presence *p, struct buf *out)
{
	buf_printf(out, "%-16s %s, armed %llu times%s%s\n", "agent is",
	    p->attached ? "attached" : "preloaded",
	    (unsigned long long)p->armings,
	    p->stop != NULL ? "; it stopped: " : "",
	    p->stop != NULL ? p->stop : "");
	if (!p->attached)
		return;
	buf_printf(out,
	    "%-16s %llu in %llu objects; left alone: %llu foreign, "
	    "%llu unbound, %llu refused\n",
	    "slots", (unsigned long long)p->slots,
	    (unsigned long long)p->objects, (unsigned long long)p->foreign,
	    (unsigned long long)p->unbound, (unsigned long long)p->refused);
	buf_printf(out, "%-16s %llu slots kept, %llu threads inside\n",
	    "last disarming", (unsigned long long)p->kept,
	    (unsigned long long)p->inside);
}

static void
draw(const struct target *t, const struct snapshot *s,
    const struct presence *p, struct buf *out)
{
	char a[UNITS_MAX], b[UNITS_MAX];

	line(out, "segment", t->segment_path);
	buf_printf(out, "%-16s %u.%u\n", "layout", s->abi_major,
	    s->abi_minor);
	line(out, "agent", s->version);
	buf_printf(out, "%-16s %s\n", "state",
	    !t->alive	   ? "dead" :
		s->shadowed ? "shadowed: another malloc comes first" :
			      s->state);
	draw_presence(p, out);
	buf_printf(out, "%-16s %d\n", "pid", s->pid);
	if (s->parent != 0)
		buf_printf(out, "%-16s %d\n", "forked from", s->parent);
	line(out, "program", s->exe);
	line(out, "allocator", s->allocator);
	buf_printf(out, "%-16s %s (asked %s, raised %llu times)\n",
	    "interval", units_bytes(a, (int64_t)s->interval),
	    units_bytes(b, (int64_t)s->interval_asked),
	    (unsigned long long)s->doublings);
	buf_printf(out, "%-16s %llu, %llu freed\n", "samples",
	    (unsigned long long)s->samples, (unsigned long long)s->frees);
	buf_printf(out, "%-16s %s, peak %s\n", "live estimate",
	    units_bytes(a, (int64_t)s->live_bytes),
	    units_bytes(b, (int64_t)s->peak_bytes));
	buf_printf(out, "%-16s %llu\n", "forks seen",
	    (unsigned long long)s->children);
	buf_printf(out, "%-16s %s\n", "memory",
	    units_bytes(a, (int64_t)s->file_bytes));
	buf_puts(out, "\n");
	for (size_t i = 0; s->fill[i].name != NULL; i++)
		buf_printf(out, "%-16s %llu of %llu\n", s->fill[i].name,
		    (unsigned long long)s->fill[i].used,
		    (unsigned long long)s->fill[i].cap);
	buf_printf(out, "%-16s %llu torn, %llu invalid\n", "this copy",
	    (unsigned long long)s->torn, (unsigned long long)s->invalid);
	buf_puts(out, "\n");
	for (size_t i = 0; i < s->n_losses; i++)
		buf_printf(out, "%-16s %llu %s\n", s->losses[i].name,
		    (unsigned long long)s->losses[i].count,
		    s->losses[i].text);
}

/* The keeper and its receipts, as the knob is read elsewhere. */
static void
draw_keeper(const struct target *t, struct buf *out)
{
	struct err ignored;
	char text[UNITS_MAX];
	struct knob k;

	if (knob_read(t, &k, &ignored) < 0)
		return;
	buf_printf(out, "\n%-16s %s%s%s, %llu so far\n", "keeper", k.keeper,
	    k.reason != NULL ? ": " : "", k.reason != NULL ? k.reason : "",
	    (unsigned long long)k.starts);
	buf_printf(out, "%-16s %s\n", "allocator", k.allocator);
	buf_printf(out, "%-16s %s\n", "base",
	    units_bytes(text, (int64_t)k.base));
	buf_printf(out, "%-16s %zu of %d, %llu ever\n", "receipts",
	    k.n_receipts, KNOB_RECEIPTS, (unsigned long long)k.written);
}

static json_t *
presence_json(const struct snapshot *s, const struct presence *p)
{
	return json_pack("{s:s, s:b, s:I, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, "
			 "s:I, s:I}",
	    "state", s->state, "attached", p->attached, "armings",
	    (json_int_t)p->armings, "stop", p->stop, "stopped",
	    (json_int_t)s->stopped_ns, "slots", (json_int_t)p->slots,
	    "objects", (json_int_t)p->objects, "foreign",
	    (json_int_t)p->foreign, "unbound", (json_int_t)p->unbound,
	    "refused", (json_int_t)p->refused, "kept", (json_int_t)p->kept,
	    "inside", (json_int_t)p->inside);
}

static void
draw_json(const struct target *t, const struct snapshot *s,
    const struct presence *p, struct buf *out)
{
	json_t *fill = json_object(), *losses = json_object(), *o;
	char *text;

	for (size_t i = 0; s->fill[i].name != NULL; i++)
		json_object_set_new(fill, s->fill[i].name,
		    json_pack("{s:I, s:I}", "used",
			(json_int_t)s->fill[i].used, "cap",
			(json_int_t)s->fill[i].cap));
	for (size_t i = 0; i < s->n_losses; i++)
		json_object_set_new(losses, s->losses[i].name,
		    json_integer((json_int_t)s->losses[i].count));
	o = json_pack("{s:i, s:b, s:b, s:b, s:i, s:I, s:I, s:I, s:I, s:I, "
		      "s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
	    "pid", t->pid, "alive", t->alive, "armed", s->armed, "shadowed",
	    s->shadowed, "parent", s->parent, "interval",
	    (json_int_t)s->interval, "interval_asked",
	    (json_int_t)s->interval_asked, "doublings",
	    (json_int_t)s->doublings, "samples", (json_int_t)s->samples,
	    "frees", (json_int_t)s->frees, "children",
	    (json_int_t)s->children, "live", (json_int_t)s->live_bytes,
	    "peak", (json_int_t)s->peak_bytes, "entries",
	    (json_int_t)s->n_live, "torn", (json_int_t)s->torn, "invalid",
	    (json_int_t)s->invalid, "memory", (json_int_t)s->file_bytes,
	    "fill", fill, "losses", losses, "presence",
	    presence_json(s, p));
	text = json_dumps(o, JSON_INDENT(1));
	buf_puts(out, text != NULL ? text : "null");
	buf_puts(out, "\n");
	free(text);
	json_decref(o);
}

static int
debug_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct buf out = BUF_INIT;
	struct presence p;
	struct snapshot *s;
	struct target *t;
	int rc = -1;

	(void)cmd;
	if (strcmp(operand(o, 0), "segment") != 0)
		return err_set(e, ERR_USAGE,
		    "\"%s\" is nothing to debug; there is: segment",
		    operand(o, 0));
	if ((t = target_find(operand(o, 1), e)) == NULL)
		return -1;
	if ((s = snapshot_take(t, e)) != NULL &&
	    presence_read(t, &p, e) == 0) {
		if (option_given(o, "json"))
			draw_json(t, s, &p, &out);
		else {
			draw(t, s, &p, &out);
			draw_keeper(t, &out);
		}
		rc = output_write(NULL, out.bytes, out.len, e);
	}
	buf_free(&out);
	snapshot_free(s);
	target_free(t);
	return rc;
}

const struct cmd cmd_debug = {
	.name = "debug",
	.operands = "segment PID",
	.summary = "look into the segment that an agent writes",
	.options = { debug_options, common_options },
	.min_operands = 2,
	.max_operands = 2,
	.run = debug_run,
};
