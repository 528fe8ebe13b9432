/* SPDX-License-Identifier: MIT */
/*
 * The table of functions by flat and cumulative value: what `ullage heap`
 * prints and the heap screen draws.
 */
#ifndef ULLAGE_PROFILE_TOP_H
#define ULLAGE_PROFILE_TOP_H

#include "profile/profile.h"

struct top_row {
	char *name; /* function, or file+0xoffset, or 0xaddress; owned */
	char *where; /* "file.c:12", or "" */
	char *module; /* base name of the mapping's file, or "" */
	int64_t flat[PROFILE_VALUES_MAX]; /* where the function is the leaf */
	int64_t cum[PROFILE_VALUES_MAX];  /* anywhere in the stack, once */
};

struct top {
	struct top_row *rows; /* by |flat| of the sort value, descending */
	size_t n;
	int64_t total[PROFILE_VALUES_MAX];
};

/*
 * Rows by function and call line (`by_line`) or by function alone, after
 * drop_frames. sort is an index into the value types.
 */
struct top *top_build(const struct profile *p, size_t sort, bool by_line);
void top_free(struct top *t);

#endif
