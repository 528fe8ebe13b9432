/* SPDX-License-Identifier: MIT */
/* Why a process is not looked at, in words. Of the folder's own use. */
#ifndef ULLAGE_UNWIND_DENIAL_H
#define ULLAGE_UNWIND_DENIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proc/process.h"

/* The pid of the process that traces it, or 0. */
int32_t denial_tracer(int32_t pid);

/* Whether the program is a 32-bit one. */
bool denial_32_bit(int32_t pid);

/* Both set e and return -1: another one traces it; it is not ours to stop. */
int denial_traced(const struct process *p, int32_t tracer, struct err *e);
int denial_forbidden(const struct process *p, struct err *e);

#endif
