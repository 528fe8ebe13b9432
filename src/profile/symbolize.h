/* SPDX-License-Identifier: MIT */
/*
 * The one pass that gives the locations of a profile their names. Aggregating
 * by address comes first, so a million live objects cost a few thousand
 * look-ups.
 */
#ifndef ULLAGE_PROFILE_SYMBOLIZE_H
#define ULLAGE_PROFILE_SYMBOLIZE_H

#include "profile/profile.h"
#include "symbol/symbol.h"

/*
 * Looks up every location without lines, in place. Sets the mappings' has_*
 * flags only where all of a mapping's locations got what they promise, and
 * p->symbolized.
 */
void profile_symbolize(struct profile *p, struct symbolizer *s);

#endif
