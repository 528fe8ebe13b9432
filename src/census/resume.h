/* SPDX-License-Identifier: MIT */
/* Where a walk that has derailed may go on. */
#ifndef ULLAGE_CENSUS_RESUME_H
#define ULLAGE_CENSUS_RESUME_H

#include "census/walk.h"

/*
 * The first address from `from` on where a chain of chunks holds, free ones
 * with the same size at both ends, or which leads to the top. The segment's
 * end if there is none, or if it takes too long.
 */
uint64_t census_resume(const struct census_walk *w,
    const struct census_segment *s, uint64_t from);

#endif
