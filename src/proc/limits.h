/* SPDX-License-Identifier: MIT */
/*
 * Resource limits of a process, from /proc/PID/limits, which everybody may
 * read; prlimit(2) tells only the owner.
 *
 * The numbers are in the kernel's own units (struct resource says which):
 * these are the numbers that people write into limits, in bytes, in seconds
 * of CPU, in descriptors.
 */
#ifndef ULLAGE_PROC_LIMITS_H
#define ULLAGE_PROC_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* RLIM_INFINITY, and CELL_UNLIMITED of a table. */
#define LIMIT_INFINITY UINT64_MAX

/* LIMIT_cpu, LIMIT_nofile, ...: an index into resources[] and limits.of[]. */
enum limit_id {
#define RESOURCE(id, rlimit, label, unit, use, enforced, help) LIMIT_##id,
#include "proc/resources.def"
#undef RESOURCE
	LIMIT_RESOURCES,
};

enum limit_unit {
	LIMIT_COUNT,
	LIMIT_BYTES,
	LIMIT_SECONDS,
	LIMIT_MICROS,
};

enum limit_use {
	LIMIT_STOCK,   /* used grows towards the limit */
	LIMIT_LEVEL,   /* used is a setting, as a priority */
	LIMIT_NOTHING, /* never known */
};

struct resource {
	const char *name;
	int rlimit;	   /* RLIMIT_... */
	const char *label; /* in /proc/PID/limits */
	enum limit_unit unit;
	enum limit_use use;
	bool enforced;
	const char *help;
};

extern const struct resource resources[LIMIT_RESOURCES];

struct limit {
	uint64_t soft, hard; /* LIMIT_INFINITY: no limit */
	bool known;	     /* false: its line was missing or malformed */
};

struct limits {
	struct limit of[LIMIT_RESOURCES];
};

/* The id of the resource of that name, or -1. */
int resource_find(const char *name);

/* The name that is nearest to a misspelt one; never NULL. */
const char *resource_nearest(const char *name);

/* "count", "bytes", "seconds", "microseconds". */
const char *limit_unit_name(enum limit_unit unit);

/* Text of /proc/PID/limits. Returns how many lines were understood. */
size_t limits_parse(const char *text, struct limits *l);

/* ERR_GONE if there is no such process. */
int limits_read(int32_t pid, struct limits *l, struct err *e);

/*
 * Only those that can run full (LIMIT_STOCK and enforced), the rest unknown:
 * a tenth of the time of the text, where prlimit(2) is permitted.
 */
int limits_read_quick(int32_t pid, struct limits *l, struct err *e);

#endif
