/* SPDX-License-Identifier: MIT */
/*
 * Where a result goes: standard output, or a file that appears whole or not
 * at all (written aside in the same folder, synced, renamed).
 */
#ifndef ULLAGE_BASE_OUTPUT_H
#define ULLAGE_BASE_OUTPUT_H

#include <stddef.h>

#include "base/err.h"

/*
 * Writes all bytes to path; NULL or "-" is standard output. A path that is
 * there already is replaced if it is a regular file; a folder, FIFO, socket or
 * device is refused, except /dev/null and character devices such as /dev/stdout.
 * On failure nothing is left behind and an older file is untouched.
 */
int output_write(const char *path, const void *bytes, size_t len,
    struct err *e);

/*
 * Expands %p (pid), %t (seconds since the epoch), %n (name), %h (host name)
 * and %% in a path. The name's slashes become underscores. Owned by the
 * caller.
 */
char *output_expand(const char *path, long pid, const char *name);

/* Removes the file being written aside, if any. For signal handlers. */
void output_abandon(void);

#endif
