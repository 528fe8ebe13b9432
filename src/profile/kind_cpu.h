/* SPDX-License-Identifier: MIT */
/*
 * Where processor time went, as a profile of the shape of Go's: samples/count
 * and cpu/nanoseconds (the default).
 */
#ifndef ULLAGE_PROFILE_KIND_CPU_H
#define ULLAGE_PROFILE_KIND_CPU_H

#include "profile/profile.h"
#include "unwind/cpu.h"

/* Label thread (name). Addresses only; symbolize afterwards. Owned by the
 * caller. */
struct profile *cpu_profile(const struct cpu *c)
    __attribute__((returns_nonnull));

#endif
