/* SPDX-License-Identifier: MIT */
/*
 * The slots of the loaded objects that lead to the hooks, when the agent was
 * attached: making them do so, and putting back what they held.
 *
 * All is done under the lock with which the loader guards its list against
 * those who walk it (in a callback of dl_iterate_phdr): no object comes or
 * goes meanwhile, so none has to be held on to, and dlclose does what it
 * always does. What is put back is found by the same walk, so a slot is only
 * touched if its object is there. Called on threads of our own alone, never
 * in a hook, and by one at a time.
 */
#ifndef ULLAGE_AGENT_SLOTS_H
#define ULLAGE_AGENT_SLOTS_H

#include "agent/agent.h"

/*
 * Patches all that are not yet; opens /proc/self/maps for it. Needs an armed
 * agent, which records from the first slot on. Fills the numbers in
 * `presence`. ULL_ARM_OK, ULL_ARM_SLOTS if there is none, ULL_ARM_LIBRARIES
 * if some found no room.
 */
enum ull_arm_result slots_patch(struct ull_presence *presence) HIDDEN;

/* Fills these numbers again, in another segment. */
void slots_present(struct ull_presence *presence) HIDDEN;

/*
 * Puts back what they held where they still lead to us. Returns how many were
 * changed by somebody else meanwhile.
 */
unsigned slots_restore(void) HIDDEN;

/*
 * In the keeper: patches what was loaded since, if the loader's counters say
 * that something was. The caller has a descriptor table of its own.
 */
void slots_follow(void) HIDDEN;

/* Objects may have been loaded since: set by who calls dlopen through its
 * slot, and by walks that come through an object not known yet. */
extern uint32_t slots_stale HIDDEN;

/* A walk came through an object with this load address. */
void slots_meet(uint64_t bias) HIDDEN;

/* Stands in slots of dlopen: takes note and jumps, as the loader looks at who
 * called to find the search path. */
extern const char slots_dlopen_entry[] HIDDEN;
extern void *slots_dlopen HIDDEN;

/* arm.c: one at a time, arming, disarming or following. */
bool arm_follow(void) HIDDEN;
void arm_end(void) HIDDEN;

#endif
