/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/escape.h"
#include "base/units.h"
#include "table/html.h"
#include "table/rows.h"

#include <string.h>

void
html_text(struct buf *out, const char *text)
{
	struct buf clean = BUF_INIT;

	escape_terminal(&clean, text, strlen(text));
	for (const char *s = buf_text(&clean); *s != '\0'; s++) {
		switch (*s) {
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			buf_add(out, s, 1);
		}
	}
	buf_free(&clean);
}

static void
cell_html(const struct column *column, const struct cell *c, struct buf *out)
{
	char text[UNITS_MAX];

	if (c->state == CELL_UNKNOWN) {
		buf_puts(out, "-");
		return;
	}
	if (c->state == CELL_STRING) {
		html_text(out, c->text);
		return;
	}
	if (cell_unlimited(column, c)) {
		buf_puts(out, "unlimited");
		return;
	}
	switch (cell_kind(column, c)) {
	case CELL_BYTES:
	case CELL_SIZE_LIMIT:
		buf_puts(out, units_bytes(text, cell_i64(c)));
		break;
	case CELL_DURATION:
		buf_puts(out, units_duration(text, cell_i64(c)));
		break;
	case CELL_PERCENT:
		buf_puts(out, units_percent(text, cell_double(c)));
		break;
	case CELL_BOOL:
		buf_puts(out, cell_i64(c) != 0 ? "yes" : "");
		break;
	default:
		buf_printf(out, "%lld", (long long)cell_i64(c));
	}
}

/* A row of headings, if there is one to say. */
static void
headings_html(const struct table *t, struct buf *out)
{
	bool any = false;

	for (size_t k = 0; k < t->n_columns; k++)
		any = any || *t->columns[k].title != '\0';
	if (!any)
		return;
	buf_puts(out, "<tr>");
	for (size_t k = 0; k < t->n_columns; k++) {
		buf_printf(out, "<th%s title=\"",
		    t->columns[k].left ? " class=\"left\"" : "");
		html_text(out, t->columns[k].help);
		buf_puts(out, "\">");
		html_text(out, t->columns[k].title);
	}
}

void
table_html(const struct table *t, const char *link, struct buf *out)
{
	buf_puts(out, "<table>\n");
	headings_html(t, out);
	for (size_t i = 0; i < t->n; i++) {
		buf_puts(out, "\n<tr>");
		for (size_t k = 0; k < t->n_columns; k++) {
			bool linked = k == 0 && link != NULL;

			buf_puts(out, t->columns[k].left ?
				"<td class=\"left\">" : "<td>");
			if (linked) {
				buf_printf(out, "<a href=\"%s", link);
				cell_html(&t->columns[k], &t->rows[i][k], out);
				buf_puts(out, "/\">");
			}
			cell_html(&t->columns[k], &t->rows[i][k], out);
			if (linked)
				buf_puts(out, "</a>");
		}
	}
	buf_puts(out, "\n</table>\n");
}
