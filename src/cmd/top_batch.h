/* SPDX-License-Identifier: MIT */
/* The list of the live view as lines. */
#ifndef ULLAGE_CMD_TOP_BATCH_H
#define ULLAGE_CMD_TOP_BATCH_H

#include "top/run.h"

struct batch_options {
	uint64_t count; /* of lists; 0: without end */
	size_t rows, columns;
	bool json;
};

/* Writes lists to standard output. */
int top_batch(const struct source *source, const struct top_options *o,
    const struct batch_options *b, struct err *e);

#endif
