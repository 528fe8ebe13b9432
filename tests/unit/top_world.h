/* SPDX-License-Identifier: MIT */
/*
 * The live view over a made-up machine, and what its screen shows. Golden
 * files are in tests/golden/top, a screen as text and below it the meaning of
 * each cell; ACCEPT=1 rewrites them.
 */
#ifndef ULLAGE_TESTS_TOP_WORLD_H
#define ULLAGE_TESTS_TOP_WORLD_H

#include "fake_top.h"

struct world {
	struct fake_top fake;
	struct ui ui;
};

/* A view that has seen the machine for half a minute. */
void top_begin(struct world *w, int rows, int columns, bool unicode);
void top_end(struct world *w);

/* The tab of that key, looked at long enough for trends. */
void top_open_tab(struct world *w, int32_t pid, int key);

/* What is on the screen; the caller frees it. */
char *top_text(struct world *w);

void assert_golden(struct world *w, const char *name);
void assert_shows(struct world *w, const char *text);
void assert_hides(struct world *w, const char *text);

#endif
