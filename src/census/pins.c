/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/pins.h"

#include <string.h>

void
census_pins_init(struct census_pins *p, const struct census_walk *w,
    const struct census_segment *s, struct census_counts *counts)
{
	memset(p, 0, sizeof *p);
	p->walk = w;
	p->segment = s;
	p->counts = counts;
}

static bool
counted(const struct census_pins *p)
{
	const struct census_segment *s = p->segment;
	uint64_t at = p->page * CENSUS_PAGE;

	return s->until == 0 || (at >= s->from && at < s->until);
}

void
census_pins_end(struct census_pins *p)
{
	if (p->used == 1 && p->some_free && counted(p)) {
		p->counts->pinned++;
		if (p->walk->pins != NULL)
			p->walk->pins(p->walk->arg, &p->chunk, p->state);
	}
	p->used = 0;
	p->some_free = false;
}

static void
begin(struct census_pins *p, uint64_t page)
{
	if (p->page != page) {
		census_pins_end(p);
		p->page = page;
	}
}

void
census_pins_spoil(struct census_pins *p, uint64_t address)
{
	begin(p, address / CENSUS_PAGE);
	p->used = 2;
}

static void
put(struct census_pins *p, uint64_t page, const struct census_chunk *c,
    enum chunk_state state)
{
	begin(p, page);
	if (state == CHUNK_FREE || state == CHUNK_FAST) {
		p->some_free = true;
	} else if (p->used++ == 0) {
		p->chunk = *c;
		p->state = state;
	}
}

/* Pages in the middle of a chunk are its own and no loss. */
void
census_pins_put(struct census_pins *p, const struct census_chunk *c,
    enum chunk_state state)
{
	uint64_t first = c->address / CENSUS_PAGE;
	uint64_t last = (c->address + c->size - 1) / CENSUS_PAGE;

	put(p, first, c, state);
	if (last != first)
		put(p, last, c, state);
}
