/* SPDX-License-Identifier: MIT */
#ifndef ULLAGE_TABLE_HTML_H
#define ULLAGE_TABLE_HTML_H

#include "base/buf.h"
#include "table/table.h"

/*
 * The table as HTML. With a link ("/pid/"), the first column's cells lead to
 * the link, the cell and a slash.
 */
void table_html(const struct table *t, const char *link, struct buf *out);

/* Appends text so that it is text, inside and outside of attributes. */
void html_text(struct buf *out, const char *text);

#endif
