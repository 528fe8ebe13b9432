/* SPDX-License-Identifier: MIT */
/*
 * Metrics as Prometheus reads them. Samples may be added in any order; those
 * of one family are written together, families in the order in which they
 * were first used.
 */
#ifndef ULLAGE_ENCODE_PROM_H
#define ULLAGE_ENCODE_PROM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Base units in the name (_bytes, _seconds, _ratio); counters end in _total. */
struct metric_family {
	const char *name;
	const char *help; /* one sentence */
	bool counter;	  /* else a gauge */
};

struct metric_label {
	const char *name;
	const char *value; /* any bytes; NULL leaves the label out */
};

#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPEN                                                      \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

struct metrics;

struct metrics *metrics_new(void) __attribute__((returns_nonnull));
void metrics_free(struct metrics *m);

/* The family is borrowed, the labels are copied; two equal pointers are the
 * same family. Labels end with a row without a name; NULL is none. */
void metrics_add(struct metrics *m, const struct metric_family *f,
    const struct metric_label *labels, double value);

/* Appends the text format 0.0.4, or OpenMetrics 1.0. */
void metrics_write(const struct metrics *m, bool open, struct buf *out);

#endif
