/* SPDX-License-Identifier: MIT */
/* The tables of the pages. */
#ifndef ULLAGE_CMD_SERVE_TABLES_H
#define ULLAGE_CMD_SERVE_TABLES_H

#include "cmd/serve_targets.h"
#include "serve/source.h"

/* All processes; owned by the caller. */
struct table *serve_overview(struct serve_targets *s);

int serve_sections(struct watched *w, const struct handle *h,
    source_section_fn *fn, void *arg, struct err *e);

#endif
