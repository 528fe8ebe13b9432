/* SPDX-License-Identifier: MIT */
/* "nofile=4096:": what somebody wants a limit to be. */
#ifndef ULLAGE_TUNE_ASSIGNMENT_H
#define ULLAGE_TUNE_ASSIGNMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/limits.h"

enum wanted_how {
	WANT_KEEP,  /* as it is */
	WANT_VALUE, /* a number, or LIMIT_INFINITY */
	WANT_MAX,   /* what the hard limit will be; soft limits alone */
};

struct wanted {
	enum wanted_how how;
	uint64_t value;
};

struct assignment {
	enum limit_id resource;
	struct wanted soft, hard;
};

/* "RESOURCE": its id, or -1 with the nearest name. */
int resource_parse(const char *name, struct err *e);

/*
 * RESOURCE=VALUE, where VALUE is BOTH, SOFT:HARD, SOFT: or :HARD, of numbers
 * and "unlimited", or with "max" for the soft limit. Sizes take k, m, g, t.
 */
int assignment_parse(const char *text, struct assignment *a, struct err *e);

/* Fails if a resource is named twice. */
int assignments_check(const struct assignment *list, size_t n, struct err *e);

/*
 * What the limit becomes. Fails if the soft limit would be above the hard
 * one; the sentence says what would do.
 */
int assignment_apply(const struct assignment *a, const struct limit *old,
    struct limit *new, struct err *e);

#define LIMIT_TEXT_MAX 32
/* "unlimited", "18,214", "8.00M" by the resource's unit. Returns out. */
char *limit_text(char out[LIMIT_TEXT_MAX], enum limit_id id, uint64_t value);

/* As it is written into an assignment: "unlimited", "18214", "8388608". */
char *limit_exact(char out[LIMIT_TEXT_MAX], uint64_t value);

#endif
