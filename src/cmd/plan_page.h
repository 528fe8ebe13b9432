/* SPDX-License-Identifier: MIT */
/* A plan as text and as JSON. */
#ifndef ULLAGE_CMD_PLAN_PAGE_H
#define ULLAGE_CMD_PLAN_PAGE_H

#include "base/buf.h"
#include "target/target.h"
#include "tune/plan_measure.h"

/* All that a page tells. */
struct plan {
	const struct target *t;
	enum plan_unit unit;
	double goal;
	struct plan_shape shape; /* of the last look */
	struct plan_model model;
	struct plan_facts facts;
	struct plan_obstacles obstacles;
	uint64_t watched_ns;
};

/* By enum plan_unit: as options and keys have it, and as sentences do. */
extern const char *const plan_unit_names[];
extern const char *const plan_unit_words[];

void plan_write_text(const struct plan *p, struct buf *out);
void plan_write_json(const struct plan *p, struct buf *out);

#endif
