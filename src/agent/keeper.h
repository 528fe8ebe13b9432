/* SPDX-License-Identifier: MIT */
/*
 * The keeper: the one thread that the agent may have in the target. It holds
 * the trim knob and carries out orders, and is there only for as long as the
 * knob is on or an order stands.
 *
 * Nobody can make it from outside. A thread of the target that samples, that
 * has allocated 1 MiB, or that frees what was sampled sees the word
 * `attention` and makes it; a target that does neither waits with an order.
 *
 * It blocks all signals (through libc, so that the one by which setresuid
 * reaches all threads gets through), has a descriptor table of its own, and
 * no hook records what it does.
 */
#ifndef ULLAGE_AGENT_KEEPER_H
#define ULLAGE_AGENT_KEEPER_H

#include "agent/agent.h"
#include "agent/slots.h"

/* What to do about `attention`; keeps errno. */
void keeper_attend(void) HIDDEN;

/* At the start: what the environment asked for. */
void keeper_configure(uint64_t percent, uint64_t limit, bool filtered) HIDDEN;

/* The program is up: threads may be made. */
void keeper_allow(void) HIDDEN;

/* What the keeper is at; into the segment too. */
void keeper_state(enum ull_keeper_state s) HIDDEN;

/* Before a seccomp filter is installed, with agent_sandboxed set: it may be
 * one for all threads, and what the keeper calls may not be allowed. */
void keeper_dismiss(void) HIDDEN;

/* Looks up what it takes to make a thread; false if that is not there. */
bool keeper_resolve(void) HIDDEN;

/* There is none, nor is one being made. */
bool keeper_gone(void) HIDDEN;

/* In a forked child: the keeper stayed behind. */
void keeper_forget(void) HIDDEN;

/* Makes every thread call the allocator's `offer` once more, each the next
 * time that it comes by. */
void keeper_call_threads(void) HIDDEN;

/* A thread that allocates for the first time, and not late: see alloc.h. */
void keeper_thread_begins(void) HIDDEN;

/* As keeper_attend for one that frees p and was called from `caller`; true if p was
 * kept and is not to be freed. */
bool keeper_attend_freed(void *p, const void *caller) HIDDEN;

static inline bool
keeper_look_freed(void *p, const void *caller)
{
	bool kept;

	if (LIKELY(load(&tables.control->attention) == 0) || !agent_enter())
		return false;
	kept = keeper_attend_freed(p, caller);
	agent_leave();
	return kept;
}

/* In the slow path of any thread. */
static inline void
keeper_look(void)
{
	if (UNLIKELY(load(&tables.control->attention) != 0 ||
		    load(&slots_stale) != 0) &&
	    agent_enter()) {
		/* Or one could begin after somebody saw that there is none. */
		keeper_attend();
		agent_leave();
	}
}

#endif
