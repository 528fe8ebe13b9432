/* SPDX-License-Identifier: MIT */
/*
 * Text that others wrote, made safe to show. Names of processes, threads,
 * files and symbols come from the target, which may be hostile: nothing of
 * them reaches a terminal except through here.
 */
#ifndef ULLAGE_BASE_ESCAPE_H
#define ULLAGE_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Appends text with C0, DEL, C1, bidirectional controls (U+200E, U+200F,
 * U+202A-E, U+2066-9), line separators and invalid UTF-8 written as \xHH.
 * A backslash stays as it is.
 */
void escape_terminal(struct buf *out, const char *text, size_t len);

/* Appends text with what is not valid UTF-8 as \xHH, for formats that must be
 * UTF-8; controls stay. And whether there is anything to do. */
void escape_utf8(struct buf *out, const char *text);
bool escape_is_utf8(const char *text);

/* What marks a cut: one character in a UTF-8 locale, else three dots. */
const char *escape_ellipsis(void);

/*
 * Appends text, escaped, cut to `columns` with an ellipsis; returns the
 * columns used.
 */
size_t escape_cut(struct buf *out, const char *text, size_t columns);

/* Terminal columns that already escaped UTF-8 text takes. */
size_t escape_width(const char *text);

/*
 * The number of bytes of already escaped text that fit into `columns`, never
 * splitting a character; *used gets the columns that they take.
 */
size_t escape_fit(const char *text, size_t columns, size_t *used);

#endif
