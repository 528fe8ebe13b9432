/* SPDX-License-Identifier: MIT */
/* What the page of one process consists of; tables are owned by the caller. */
#ifndef ULLAGE_CMD_SHOW_TABLES_H
#define ULLAGE_CMD_SHOW_TABLES_H

#include "cmd/show_page.h"
#include "table/table.h"

/* Private memory beyond live that a trim may return, at most; bytes. */
uint64_t show_retained(const struct show *p);

/* One row, for JSON: the text is laid out by hand, from the same values. */
struct table *show_sum(const struct show *p);

/* The limits that bind and are in use, the tightest first. */
struct table *show_limits(const struct show *p);
struct table *show_losses(const struct show *p);

#endif
