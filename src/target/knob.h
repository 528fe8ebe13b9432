/* SPDX-License-Identifier: MIT */
/*
 * The trim knob of a target: what it is set to, what the keeper makes of it,
 * and its receipts. Reads a few kilobytes of the segment, checked like a
 * snapshot; writes single words of it.
 */
#ifndef ULLAGE_TARGET_KNOB_H
#define ULLAGE_TARGET_KNOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "target/target.h"

/* Of percent. */
#define KNOB_OFF UINT64_MAX
#define KNOB_PERCENT UINT64_C(1000) /* one */

/* What is not known of the rest. */
#define KNOB_UNKNOWN UINT64_MAX

#define KNOB_RECEIPTS 64
#define KNOB_ARENAS 64

struct knob_receipt {
	uint64_t seq;
	uint64_t time_ns; /* since the epoch, when it ended */
	const char *cause;
	uint64_t before, after; /* RSS in bytes; 0: unknown */
	uint64_t live;
	uint64_t duration_ns, work_ns, longest_ns;
	uint64_t faults; /* in the second after; KNOB_UNKNOWN */
	uint64_t arenas, chunks;
	bool exhausted, grew, locks, overran, no_seed, stopped, full;
};

struct knob_arena {
	uint64_t id, allocated, dirty, threads;
};

struct knob_statistics {
	bool asked;
	uint64_t cost_ns;
	uint64_t allocated, resident, releasable, cached, metadata, unmapped,
	    free;
};

struct knob {
	uint64_t percent; /* thousandths of one; KNOB_OFF */
	uint64_t limit;	  /* bytes, 0: none */
	bool pending;	  /* the word that makes threads look is set */
	const char *allocator; /* "glibc", or "unknown" */
	bool known_allocator;
	const char *keeper; /* "none", "watching", ... */
	bool has_keeper;
	const char *reason; /* why there is none, a phrase, or NULL */
	uint64_t tid, starts;
	uint64_t served_now, served_full, served_report, served_setting;
	int64_t setting_old; /* INT64_MIN: unknown */
	bool setting_ok;
	uint64_t seen_rss, seen_anonymous, seen_live, base; /* 0: not yet */
	uint64_t pause_ns, overruns, budget_ns;
	char version[64]; /* of the allocator; "" unless asked */
	struct knob_statistics statistics;
	struct knob_arena arenas[KNOB_ARENAS];
	size_t n_arenas;
	struct knob_receipt receipts[KNOB_RECEIPTS]; /* oldest first */
	size_t n_receipts;
	uint64_t written; /* receipts ever */
};

int knob_read(const struct target *t, struct knob *k, struct err *e);

/* Of so much private memory in bytes, beside the live heap: what a trim may
 * return, at most, as far as the last one has shown. */
uint64_t knob_retained(const struct knob *k, uint64_t anonymous,
    uint64_t live);

/*
 * Each sets a word and reads it back. *previous is what it was; *overtaken
 * tells that another writer's value is there now.
 */
int knob_set_percent(const struct target *t, uint64_t percent,
    uint64_t *previous, bool *overtaken, struct err *e);
int knob_set_limit(const struct target *t, uint64_t limit,
    uint64_t *previous, bool *overtaken, struct err *e);

/*
 * What the keeper begins with, on a target that it has not trimmed yet: bytes
 * of anonymous memory that no trim returns and the agent does not count as
 * live. To be set before the knob.
 */
int knob_set_base(const struct target *t, uint64_t base, struct err *e);

enum knob_order { KNOB_NOW, KNOB_FULL, KNOB_REPORT };

/* Gives an order; *ticket to wait for: see knob_served. */
int knob_order(const struct target *t, enum knob_order order,
    uint64_t *ticket, struct err *e);
bool knob_served(const struct knob *k, enum knob_order order,
    uint64_t ticket);

/* ---- settings ---------------------------------------------------------------- */

struct knob_setting {
	const char *name;
	const char *allocator;
	const char *risk; /* a phrase */
};

/* All of them, NULL past the last. */
const struct knob_setting *knob_setting_at(size_t i);
int knob_set(const struct target *t, size_t setting, int64_t value,
    uint64_t *ticket, struct err *e);

#endif
