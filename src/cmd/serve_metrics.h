/* SPDX-License-Identifier: MIT */
/* What /metrics says of each process, and where its limits are going. */
#ifndef ULLAGE_CMD_SERVE_METRICS_H
#define ULLAGE_CMD_SERVE_METRICS_H

#include "cmd/serve_targets.h"
#include "encode/prom.h"

/* All processes that are served. */
void serve_metrics(struct serve_targets *s, struct metrics *m);

/* A look at each of them, see watch_look; called every few seconds. */
void serve_metrics_tick(struct serve_targets *s, bool maps);

#endif
