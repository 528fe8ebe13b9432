/* SPDX-License-Identifier: MIT */
/* Pages that would be free if it were not for a single chunk. */
#ifndef ULLAGE_CENSUS_PINS_H
#define ULLAGE_CENSUS_PINS_H

#include "census/walk.h"

struct census_pins {
	const struct census_walk *walk;
	const struct census_segment *segment;
	struct census_counts *counts;
	uint64_t page; /* number */
	unsigned used; /* chunks in use on it; 2 is as good as more */
	bool some_free;
	struct census_chunk chunk;
	enum chunk_state state;
};

/* All must outlive it. */
void census_pins_init(struct census_pins *p, const struct census_walk *w,
    const struct census_segment *s, struct census_counts *counts);

/* The next chunk, by address. */
void census_pins_put(struct census_pins *p, const struct census_chunk *c,
    enum chunk_state state);

/* Something else is on the page of that address. */
void census_pins_spoil(struct census_pins *p, uint64_t address);

/* Nothing follows. */
void census_pins_end(struct census_pins *p);

#endif
