/* SPDX-License-Identifier: MIT */
/*
 * What the list shows: processes with their recent past, filtered and in
 * order. Fed with lists from the source; pure otherwise, so that screens can
 * be tested with made-up processes.
 */
#ifndef ULLAGE_TOP_MODEL_H
#define ULLAGE_TOP_MODEL_H

#include "top/source.h"

/* Values kept of the past: 2 minutes at a delay of 2 s. */
#define HISTORY 60

/* Under pressure: the part of a limit in use, or the time until it is full. */
#define PRESSURE_FRACTION 0.8
#define PRESSURE_NS INT64_C(600000000000)

enum model_history {
	HISTORY_RSS,
	HISTORY_FDS,
	HISTORY_LIVE,
	HISTORY_CPU,
	HISTORY_ALLOCS,
	HISTORIES,
};

/* What a process had at the baseline, as in source_row. */
struct process_base {
	uint64_t rss, size, threads, fds, live, retained;
};

struct process_view {
	struct source_row row;
	bool was; /* in the last list too */
	double cpu;    /* part of one CPU over the last interval; < 0 unknown */
	double allocs; /* bytes allocated per second; < 0 unknown */
	float history[HISTORIES][HISTORY]; /* newest last; < 0 unknown */
	int n_history;

	/* The limit of which most is in use; NULL if none is known. */
	const char *tightest;
	double fraction;
	struct trend_answer trend; /* of descriptors, towards nofile */
	bool pressed;

	bool has_base; /* at the baseline */
	struct process_base base;
	bool tagged;
	int depth; /* in the tree */
};

struct list_column;

struct model {
	struct process_view *all; /* by pid; owned */
	size_t n, cap;
	uint32_t *shown; /* indices into all, in order; owned */
	size_t n_shown;
	struct source_machine machine;
	int64_t time, last; /* ns of this list and the one before; 0: none */
	int64_t times[HISTORY];
	int n_times;
	uint64_t lists;

	/* How it is shown. */
	const struct list_column *sort;
	bool reverse;
	bool tree, kernel_threads, growth; /* growth: since the baseline */
	char filter[64]; /* part of command, user or pid; or "" */
	char user[32];	 /* only this one's; or "" */
	const int32_t *only; /* these pids alone; borrowed */
	size_t n_only;
};

void model_init(struct model *m);
void model_free(struct model *m);

/* Takes over the list and frees it. */
void model_take(struct model *m, struct source_list *l);

/* Filters and orders again; after `how it is shown` was changed. */
void model_arrange(struct model *m);

struct process_view *model_find(const struct model *m, int32_t pid);
struct process_view *model_at(const struct model *m, size_t i);

/* Index in what is shown, or -1. */
long model_index(const struct model *m, int32_t pid);

/* From now on growth is counted from here; again: no baseline. */
void model_baseline(struct model *m);

/* True if the text is part of what the row says, whatever the case. */
bool model_matches(const struct process_view *p, const char *text);

#endif
