/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/cells.h"
#include "base/units.h"
#include "top/graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *
cell_shown(char out[VALUE_MAX], enum cell_kind kind, double number,
    bool growth)
{
	char text[UNITS_MAX];
	const char *plus = growth && number > 0 ? "+" : "";

	switch (kind) {
	case CELL_BYTES:
	case CELL_SIZE_LIMIT:
		units_bytes(text, (int64_t)number);
		break;
	case CELL_DURATION:
		units_duration(text, (int64_t)number);
		break;
	case CELL_PERCENT:
		/* Three columns: 0.4, 12, 140. */
		if (number * 100 < 9.95 && number >= 0.0005)
			snprintf(text, sizeof text, "%.1f%%", number * 100);
		else
			snprintf(text, sizeof text, "%.0f%%", number * 100);
		break;
	case CELL_ID:
		snprintf(text, sizeof text, "%.0f", number);
		break;
	default:
		units_count(text, (int64_t)number);
	}
	/* On their units: "812 " below "61.0M". */
	if (kind == CELL_BYTES && number > -1000 && number < 1000)
		strcat(text, " ");
	if (growth && number == 0)
		snprintf(out, VALUE_MAX, "=");
	else
		snprintf(out, VALUE_MAX, "%s%s", plus, text);
	return out;
}

#define DRAW                                                                   \
	struct canvas *c, int row, int at, int width,                          \
	    const struct model *m __attribute__((unused)),                     \
	    const struct process_view *p,                                      \
	    const struct value *v __attribute__((unused))

const char *
agent_mark(const struct canvas *c, bool quiet)
{
	return c->unicode ? (quiet ? "○" : "●") : quiet ? "o" : "*";
}

void
cell_pid(DRAW)
{
	char digits[16];

	snprintf(digits, sizeof digits, "%d", p->row.pid);
	if (p->row.agent)
		canvas_put(c, row, at + width - 1, STYLE_OURS,
		    agent_mark(c, p->row.quiet));
	canvas_right(c, row, at, width - 2, STYLE_PLAIN, digits);
}

void
cell_command(DRAW)
{
	bool quiet = p->row.kernel || p->row.state == 'Z';
	int indent = p->depth * 2;

	if (indent > width / 2)
		indent = width / 2;
	if (m->tree && p->depth > 0 && indent >= 2)
		canvas_put(c, row, at + indent - 2, STYLE_FAINT,
		    c->unicode ? "└" : "`");
	canvas_left(c, row, at + indent, width - indent,
	    quiet ? STYLE_FAINT : STYLE_PLAIN, v->text);
}

/* As it stands in files of limits as long as it is short: "1,024". */
static char *
short_count(char out[VALUE_MAX], uint64_t n)
{
	if (n < 1000)
		snprintf(out, VALUE_MAX, "%llu", (unsigned long long)n);
	else if (n < 10000)
		snprintf(out, VALUE_MAX, "%llu,%03llu",
		    (unsigned long long)(n / 1000),
		    (unsigned long long)(n % 1000));
	else
		cell_shown(out, CELL_COUNT, (double)n, false);
	return out;
}

void
cell_descriptors(DRAW)
{
	char used[VALUE_MAX], most[VALUE_MAX], both[VALUE_MAX * 2 + 8];
	uint64_t limit = p->row.soft_nofile;
	bool limited = limit < NOT_KNOWN && limit > 0;
	int text_width = 14;
	double full;

	if (m->growth) {
		if (v->is == VALUE_NUMBER)
			canvas_right(c, row, at, 6, STYLE_PLAIN,
			    cell_shown(used, CELL_COUNT, v->number, true));
		return;
	}
	if (p->row.fds >= NOT_KNOWN) {
		canvas_right(c, row, at, 5, STYLE_FAINT,
		    c->unicode ? "–" : "-");
		return;
	}
	full = limited ? (double)p->row.fds / (double)limit : 0;
	short_count(used, p->row.fds);
	canvas_right(c, row, at, 5, graph_fullness(full), used);
	if (!limited)
		return;
	short_count(most, limit);
	snprintf(both, sizeof both, " of %s", most);
	canvas_left(c, row, at + 5, text_width - 5, STYLE_FAINT, both);
	graph_bar(c, row, at + text_width + 1, width - text_width - 1,
	    full, graph_fullness(full));
}

void
cell_tightest(DRAW)
{
	char percent[VALUE_MAX];
	enum style style = graph_fullness(p->fraction);

	if (p->fraction < 0.5)
		style = STYLE_FAINT;
	if (p->tightest == NULL) {
		canvas_left(c, row, at, width, STYLE_FAINT,
		    c->unicode ? "–" : "-");
		return;
	}
	canvas_left(c, row, at, width - 5, style, p->tightest);
	cell_shown(percent, CELL_PERCENT, p->fraction, false);
	canvas_right(c, row, at + width - 5, 5, style, percent);
}

void
cell_full_in(DRAW)
{
	char left[UNITS_MAX];

	switch (p->trend.verdict) {
	case TREND_FULL:
		canvas_right(c, row, at, width, STYLE_TROUBLE, "full");
		break;
	case TREND_FULL_IN:
		units_duration(left, p->trend.left);
		canvas_right(c, row, at, width,
		    p->trend.left < PRESSURE_NS ? STYLE_TROUBLE : STYLE_WARN,
		    left);
		break;
	case TREND_TOO_FEW:
		canvas_right(c, row, at, width, STYLE_FAINT,
		    c->unicode ? "–" : "-");
		break;
	default:
		canvas_right(c, row, at, width, STYLE_FAINT,
		    p->trend.verdict == TREND_FALLING ? "falling" :
		    p->trend.verdict == TREND_GROWING ? "growing" :
							"stable");
	}
}

static void
spark(struct canvas *c, int row, int at, int width,
    const struct process_view *p, enum model_history which, double span)
{
	double values[HISTORY], low, high;
	int n = p->n_history;

	/* As many as fit, each the average of those it stands for. */
	for (int i = 0; i < n; i++)
		values[i] = p->history[which][i];
	if (n > width && width > 0) {
		for (int i = 0; i < width; i++) {
			int from = i * n / width, to = (i + 1) * n / width;
			double sum = 0;

			for (int k = from; k < to; k++)
				sum += p->history[which][k];
			values[i] = sum / (to - from);
		}
		n = width;
	}
	low = high = n > 0 ? values[0] : 0;
	for (int i = 0; i < n; i++) {
		low = fmin(low, values[i]);
		high = fmax(high, values[i]);
	}
	/* What does not move stands back. */
	graph_spark(c, row, at, width, high - low < span / 4 ? STYLE_FAINT :
	    STYLE_PLAIN, values, n, span);
}

void
cell_rss_spark(DRAW)
{
	spark(c, row, at, width, p, HISTORY_RSS,
	    fmax((double)p->row.rss / 8, 4096 * 16));
}

void
cell_fds_spark(DRAW)
{
	spark(c, row, at, width, p, HISTORY_FDS,
	    p->row.fds < NOT_KNOWN ? fmax((double)p->row.fds / 8, 8) : 8);
}
