/* SPDX-License-Identifier: MIT */
/* What ullage memory has read, and the two ways to write it. */
#ifndef ULLAGE_CMD_MEMORY_ACCOUNT_H
#define ULLAGE_CMD_MEMORY_ACCOUNT_H

#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/memory_census.h"
#include "target/knob.h"
#include "target/snapshot.h"
#include "tune/ledger.h"

#define ACCOUNT_STACKS 4096 /* of threads; more are not told apart */

/* All that was read. */
struct memory_account {
	struct target *t;
	struct status status;
	struct smaps maps;
	bool has_maps;
	struct snapshot *s; /* NULL: no agent, or it sees nothing */
	struct knob k;
	bool has_knob;
	struct err no_agent; /* why live is not known from one; "" */
	struct memory_census census;
	struct ledger_input in;
	struct ledger l;
	uint64_t stacks[ACCOUNT_STACKS];
	uint64_t estimate; /* of a trim; UINT64_MAX */
	const char *why;
};

void memory_text(const struct options *o, const struct memory_account *a,
    struct buf *out);
void memory_json(const struct options *o, const struct memory_account *a,
    struct buf *out);

#endif
