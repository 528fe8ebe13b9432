/* SPDX-License-Identifier: MIT */
/*
 * What is known of a served process from looking at it every few seconds:
 * where its limits are going, its history, and the account of its memory,
 * which costs too much to be made anew for every request.
 */
#ifndef ULLAGE_CMD_SERVE_WATCH_H
#define ULLAGE_CMD_SERVE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/limits.h"
#include "tune/ledger.h"
#include "tune/trend.h"

/* Samples that are kept. When there are as many, every second one goes, and
 * from then on half as many are taken. */
#define WATCH_HISTORY 512

/* What there is a history of; NAN where it was not known. */
enum watch_line {
	WATCH_RSS,	/* bytes */
	WATCH_LIVE,	/* bytes */
	WATCH_RETAINED, /* bytes */
	WATCH_FDS,
	WATCH_FDS_SOFT,
	WATCH_THREADS,
	WATCH_CPU, /* seconds a second */
	WATCH_LINES,
};

struct watch_sample {
	int64_t time; /* ns since the epoch */
	double of[WATCH_LINES];
};

/* The ledger's sums, and what else was read with them. */
struct watch_memory {
	uint64_t time; /* ns, CLOCK_MONOTONIC; 0: not made yet */
	uint64_t rss;
	uint64_t bytes[LEDGER_PARTS];
	bool known[LEDGER_PARTS];
	uint64_t live_error;
	bool watched;	   /* the live heap is known */
	uint64_t returned; /* that a trim would return; UINT64_MAX: unknown */
};

/* Sums over the receipts of trims since this server began. */
struct watch_trims {
	bool begun;
	uint64_t seen;	   /* receipts, ever */
	uint64_t returned; /* bytes */
	uint64_t work;	   /* ns */
	uint64_t longest;  /* ns: the longest stall of the last */
};

struct watch {
	struct trend trends[LIMIT_RESOURCES];
	struct watch_sample *history; /* owned */
	size_t n_history;
	unsigned every, skipped; /* looks for a sample; since the last */
	struct watch_memory memory;
	uint64_t memory_next; /* ns, CLOCK_MONOTONIC */
	struct watch_trims trims;
	uint64_t cpu, cpu_time; /* ns, at the last look */
};

struct watched;

void watch_free(struct watch *w);

/* One look. With `maps`, at every mapping however large the process is. */
void watch_look(struct watched *w, bool maps);

#endif
