/* SPDX-License-Identifier: MIT */
/* The live view on a terminal. */
#ifndef ULLAGE_TOP_RUN_H
#define ULLAGE_TOP_RUN_H

#include "base/err.h"
#include "top/source.h"

struct top_options {
	const int32_t *pids; /* these alone; NULL: all */
	size_t n_pids;
	int64_t delay;	   /* ns; 0: as it was last time */
	const char *sort;  /* key of a column; NULL */
	const char *filter;
	bool readonly, ascii;
};

/* Fails without a terminal. Returns 0, or the number of the signal that
 * ended it: the terminal is put back by then. */
int top_run(const struct source *source, const struct top_options *o,
    struct err *e);

#endif
