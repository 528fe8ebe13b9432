/* SPDX-License-Identifier: MIT */
/* How the knob and its receipts look. */
#include "config.h"

#include "cmd/trim.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/output.h"
#include "base/units.h"
#include "cmd/cmd.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void
line(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "%-10s ", key);
	escape_terminal(out, text, strlen(text));
	buf_puts(out, "\n");
}

static void
draw_knob(const struct knob *k, struct buf *out)
{
	char text[32], a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX], d[UNITS_MAX];

	line(out, "knob", trim_percent_text(text, k->percent));
	line(out, "limit",
	    k->limit ? units_bytes(a, (int64_t)k->limit) : "none");
	buf_printf(out, "%-10s %s", "allocator", k->allocator);
	if (k->version[0] != '\0') {
		buf_puts(out, " ");
		escape_terminal(out, k->version, strlen(k->version));
	}
	buf_printf(out, "\n%-10s %s", "keeper", k->keeper);
	if (k->has_keeper)
		buf_printf(out, ", thread %llu", (unsigned long long)k->tid);
	if (k->reason != NULL)
		buf_printf(out, ": %s", k->reason);
	else if (!k->has_keeper && k->percent != KNOB_OFF)
		buf_puts(out, " yet: it comes when there is more than 4 MiB to "
			      "look after");
	else if (!k->has_keeper && k->pending && k->limit == 0)
		buf_puts(out, ": an order waits for a thread that allocates");
	buf_puts(out, "\n");
	if (k->seen_anonymous != 0)
		buf_printf(out,
		    "%-10s %s anonymous, %s live, %s that no trim returns; "
		    "%s may be kept\n",
		    "seen", units_bytes(a, (int64_t)k->seen_anonymous),
		    units_bytes(b, (int64_t)k->seen_live),
		    units_bytes(c, (int64_t)k->base),
		    k->percent == KNOB_OFF ?
			"any" :
			units_bytes(d,
			    (int64_t)((double)k->seen_live *
				(double)k->percent / (100.0 * KNOB_PERCENT))));
	if (k->overruns > 0)
		buf_printf(out, "%-10s %llu of the trims went over %s\n",
		    "overruns", (unsigned long long)k->overruns,
		    units_duration(a, (int64_t)k->budget_ns));
}

static void
draw_json(const struct knob *k, struct buf *out)
{
	struct table *receipts = trim_receipts(k);
	struct buf rows = BUF_INIT;
	json_t *o, *list;
	char *text;

	table_json(receipts, &rows);
	list = json_loads(buf_text(&rows), 0, NULL);
	o = json_pack("{s:o, s:o, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, "
		      "s:o, s:o, s:o}",
	    "percent",
	    k->percent == KNOB_OFF ? json_null() :
				     json_real((double)k->percent /
					 (double)KNOB_PERCENT),
	    "limit", k->limit ? json_known(k->limit) : json_null(), "allocator",
	    k->allocator, "keeper", k->keeper, "reason",
	    k->reason ? json_string(k->reason) : json_null(), "version",
	    escape_is_utf8(k->version) ? k->version : "", "tid",
	    k->has_keeper ? json_known(k->tid) : json_null(), "starts",
	    json_known(k->starts), "anonymous", json_known(k->seen_anonymous), "live",
	    json_known(k->seen_live), "base", json_known(k->base), "pause",
	    json_known(k->pause_ns), "overruns", json_known(k->overruns), "receipts",
	    list ? list : json_array());
	text = json_dumps(o, JSON_INDENT(1));
	buf_puts(out, text != NULL ? text : "null");
	buf_puts(out, "\n");
	free(text);
	json_decref(o);
	buf_free(&rows);
	table_free(receipts);
}

int
trim_show(const struct options *o, const struct knob *k, size_t rows, bool knob,
    struct err *e)
{
	struct table_options how = { .rows = rows,
		.columns = cmd_columns(true), .headings = true };
	struct table *receipts = trim_receipts(k);
	struct buf out = BUF_INIT;
	int rc;

	if (option_given(o, "json")) {
		draw_json(k, &out);
	} else {
		if (knob)
			draw_knob(k, &out);
		if (knob && table_rows(receipts) > 0)
			buf_puts(&out, "\n");
		if (table_rows(receipts) > 0)
			table_draw(receipts, &how, &out);
	}
	rc = output_write(NULL, out.bytes, out.len, e);
	buf_free(&out);
	table_free(receipts);
	return rc;
}
