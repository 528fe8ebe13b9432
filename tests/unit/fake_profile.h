/* SPDX-License-Identifier: MIT */
/* Profiles made up for tests: no process needed. */
#ifndef ULLAGE_TESTS_FAKE_PROFILE_H
#define ULLAGE_TESTS_FAKE_PROFILE_H

#include "profile/profile.h"

/*
 * A heap with everything that a profile can have: two mappings, inlined
 * frames, a frame without a name, labels of both kinds, comments, a standard
 * error, malloc frames and the expression that drops them.
 */
struct profile *fake_heap(void);

/* n stacks of that depth, of 4,000 functions. */
struct profile *fake_large(size_t n, size_t depth);

/* A location with one line, in no mapping. */
uint32_t fake_frame(struct profile *p, const char *name, const char *file,
    int64_t line);

/* Fails the test unless both say the same, ids of strings aside. */
void assert_same_profile(const struct profile *a, const struct profile *b);

#endif
