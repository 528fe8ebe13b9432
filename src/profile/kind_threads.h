/* SPDX-License-Identifier: MIT */
/*
 * Where the threads of a process are now, as a profile. Unlike the kinds of
 * kind.h it is made from stacks read from outside, not from a snapshot.
 */
#ifndef ULLAGE_PROFILE_KIND_THREADS_H
#define ULLAGE_PROFILE_KIND_THREADS_H

#include "profile/profile.h"
#include "unwind/threads.h"

/* One value, thread/count; labels thread (name) and state. Addresses only;
 * symbolize afterwards. Owned by the caller. */
struct profile *threads_profile(const struct threads *t)
    __attribute__((returns_nonnull));

/* The id in p of frame number i of a thread, as threads_profile added it. */
uint32_t threads_location(struct profile *p, const struct threads *t,
    const struct thread *thread, size_t i);

#endif
