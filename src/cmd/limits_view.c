/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/limits_view.h"
#include "base/units.h"
#include "cmd/table_fit.h"
#include "table/table.h"
#include "tune/assignment.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	COL_RESOURCE,
	COL_USED,
	COL_BAR,
	COL_SOFT,
	COL_HARD,
	COL_FREE,
	COL_PERCENT,
	COL_FULL_IN,
	COL_ABOVE,
	COL_COUNT,
};

static const struct column columns[COL_COUNT] = {
	[COL_RESOURCE] = { "resource", "RESOURCE", CELL_TEXT,
	    "the word for it, as of prlimit(1)", true, false },
	[COL_USED] = { "used", "USED", CELL_LIMIT, "what is in use", false,
	    false },
	[COL_BAR] = { "bar", "", CELL_TEXT, "used of soft, drawn", true,
	    false },
	[COL_SOFT] = { "soft", "SOFT", CELL_LIMIT, "the limit in force",
	    false, false },
	[COL_HARD] = { "hard", "HARD", CELL_LIMIT,
	    "how far the process may raise it itself", false, false },
	[COL_FREE] = { "free", "FREE", CELL_LIMIT, "soft less used", false,
	    false },
	[COL_PERCENT] = { "percent", "%", CELL_PERCENT, "used of soft", false,
	    false },
	[COL_FULL_IN] = { "full_in", "FULL IN", CELL_TEXT,
	    "when it will meet the soft limit", true, false },
	[COL_ABOVE] = { "above", "CEILING ABOVE", CELL_TEXT,
	    "what else bounds it", true, true },
};

/* Left out of a narrow terminal, the first one first. */
static const size_t spare[] = { COL_BAR, COL_FREE, COL_ABOVE, COL_HARD };

enum {
	JSON_RESOURCE,
	JSON_UNIT,
	JSON_USED,
	JSON_SOFT,
	JSON_HARD,
	JSON_FREE,
	JSON_PERCENT,
	JSON_BINDS,
	JSON_TREND,
	JSON_RATE,
	JSON_RATE_ERROR,
	JSON_FULL_IN,
	JSON_FULL_IN_ERROR,
	JSON_ABOVE,
	JSON_COUNT,
};

static const struct column json_columns[JSON_COUNT] = {
	[JSON_RESOURCE] = { "resource", "", CELL_TEXT, "", true, false },
	[JSON_UNIT] = { "unit", "", CELL_TEXT, "", true, false },
	[JSON_USED] = { "used", "", CELL_COUNT, "", false, false },
	[JSON_SOFT] = { "soft", "", CELL_LIMIT, "", false, false },
	[JSON_HARD] = { "hard", "", CELL_LIMIT, "", false, false },
	[JSON_FREE] = { "free", "", CELL_LIMIT, "", false, false },
	[JSON_PERCENT] = { "percent", "", CELL_PERCENT, "", false, false },
	[JSON_BINDS] = { "binds", "", CELL_BOOL, "", false, false },
	[JSON_TREND] = { "trend", "", CELL_TEXT, "", true, false },
	[JSON_RATE] = { "rate", "", CELL_COUNT, "", false, false },
	[JSON_RATE_ERROR] = { "rate_error", "", CELL_COUNT, "", false, false },
	[JSON_FULL_IN] = { "full_in", "", CELL_DURATION, "", false, false },
	[JSON_FULL_IN_ERROR] = { "full_in_error", "", CELL_DURATION, "", false,
	    false },
	[JSON_ABOVE] = { "above", "", CELL_TEXT, "", true, false },
};

/* ---- reading --------------------------------------------------------------------- */

static int
read_moving(struct limits_view *v, struct err *e)
{
	if (status_read(v->pid, &v->status, e) < 0 ||
	    limits_read(v->pid, &v->limits, e) < 0 ||
	    usage_read(v->pid, v->extras, &v->usage, e) < 0)
		return -1;
	if (v->status.state == 'Z' && v->status.threads <= 1)
		return err_set(e, ERR_GONE, "process %d has ended", v->pid);
	return 0;
}

int
limits_view_read(struct limits_view *v, struct err *e)
{
	if (read_moving(v, e) < 0)
		return -1;
	ceilings_read(v->pid, &v->ceilings);
	cgroups_read(v->pid, &v->cgroups);
	return 0;
}

int
limits_view_sample(struct limits_view *v, int64_t time, struct err *e)
{
	if (read_moving(v, e) < 0)
		return -1;
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		if (resources[i].use == LIMIT_STOCK && v->usage.known[i])
			trend_add(&v->trend[i], time,
			    (double)v->usage.used[i]);
	return 0;
}

void
limits_view_free(struct limits_view *v)
{
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		trend_free(&v->trend[i]);
}

/* ---- what stands above -------------------------------------------------------------- */

/* "; fs.file-max 2,466,170, 12% used" */
static void
put_above(struct buf *out, const char *name, enum limit_unit unit,
    uint64_t limit, uint64_t used)
{
	enum limit_id like = unit == LIMIT_BYTES ? LIMIT_as : LIMIT_nofile;
	char text[LIMIT_TEXT_MAX], percent[UNITS_MAX];

	if (limit == CEILING_UNKNOWN)
		return;
	buf_printf(out, "%s%s %s", out->len > 0 ? "; " : "", name,
	    limit_text(text, like, limit));
	if (used != CEILING_UNKNOWN && limit > 0)
		buf_printf(out, ", %s used",
		    units_percent(percent, (double)used / (double)limit));
}

static void
put_ceiling(struct buf *out, const struct limits_view *v, enum ceiling_id id)
{
	const struct ceiling *c = &v->ceilings.of[id];

	put_above(out, ceiling_rows[id].name, ceiling_rows[id].unit, c->limit,
	    c->used);
}

static void
put_group(struct buf *out, const struct cgroup_limit *l, enum limit_unit unit)
{
	char name[64];

	if (!l->known || l->limit == CGROUP_NO_LIMIT)
		return;
	snprintf(name, sizeof name, "cgroup %s", l->file);
	put_above(out, name, unit, l->limit,
	    l->used_known ? l->used : CEILING_UNKNOWN);
}

static void
put_memory(struct buf *out, const struct limits_view *v)
{
	put_group(out, &v->cgroups.memory, LIMIT_BYTES);
	put_group(out, &v->cgroups.high, LIMIT_BYTES);
	put_ceiling(out, v, CEILING_memory);
	if (v->ceilings.overcommit == 2)
		put_ceiling(out, v, CEILING_commit);
}

void
limits_view_above(const struct limits_view *v, enum limit_id id,
    struct buf *out)
{
	if (!resources[id].enforced)
		buf_puts(out, "not enforced by Linux");
	else if (!usage_binds(id, &v->status))
		buf_puts(out, "does not bind this privileged process");
	switch (id) {
	case LIMIT_nofile:
		put_ceiling(out, v, CEILING_nr_open);
		put_ceiling(out, v, CEILING_file_max);
		break;
	case LIMIT_nproc:
		put_group(out, &v->cgroups.pids, LIMIT_COUNT);
		put_ceiling(out, v, CEILING_threads_max);
		put_ceiling(out, v, CEILING_pid_max);
		break;
	case LIMIT_as:
		if (v->usage.maps_known)
			put_above(out, "vm.max_map_count", LIMIT_COUNT,
			    v->ceilings.of[CEILING_max_map_count].limit,
			    v->usage.maps);
		put_memory(out, v);
		break;
	case LIMIT_data:
	case LIMIT_rss:
	case LIMIT_memlock:
		put_memory(out, v);
		break;
	default:
		break;
	}
}

/* ---- the table ------------------------------------------------------------------------ */

/* A number of the resource, drawn in its unit. Times come out as times. */
static void
put(struct table *t, size_t column, enum limit_id id, uint64_t value)
{
	uint64_t ns = resources[id].unit == LIMIT_SECONDS ? 1000000000u : 1000;

	switch (resources[id].unit) {
	case LIMIT_COUNT:
		table_u64(t, column, value);
		break;
	case LIMIT_BYTES:
		table_u64_as(t, column, CELL_SIZE_LIMIT, value);
		break;
	default:
		if (value <= INT64_MAX / ns)
			table_u64_as(t, column, CELL_DURATION, value * ns);
		else
			table_u64(t, column, value);
	}
}

static bool
has_part(const struct limits_view *v, enum limit_id id, double *part)
{
	const struct limit *l = &v->limits.of[id];

	if (resources[id].use != LIMIT_STOCK || !v->usage.known[id] ||
	    !l->known || l->soft == LIMIT_INFINITY)
		return false;
	*part = l->soft != 0 ? (double)v->usage.used[id] / (double)l->soft :
			       v->usage.used[id] != 0;
	return true;
}

static struct trend_answer
ask(const struct limits_view *v, enum limit_id id)
{
	const struct limit *l = &v->limits.of[id];
	double limit = l->known && l->soft != LIMIT_INFINITY ?
	    (double)l->soft :
	    -1;

	return trend_ask(&v->trend[id], limit,
	    resources[id].unit == LIMIT_BYTES ? 4096 : 1);
}

static bool
utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

#define BAR_WIDTH 16

/* Eighths of a cell where the locale has them. */
static void
put_bar(struct table *t, double part)
{
	double fill = part < 0 ? 0 : part > 1 ? 1 : part;
	unsigned eighths = (unsigned)lround(fill * BAR_WIDTH * 8);
	char text[BAR_WIDTH * 3 + 1], *s = text;

	/* What is not nothing can be seen. */
	if (eighths == 0 && part > 0)
		eighths = 1;
	for (; eighths >= 8; eighths -= 8) {
		if (utf8()) {
			memcpy(s, "\342\226\210", 3);
			s += 3;
		} else {
			*s++ = '#';
		}
	}
	if (eighths > 0 && utf8()) {
		memcpy(s, "\342\226\220", 3);
		s[2] = (char)(0x90 - eighths);
		s += 3;
	} else if (eighths > 3) {
		*s++ = '#';
	}
	*s = '\0';
	table_text(t, COL_BAR, text);
}

static void
add_row(struct table *t, const struct limits_view *v, enum limit_id id)
{
	const struct limit *l = &v->limits.of[id];
	char text[TREND_TEXT_MAX];
	struct buf above = BUF_INIT;
	struct trend_answer answer;
	double part;

	table_row(t);
	table_text(t, COL_RESOURCE, resources[id].name);
	table_text(t, COL_BAR, "");
	if (v->usage.known[id])
		put(t, COL_USED, id, v->usage.used[id]);
	if (l->known) {
		put(t, COL_SOFT, id, l->soft);
		put(t, COL_HARD, id, l->hard);
	}
	if (has_part(v, id, &part)) {
		put(t, COL_FREE, id,
		    l->soft > v->usage.used[id] ?
			l->soft - v->usage.used[id] :
			0);
		table_double(t, COL_PERCENT, part);
		put_bar(t, part);
		answer = ask(v, id);
		table_text(t, COL_FULL_IN, trend_text(text, &answer, utf8()));
	}
	limits_view_above(v, id, &above);
	table_text(t, COL_ABOVE, buf_text(&above));
	buf_free(&above);
}

void
limits_view_text(const struct limits_view *v, size_t width, bool bars,
    struct buf *out)
{
	struct table *t = table_new(columns, COL_COUNT);
	struct table_options how = {
		.columns = width,
		.headings = true,
		.hidden = (bars ? 0 : UINT64_C(1) << COL_BAR) |
		    (v->trends ? 0 : UINT64_C(1) << COL_FULL_IN),
	};

	for (int i = 0; i < LIMIT_RESOURCES; i++)
		if (v->chosen[i])
			add_row(t, v, (enum limit_id)i);
	table_fit(t, &how, spare, sizeof spare / sizeof spare[0], out);
	table_free(t);
}

/* ---- JSON ------------------------------------------------------------------------------ */

static void
json_trend(struct table *t, const struct limits_view *v, enum limit_id id)
{
	static const char *const words[] = {
		[TREND_TOO_FEW] = "not enough samples",
		[TREND_FULL] = "full",
		[TREND_STABLE] = "stable",
		[TREND_FALLING] = "falling",
		[TREND_GROWING] = "growing",
		[TREND_FULL_IN] = "growing",
	};
	struct trend_answer a;

	if (!v->trends || resources[id].use != LIMIT_STOCK ||
	    !v->usage.known[id])
		return;
	a = ask(v, id);
	table_text(t, JSON_TREND, words[a.verdict]);
	table_double(t, JSON_RATE, a.slope);
	table_double(t, JSON_RATE_ERROR, a.slope_error);
	if (a.verdict == TREND_FULL_IN) {
		table_i64(t, JSON_FULL_IN, a.left);
		table_i64(t, JSON_FULL_IN_ERROR, a.left_error);
	}
}

static void
add_json_row(struct table *t, const struct limits_view *v, enum limit_id id)
{
	const struct limit *l = &v->limits.of[id];
	struct buf above = BUF_INIT;
	double part;

	table_row(t);
	table_text(t, JSON_RESOURCE, resources[id].name);
	table_text(t, JSON_UNIT, limit_unit_name(resources[id].unit));
	table_u64(t, JSON_BINDS, usage_binds(id, &v->status));
	if (v->usage.known[id])
		table_u64(t, JSON_USED, v->usage.used[id]);
	if (l->known) {
		table_u64(t, JSON_SOFT, l->soft);
		table_u64(t, JSON_HARD, l->hard);
	}
	if (has_part(v, id, &part)) {
		table_double(t, JSON_PERCENT, part);
		table_u64(t, JSON_FREE,
		    l->soft > v->usage.used[id] ?
			l->soft - v->usage.used[id] :
			0);
	}
	json_trend(t, v, id);
	limits_view_above(v, id, &above);
	if (above.len > 0)
		table_text(t, JSON_ABOVE, buf_text(&above));
	buf_free(&above);
}

void
limits_view_json(const struct limits_view *v, struct buf *out)
{
	struct table *t = table_new(json_columns, JSON_COUNT);

	for (int i = 0; i < LIMIT_RESOURCES; i++)
		if (v->chosen[i])
			add_json_row(t, v, (enum limit_id)i);
	table_json(t, out);
	table_free(t);
}
