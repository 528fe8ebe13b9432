/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/show_tables.h"
#include "base/escape.h"
#include "base/units.h"
#include "cmd/table_out.h"
#include "cmd/trim.h"

#include <langinfo.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define LABEL 13 /* columns of the words on the left */
#define BAR 20
#define LIMIT_ROWS 6

static void
label(struct buf *out, const char *text)
{
	buf_puts(out, text);
	buf_fill(out, ' ', LABEL - strlen(text));
}

/* Blocks where the terminal has them, else what a log can carry. */
static void
bar(struct buf *out, double part)
{
	bool blocks = isatty(1) && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	int full = part > 1 ? BAR : part > 0 ? (int)ceil(part * BAR) : 0;

	buf_puts(out, blocks ? "" : "[");
	for (int i = 0; i < BAR; i++)
		buf_puts(out, blocks
				  ? (i < full ? "\xe2\x96\x88" : "\xe2\x96\x91")
				  : (i < full ? "#" : "."));
	buf_puts(out, blocks ? "" : "]");
}

static void
named(struct buf *out, const char *name, double bytes)
{
	char text[UNITS_MAX];

	buf_printf(out, "   %s %s", name, units_bytes(text, (int64_t)bytes));
}

static void
write_identity(const struct show *p, struct buf *out)
{
	char text[UNITS_MAX];
	size_t width = cmd_columns(true);

	escape_terminal(out, p->t->process.name, strlen(p->t->process.name));
	buf_printf(out, " (%d)   ", p->t->pid);
	escape_terminal(out, p->user, strlen(p->user));
	buf_printf(out, "   up %s   state %c\n",
	    units_duration(text, (int64_t)p->uptime), p->status.state);
	if (p->exe[0] != '\0') {
		label(out, "program");
		escape_cut(out, p->exe, width > 40 ? width - LABEL : 4096);
		buf_puts(out, "\n");
	}
}

static void
write_memory(const struct show *p, struct buf *out)
{
	const struct status *s = &p->status;
	char text[UNITS_MAX];

	if (!s->has_memory)
		return;
	label(out, "memory");
	buf_printf(out, "%s resident", units_bytes(text, (int64_t)s->rss));
	named(out, "peak", (double)s->rss_peak);
	if (s->swap != 0)
		named(out, "swap", (double)s->swap);
	buf_puts(out, "\n");
	label(out, "");
	buf_printf(out, "anon %s", units_bytes(text, (int64_t)s->rss_anon));
	named(out, "file", (double)s->rss_file);
	named(out, "shared", (double)s->rss_shmem);
	named(out, "page tables", (double)s->page_tables);
	buf_puts(out, "\n");
	if (p->agent == NULL || p->agent->shadowed)
		return;
	label(out, "live heap");
	bar(out, s->rss != 0 ? p->live / (double)s->rss : 0);
	buf_printf(out, " %s", units_bytes(text, (int64_t)p->live));
	buf_printf(out, " +- %s of resident%s%s\n",
	    units_bytes(text, (int64_t)p->live_error),
	    p->agent->attached ? ", since it was attached" : "",
	    p->agent->armed ? "" : ", when the agent stopped");
	if (!p->has_knob || snapshot_heap_unseen(p->agent) != NULL)
		return;
	label(out, "retained");
	bar(out, s->rss != 0 ? (double)show_retained(p) / (double)s->rss : 0);
	buf_printf(out, " %s at most\n",
	    units_bytes(text, (int64_t)show_retained(p)));
}

static void
write_counts(const struct show *p, struct buf *out)
{
	const struct limit *l = &p->limits.of[LIMIT_nofile];
	uint64_t fds = p->usage.used[LIMIT_nofile];
	char text[COUNT_MAX], bytes[UNITS_MAX];

	label(out, "descriptors");
	if (p->usage.known[LIMIT_nofile] && l->known) {
		if (l->soft != LIMIT_INFINITY && l->soft != 0) {
			bar(out, (double)fds / (double)l->soft);
			buf_puts(out, " ");
		}
		buf_printf(out, "%s of ", count_text(text, fds));
		buf_printf(out, "%s soft",
		    l->soft == LIMIT_INFINITY ? "unlimited"
					      : count_text(text, l->soft));
	} else {
		buf_puts(out, "unknown");
	}
	buf_puts(out, "\n");
	if (p->opener_known != 0) {
		label(out, "");
		buf_printf(out, "%s opened by ",
		    count_text(text, p->opener_known));
		buf_printf(out, "%s stack%s, the oldest %s ago\n",
		    count_text(text, p->opener_stacks),
		    p->opener_stacks == 1 ? "" : "s",
		    units_duration(bytes, (int64_t)p->opener_oldest));
	}
	if (p->has_files) {
		label(out, "sockets");
		buf_puts(out, count_text(text, p->sockets));
		if (p->sockets_known != 0)
			buf_printf(out, ", %s of kernel buffers",
			    units_bytes(bytes, (int64_t)p->socket_memory));
		buf_puts(out, "\n");
	}
	label(out, "threads");
	buf_printf(out, "%s", count_text(text, p->status.threads));
	if (p->unjoined != 0) {
		buf_printf(out, "   ended and not joined %s",
		    count_text(text, p->unjoined));
		named(out, "their stacks", (double)p->unjoined_reserved);
		named(out, "resident", (double)p->unjoined_resident);
	}
	buf_puts(out, "\n");
}

static void
write_agent(const struct show *p, struct buf *out)
{
	const struct snapshot *s = p->agent;
	char text[UNITS_MAX], count[COUNT_MAX];

	label(out, "agent");
	if (s == NULL) {
		if (p->t->segment < 0)
			buf_printf(out,
			    "none (ullage attach %d brings one in)\n",
			    p->t->pid);
		else
			buf_puts(out, "its segment cannot be read\n");
		return;
	}
	if (s->attached)
		buf_puts(out, "attached, ");
	if (!s->armed)
		buf_printf(out, "%s: ", s->state);
	if (s->interval == 0)
		buf_puts(out, "not sampling");
	else
		buf_printf(out, "a sample every %s",
		    units_bytes(text, (int64_t)s->interval));
	buf_printf(out, ", %s so far", count_text(count, s->samples));
	if (p->lost == 0)
		buf_puts(out, ", nothing lost");
	else
		buf_printf(out, ", %s lost", count_text(count, p->lost));
	if (s->shadowed)
		buf_puts(out, "; another malloc comes before it, so it sees "
			      "no heap");
	buf_puts(out, "\n");
}

/* The trim knob, and what the last trim did. */
static void
write_knob(const struct show *p, struct buf *out)
{
	const struct knob *k = &p->knob;
	char text[32], bytes[UNITS_MAX], time[UNITS_MAX];

	if (!p->has_knob)
		return;
	label(out, "trim knob");
	buf_puts(out, trim_percent_text(text, k->percent));
	if (k->limit != 0)
		buf_printf(out, ", limit %s",
		    units_bytes(bytes, (int64_t)k->limit));
	if (!k->has_keeper && k->reason != NULL)
		buf_printf(out, "; %s", k->reason);
	if (k->n_receipts > 0) {
		const struct knob_receipt *r =
		    &k->receipts[k->n_receipts - 1];

		buf_printf(out, ", the last trim (%s) returned %s in %s",
		    r->cause,
		    units_bytes(bytes, (int64_t)(r->before - r->after)),
		    units_duration(time, (int64_t)r->duration_ns));
	}
	buf_puts(out, "\n");
}

void
show_write_text(const struct show *p, struct buf *out)
{
	struct table_options how = {
	    .rows = LIMIT_ROWS, .columns = cmd_columns(true), .headings = true};
	struct table *limits = show_limits(p), *losses = show_losses(p);
	struct buf rows = BUF_INIT;
	char *end;

	write_identity(p, out);
	write_memory(p, out);
	write_counts(p, out);
	write_agent(p, out);
	write_knob(p, out);
	buf_puts(out, "\n");
	/* The line that counts the rest speaks of an option. */
	table_draw(limits, &how, &rows);
	end = strstr(buf_text(&rows), "\nand ");
	buf_add(
	    out, rows.bytes, end ? (size_t)(end + 1 - rows.bytes) : rows.len);
	buf_free(&rows);
	if (table_rows(losses) > 0) {
		buf_puts(out, "\n");
		how.rows = 0;
		table_draw(losses, &how, out);
	}
	buf_printf(out, "\nmore: ullage fds|threads|limits|memory %d%s\n", p->t->pid,
	    p->agent != NULL ? ", ullage heap|allocs|peak|trim" : "");
	table_free(limits);
	table_free(losses);
}

void
show_write_json(const struct show *p, struct buf *out)
{
	struct table *sum = show_sum(p), *limits = show_limits(p);
	struct table *losses = show_losses(p);

	buf_puts(out, "{\"process\": ");
	table_json_row(sum, 0, out);
	buf_puts(out, ",\n\"limits\": ");
	table_json(limits, out);
	buf_puts(out, ",\n\"losses\": ");
	table_json(losses, out);
	if (p->has_knob) {
		struct table *receipts = trim_receipts(&p->knob);

		buf_puts(out, ",\n\"receipts\": ");
		table_json(receipts, out);
		table_free(receipts);
	}
	buf_puts(out, "}\n");
	table_free(sum);
	table_free(limits);
	table_free(losses);
}
