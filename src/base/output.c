/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/output.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The one file being written aside; read by a signal handler. */
static char *volatile aside;

void
output_abandon(void)
{
	char *path = aside;

	if (path != NULL)
		unlink(path);
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, bytes, len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
write_device(const char *path, const void *bytes, size_t len, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_errno(e, "cannot write %s", path);
	if (write_all(fd, bytes, len) < 0) {
		err_errno(e, "cannot write %s", path);
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

/* Permissions that a plain open would have given. */
static mode_t
default_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static int
write_aside(const char *path, const void *bytes, size_t len, struct err *e)
{
	char *temp = xasprintf("%s.XXXXXX", path);
	int fd, rc = -1;

	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		err_errno(e, "cannot write %s", path);
		free(temp);
		return -1;
	}
	aside = temp;
	if (write_all(fd, bytes, len) < 0 || fchmod(fd, default_mode()) < 0 ||
	    fsync(fd) < 0)
		err_errno(e, "cannot write %s", path);
	else if (rename(temp, path) < 0)
		err_errno(e, "cannot rename the finished file to %s", path);
	else
		rc = 0;
	close(fd);
	if (rc < 0)
		unlink(temp);
	aside = NULL;
	free(temp);
	return rc;
}

int
output_write(const char *path, const void *bytes, size_t len, struct err *e)
{
	struct stat st;

	if (path == NULL || strcmp(path, "-") == 0) {
		if (fflush(stdout) != 0 || write_all(1, bytes, len) < 0)
			return err_errno(e, "cannot write standard output");
		return 0;
	}
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return err_set(e, ERR_FAILED,
			    "cannot write %s: it is a folder; name a file in it",
			    path);
		if (S_ISCHR(st.st_mode))
			return write_device(path, bytes, len, e);
		if (!S_ISREG(st.st_mode))
			return err_set(e, ERR_FAILED,
			    "cannot write %s: it is not a regular file; use -o - "
			    "and redirect instead",
			    path);
	} else if (errno != ENOENT) {
		return err_errno(e, "cannot write %s", path);
	}
	return write_aside(path, bytes, len, e);
}

char *
output_expand(const char *path, long pid, const char *name)
{
	struct buf out = BUF_INIT;
	char host[256];
	size_t start;

	buf_puts(&out, "");
	for (const char *s = path; *s != '\0'; s++) {
		if (s[0] != '%' || s[1] == '\0') {
			buf_add(&out, s, 1);
			continue;
		}
		switch (*++s) {
		case 'p':
			buf_printf(&out, "%ld", pid);
			break;
		case 't':
			buf_printf(&out, "%lld", (long long)time(NULL));
			break;
		case 'n':
			start = out.len;
			buf_puts(&out, name);
			for (; start < out.len; start++)
				if (out.bytes[start] == '/')
					out.bytes[start] = '_';
			break;
		case 'h':
			if (gethostname(host, sizeof host) != 0)
				strcpy(host, "localhost");
			host[sizeof host - 1] = '\0';
			buf_puts(&out, host);
			break;
		case '%':
			buf_puts(&out, "%");
			break;
		default:
			buf_add(&out, s - 1, 2);
		}
	}
	return out.bytes;
}
