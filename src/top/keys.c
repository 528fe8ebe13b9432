/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/keys.h"

#include <stddef.h>

static bool
is_there(const struct key_row *row, bool readonly)
{
	return !readonly || (row->flags & KEY_CHANGES) == 0;
}

const struct key_row *
key_find(const struct key_row *table, int key, bool readonly)
{
	for (; table != NULL && table->label != NULL; table++)
		if ((table->key == key ||
			(table->also != 0 && table->also == key)) &&
		    is_there(table, readonly))
			return table;
	return NULL;
}

static int
gap(const struct canvas *c)
{
	return c->columns >= 110 ? 3 : 2;
}

int
keys_width(const struct canvas *c, const struct key_row *table, bool readonly)
{
	int width = 0;

	for (; table != NULL && table->label != NULL; table++)
		if ((table->flags & KEY_QUIET) == 0 &&
		    is_there(table, readonly))
			width += canvas_width(c, table->label) + 1 +
			    canvas_width(c, table->word) + gap(c);
	return width;
}

int
keys_footer(struct canvas *c, int row, int column, int end,
    const struct key_row *table, bool readonly)
{
	for (; table != NULL && table->label != NULL; table++) {
		int width;

		if ((table->flags & KEY_QUIET) != 0 ||
		    !is_there(table, readonly))
			continue;
		width = canvas_width(c, table->label) + 1 +
		    canvas_width(c, table->word);
		if (column + width > end)
			break;
		column += canvas_put(c, row, column, STYLE_OURS, table->label);
		column += 1 + canvas_put(c, row, column + 1, STYLE_PLAIN,
		    table->word);
		column += gap(c);
	}
	return column;
}
