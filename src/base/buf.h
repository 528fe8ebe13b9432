/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes: what encoders write into and files are read into.
 * The bytes are always followed by a NUL that does not count, so text in a
 * buf is a C string.
 */
#ifndef ULLAGE_BASE_BUF_H
#define ULLAGE_BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

struct buf {
	char *bytes; /* owned; NULL while empty */
	size_t len;
	size_t cap;
};

#define BUF_INIT { NULL, 0, 0 }

void buf_free(struct buf *b);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends n copies of c. */
void buf_fill(struct buf *b, char c, size_t n);

/* The text, "" while empty; borrowed until the next change. */
const char *buf_text(const struct buf *b);

/*
 * Appends all of a file, at most `max` bytes of it (a longer one is an
 * error). Works for files of /proc, which report no size.
 */
int buf_read_file(struct buf *b, const char *path, size_t max, struct err *e);
int buf_read_fd(struct buf *b, int fd, const char *name, size_t max,
    struct err *e);

#endif
