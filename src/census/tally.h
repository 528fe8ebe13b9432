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
	uint64_t pages; /* that they alone keep from being free */
	uint32_t arena, kind;
};

/* Of a sample: sums of as many parts of it, from which the error follows. */
#define CENSUS_PARTS 16

struct census_tally {
	struct census_row *rows; /* owned */
	size_t n, cap;
	uint64_t (*parts)[CENSUS_PARTS]; /* owned; bytes of rows, or NULL */
	size_t cap_parts;
	uint32_t recent[256]; /* rows + 1, by the low bits of a mixture */
	struct hash index;
};

/*
 * Counts a chunk so many times, as one of that part, or CENSUS_PARTS: of none.
 * Rows are bounded: what is one too many is counted as size 0.
 */
void census_tally_add(struct census_tally *t, uint32_t arena, uint32_t kind,
    uint64_t size, uint64_t times, uint32_t part);

/* A page is kept by one of those. */
void census_tally_pin(struct census_tally *t, uint32_t arena, uint32_t kind,
    uint64_t size, uint64_t times);

/*
 * Standard error of the sum of such parts, of so many cells each, when one of
 * `times` cells was looked at; 0 if all was, -1: not known.
 */
double census_parts_error(const uint64_t parts[CENSUS_PARTS],
    const uint64_t cells[CENSUS_PARTS], uint64_t times);

void census_tally_free(struct census_tally *t);

#endif
