/* SPDX-License-Identifier: MIT */
/* The words for percentages and receipts, which several commands show. */
#ifndef ULLAGE_CMD_TRIM_H
#define ULLAGE_CMD_TRIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "table/table.h"
#include "target/knob.h"

/* "100", "12.5%", "off": thousandths of a percent, or KNOB_OFF. */
int trim_parse_percent(const char *text, uint64_t *percent, struct err *e);

/* "100%", "12.5%" or "off". */
char *trim_percent_text(char out[32], uint64_t percent);

/* The receipts as a table, the newest first; owned by the caller. */
struct table *trim_receipts(const struct knob *k);

/* Writes to standard output: the knob, if it is wanted, and the last `rows` of
 * the receipts, or all of them with 0. */
struct options;
int trim_show(const struct options *o, const struct knob *k, size_t rows,
    bool knob, struct err *e);

/*
 * Before the knob or the limit of a target is set: what its agent does not
 * know of, as it came late, and is no free memory either. By a census, if one
 * is cheap; says so.
 */
void trim_base(const struct options *o, const struct target *t);

#endif
