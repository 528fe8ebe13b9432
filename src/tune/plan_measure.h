/* SPDX-License-Identifier: MIT */
/* What plan.h is fed: a server as it is now. */
#ifndef ULLAGE_TUNE_PLAN_MEASURE_H
#define ULLAGE_TUNE_PLAN_MEASURE_H

#include "base/err.h"
#include "proc/open_files.h"
#include "target/target.h"
#include "tune/plan.h"

struct plan_shape {
	struct plan_sample sample;
	uint64_t established; /* stream connections, whoever began them */
	uint64_t accepted;    /* of those, on a listening socket of its own */
	uint64_t outgoing;    /* those begun by the process */
	bool listens;
	double backlog; /* least of its listening sockets; PLAN_UNKNOWN */
};

/*
 * Looks once. What cannot be seen is PLAN_UNKNOWN; fails if the process is
 * gone or its descriptors may not be seen.
 */
int plan_measure(const struct target *t, enum plan_unit unit,
    struct plan_shape *out, struct err *e);

/* Limits, ceilings and control groups as they are now. */
int plan_facts_read(const struct target *t, struct plan_facts *out,
    struct err *e);

/*
 * Tells connections apart, for tests: accepted are those whose local port (or
 * name) is that of a listening socket in the same list. *busiest is how many
 * of the outgoing ones go to the one address and port that has most.
 */
void plan_count_connections(const struct sockets *s, struct plan_shape *out,
    uint64_t *busiest);

#endif
