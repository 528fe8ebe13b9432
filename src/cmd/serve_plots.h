/* SPDX-License-Identifier: MIT */
/* The plots of the pages: the history, and the ledger as a bar. */
#ifndef ULLAGE_CMD_SERVE_PLOTS_H
#define ULLAGE_CMD_SERVE_PLOTS_H

#include "cmd/serve_targets.h"
#include "serve/source.h"

/* One process; brief: its memory alone, with its name as the title. */
void serve_plots(struct watched *w, bool brief, source_plot_fn *fn, void *arg);

#endif
