/* SPDX-License-Identifier: MIT */
/*
 * Profile in, profile out: the operations between building and encoding.
 */
#ifndef ULLAGE_PROFILE_OPS_H
#define ULLAGE_PROFILE_OPS_H

#include "profile/profile.h"

/*
 * after - base, for every value; locations are matched by name and line when
 * both are symbolized, else by build id and file offset, so profiles of two
 * runs can be compared. Samples that cancel out are left out. Error if the
 * value types differ. The result is owned by the caller.
 */
struct profile *profile_diff(const struct profile *after,
    const struct profile *base, struct err *e);

/*
 * Applies drop_frames: removes the matching leaf frames of every sample (a
 * frame matches when its name without arguments matches the whole
 * expression), as go tool pprof does; at least the root frame stays.
 */
struct profile *profile_drop_frames(const struct profile *p, struct err *e);

#endif
