/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/table_fit.h"
#include "base/escape.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Columns of the terminal that the widest line of a drawing takes. */
static size_t
widest(const char *text)
{
	char *copy = xstrdup(text), *save = NULL;
	size_t most = 0, w;

	for (char *s = strtok_r(copy, "\n", &save); s != NULL;
	     s = strtok_r(NULL, "\n", &save))
		if ((w = escape_width(s)) > most)
			most = w;
	free(copy);
	return most;
}

void
table_fit(const struct table *t, const struct table_options *how,
    const size_t *spare, size_t n, struct buf *out)
{
	struct table_options o = *how;
	struct buf text = BUF_INIT;

	for (size_t i = 0;; i++) {
		text.len = 0;
		table_draw(t, &o, &text);
		if (o.columns == 0 || i >= n ||
		    widest(buf_text(&text)) <= o.columns)
			break;
		o.hidden |= UINT64_C(1) << spare[i];
	}
	buf_add(out, buf_text(&text), text.len);
	buf_free(&text);
}
