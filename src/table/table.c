/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "table/rows.h"
#include "base/xalloc.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct table *
table_new(const struct column *columns, size_t n)
{
	struct table *t = xcalloc(1, sizeof *t);

	t->columns = columns;
	t->n_columns = n;
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->n_columns; k++)
			if (t->rows[i][k].state == CELL_STRING)
				free(t->rows[i][k].text);
		free(t->rows[i]);
	}
	free(t->rows);
	free(t);
}

void
table_row(struct table *t)
{
	t->rows = xgrow(t->rows, t->n, &t->cap, sizeof *t->rows);
	t->rows[t->n++] = xcalloc(t->n_columns, sizeof **t->rows);
}

/* The cell of the newest row, emptied. */
static struct cell *
cell(struct table *t, size_t column)
{
	struct cell *c;

	assert(t->n != 0 && column < t->n_columns);
	c = &t->rows[t->n - 1][column];
	if (c->state == CELL_STRING)
		free(c->text);
	return c;
}

void
table_text(struct table *t, size_t column, const char *text)
{
	char *copy = xstrdup(text);
	struct cell *c = cell(t, column);

	*c = (struct cell){ .state = CELL_STRING, .text = copy };
}

void
table_u64(struct table *t, size_t column, uint64_t value)
{
	struct cell *c = cell(t, column);

	*c = (struct cell){ .state = CELL_U64, .u64 = value };
}

void
table_i64(struct table *t, size_t column, int64_t value)
{
	struct cell *c = cell(t, column);

	*c = (struct cell){ .state = CELL_I64, .i64 = value };
}

void
table_double(struct table *t, size_t column, double value)
{
	struct cell *c = cell(t, column);

	/* What is no number is not known. */
	*c = (struct cell){ .state = isfinite(value) ? CELL_DOUBLE :
						       CELL_UNKNOWN,
		.real = value };
}

void
table_u64_as(struct table *t, size_t column, enum cell_kind kind,
    uint64_t value)
{
	table_u64(t, column, value);
	t->rows[t->n - 1][column].kind = (int)kind + 1;
}

void
table_double_as(struct table *t, size_t column, enum cell_kind kind,
    double value)
{
	table_double(t, column, value);
	t->rows[t->n - 1][column].kind = (int)kind + 1;
}

size_t
table_columns(const struct table *t)
{
	return t->n_columns;
}

size_t
table_rows(const struct table *t)
{
	return t->n;
}

int
table_column(const struct table *t, const char *key)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (strcmp(t->columns[i].key, key) == 0)
			return (int)i;
	return -1;
}

int64_t
cell_i64(const struct cell *c)
{
	switch (c->state) {
	case CELL_U64:
		return c->u64 > INT64_MAX ? INT64_MAX : (int64_t)c->u64;
	case CELL_I64:
		return c->i64;
	case CELL_DOUBLE:
		return c->real >= 9.2e18	? INT64_MAX :
		    c->real <= -9.2e18 ? INT64_MIN :
					 llround(c->real);
	default:
		return 0;
	}
}

double
cell_double(const struct cell *c)
{
	switch (c->state) {
	case CELL_U64:
		return (double)c->u64;
	case CELL_I64:
		return (double)c->i64;
	case CELL_DOUBLE:
		return c->real;
	default:
		return 0;
	}
}

enum cell_kind
cell_kind(const struct column *column, const struct cell *c)
{
	return c->kind != 0 ? (enum cell_kind)(c->kind - 1) : column->kind;
}

bool
cell_unlimited(const struct column *column, const struct cell *c)
{
	enum cell_kind kind = cell_kind(column, c);

	return (kind == CELL_LIMIT || kind == CELL_SIZE_LIMIT) &&
	    c->state == CELL_U64 && c->u64 == CELL_UNLIMITED;
}

/* Less than 0 if x comes first when sorting upwards; both are known. */
static int
compare(const struct cell *x, const struct cell *y)
{
	double a, b;

	if (x->state == CELL_STRING || y->state == CELL_STRING) {
		if (x->state != y->state)
			return x->state == CELL_STRING ? 1 : -1;
		return strcmp(x->text, y->text);
	}
	/* Doubles do not tell large whole numbers apart. */
	if (x->state == CELL_U64 && y->state == CELL_U64)
		return x->u64 < y->u64 ? -1 : x->u64 > y->u64;
	if (x->state == CELL_I64 && y->state == CELL_I64)
		return x->i64 < y->i64 ? -1 : x->i64 > y->i64;
	a = cell_double(x);
	b = cell_double(y);
	return a < b ? -1 : a > b;
}

struct order {
	size_t column;
	bool down;
};

static bool
before(const struct cell *x, const struct cell *y, bool down)
{
	int c;

	if (x->state == CELL_UNKNOWN || y->state == CELL_UNKNOWN)
		return x->state != CELL_UNKNOWN;
	c = compare(x, y);
	return down ? c > 0 : c < 0;
}

/* Merges two sorted runs; of equal rows the left one stays first. */
static void
merge(struct cell **rows, size_t n, struct cell **spare, const struct order *o)
{
	size_t half = n / 2, i = 0, k = half, out = 0;

	memcpy(spare, rows, half * sizeof *rows);
	while (i < half && k < n) {
		if (before(&rows[k][o->column], &spare[i][o->column], o->down))
			rows[out++] = rows[k++];
		else
			rows[out++] = spare[i++];
	}
	memcpy(rows + out, spare + i, (half - i) * sizeof *rows);
}

static void
sort(struct cell **rows, size_t n, struct cell **spare, const struct order *o)
{
	if (n < 2)
		return;
	sort(rows, n / 2, spare, o);
	sort(rows + n / 2, n - n / 2, spare, o);
	merge(rows, n, spare, o);
}

void
table_sort(struct table *t, size_t column, bool reverse)
{
	bool text = t->columns[column].kind == CELL_TEXT;
	struct order o = { column, text == reverse };
	struct cell **spare = xcalloc(t->n, sizeof *spare);

	sort(t->rows, t->n, spare, &o);
	free(spare);
}
