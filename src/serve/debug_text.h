/* SPDX-License-Identifier: MIT */
#ifndef ULLAGE_SERVE_DEBUG_TEXT_H
#define ULLAGE_SERVE_DEBUG_TEXT_H

#include "base/buf.h"
#include "profile/profile.h"

/*
 * What ?debug=1 shows: the older text format, which go tool pprof reads too,
 * with the names in comments as Go writes them.
 */
void debug_text(const struct profile *p, const char *kind, struct buf *out);

/*
 * What ?debug=2 shows of threads: each with its name and state, in the form of
 * an uncaught panic of Go, so that what folds those can fold these.
 */
void debug_stacks(const struct profile *p, const char *kind, struct buf *out);

#endif
