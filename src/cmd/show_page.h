/* SPDX-License-Identifier: MIT */
/* The page of one process, as text and as JSON. */
#ifndef ULLAGE_CMD_SHOW_PAGE_H
#define ULLAGE_CMD_SHOW_PAGE_H

#include "base/buf.h"
#include "proc/limits.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "target/knob.h"
#include "target/snapshot.h"
#include "target/target.h"

struct show {
	const struct target *t;
	struct status status;
	struct limits limits;
	struct usage usage;
	bool has_files;
	uint64_t sockets, socket_memory, sockets_known;
	struct snapshot *agent; /* owned; NULL: none */
	/* With an agent: of the open descriptors, those whose opener was seen,
	 * the stacks that these are, and ns. */
	uint64_t opener_known, opener_stacks, opener_oldest;
	/* Threads that have ended and were not joined, and their stacks. */
	uint64_t unjoined, unjoined_reserved, unjoined_resident;
	double live, live_error;
	struct knob knob;
	bool has_knob;
	uint64_t lost;
	char exe[4096];
	char user[64];
	uint64_t uptime;
};

void show_write_text(const struct show *p, struct buf *out);
void show_write_json(const struct show *p, struct buf *out);

#endif
