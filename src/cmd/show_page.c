/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/show_page.h"
#include "base/escape.h"
#include "base/units.h"
#include "cmd/table_out.h"
#include "cmd/trim.h"
#include "table/table.h"

#include <langinfo.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define LABEL 13 /* columns of the words on the left */
#define BAR 20
#define LIMIT_ROWS 6

enum {
	SUM_PID,
	SUM_COMMAND,
	SUM_USER,
	SUM_STATE,
	SUM_UPTIME,
	SUM_EXE,
	SUM_RSS,
	SUM_PEAK,
	SUM_ANON,
	SUM_FILE,
	SUM_SHARED,
	SUM_SWAP,
	SUM_TABLES,
	SUM_LIVE,
	SUM_LIVE_ERROR,
	SUM_RETAINED,
	SUM_FDS,
	SUM_SOFT,
	SUM_HARD,
	SUM_SOCKETS,
	SUM_SOCKET_MEMORY,
	SUM_THREADS,
	SUM_OPENERS_KNOWN,
	SUM_OPENERS,
	SUM_OLDEST,
	SUM_UNJOINED,
	SUM_UNJOINED_RESERVED,
	SUM_UNJOINED_RESIDENT,
	SUM_AGENT,
	SUM_INTERVAL,
	SUM_SAMPLES,
	SUM_LOST,
	SUM_COLUMNS,
};

/* Keys of JSON; the text is laid out by hand, from the same values. */
static const struct column sum_columns[SUM_COLUMNS] = {
    [SUM_PID] = {"pid", "", CELL_ID, "process", false, false},
    [SUM_COMMAND] = {"command", "", CELL_TEXT, "its name", false, false},
    [SUM_USER] = {"user", "", CELL_TEXT, "effective user", false, false},
    [SUM_STATE] = {"state", "", CELL_TEXT, "as in ps", false, false},
    [SUM_UPTIME] = {"uptime", "", CELL_DURATION, "since its start", false,
	false},
    [SUM_EXE] = {"exe", "", CELL_TEXT, "program", false, false},
    [SUM_RSS] = {"rss", "", CELL_BYTES, "resident memory", false, false},
    [SUM_PEAK] = {"rss_peak", "", CELL_BYTES, "the most it had", false, false},
    [SUM_ANON] = {"rss_anon", "", CELL_BYTES, "its own", false, false},
    [SUM_FILE] = {"rss_file", "", CELL_BYTES, "of files", false, false},
    [SUM_SHARED] = {"rss_shmem", "", CELL_BYTES, "shared", false, false},
    [SUM_SWAP] = {"swap", "", CELL_BYTES, "swapped out", false, false},
    [SUM_TABLES] = {"page_tables", "", CELL_BYTES, "page tables", false, false},
    [SUM_LIVE] = {"live", "", CELL_BYTES, "heap held, estimated", false, false},
    [SUM_LIVE_ERROR] = {"live_error", "", CELL_BYTES, "standard error of live",
	false, false},
    [SUM_RETAINED] = {"retained", "", CELL_BYTES,
	"private memory beyond live that a trim may return, at most", false,
	false},
    [SUM_FDS] = {"fds", "", CELL_COUNT, "open descriptors", false, false},
    [SUM_SOFT] = {"fds_soft", "", CELL_LIMIT, "soft nofile", false, false},
    [SUM_HARD] = {"fds_hard", "", CELL_LIMIT, "hard nofile", false, false},
    [SUM_SOCKETS] = {"sockets", "", CELL_COUNT, "of the descriptors", false,
	false},
    [SUM_SOCKET_MEMORY] = {"socket_memory", "", CELL_BYTES,
	"kernel memory of their buffers", false, false},
    [SUM_THREADS] = {"threads", "", CELL_COUNT, "threads", false, false},
    [SUM_OPENERS_KNOWN] = {"fds_opener_known", "", CELL_COUNT,
	"descriptors whose opener the agent saw", false, false},
    [SUM_OPENERS] = {"fds_openers", "", CELL_COUNT,
	"stacks that opened these", false, false},
    [SUM_OLDEST] = {"fds_oldest", "", CELL_DURATION, "age of the oldest of these",
	false, false},
    [SUM_UNJOINED] = {"threads_unjoined", "", CELL_COUNT,
	"threads that have ended and were not joined", false, false},
    [SUM_UNJOINED_RESERVED] = {"unjoined_reserved", "", CELL_BYTES,
	"size of their stacks", false, false},
    [SUM_UNJOINED_RESIDENT] = {"unjoined_resident", "", CELL_BYTES,
	"what of these is in memory", false, false},
    [SUM_AGENT] = {"agent", "", CELL_BOOL, "it has an agent", false, false},
    [SUM_INTERVAL] = {"interval", "", CELL_BYTES, "bytes between two samples",
	false, false},
    [SUM_SAMPLES] = {"samples", "", CELL_COUNT, "taken by the agent", false,
	false},
    [SUM_LOST] = {"lost", "", CELL_COUNT, "samples lost, all reasons", false,
	false},
};

enum {
	LIM_NAME,
	LIM_USED,
	LIM_SOFT,
	LIM_HARD,
	LIM_PART,
	LIM_COLUMNS,
};

static const struct column limit_columns[LIM_COLUMNS] = {
    [LIM_NAME] = {"resource", "LIMITS", CELL_TEXT, "resource", true, false},
    [LIM_USED] = {"used", "USED", CELL_LIMIT, "in use", false, false},
    [LIM_SOFT] = {"soft", "SOFT", CELL_LIMIT, "soft limit", false, false},
    [LIM_HARD] = {"hard", "HARD", CELL_LIMIT, "hard limit", false, false},
    [LIM_PART] = {"part", "FULL", CELL_PERCENT, "used of soft", false, false},
};

enum {
	LOSS_REASON,
	LOSS_COUNT,
	LOSS_TEXT,
	LOSS_COLUMNS,
};

static const struct column loss_columns[LOSS_COLUMNS] = {
    [LOSS_REASON] = {"reason", "LOST", CELL_TEXT, "why", true, false},
    [LOSS_COUNT] = {"count", "COUNT", CELL_COUNT, "how often", false, false},
    [LOSS_TEXT] = {"text", "WHAT", CELL_TEXT, "what it means", true, true},
};

/* ---- tables -------------------------------------------------------------- */

static uint64_t
retained(const struct show *p)
{
	return knob_retained(&p->knob, p->status.rss_anon,
	    p->live > 0 ? (uint64_t)p->live : 0);
}

static void
add_memory(const struct show *p, struct table *t)
{
	const struct status *s = &p->status;

	if (s->has_memory) {
		table_u64(t, SUM_RSS, s->rss);
		table_u64(t, SUM_PEAK, s->rss_peak);
		table_u64(t, SUM_ANON, s->rss_anon);
		table_u64(t, SUM_FILE, s->rss_file);
		table_u64(t, SUM_SHARED, s->rss_shmem);
		table_u64(t, SUM_SWAP, s->swap);
		table_u64(t, SUM_TABLES, s->page_tables);
	}
	table_u64(t, SUM_AGENT, p->agent != NULL);
	if (p->agent == NULL)
		return;
	table_u64(t, SUM_INTERVAL, p->agent->interval);
	table_u64(t, SUM_SAMPLES, p->agent->samples);
	if (p->has_files) {
		table_u64(t, SUM_OPENERS_KNOWN, p->opener_known);
		table_u64(t, SUM_OPENERS, p->opener_stacks);
		table_u64(t, SUM_OLDEST, p->opener_oldest);
	}
	table_u64(t, SUM_UNJOINED, p->unjoined);
	table_u64(t, SUM_UNJOINED_RESERVED, p->unjoined_reserved);
	table_u64(t, SUM_UNJOINED_RESIDENT, p->unjoined_resident);
	table_u64(t, SUM_LOST, p->lost);
	if (!p->agent->shadowed) {
		table_double(t, SUM_LIVE, p->live);
		table_double(t, SUM_LIVE_ERROR, p->live_error);
		if (p->has_knob && snapshot_heap_unseen(p->agent) == NULL)
			table_u64(t, SUM_RETAINED, retained(p));
	}
}

static struct table *
sum_table(const struct show *p)
{
	struct table *t = table_new(sum_columns, SUM_COLUMNS);
	const struct limit *l = &p->limits.of[LIMIT_nofile];
	char state[2] = {p->status.state, '\0'};

	table_row(t);
	table_u64(t, SUM_PID, (uint64_t)p->t->pid);
	table_text(t, SUM_COMMAND, p->t->process.name);
	table_text(t, SUM_USER, p->user);
	table_text(t, SUM_STATE, state);
	table_u64(t, SUM_UPTIME, p->uptime);
	if (p->exe[0] != '\0')
		table_text(t, SUM_EXE, p->exe);
	add_memory(p, t);
	if (p->usage.known[LIMIT_nofile])
		table_u64(t, SUM_FDS, p->usage.used[LIMIT_nofile]);
	if (l->known) {
		table_u64(t, SUM_SOFT, l->soft);
		table_u64(t, SUM_HARD, l->hard);
	}
	if (p->has_files)
		table_u64(t, SUM_SOCKETS, p->sockets);
	if (p->sockets_known != 0)
		table_u64(t, SUM_SOCKET_MEMORY, p->socket_memory);
	table_u64(t, SUM_THREADS, p->status.threads);
	return t;
}

static enum cell_kind
kind_of(enum limit_unit unit)
{
	return unit == LIMIT_BYTES ? CELL_SIZE_LIMIT : CELL_LIMIT;
}

/* Those that bind and are in use, the tightest first. */
static struct table *
limits_table(const struct show *p)
{
	struct table *t = table_new(limit_columns, LIM_COLUMNS);

	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		const struct limit *l = &p->limits.of[i];
		enum cell_kind kind = kind_of(resources[i].unit);

		if (!l->known || !p->usage.known[i] ||
		    resources[i].use != LIMIT_STOCK ||
		    !usage_binds((enum limit_id)i, &p->status))
			continue;
		table_row(t);
		table_text(t, LIM_NAME, resources[i].name);
		table_u64_as(t, LIM_USED, kind, p->usage.used[i]);
		table_u64_as(t, LIM_SOFT, kind, l->soft);
		table_u64_as(t, LIM_HARD, kind, l->hard);
		if (l->soft != LIMIT_INFINITY && l->soft != 0)
			table_double(t, LIM_PART,
			    (double)p->usage.used[i] / (double)l->soft);
	}
	table_sort(t, LIM_PART, false);
	return t;
}

static struct table *
losses_table(const struct show *p)
{
	struct table *t = table_new(loss_columns, LOSS_COLUMNS);

	for (size_t i = 0; p->agent != NULL && i < p->agent->n_losses; i++) {
		const struct snapshot_loss *l = &p->agent->losses[i];

		if (l->count == 0)
			continue;
		table_row(t);
		table_text(t, LOSS_REASON, l->name);
		table_u64(t, LOSS_COUNT, l->count);
		table_text(t, LOSS_TEXT, l->text);
	}
	return t;
}

/* ---- the page ------------------------------------------------------------ */

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
	bar(out, s->rss != 0 ? (double)retained(p) / (double)s->rss : 0);
	buf_printf(out, " %s at most\n",
	    units_bytes(text, (int64_t)retained(p)));
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
	struct table *limits = limits_table(p), *losses = losses_table(p);
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
	struct table *sum = sum_table(p), *limits = limits_table(p);
	struct table *losses = losses_table(p);

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
