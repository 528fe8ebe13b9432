/* SPDX-License-Identifier: MIT */
/* What ullage limits shows: rows of limits, and of the system's ceilings. */
#ifndef ULLAGE_CMD_LIMITS_VIEW_H
#define ULLAGE_CMD_LIMITS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "proc/ceilings.h"
#include "proc/cgroup.h"
#include "proc/limits.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "tune/trend.h"

struct limits_view {
	int32_t pid;
	unsigned extras;	       /* enum usage_extra */
	bool chosen[LIMIT_RESOURCES];  /* which rows */
	struct status status;
	struct limits limits;
	struct usage usage;
	struct ceilings ceilings;
	struct cgroups cgroups;
	bool trends;		       /* whether the next are shown */
	struct trend trend[LIMIT_RESOURCES];
};

/* Everything once. ERR_GONE if the process has ended. */
int limits_view_read(struct limits_view *v, struct err *e);

/* Limits and use again, as a sample of the trends at that time (ns). */
int limits_view_sample(struct limits_view *v, int64_t time, struct err *e);
void limits_view_free(struct limits_view *v);

/* Appends the table, in `columns` of a terminal (0: any width). */
void limits_view_text(const struct limits_view *v, size_t columns, bool bars,
    struct buf *out);
void limits_view_json(const struct limits_view *v, struct buf *out);

/* The ceilings, as a table or as JSON (columns is not used then). */
void limits_view_ceilings(const struct limits_view *v, bool json,
    size_t columns, struct buf *out);

/* What stands above a limit, a phrase; "" if nothing is known. */
void limits_view_above(const struct limits_view *v, enum limit_id id,
    struct buf *out);

#endif
