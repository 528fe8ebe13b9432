/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "table/rows.h"
#include "base/json.h"

#include <jansson.h>

static json_t *
value(const struct column *column, const struct cell *c)
{
	if (c->state == CELL_UNKNOWN)
		return json_null();
	if (c->state == CELL_STRING)
		return json_text(c->text);
	if (cell_unlimited(column, c))
		return json_string("unlimited");
	if (cell_kind(column, c) == CELL_BOOL)
		return json_boolean(cell_i64(c) != 0);
	if (c->state == CELL_DOUBLE)
		return json_real(c->real);
	/* jansson has signed integers only. */
	if (c->state == CELL_U64 && c->u64 > INT64_MAX)
		return json_real((double)c->u64);
	return json_integer(cell_i64(c));
}

static int
append(const char *bytes, size_t len, void *out)
{
	buf_add(out, bytes, len);
	return 0;
}

void
table_json_row(const struct table *t, size_t row, struct buf *out)
{
	json_t *object = json_object();

	for (size_t k = 0; k < t->n_columns; k++)
		json_object_set_new(object, t->columns[k].key,
		    value(&t->columns[k], &t->rows[row][k]));
	/* Text from a target may end on a terminal from here, too. */
	json_dump_callback(object, append, out, JSON_ENSURE_ASCII);
	json_decref(object);
}

void
table_json(const struct table *t, struct buf *out)
{
	buf_puts(out, "[");
	for (size_t i = 0; i < t->n; i++) {
		buf_puts(out, i != 0 ? ",\n" : "\n");
		table_json_row(t, i, out);
	}
	buf_puts(out, t->n != 0 ? "\n]\n" : "]\n");
}
