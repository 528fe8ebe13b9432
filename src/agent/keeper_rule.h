/* SPDX-License-Identifier: MIT */
/*
 * When to trim and how much: the keeper's rules as pure functions of what it
 * sees. No memory, no clock, no system call.
 *
 * Live comes from the sampler, anonymous memory from the kernel. What lies
 * between them is free memory that a trim may return, and memory that none
 * returns: other mappings, stacks, the allocator's own, pages that live
 * objects share with free ones. A trim that ran until nothing more was to be
 * had shows how large that second part is: the base.
 */
#ifndef ULLAGE_AGENT_KEEPER_RULE_H
#define ULLAGE_AGENT_KEEPER_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes, but for percent, which is as in the control word. */
struct keeper_view {
	uint64_t live, anonymous, rss, base;
	uint64_t percent; /* ULL_TRIM_OFF: only the limit counts */
	uint64_t limit;	  /* 0: none */
};

/* Less than this is never worth a trim. */
#define KEEPER_FLOOR (UINT64_C(4) << 20)

/* Free resident memory that the allocator may keep; at least the floor. */
uint64_t keeper_allowance(const struct keeper_view *v);

/* Bytes to release now; 0: leave it. *by_limit: the limit asks, not the knob. */
uint64_t keeper_want(const struct keeper_view *v, bool *by_limit);

/* The base after a look (exhausted false) or after a trim. */
uint64_t keeper_base(const struct keeper_view *v, bool exhausted);

/*
 * "size resident shared ..." of statm, in pages of 4 KiB, as bytes; anonymous
 * is what is resident and not shared. False: it is something else.
 */
bool keeper_statm(const char *text, uint64_t *rss, uint64_t *anonymous);

/*
 * Pacing. All in ns. One percent of the time goes into the credit, up to five
 * seconds, which are there at the start; the work of a trim, its time in
 * calls, comes out of it. Below zero there is no trim; so that a heap of
 * gigabytes is done in one go, and over any long time it is one percent.
 */
struct keeper_pace {
	uint64_t pause;
	uint64_t overruns, in_row;
	int64_t credit;
	uint64_t since; /* when the credit was reckoned */
};

#define KEEPER_CREDIT INT64_C(5000000000)

#define KEEPER_PAUSE_LEAST UINT64_C(500000000)
#define KEEPER_PAUSE_MOST (UINT64_C(3600) * 1000000000u)
#define KEEPER_OVERRUNS 3

void keeper_pace_begin(struct keeper_pace *p, uint64_t now);

/*
 * After a trim: changes the pause and returns when the next may begin.
 * False from keeper_pace_on: the knob is to be switched off.
 */
uint64_t keeper_pace_next(struct keeper_pace *p, uint64_t now, uint64_t work,
    bool overran);
bool keeper_pace_on(const struct keeper_pace *p);

#endif
