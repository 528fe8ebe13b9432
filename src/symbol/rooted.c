/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/rooted.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

void
rooted_open(struct rooted *r, const char *path)
{
	struct stat theirs, own;

	r->path = xstrdup(path);
	r->fd = -1;
	r->ours = path[0] == '\0' || strcmp(path, "/") == 0;
	if (r->ours)
		return;
	r->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->fd >= 0 && fstat(r->fd, &theirs) == 0 &&
	    stat("/", &own) == 0)
		r->ours = theirs.st_dev == own.st_dev &&
		    theirs.st_ino == own.st_ino;
}

void
rooted_close(struct rooted *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
}

static int
regular_only(int fd)
{
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size <= ROOTED_FILE_MAX)
		return fd;
	close(fd);
	return -1;
}

/* Kernels before 5.6 and some seccomp filters have no openat2. */
static int
open_by_prefix(const struct rooted *r, const char *path, int flags)
{
	char *full = xasprintf("%s%s", r->path, path);
	int fd = open(full, flags);

	free(full);
	return fd;
}

static int
open_with(const struct rooted *r, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)flags,
		.resolve = RESOLVE_IN_ROOT };
	int fd;

	if (path[0] != '/')
		return -1;
	if (r->path[0] == '\0')
		return regular_only(open(path, flags));
	if (r->fd < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, r->fd, path, &how, sizeof how);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = open_by_prefix(r, path, flags);
	return regular_only(fd);
}

int
rooted_file(const struct rooted *r, const char *path)
{
	return open_with(r, path, OPEN_FLAGS);
}

int
rooted_file_nofollow(const struct rooted *r, const char *path)
{
	return open_with(r, path, OPEN_FLAGS | O_NOFOLLOW);
}

int
rooted_own_file(const char *path)
{
	return regular_only(open(path, OPEN_FLAGS));
}
