/* SPDX-License-Identifier: MIT */
/*
 * Colours by meaning. A screen says what a cell means; how that looks depends
 * on the terminal: 256 colours, 16 or 8, none, on dark or light ground. The
 * same meaning has the same colour on every screen.
 */
#ifndef ULLAGE_TOP_THEME_H
#define ULLAGE_TOP_THEME_H

#include <stdbool.h>

/* To add one: here, and a row in theme.c. */
enum style {
	STYLE_PLAIN,	/* the terminal's own */
	STYLE_FAINT,	/* headings, units, what stands back */
	STYLE_STRONG,	/* what the eye should find without being alarmed */
	STYLE_LIVE,	/* heap that is held */
	STYLE_RETAINED, /* memory that the allocator keeps */
	STYLE_WARN,	/* on the way to trouble */
	STYLE_TROUBLE,
	STYLE_OURS,	/* of ullage itself: the agent, keys, prompts */
	STYLE_FILE,	/* memory that is not heap */
	STYLE_COUNT,
};

/* A style's letter in goldens. */
extern const char theme_letters[STYLE_COUNT + 1];

struct theme_look {
	short color; /* -1: the terminal's own */
	bool bold, faint;
};

/* colors: of the terminal, 0 for none. */
struct theme_look theme_look(enum style style, int colors, bool light);

/* The ground of a selected row; -1: reverse the row instead. */
short theme_selected(int colors, bool light);

/*
 * Whether the terminal is a light one, as far as can be known: by
 * ULLAGE_THEME=light or dark, else by COLORFGBG, else it is dark.
 */
bool theme_is_light(void);

/* Colours that are wanted: 0 with NO_COLOR, else what the terminal has. */
int theme_colors(int terminal);

#endif
