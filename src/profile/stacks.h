/* SPDX-License-Identifier: MIT */
/*
 * What builders of kinds share: the stacks and modules of a snapshot as
 * locations and mappings of a profile.
 */
#ifndef ULLAGE_PROFILE_STACKS_H
#define ULLAGE_PROFILE_STACKS_H

#include "profile/profile.h"
#include "target/snapshot.h"

struct stacks;

/* Adds the mappings, the program's first. */
struct stacks *stacks_new(struct profile *p, const struct snapshot *s);
void stacks_free(struct stacks *m);

/*
 * Adds values to the sample of stack number `i`. A walk that ended early gets
 * no invented frame; the lost stack is one named so.
 */
void stacks_add(struct stacks *m, uint32_t i,
    const struct profile_label *labels, size_t n_labels,
    const int64_t *values);

/* The comments that every profile of a snapshot carries. */
void stacks_comments(struct profile *p, const struct snapshot *s);

#endif
