/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/show_tables.h"

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

uint64_t
show_retained(const struct show *p)
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
			table_u64(t, SUM_RETAINED, show_retained(p));
	}
}

struct table *
show_sum(const struct show *p)
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
struct table *
show_limits(const struct show *p)
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

struct table *
show_losses(const struct show *p)
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
