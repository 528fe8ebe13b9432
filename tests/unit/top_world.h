/* SPDX-License-Identifier: MIT */
/* A view of a made-up machine, and what is on its screen. Golden files are in
 * tests/golden/top, a screen as text and below it the meaning of each cell;
 * ACCEPT=1 rewrites them. */
#ifndef ULLAGE_TESTS_TOP_WORLD_H
#define ULLAGE_TESTS_TOP_WORLD_H

#include "fake_top.h"

struct world {
	struct fake_top fake;
	struct ui ui;
};

/* A view that has seen the machine for half a minute. */
void begin(struct world *w, int rows, int columns, bool unicode);
void end(struct world *w);

/* Opens the process and the tab with that key, and looks some times. */
void open_tab(struct world *w, int32_t pid, int key);

/* What is drawn; owned by the caller. */
char *screen(struct world *w);

void assert_golden(struct world *w, const char *name);
void assert_shows(struct world *w, const char *text);
void assert_hides(struct world *w, const char *text);

#endif
