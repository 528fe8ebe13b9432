/* SPDX-License-Identifier: MIT */
/*
 * Profile in, profile out: the operations between building and encoding.
 */
#ifndef ULLAGE_PROFILE_OPS_H
#define ULLAGE_PROFILE_OPS_H

#include "profile/profile.h"

/* A new profile with everything but locations and samples; strings, functions
 * and mappings keep their ids. */
struct profile *profile_copy_head(const struct profile *p)
    __attribute__((returns_nonnull));

/*
 * after - base, for every value; locations are matched by name and line when
 * both are symbolized, else by build id and file offset, so profiles of two
 * runs can be compared. Samples that cancel out are left out. Error if the
 * value types differ. The result is owned by the caller.
 */
struct profile *profile_diff(const struct profile *after,
    const struct profile *base, struct err *e);

/*
 * Applies drop_frames as go tool pprof does: a frame whose name without
 * arguments matches the whole expression goes, and everything that it calls,
 * but no frame before the first from the root that does not match. The
 * expression is a POSIX extended one; error if it cannot be used. The result
 * is owned by the caller.
 */
struct profile *profile_drop_frames(const struct profile *p, struct err *e);

#endif
