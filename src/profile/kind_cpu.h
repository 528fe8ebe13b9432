/* SPDX-License-Identifier: MIT */
/* Processor time as a profile; like that of threads, of stacks from outside. */
#ifndef ULLAGE_PROFILE_KIND_CPU_H
#define ULLAGE_PROFILE_KIND_CPU_H

#include "profile/profile.h"
#include "unwind/cpu.h"

/*
 * Two values as in Go's: samples/count and cpu/nanoseconds; label thread
 * (name). Addresses only; symbolize afterwards. Owned by the caller.
 */
struct profile *cpu_profile(const struct cpu *c)
    __attribute__((returns_nonnull));

#endif
