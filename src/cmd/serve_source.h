/* SPDX-License-Identifier: MIT */
/* What the server shows of the processes that are served. */
#ifndef ULLAGE_CMD_SERVE_SOURCE_H
#define ULLAGE_CMD_SERVE_SOURCE_H

#include "cmd/serve_targets.h"
#include "serve/source.h"

struct serving {
	struct serve_targets targets;
	const char *debug_dirs;	   /* NULL: as usual */
	struct source_kind *kinds; /* owned */
	struct source source;	   /* what the server asks; of this */
};

void serve_source_init(struct serving *s, bool all_agents);
void serve_source_fini(struct serving *s);

#endif
