/* SPDX-License-Identifier: MIT */
/*
 * What the keeper does in a turn: settings, statistics, orders, the knob.
 * Private to keeper*.c.
 */
#ifndef ULLAGE_AGENT_KEEPER_WORK_H
#define ULLAGE_AGENT_KEEPER_WORK_H

#include "agent/agent.h"
#include "agent/alloc.h"
#include "agent/keeper_rule.h"

struct keeper_work {
	const struct alloc *alloc; /* NULL: unknown */
	int statm;		   /* in the keeper's own table; -1: none */
	uint64_t base;		   /* see keeper_rule.h */
	uint64_t idle_base;	   /* the same after a trim by malloc_trim */
	uint64_t next;		   /* earliest time of a trim by the knob */
	struct keeper_pace pace;
	uint64_t faults_since; /* when the last trim ended; 0: counted */
	uint64_t faults;       /* of the process at that time */
	uint64_t faults_seq;
	uint64_t first; /* receipts that there were before this keeper */
	/* Processor time of all other threads, when that was looked at, and
	 * since when they have had next to none. All in ns. */
	uint64_t others, others_at, idle_since;
	uint64_t live, falling_since; /* bytes at the last look; ns, 0: not */
	bool lingers;	/* an order, not the knob, was the last cause */
};

/* ---- keeper_look.c: what there is to see ----------------------------------- */

/* Bytes; false, and 0 both, if the kernel does not tell. */
bool keeper_resident(const struct keeper_work *w, uint64_t *rss,
    uint64_t *anonymous) HIDDEN;

/* Two for an alloc_pass, `of` a keeper_work: anonymous bytes, 0 unknown; and
 * the bytes to release by the knob as of now. */
uint64_t keeper_anonymous(const void *of) HIDDEN;
uint64_t keeper_wanted(const void *of) HIDDEN;

/* Minor faults of the process. */
uint64_t keeper_faults(void) HIDDEN;

/* For how long all other threads together have run for less than half a
 * percent of the time; ns. To be called every turn. And: so long that the knob
 * may hold a lock for longer than its budget. It calls the former. */
uint64_t keeper_idle_for(struct keeper_work *w) HIDDEN;
bool keeper_is_idle(struct keeper_work *w, uint64_t anonymous) HIDDEN;

/* Everything for the rule; into the segment, too. */
struct keeper_view keeper_see(const struct keeper_work *w) HIDDEN;

/* `live` of one look after the other. */
bool keeper_is_falling(struct keeper_work *w, uint64_t live) HIDDEN;

/* ---- keeper_work.c ----------------------------------------------------------- */

/* An order stands that is not served. And: that, or the knob is on. */
bool keeper_work_ordered(void) HIDDEN;
bool keeper_work_wanted(void) HIDDEN;

/* False, with the reason in the segment, if it cannot. */
bool keeper_work_begin(struct keeper_work *w, const struct alloc *a) HIDDEN;
void keeper_work_end(struct keeper_work *w) HIDDEN;

/* Does what is due, then sleeps a tenth of a second. */
void keeper_work_turn(struct keeper_work *w) HIDDEN;

#endif
