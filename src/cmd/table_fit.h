/* SPDX-License-Identifier: MIT */
/* Tables on narrow terminals: columns are left out, the least useful first. */
#ifndef ULLAGE_CMD_TABLE_FIT_H
#define ULLAGE_CMD_TABLE_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "table/table.h"

/*
 * Draws as table_draw does, and hides columns of `spare`, in its order, until
 * the lines fit into how->columns.
 */
void table_fit(const struct table *t, const struct table_options *how,
    const size_t *spare, size_t n, struct buf *out);

#endif
