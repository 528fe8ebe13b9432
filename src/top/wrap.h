/* SPDX-License-Identifier: MIT */
/* Text in several lines where one has no room for it. */
#ifndef ULLAGE_TOP_WRAP_H
#define ULLAGE_TOP_WRAP_H

#include <stddef.h>

#include "top/canvas.h"

/* Bytes of the first line of at most `width` bytes: up to a blank, if there is
 * one in its second half; the next begins after the blanks there. */
size_t wrap_line(const char *text, size_t width);

/* Lines that it takes, at most `most`. */
int wrap_count(const char *text, size_t width, int most);

/* Puts it into at most `most` lines; the last is cut. Lines after the first
 * are indented by `indent`. Returns the row after. */
int wrap_put(struct canvas *c, int row, int column, int width, int indent,
    int most, enum style style, const char *text);

#endif
