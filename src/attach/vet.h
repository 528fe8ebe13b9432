/* SPDX-License-Identifier: MIT */
/*
 * Whether a thread that waits in a safe call may start another thread there:
 * who called that call, and how much stack is left. A thread may wait safely
 * as far as libc goes and yet hold the allocator's lock, because the
 * allocator itself sleeps or a signal's handler interrupted it.
 */
#ifndef ULLAGE_ATTACH_VET_H
#define ULLAGE_ATTACH_VET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/site.h"
#include "base/err.h"
#include "unwind/stop.h"

/* As much of a stack is looked at. */
#define VET_ROOM ((size_t)256 << 10)

struct vet;

/* Of a site that outlives it. NULL on failure. */
struct vet *vet_new(const struct site *s, struct err *e);
void vet_free(struct vet *v);

/* Whether the program's allocator is glibc's; if not, whose: borrowed. */
bool vet_glibc_malloc(const struct vet *v, const char **whose);

/*
 * Goes through the tables that this thread's stack will need, so that it is
 * quick when it counts. The thread is not stopped: what comes of it may be
 * nonsense and is not told.
 */
void vet_rehearse(struct vet *v, int32_t tid, uint64_t sp, uint64_t pc);

/*
 * The thread is stopped; its registers are in `from`. Copies the stack and
 * walks it. False with a phrase in why, "a signal's handler is on its stack".
 */
bool vet_stack(struct vet *v, int32_t tid, struct stopped *from, char *why,
    size_t room);

/* The same for what is left of the stack below the red zone. */
bool vet_room(const struct vet *v, int32_t tid,
    const struct user_regs_struct *regs, char *why, size_t room);

#endif
