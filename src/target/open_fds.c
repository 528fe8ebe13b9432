/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: the kernel says what is open, the agent who opened it.
 *
 * They are matched by number. A number that was closed and opened again past
 * the agent has an entry that is not its own; that shows when the kernel has
 * something there that the call of the entry cannot have made.
 */
#include "config.h"

#include "abi/segment.h"
#include "base/xalloc.h"
#include "proc/open_files.h"
#include "target/snapshot.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ONE(type) (UINT32_C(1) << (type))
#define ANY UINT32_MAX

/* What it can turn out to be, and what it is called if that is not known. */
static const struct {
	uint32_t types; /* of enum fd_type */
	const char *name;
} opened_as[ULL_FD_KINDS] = {
	[ULL_FD_ANY] = { ANY, "unknown" },
	[ULL_FD_PATH] = { ONE(FD_FILE) | ONE(FD_DIR) | ONE(FD_DELETED) |
		    ONE(FD_DEVICE) | ONE(FD_PIPE) | ONE(FD_MEMFD) |
		    ONE(FD_NAMESPACE),
	    "path" },
	[ULL_FD_PIPE] = { ONE(FD_PIPE), "pipe" },
	[ULL_FD_SOCKET] = { ONE(FD_SOCKET), "socket" },
	[ULL_FD_EVENTFD] = { ONE(FD_EVENTFD), "eventfd" },
	[ULL_FD_EPOLL] = { ONE(FD_EPOLL), "epoll" },
	[ULL_FD_TIMERFD] = { ONE(FD_TIMERFD), "timerfd" },
	[ULL_FD_SIGNALFD] = { ONE(FD_SIGNALFD), "signalfd" },
	[ULL_FD_INOTIFY] = { ONE(FD_INOTIFY), "inotify" },
	[ULL_FD_FANOTIFY] = { ONE(FD_FANOTIFY), "fanotify" },
	[ULL_FD_MEMFD] = { ONE(FD_MEMFD) | ONE(FD_DELETED), "memfd" },
	[ULL_FD_PIDFD] = { ONE(FD_PIDFD), "pidfd" },
	[ULL_FD_IO_URING] = { ONE(FD_IO_URING), "io_uring" },
	[ULL_FD_USERFAULTFD] = { ONE(FD_USERFAULTFD), "userfaultfd" },
	[ULL_FD_PERF] = { ONE(FD_PERF), "perf" },
};

static bool
fits(const struct snapshot_fd *seen, const struct fd *f)
{
	return f->type == FD_UNKNOWN ||
	    opened_as[seen->opened].types & ONE(f->type);
}

/* Still what it was when the list was made? */
static bool
is_same(int32_t pid, const struct fd *f)
{
	char path[64], link[4096];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, f->fd);
	n = readlink(path, link, sizeof link - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	return f->target == NULL || strcmp(link, f->target) == 0;
}

static void
add(struct snapshot *s, const struct fd *f, const struct socket *k,
    const struct snapshot_fd *seen)
{
	struct snapshot_open *o = &s->open[s->n_open++];

	*o = (struct snapshot_open){ .fd = f->fd,
		.stack = seen != NULL ? seen->stack : SNAPSHOT_NO_STACK,
		.birth = seen != NULL ? seen->birth : 0,
		.age = seen != NULL ? seen->age : 0 };
	snprintf(o->type, sizeof o->type, "%s", open_file_type(f, k));
}

void
snapshot_match_fds(struct snapshot *s, const struct target *t,
    const struct open_files *list)
{
	size_t at = 0;

	s->open = xcalloc(list->fds.n + 1, sizeof *s->open);
	s->n_open = 0;
	s->matched = true;
	for (size_t i = 0; i < list->fds.n; i++) {
		const struct fd *f = &list->fds.fds[i];
		const struct snapshot_fd *seen = NULL;

		while (at < s->n_fds && s->fds[at].fd < f->fd)
			at++;
		if (at < s->n_fds && s->fds[at].fd == f->fd &&
		    fits(&s->fds[at], f))
			seen = &s->fds[at];
		/* Without an entry it may be one that was closed meanwhile. */
		if (seen != NULL || is_same(t->pid, f))
			add(s, f, list->socket_of[i], seen);
	}
}

void
snapshot_believe_fds(struct snapshot *s)
{
	s->open = xcalloc(s->n_fds + 1, sizeof *s->open);
	for (size_t i = 0; i < s->n_fds; i++) {
		const struct snapshot_fd *seen = &s->fds[i];
		struct snapshot_open *o = &s->open[s->n_open++];

		*o = (struct snapshot_open){ .fd = seen->fd,
			.stack = seen->stack,
			.birth = seen->birth,
			.age = seen->age };
		snprintf(o->type, sizeof o->type, "%s",
		    opened_as[seen->opened].name);
	}
}

struct snapshot *
snapshot_take_fds(const struct target *t, struct err *e)
{
	struct open_files list = { .socket_of = NULL };
	struct snapshot *s = NULL;

	if (!t->alive) {
		if ((s = snapshot_take(t, e)) != NULL)
			snapshot_believe_fds(s);
		return s;
	}
	/* First the kernel's list: what it names had been recorded by then. */
	if (open_files_read(t->pid, FDS_LINKS, &list, e) == 0 &&
	    (s = snapshot_take(t, e)) != NULL)
		snapshot_match_fds(s, t, &list);
	open_files_free(&list);
	return s;
}
