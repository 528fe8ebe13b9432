/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/columns.h"
#include "top/cells.h"
#include "top/graph.h"

#include <string.h>

/* ---- values ------------------------------------------------------------------- */

static void
number(struct value *v, double n)
{
	v->is = VALUE_NUMBER;
	v->number = n;
}

static void
text(struct value *v, const char *s)
{
	v->is = VALUE_TEXT;
	v->text = s;
}

/* The value, or what it grew since the baseline. */
static void
amount(const struct model *m, const struct process_view *p, struct value *v,
    uint64_t now, uint64_t base)
{
	if (now == NOT_KNOWN || (m->growth && !p->has_base))
		return;
	if (m->growth && base == NOT_KNOWN)
		return;
	number(v, m->growth ? (double)now - (double)base : (double)now);
}

#define ARGS                                                                   \
	const struct model *m __attribute__((unused)),                         \
	    const struct process_view *p, struct value *v

static void
get_pid(ARGS)
{
	number(v, p->row.pid);
}

static void
get_ppid(ARGS)
{
	number(v, p->row.ppid);
}

static void
get_user(ARGS)
{
	text(v, p->row.user);
}

static void
get_command(ARGS)
{
	text(v, p->row.command[0] != '\0' ? p->row.command : p->row.name);
}

static void
get_name(ARGS)
{
	text(v, p->row.name);
}

static void
get_state(ARGS)
{
	static const char states[][2] = { "R", "S", "D", "Z", "T", "t", "I",
		"X" };

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (states[i][0] == p->row.state)
			text(v, states[i]);
}

static void
get_cpu(ARGS)
{
	if (p->cpu >= 0)
		number(v, p->cpu);
}

static void
get_time(ARGS)
{
	number(v, (double)p->row.cpu);
}

static void
get_rss(ARGS)
{
	amount(m, p, v, p->row.rss, p->base.rss);
}

static void
get_size(ARGS)
{
	amount(m, p, v, p->row.size, p->base.size);
}

static void
get_live(ARGS)
{
	amount(m, p, v, p->row.live, p->base.live);
}

static void
get_retained(ARGS)
{
	amount(m, p, v, p->row.retained, p->base.retained);
}

static void
get_peak(ARGS)
{
	if (p->row.peak != NOT_KNOWN)
		number(v, (double)p->row.peak);
}

static void
get_allocs(ARGS)
{
	if (p->allocs >= 0)
		number(v, p->allocs);
}

static void
get_lost(ARGS)
{
	if (p->row.lost != NOT_KNOWN)
		number(v, (double)p->row.lost);
}

static void
get_threads(ARGS)
{
	amount(m, p, v, p->row.threads, p->base.threads);
}

static void
get_fds(ARGS)
{
	amount(m, p, v, p->row.fds, p->base.fds);
}

static void
get_nofile(ARGS)
{
	if (p->row.soft_nofile < NOT_KNOWN)
		number(v, (double)p->row.soft_nofile);
}

static void
get_full(ARGS)
{
	if (p->row.fds < NOT_KNOWN && p->row.soft_nofile < NOT_KNOWN &&
	    p->row.soft_nofile > 0)
		number(v, (double)p->row.fds / (double)p->row.soft_nofile);
}

static void
get_tightest(ARGS)
{
	if (p->tightest != NULL)
		text(v, p->tightest);
}

static void
get_fraction(ARGS)
{
	if (p->tightest != NULL)
		number(v, p->fraction);
}

/* Sorted descending like all numbers, so nearer is more. */
static void
get_full_in(ARGS)
{
	if (p->trend.verdict == TREND_FULL)
		number(v, 0);
	else if (p->trend.verdict == TREND_FULL_IN)
		number(v, (double)p->trend.left);
}

static void
get_uptime(ARGS)
{
	if (m->time > 0 && p->row.start < (uint64_t)m->time)
		number(v, (double)((uint64_t)m->time - p->row.start));
}

/* ---- the table ---------------------------------------------------------------------- */

/*
 * To add one: a row here, a getter above, a line in the man page. Sizes of
 * agents are drawn in the colours of what they mean.
 */
const struct list_column list_columns[] = {
	{ { "pid", "PID", CELL_ID, "process id; a dot marks an agent, a ring a quiet one", false,
	      false }, 7, 7, 100, 0, get_pid, cell_pid },
	{ { "user", "USER", CELL_TEXT, "effective user", true, false }, 6, 9,
	    70, 0, get_user, NULL },
	{ { "command", "COMMAND", CELL_TEXT, "command line", true, true }, 16,
	    60, 99, NEED_COMMAND, get_command, cell_command },
	{ { "cpu", "CPU", CELL_PERCENT, "part of one CPU", false, false }, 5, 5,
	    95, 0, get_cpu, NULL },
	{ { "rss", "RSS", CELL_BYTES, "resident memory", false, false }, 6, 6,
	    94, 0, get_rss, NULL },
	{ { "live", "LIVE", CELL_BYTES, "heap that is held, as the agent says",
	      false, false }, 6, 6, 80, NEED_AGENT, get_live, NULL },
	{ { "retained", "RETAINED", CELL_BYTES,
	      "private memory beside the live heap, which the allocator "
	      "keeps for the most part; an estimate", false,
	      false }, 8, 8, 40, NEED_AGENT, get_retained, NULL },
	{ { "threads", "THR", CELL_COUNT, "threads", false, false }, 4, 4, 60,
	    0, get_threads, NULL },
	{ { "fds", "DESCRIPTORS", CELL_COUNT, "open descriptors", false,
	      false }, 19, 32, 75, NEED_FDS | NEED_LIMITS, get_fds,
	    cell_descriptors },
	{ { "nofile", "NOFILE", CELL_LIMIT, "soft limit of descriptors", false,
	      false }, 6, 6, 10, NEED_LIMITS, get_nofile, NULL },
	{ { "fds_full", "FD%", CELL_PERCENT,
	      "part of the limit of descriptors in use", false, false }, 5, 5,
	    10, NEED_FDS | NEED_LIMITS, get_full, NULL },
	{ { "tightest", "TIGHTEST", CELL_TEXT,
	      "the limit of which most is in use", true, false }, 11, 12, 85,
	    NEED_FDS | NEED_LIMITS, get_tightest, cell_tightest },
	{ { "tightest_full", "FULL", CELL_PERCENT,
	      "how much of that is in use", false, false }, 5, 5, 10,
	    NEED_FDS | NEED_LIMITS, get_fraction, NULL },
	{ { "full_in", "FULL IN", CELL_DURATION,
	      "when descriptors reach their limit, as they have grown", false,
	      false }, 7, 8, 84, NEED_FDS | NEED_LIMITS, get_full_in,
	    cell_full_in },
	{ { "rss_history", "RSS PAST", CELL_BYTES,
	      "resident memory over the last two minutes or so", true,
	      false }, 8, 20, 45,
	    0, get_rss, cell_rss_spark },
	{ { "fds_history", "FDS PAST", CELL_COUNT,
	      "descriptors over the last two minutes or so", true, false }, 9,
	    20, 10,
	    NEED_FDS, get_fds, cell_fds_spark },
	{ { "allocs", "ALLOC/s", CELL_BYTES, "bytes allocated per second",
	      false, false }, 7, 7, 30, NEED_AGENT, get_allocs, NULL },
	{ { "peak", "PEAK", CELL_BYTES, "highest live heap", false, false }, 6,
	    6, 20, NEED_AGENT, get_peak, NULL },
	{ { "lost", "LOST", CELL_COUNT,
	      "what the agent could not record, in all", false, false }, 5, 5,
	    20, NEED_AGENT, get_lost, NULL },
	{ { "state", "S", CELL_TEXT, "state: R S D Z T", true, false }, 1, 1,
	    25, 0, get_state, NULL },
	{ { "name", "NAME", CELL_TEXT, "short name", true, false }, 8, 15, 25,
	    0, get_name, NULL },
	{ { "ppid", "PPID", CELL_ID, "parent", false, false }, 7, 7, 15, 0,
	    get_ppid, NULL },
	{ { "size", "SIZE", CELL_BYTES, "address space", false, false }, 6, 6,
	    15, 0, get_size, NULL },
	{ { "time", "TIME", CELL_DURATION, "CPU time since the start", false,
	      false }, 8, 8, 15, 0, get_time, NULL },
	{ { "uptime", "UP", CELL_DURATION, "since it was started", false,
	      false }, 8, 8, 15, 0, get_uptime, NULL },
	{ { NULL, NULL, CELL_TEXT, NULL, false, false }, 0, 0, 0, 0, NULL,
	    NULL },
};

const char *const list_columns_standard[] = { "pid", "user", "command", "cpu",
	"rss", "live", "retained", "threads", "fds", "tightest", "full_in",
	"rss_history", NULL };

const struct list_column *
list_column_find(const char *key)
{
	for (const struct list_column *l = list_columns; l->column.key; l++)
		if (strcmp(l->column.key, key) == 0)
			return l;
	return NULL;
}

int
list_column_compare(const struct list_column *column, const struct model *m,
    const struct process_view *a, const struct process_view *b)
{
	int way = m->reverse ? -1 : 1;
	struct value x = { .is = VALUE_NONE }, y = { .is = VALUE_NONE };

	column->get(m, a, &x);
	column->get(m, b, &y);
	if (x.is == VALUE_NONE || y.is == VALUE_NONE)
		return (x.is == VALUE_NONE) - (y.is == VALUE_NONE);
	if (x.is == VALUE_TEXT)
		return way * strcmp(x.text, y.text);
	/* The nearest end first; pids count up. */
	if (column->column.kind == CELL_ID || column->get == get_full_in)
		return way * ((x.number > y.number) - (x.number < y.number));
	return way * ((x.number < y.number) - (x.number > y.number));
}

static enum style
style_of(const struct list_column *column, double number)
{
	const char *key = column->column.key;

	if (number == 0 && column->needs == NEED_AGENT)
		return STYLE_FAINT;
	if (strcmp(key, "live") == 0 || strcmp(key, "peak") == 0)
		return STYLE_LIVE;
	if (strcmp(key, "retained") == 0)
		return STYLE_RETAINED;
	if (strcmp(key, "lost") == 0 && number > 0)
		return STYLE_WARN;
	if (strcmp(key, "fds_full") == 0 || strcmp(key, "tightest_full") == 0)
		return graph_fullness(number);
	if (column->column.kind == CELL_PERCENT && number < 0.0005)
		return STYLE_FAINT;
	return STYLE_PLAIN;
}

static bool
grows(const struct list_column *column)
{
	static const char *const keys[] = { "rss", "live", "retained",
		"threads", "fds", "size" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(column->column.key, keys[i]) == 0)
			return true;
	return false;
}

void
list_column_draw(const struct list_column *column, struct canvas *c, int row,
    int at, int width, const struct model *m, const struct process_view *p)
{
	struct value v = { .is = VALUE_NONE };
	char out[VALUE_MAX];
	enum style style;

	column->get(m, p, &v);
	if (column->draw != NULL) {
		column->draw(c, row, at, width, m, p, &v);
		return;
	}
	if (v.is == VALUE_NONE) {
		canvas_right(c, row, at, column->column.left ? 1 : width,
		    STYLE_FAINT, c->unicode ? "–" : "-");
		return;
	}
	if (v.is == VALUE_TEXT) {
		canvas_left(c, row, at, width, STYLE_PLAIN, v.text);
		return;
	}
	cell_shown(out, column->column.kind, v.number,
	    m->growth && grows(column));
	style = style_of(column, v.number);
	canvas_right(c, row, at, width, style, out);
}
