/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/buf.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
buf_free(struct buf *b)
{
	free(b->bytes);
	*b = (struct buf)BUF_INIT;
}

static void
reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;

	while (cap - b->len <= more)
		cap *= 2;
	if (cap != b->cap) {
		b->bytes = xrealloc(b->bytes, cap, 1);
		b->cap = cap;
	}
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	reserve(b, len);
	if (len != 0)
		memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
	b->bytes[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		reserve(b, (size_t)n + 1);
		vsnprintf(b->bytes + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void
buf_fill(struct buf *b, char c, size_t n)
{
	reserve(b, n);
	memset(b->bytes + b->len, c, n);
	b->len += n;
	b->bytes[b->len] = '\0';
}

const char *
buf_text(const struct buf *b)
{
	return b->bytes != NULL ? b->bytes : "";
}

int
buf_read_fd(struct buf *b, int fd, const char *name, size_t max,
    struct err *e)
{
	size_t start = b->len;
	ssize_t n;

	for (;;) {
		reserve(b, 16384);
		n = read(fd, b->bytes + b->len, b->cap - b->len - 1);
		if (n == 0)
			break;
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return err_errno(e, "cannot read %s", name);
		}
		b->len += (size_t)n;
		if (b->len - start > max)
			return err_set(e, ERR_FAILED,
			    "%s is larger than %zu bytes, which is more than "
			    "such a file may be",
			    name, max);
	}
	b->bytes[b->len] = '\0';
	return 0;
}

int
buf_read_file(struct buf *b, const char *path, size_t max, struct err *e)
{
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "cannot open %s", path);
	rc = buf_read_fd(b, fd, path, max, e);
	close(fd);
	return rc;
}
