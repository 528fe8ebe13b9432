/* SPDX-License-Identifier: MIT */
/*
 * Text that others wrote, made safe to show. Names of processes, threads,
 * files and symbols come from the target, which may be hostile: nothing of
 * them reaches a terminal except through here.
 */
#ifndef ULLAGE_BASE_ESCAPE_H
#define ULLAGE_BASE_ESCAPE_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Appends text with C0, DEL, C1, bidirectional controls (U+200E, U+200F,
 * U+202A-E, U+2066-9), line separators and invalid UTF-8 written as \xHH.
 * A backslash stays as it is.
 */
void escape_terminal(struct buf *out, const char *text, size_t len);

/* Terminal columns that already escaped UTF-8 text takes. */
size_t escape_width(const char *text);

/*
 * The number of bytes of already escaped text that fit into `columns`, never
 * splitting a character; *used gets the columns that they take.
 */
size_t escape_fit(const char *text, size_t columns, size_t *used);

#endif
