/* SPDX-License-Identifier: MIT */
/* Chunks in use, counted by arena, size and kind. */
#ifndef ULLAGE_CENSUS_TALLY_H
#define ULLAGE_CENSUS_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct census_row {
	uint64_t size; /* of the chunk, with header; 0: various */
	uint64_t count;
	uint64_t bytes;
	uint32_t arena, kind;
};

struct census_tally {
	struct census_row *rows; /* owned */
	size_t n, cap;
	struct hash index;
};

/* Rows are bounded: what is one too many is counted as size 0. */
void census_tally_add(struct census_tally *t, uint32_t arena, uint32_t kind,
    uint64_t size);
void census_tally_free(struct census_tally *t);

#endif
