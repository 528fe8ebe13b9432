/* SPDX-License-Identifier: MIT */
/* Who waits for whose mutex. Of the folder's own use; see threads.h. */
#ifndef ULLAGE_UNWIND_LOCKS_H
#define ULLAGE_UNWIND_LOCKS_H

#include "unwind/stop.h"
#include "unwind/threads.h"

/*
 * Sets lock and owner of t if what it waits for can be a mutex of glibc that
 * a thread of the process holds.
 */
void locks_note(const struct threads *all, struct thread *t,
    const struct stopped *from);

/*
 * Numbers the cycles among those who wait. The stacks are of different
 * moments, so a cycle counts only if all its threads are seen to have waited
 * at one and the same moment.
 */
void locks_find_cycles(struct threads *all);

#endif
