/* SPDX-License-Identifier: MIT */
/*
 * What the keeper does in a turn: settings, statistics, orders, the knob.
 * Private to keeper.c and keeper_work.c.
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
	bool lingers;	/* an order, not the knob, was the last cause */
};

/* An order stands that is not served. And: that, or the knob is on. */
bool keeper_work_ordered(void) HIDDEN;
bool keeper_work_wanted(void) HIDDEN;

/* False, with the reason in the segment, if it cannot. */
bool keeper_work_begin(struct keeper_work *w, const struct alloc *a) HIDDEN;
void keeper_work_end(struct keeper_work *w) HIDDEN;

/* Does what is due, then sleeps a tenth of a second. */
void keeper_work_turn(struct keeper_work *w) HIDDEN;

#endif
