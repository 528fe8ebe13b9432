/* SPDX-License-Identifier: MIT */
/* Stacks that were read from outside lie in modules: those as mappings. */
#ifndef ULLAGE_PROFILE_MODULES_H
#define ULLAGE_PROFILE_MODULES_H

#include "profile/profile.h"
#include "unwind/modules.h"

/* Before the first location. The program comes first, as readers expect. */
void modules_mappings(struct profile *p, const struct modules *list);

/* The id of the location at an address. */
uint32_t modules_location(struct profile *p, const struct modules *list,
    uint64_t address);

/* A name without an address, for a thread of which there is no stack. */
uint32_t modules_no_stack(struct profile *p);

#endif
