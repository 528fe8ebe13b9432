/* SPDX-License-Identifier: MIT */
/*
 * A table as text. Numbers stand to the right and on their units: one that has
 * no prefix leaves room for it, so "812 " stands below "61.0M".
 */
#include "config.h"

#include "table/rows.h"
#include "base/escape.h"
#include "base/units.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2	   /* columns between columns */
#define LAST_MIN 8 /* the column that is cut keeps as much */

struct drawing {
	const struct table *t;
	const struct table_options *o;
	struct buf *out;
	size_t rows;   /* that are shown */
	char **texts;  /* escaped; rows × columns */
	size_t *width; /* of each column */
	size_t cut;    /* the column that may be cut, or n_columns */
};

static bool
shown(const struct drawing *d, size_t column)
{
	return column >= 64 || !(d->o->hidden >> column & 1);
}

static void
put_count(struct buf *out, const struct cell *c)
{
	char digits[UNITS_MAX], *s = digits;
	int64_t v = cell_i64(c);
	size_t len;

	if (c->state == CELL_U64)
		snprintf(digits, sizeof digits, "%llu",
		    (unsigned long long)c->u64);
	else
		snprintf(digits, sizeof digits, "%lld", (long long)v);
	if (*s == '-')
		buf_add(out, s++, 1);
	for (len = strlen(s); len > 0; len--) {
		buf_add(out, s++, 1);
		if (len > 1 && len % 3 == 1)
			buf_puts(out, ",");
	}
}

static void
put_number(struct buf *out, const struct column *column, const struct cell *c)
{
	char text[UNITS_MAX];

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
	case CELL_REAL:
		buf_printf(out, "%.2f", cell_double(c));
		break;
	case CELL_BOOL:
		buf_puts(out, cell_i64(c) != 0 ? "*" : "");
		break;
	case CELL_ID:
		if (c->state == CELL_U64)
			buf_printf(out, "%llu", (unsigned long long)c->u64);
		else
			buf_printf(out, "%lld", (long long)cell_i64(c));
		break;
	default:
		put_count(out, c);
	}
}

static char *
cell_text(const struct column *column, const struct cell *c)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "");
	if (c->state == CELL_UNKNOWN)
		buf_puts(&b, "-");
	else if (c->state == CELL_STRING)
		escape_terminal(&b, c->text, strlen(c->text));
	else if (cell_unlimited(column, c))
		buf_puts(&b, "unlimited");
	else
		put_number(&b, column, c);
	return b.bytes;
}

static bool
is_bytes(const struct column *column)
{
	return column->kind == CELL_BYTES || column->kind == CELL_SIZE_LIMIT;
}

static bool
ends_in_digit(const char *s)
{
	size_t len = strlen(s);

	return len != 0 && isdigit((unsigned char)s[len - 1]);
}

/* "61.0M", not "-" or "unlimited". */
static bool
ends_in_prefix(const char *s)
{
	size_t len = strlen(s);

	return len > 1 && isdigit((unsigned char)s[len - 2]) &&
	    isalpha((unsigned char)s[len - 1]);
}

static void
align_units(struct drawing *d, size_t column)
{
	size_t n = d->t->n_columns;
	bool any = false;

	for (size_t i = 0; i < d->rows; i++)
		any = any || ends_in_prefix(d->texts[i * n + column]);
	for (size_t i = 0; any && i < d->rows; i++) {
		char *s = d->texts[i * n + column];

		if (!ends_in_digit(s))
			continue;
		d->texts[i * n + column] = xasprintf("%s ", s);
		free(s);
	}
}

static void
make_texts(struct drawing *d)
{
	size_t n = d->t->n_columns;

	d->texts = xcalloc(d->rows * n, sizeof *d->texts);
	d->width = xcalloc(n, sizeof *d->width);
	for (size_t i = 0; i < d->rows; i++)
		for (size_t k = 0; k < n; k++)
			d->texts[i * n + k] = cell_text(&d->t->columns[k],
			    &d->t->rows[i][k]);
	for (size_t k = 0; k < n; k++) {
		if (!shown(d, k))
			continue;
		if (is_bytes(&d->t->columns[k]))
			align_units(d, k);
		if (d->o->headings)
			d->width[k] = escape_width(d->t->columns[k].title);
		for (size_t i = 0; i < d->rows; i++) {
			size_t w = escape_width(d->texts[i * n + k]);

			if (w > d->width[k])
				d->width[k] = w;
		}
	}
}

/* Narrows the column that may be cut until the table fits. */
static void
fit(struct drawing *d)
{
	size_t n = d->t->n_columns, total = 0, *w, least = LAST_MIN;

	d->cut = n;
	for (size_t k = 0; k < n; k++) {
		if (!shown(d, k))
			continue;
		if (d->t->columns[k].last)
			d->cut = k;
		total += d->width[k] + (total != 0 ? GAP : 0);
	}
	if (d->cut == n)
		return;
	w = &d->width[d->cut];
	if (d->o->columns == 0 || total <= d->o->columns)
		return;
	if (d->o->headings && escape_width(d->t->columns[d->cut].title) > least)
		least = escape_width(d->t->columns[d->cut].title);
	total -= *w;
	if (*w > least)
		*w = total + least > d->o->columns ? least :
						     d->o->columns - total;
}

/* Appends text that is escaped already, cut to the width of its column. */
static size_t
put_cut(struct drawing *d, const char *text, size_t width)
{
	const char *dots = escape_ellipsis();
	size_t used, len;

	if (escape_width(text) <= width) {
		buf_puts(d->out, text);
		return escape_width(text);
	}
	len = escape_fit(text, width - escape_width(dots), &used);
	buf_add(d->out, text, len);
	buf_puts(d->out, dots);
	return used + escape_width(dots);
}

static bool
to_the_left(const struct column *column)
{
	return column->left || column->kind == CELL_TEXT;
}

static void
put_line(struct drawing *d, char *const *texts)
{
	size_t n = d->t->n_columns;
	bool first = true;

	for (size_t k = 0; k < n; k++) {
		const struct column *c = &d->t->columns[k];
		size_t used, width = d->width[k];
		const char *text = texts != NULL ? texts[k] : c->title;

		if (!shown(d, k))
			continue;
		if (!first)
			buf_fill(d->out, ' ', GAP);
		first = false;
		if (!to_the_left(c) && escape_width(text) < width)
			buf_fill(d->out, ' ', width - escape_width(text));
		used = k == d->cut ? put_cut(d, text, width) :
				     escape_width(text);
		if (k != d->cut)
			buf_puts(d->out, text);
		if (to_the_left(c) && used < width)
			buf_fill(d->out, ' ', width - used);
	}
	while (d->out->len > 0 && d->out->bytes[d->out->len - 1] == ' ')
		d->out->len--;
	buf_puts(d->out, "\n");
}

void
table_draw(const struct table *t, const struct table_options *o,
    struct buf *out)
{
	struct drawing d = { .t = t, .o = o, .out = out, .rows = t->n };
	struct cell rest;

	if (o->rows != 0 && o->rows < t->n)
		d.rows = o->rows;
	make_texts(&d);
	fit(&d);
	if (o->headings)
		put_line(&d, NULL);
	for (size_t i = 0; i < d.rows; i++)
		put_line(&d, d.texts + i * t->n_columns);
	if (d.rows < t->n) {
		rest = (struct cell){ .state = CELL_U64, .u64 = t->n - d.rows };
		buf_puts(out, "and ");
		put_count(out, &rest);
		buf_puts(out, " more; -n 0 shows all\n");
	}
	for (size_t i = 0; i < d.rows * t->n_columns; i++)
		free(d.texts[i]);
	free(d.texts);
	free(d.width);
}
