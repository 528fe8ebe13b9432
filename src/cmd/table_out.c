/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/table_out.h"

#include <stdio.h>
#include <string.h>

const struct option_spec table_out_options[] = {
	{ 'n', "rows", OPT_NUMBER, "N", "most rows of a text table; 0 is all",
	    false },
	{ 0, "sort", OPT_TEXT, "COLUMN",
	    "sort by a column, named as in JSON (-COLUMN reverses)", false },
	{ 0, "json", OPT_FLAG, NULL, "write JSON", false },
	OPTION_END,
};

int
table_out_sort(const struct options *o, const struct column *columns,
    size_t n, int *sort, struct err *e)
{
	const char *name = option_text(o, "sort");
	struct buf names = BUF_INIT;

	*sort = -1;
	if (name == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(columns[i].key, name + (*name == '-')) == 0) {
			/* One is added, so that column 0 can be reversed. */
			*sort = *name == '-' ? -(int)i - 2 : (int)i;
			return 0;
		}
		buf_printf(&names, "%s%s", i ? ", " : "", columns[i].key);
	}
	err_set(e, ERR_USAGE, "there is no column \"%s\"; there are: %s", name,
	    buf_text(&names));
	buf_free(&names);
	return -1;
}

void
table_out_order(struct table *t, int sort, int otherwise)
{
	if (sort == -1)
		sort = otherwise;
	if (sort >= 0)
		table_sort(t, (size_t)sort, false);
	else if (sort < -1)
		table_sort(t, (size_t)(-sort - 2), true);
}

void
table_out_text(const struct options *o, const struct table *t, size_t rows,
    uint64_t hidden, struct buf *out)
{
	struct table_options how = {
		.rows = (size_t)option_value(o, "rows", rows),
		.columns = cmd_columns(true),
		.headings = true,
		.hidden = hidden,
	};

	table_draw(t, &how, out);
}

char *
count_text(char text[COUNT_MAX], uint64_t count)
{
	char digits[COUNT_MAX];
	size_t len, at = 0;

	len = (size_t)snprintf(digits, sizeof digits, "%llu",
	    (unsigned long long)count);
	for (size_t i = 0; i < len; i++) {
		if (i != 0 && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}
