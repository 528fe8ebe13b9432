/* SPDX-License-Identifier: MIT */
/*
 * What breaks first on the way to N connections, descriptors or threads: the
 * arithmetic. What it is fed is measured elsewhere (plan_measure.h), so that
 * tests can feed it anything.
 *
 * The costs are straight lines. With samples at different numbers of
 * connections they are fitted, and have a standard error and a fixed part; of
 * a single state there is but the average, which contains the fixed part and
 * so can be too much, never too little. What is not known stays so.
 */
#ifndef ULLAGE_TUNE_PLAN_H
#define ULLAGE_TUNE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/ceilings.h"
#include "proc/cgroup.h"
#include "proc/limits.h"

/* Not known; plain arithmetic carries it along. */
#define PLAN_UNKNOWN __builtin_nan("")

enum plan_unit {
	PLAN_CONNECTIONS,
	PLAN_FDS,
	PLAN_THREADS,
};

/* To add a metric: here, in plan_metrics, and where it is measured. */
enum plan_metric {
	METRIC_RSS,	/* bytes; what is swapped out included */
	METRIC_HEAP,	/* bytes, live, by the agent's estimate */
	METRIC_BUFFERS, /* bytes of socket buffers in the kernel */
	METRIC_OBJECTS, /* bytes of the kernel's socket objects */
	METRIC_DATA,	/* bytes of private writable mappings */
	METRIC_SPACE,	/* bytes of address space */
	METRIC_FDS,
	METRIC_THREADS,
	METRIC_MAPS,	 /* mappings */
	METRIC_OUTGOING, /* connections to the busiest peer address */
	METRIC_WATCHES,	 /* of epoll */
	PLAN_METRICS,
};

struct plan_metric_row {
	const char *name;
	bool bytes;
	const char *help;
};

extern const struct plan_metric_row plan_metrics[PLAN_METRICS];

struct plan_sample {
	double at; /* how many of the unit there were */
	double of[PLAN_METRICS];
	double heap_error; /* standard error of METRIC_HEAP; 0: exact */
};

enum plan_how {
	COST_UNKNOWN,
	COST_AVERAGE, /* includes the fixed part */
	COST_FITTED,
	COST_GIVEN, /* the unit itself: one each */
};

struct plan_cost {
	enum plan_how how;
	double now;
	double each, each_error;   /* standard error; 0 unless fitted */
	double fixed, fixed_error; /* PLAN_UNKNOWN unless fitted */
};

struct plan_model {
	enum plan_unit unit;
	double at; /* at the last sample */
	double least, most;
	size_t samples;
	bool fitted;
	struct plan_cost of[PLAN_METRICS];
};

/* At least one sample; the last is the present state. */
void plan_fit(struct plan_model *m, enum plan_unit unit,
    const struct plan_sample *samples, size_t n);

/* True if it grows by more than two standard errors explain. */
bool plan_grows(const struct plan_cost *c);

/* What a metric will be at n; *error its standard error, 0 if not fitted. */
double plan_predict(const struct plan_model *m, enum plan_metric metric,
    double n, double *error);

/* ---- what breaks ---------------------------------------------------------- */

struct plan_facts {
	int32_t pid;
	struct limits limits;
	struct ceilings ceilings;
	struct cgroups cgroups;
	bool nproc_binds;
	double user_threads;   /* of its user; PLAN_UNKNOWN */
	double backlog;	       /* least of its listening sockets', or unknown */
	double max_watches;    /* fs.epoll.max_user_watches */
};

#define PLAN_COMMAND_MAX 192

struct plan_obstacle {
	const char *name;
	bool bytes;
	double limit, used; /* used: in all, by whatever counts */
	double each;	    /* of it, by one more of the unit */
	double breaks_at;   /* INFINITY: never; unknown: that is not known */
	bool breaks;	    /* before N */
	char command[PLAN_COMMAND_MAX]; /* "" if none would help */
	const char *note;		/* NULL, or a sentence */
};

struct plan_obstacles {
	struct plan_obstacle *list; /* owned; what breaks first is first */
	size_t n, cap;
};

void plan_obstacles(const struct plan_model *m, const struct plan_facts *facts,
    double target, struct plan_obstacles *out);
void plan_obstacles_free(struct plan_obstacles *o);

#endif
