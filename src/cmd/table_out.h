/* SPDX-License-Identifier: MIT */
/* What commands that print tables have in common: -n, --sort, --json. */
#ifndef ULLAGE_CMD_TABLE_OUT_H
#define ULLAGE_CMD_TABLE_OUT_H

#include "base/buf.h"
#include "cmd/cmd.h"
#include "table/table.h"

extern const struct option_spec table_out_options[];

/* Fails if --sort names no column; *sort is -1 if it was not given. */
int table_out_sort(const struct options *o, const struct column *columns,
    size_t n, int *sort, struct err *e);

/* Sorts as --sort says, or by `otherwise` if that is a column (not -1). */
void table_out_order(struct table *t, int sort, int otherwise);

/* Draws it, with at most -n rows, or `rows` where that was not given. */
void table_out_text(const struct options *o, const struct table *t,
    size_t rows, uint64_t hidden, struct buf *out);

/* "18,214", for sentences. Returns text. */
#define COUNT_MAX 32
char *count_text(char text[COUNT_MAX], uint64_t count);

#endif
