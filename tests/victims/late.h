/* SPDX-License-Identifier: MIT */
/*
 * Puts the agent into the own process as an attacher does: on a thread made
 * for it, all signals blocked, an own descriptor table, dlopen, ullage_arm.
 * Linked into victims, and a library of its own (late.so) that does it to any
 * program before main when it is preloaded.
 */
#ifndef ULLAGE_TESTS_LATE_H
#define ULLAGE_TESTS_LATE_H

#include <stdint.h>

/* Result codes of abi/arm.h; -1: dlopen failed, and said why. */
int late_arm(const char *library, uint64_t interval);
int late_disarm(const char *library);

/* How the agent is: ullage_arm(NULL). */
int late_state(const char *library);

#endif
