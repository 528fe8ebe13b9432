/* SPDX-License-Identifier: MIT */
/* What a census tells the ledger. */
#ifndef ULLAGE_CMD_MEMORY_CENSUS_H
#define ULLAGE_CMD_MEMORY_CENSUS_H

#include <jansson.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "target/snapshot.h"
#include "target/target.h"
#include "tune/ledger.h"

struct memory_census {
	bool taken;
	char why_not[512];   /* "" if it was not wanted */
	uint64_t live;	     /* usable bytes in use */
	uint64_t in_memory;  /* of them */
	uint64_t headers;    /* of chunks and arenas */
	uint64_t mapped;     /* resident in chunks with mappings of their own */
	uint64_t trim;	     /* what malloc_trim(0) would return */
	uint64_t chunks, uncovered;
	uint64_t cpu_ns, wall_ns;
};

/*
 * Takes one if it is asked for (--census), or if it is cheap and tells what
 * nobody else does: without an agent, or with one that came late or with a
 * fork. `s` may be NULL. Fails only if it was asked for.
 */
int memory_census_take(const struct options *o, const struct target *t,
    const struct snapshot *s, uint64_t anonymous, struct memory_census *m,
    struct err *e);

/* In place of what an agent estimates. */
void memory_census_use(const struct memory_census *m, struct ledger_input *in,
    struct ledger_trim *trim);

/*
 * What a trim knob would begin with on a target that it has never trimmed:
 * anonymous memory less what is live, once the census's pages are returned.
 */
uint64_t memory_census_base(const struct memory_census *m,
    uint64_t anonymous);

/*
 * The same for the agent's own sums, in which what is older than the agent is
 * missing: see knob_set_base. False if none is needed, or with m->why_not if
 * none was taken.
 */
bool memory_census_knob(const struct target *t, const struct snapshot *s,
    struct memory_census *m, uint64_t *base);

/* The census beside the agent's estimate, if there is one. */
void memory_census_draw(const struct memory_census *m,
    const struct snapshot *s, struct buf *out);
json_t *memory_census_json(const struct memory_census *m,
    const struct snapshot *s, uint64_t anonymous);

#endif
