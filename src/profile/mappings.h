/* SPDX-License-Identifier: MIT */
/* Modules that were seen from outside, as mappings of a profile. Of the
 * folder's own use. */
#ifndef ULLAGE_PROFILE_MAPPINGS_H
#define ULLAGE_PROFILE_MAPPINGS_H

#include "profile/profile.h"
#include "unwind/modules.h"

/* Adds all, the program's first; the profile must have none yet. */
void modules_mappings(struct profile *p, const struct modules *list);

/* The location of an address, in its mapping if it has one. */
uint32_t modules_location(struct profile *p, const struct modules *list,
    uint64_t address);

/* The location of a stack of which nothing is known. */
uint32_t modules_nowhere(struct profile *p);

#endif
