/* SPDX-License-Identifier: MIT */
/*
 * The terminal, by ncurses, which is known here and nowhere else. Whatever
 * ends the program, the terminal is put back as it was: terminal_close is
 * registered with atexit, and signals that kill write the same in a handler.
 */
#ifndef ULLAGE_TOP_TERMINAL_H
#define ULLAGE_TOP_TERMINAL_H

#include "base/err.h"
#include "top/canvas.h"

struct terminal_event {
	int key;	 /* enum ui_key or a character; UI_NONE: none */
	bool click, twice;
	int wheel;	 /* lines */
	int row, column; /* of the mouse */
};

/* Fails if standard input or output is no terminal, or one that cannot place
 * its cursor. ascii: as if it had no Unicode. */
int terminal_open(bool ascii, struct err *e);
void terminal_close(void);

bool terminal_unicode(void);
void terminal_size(int *rows, int *columns);

/* Sends what differs from what was sent last; all of it with `again`. */
void terminal_show(const struct canvas *c, bool again);

/* The next event that has arrived; false if there is none. */
bool terminal_event(struct terminal_event *event);

/* After SIGWINCH. */
void terminal_resized(void);

/* Puts the terminal back and stops the program, as Ctrl-Z should; returns
 * when it goes on. */
void terminal_suspend(void);

/* For handlers: puts it back at once, without what waits to be written. */
void terminal_abandon(void);

#endif
