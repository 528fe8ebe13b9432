/* SPDX-License-Identifier: MIT */
/* How values of the list look: by kind, and the cells that are more than a
 * value. */
#ifndef ULLAGE_TOP_CELLS_H
#define ULLAGE_TOP_CELLS_H

#include "top/columns.h"

/* Those of list_columns: see struct list_column. */
list_draw_fn cell_pid;
list_draw_fn cell_command;
list_draw_fn cell_descriptors;
list_draw_fn cell_tightest;
list_draw_fn cell_full_in;
list_draw_fn cell_rss_spark;
list_draw_fn cell_fds_spark;

#endif
