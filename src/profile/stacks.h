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

/*
 * The locations of stack number `i`, leaf first; returns how many, at least
 * one: a stack without frames, or SNAPSHOT_NO_STACK, gets a name in brackets.
 */
#define STACKS_DEPTH_MAX 256
size_t stacks_locations(struct stacks *m, uint32_t i,
    uint32_t locations[STACKS_DEPTH_MAX]);

/* The location of an address that is in no stack. */
uint32_t stacks_location(struct stacks *m, uint64_t address);

/*
 * The comments that every profile of a snapshot carries; of one that is
 * sampled, how.
 */
void stacks_comments(struct profile *p, const struct snapshot *s,
    bool sampled);

/* The lower end of the age class, in seconds, for a label. */
int64_t stacks_age_class(uint64_t ns);

#endif
