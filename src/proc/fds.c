/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/fds.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A link of /proc is at most a page of text. */
#define LINK_MAX_BYTES 65536

/* An epoll's fdinfo has a line for each descriptor that it watches. */
#define FDINFO_MAX (64u << 20)

static const char *const type_names[FD_TYPES] = {
    [FD_UNKNOWN] = "unknown",
    [FD_FILE] = "file",
    [FD_DIR] = "dir",
    [FD_DELETED] = "deleted",
    [FD_DEVICE] = "device",
    [FD_PIPE] = "pipe",
    [FD_SOCKET] = "socket",
    [FD_EVENTFD] = "eventfd",
    [FD_EPOLL] = "epoll",
    [FD_TIMERFD] = "timerfd",
    [FD_SIGNALFD] = "signalfd",
    [FD_INOTIFY] = "inotify",
    [FD_FANOTIFY] = "fanotify",
    [FD_MEMFD] = "memfd",
    [FD_PIDFD] = "pidfd",
    [FD_IO_URING] = "io_uring",
    [FD_USERFAULTFD] = "userfaultfd",
    [FD_PERF] = "perf",
    [FD_NAMESPACE] = "namespace",
    [FD_ANON] = "anon",
};

/*
 * Anonymous inodes by the name that the kernel gives them, without the
 * brackets that most but not all have. To add one: a row, and its name above.
 */
static const struct {
	const char *name;
	enum fd_type type;
} anons[] = {
    {"eventfd", FD_EVENTFD},
    {"eventpoll", FD_EPOLL},
    {"timerfd", FD_TIMERFD},
    {"signalfd", FD_SIGNALFD},
    {"inotify", FD_INOTIFY},
    {"fanotify", FD_FANOTIFY},
    {"pidfd", FD_PIDFD},
    {"io_uring", FD_IO_URING},
    {"userfaultfd", FD_USERFAULTFD},
    {"perf_event", FD_PERF},
};

const char *
fd_type_name(enum fd_type type)
{
	return type < FD_TYPES ? type_names[type] : "unknown";
}

/* ---- links --------------------------------------------------------------- */

static bool
begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(text, with, n) == 0;
}

/* "word:[123]": the number, or 0. */
static uint64_t
bracketed(const char *s, size_t len)
{
	const char *at = memchr(s, '[', len), *end = s + len;
	uint64_t v = 0;

	if (at == NULL)
		return 0;
	for (at++; at < end && isdigit((unsigned char)*at); at++) {
		if (v > (UINT64_MAX - 9) / 10)
			return 0;
		v = v * 10 + (uint64_t)(*at - '0');
	}
	return at < end && *at == ']' ? v : 0;
}

static enum fd_type
anon_type(const char *name, size_t len)
{
	if (len >= 2 && name[0] == '[' && name[len - 1] == ']')
		name++, len -= 2;
	for (size_t i = 0; i < sizeof anons / sizeof anons[0]; i++)
		if (len == strlen(anons[i].name) &&
		    memcmp(name, anons[i].name, len) == 0)
			return anons[i].type;
	return FD_ANON;
}

/*
 * What has a path begins with a slash, whatever it is called; so a file named
 * "socket:[5]" cannot pass for a socket.
 */
void
fd_link_parse(const char *link, size_t len, struct fd *f)
{
	static const char anon[] = "anon_inode:";

	f->inode = 0;
	if (len == 0) {
		f->type = FD_UNKNOWN;
	} else if (begins(link, len, "/memfd:")) {
		f->type = FD_MEMFD;
	} else if (link[0] == '/') {
		f->type = FD_FILE;
	} else if (begins(link, len, "socket:[")) {
		f->type = FD_SOCKET;
		f->inode = bracketed(link, len);
	} else if (begins(link, len, "pipe:[")) {
		f->type = FD_PIPE;
		f->inode = bracketed(link, len);
	} else if (begins(link, len, anon)) {
		f->type =
		    anon_type(link + sizeof anon - 1, len - (sizeof anon - 1));
	} else if (begins(link, len, "pidfd:[")) {
		/* pidfs shows them so in some versions. */
		f->type = FD_PIDFD;
	} else if ((f->inode = bracketed(link, len)) != 0) {
		f->type = FD_NAMESPACE; /* "net:[4026531833]" */
	} else {
		f->type = FD_FILE; /* a path from outside of our root */
	}
}

void
fd_stat(struct fd *f, unsigned mode, uint64_t links)
{
	if (f->type != FD_FILE)
		return;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		f->type = FD_DEVICE;
	else if (S_ISFIFO(mode))
		f->type = FD_PIPE;
	else if (links == 0)
		f->type = FD_DELETED;
	else if (S_ISDIR(mode))
		f->type = FD_DIR;
}

/* ---- fdinfo -------------------------------------------------------------- */

/*
 * fdinfo gives the kernel's O_ values in octal: those of the machine, but
 * O_LARGEFILE and the access mode are what programs do not expect.
 */
static unsigned
flags_of(unsigned long o)
{
	static const struct {
		unsigned long o;
		enum fd_flag flag;
	} rows[] = {
	    {O_APPEND, FDF_APPEND},
	    {O_NONBLOCK, FDF_NONBLOCK},
	    {O_CLOEXEC, FDF_CLOEXEC},
	    {O_DIRECT, FDF_DIRECT},
	    {O_DSYNC, FDF_SYNC},
	    {O_ASYNC, FDF_ASYNC},
	};
	unsigned f = 0;

	if (o & O_PATH)
		f |= FDF_PATH;
	else if ((o & O_ACCMODE) == O_RDONLY)
		f |= FDF_READ;
	else if ((o & O_ACCMODE) == O_WRONLY)
		f |= FDF_WRITE;
	else
		f |= FDF_READ | FDF_WRITE;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (o & rows[i].o)
			f |= rows[i].flag;
	return f;
}

char *
fd_flags_text(char out[FD_FLAGS_MAX], unsigned flags)
{
	static const char *const names[] = {",append", ",nonblock", ",cloexec",
	    ",direct", ",sync", ",path", ",async"};
	size_t at = 0;

	out[0] = '\0';
	at += (size_t)snprintf(out, FD_FLAGS_MAX, "%s%s",
	    flags & FDF_READ ? "r" : "", flags & FDF_WRITE ? "w" : "");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (flags & FDF_APPEND << i)
			at += (size_t)snprintf(out + at, FD_FLAGS_MAX - at,
			    "%s", names[i] + (at == 0));
	return out;
}

/* The value of the line that begins with key, or NULL. */
static const char *
value_of(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = text; s != NULL && *s != '\0';) {
		if (strncmp(s, key, n) == 0) {
			for (s += n; *s == ' ' || *s == '\t'; s++)
				;
			return s;
		}
		if ((s = strchr(s, '\n')) != NULL)
			s++;
	}
	return NULL;
}

static size_t
lines_of(const char *text, const char *key)
{
	size_t n = 0, len = strlen(key);

	for (const char *s = text; s != NULL && *s != '\0';) {
		n += strncmp(s, key, len) == 0;
		if ((s = strchr(s, '\n')) != NULL)
			s++;
	}
	return n;
}

static char *
detail_of(const char *text, const struct fd *f)
{
	const char *s;

	switch (f->type) {
	case FD_EVENTFD:
		if ((s = value_of(text, "eventfd-count:")) != NULL)
			return xasprintf("count %llu", strtoull(s, NULL, 16));
		return NULL;
	case FD_EPOLL:
	case FD_INOTIFY:
		return xasprintf(
		    "watches %llu", (unsigned long long)f->watches);
	case FD_PIDFD:
		if ((s = value_of(text, "Pid:")) != NULL)
			return xasprintf("pid %ld", strtol(s, NULL, 10));
		return NULL;
	case FD_SIGNALFD:
		if ((s = value_of(text, "sigmask:")) != NULL)
			return xasprintf("mask %llx", strtoull(s, NULL, 16));
		return NULL;
	default:
		return NULL;
	}
}

bool
fd_info_parse(const char *text, struct fd *f)
{
	const char *flags = value_of(text, "flags:");
	const char *pos = value_of(text, "pos:");
	char *end;
	unsigned long o;

	f->has_info = false;
	if (flags == NULL || pos == NULL)
		return false;
	o = strtoul(flags, &end, 8);
	if (end == flags)
		return false;
	f->flags = flags_of(o);
	f->position = strtoll(pos, &end, 10);
	if (end == pos)
		return false;
	if (f->type == FD_EPOLL)
		f->watches = lines_of(text, "tfd:");
	else if (f->type == FD_INOTIFY)
		f->watches = lines_of(text, "inotify wd:");
	f->detail = detail_of(text, f);
	f->has_info = true;
	return true;
}

/* ---- reading ------------------------------------------------------------- */

static void
fd_fini(struct fd *f)
{
	free(f->target);
	free(f->detail);
}

void
fds_free(struct fds *f)
{
	for (size_t i = 0; i < f->n; i++)
		fd_fini(&f->fds[i]);
	free(f->fds);
	memset(f, 0, sizeof *f);
}

/* False if it was closed meanwhile. */
static bool
read_link(int dir, const char *name, char *link, struct fd *f)
{
	struct statx st;
	ssize_t n = readlinkat(dir, name, link, LINK_MAX_BYTES);

	if (n < 0 && errno == ENOENT)
		return false;
	if (n < 0 || n >= LINK_MAX_BYTES)
		return true; /* longer than a page: it stays unknown */
	link[n] = '\0';
	fd_link_parse(link, (size_t)n, f);
	f->target = xstrdup(link);
	/* Only a path needs a look; not synced, or a dead server hangs us. */
	if (f->type == FD_FILE &&
	    statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		STATX_TYPE | STATX_NLINK, &st) == 0)
		fd_stat(f, st.stx_mode, st.stx_nlink);
	return true;
}

static void
read_info(int dir, const char *name, struct fd *f)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (buf_read_fd(&text, fd, name, FDINFO_MAX, &ignored) == 0)
		fd_info_parse(buf_text(&text), f);
	buf_free(&text);
	close(fd);
}

static int
by_fd(const void *a, const void *b)
{
	const struct fd *x = a, *y = b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

static int
why_not(int32_t pid, struct err *e)
{
	if (errno == ENOENT || errno == ESRCH)
		return err_set(e, ERR_GONE, "there is no process %d", pid);
	if (errno == EACCES || errno == EPERM)
		return err_set(e, ERR_DENIED,
		    "cannot see the descriptors of process %d: not permitted; "
		    "ask as its user or as root",
		    pid);
	return err_errno(e, "cannot see the descriptors of process %d", pid);
}

static DIR *
open_folder(int32_t pid, const char *which)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", pid, which);
	return opendir(path);
}

int
fds_read(int32_t pid, unsigned need, struct fds *out, struct err *e)
{
	DIR *links, *infos = NULL;
	struct dirent *entry;
	size_t cap = 0;
	char *link;
	int failed;

	memset(out, 0, sizeof *out);
	if ((links = open_folder(pid, "fd")) == NULL)
		return why_not(pid, e);
	if (need & (FDS_INFO | FDS_EPOLL))
		infos = open_folder(pid, "fdinfo");
	link = xmalloc(LINK_MAX_BYTES);
	while (errno = 0, (entry = readdir(links)) != NULL) {
		struct fd f = {.fd = 0};

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		f.fd = (int32_t)strtol(entry->d_name, NULL, 10);
		if (!read_link(dirfd(links), entry->d_name, link, &f)) {
			out->vanished++;
			continue;
		}
		if (infos != NULL && (need & FDS_INFO || f.type == FD_EPOLL))
			read_info(dirfd(infos), entry->d_name, &f);
		out->fds = xgrow(out->fds, out->n, &cap, sizeof f);
		out->fds[out->n++] = f;
	}
	failed = errno;
	free(link);
	if (infos != NULL)
		closedir(infos);
	closedir(links);
	if (out->n != 0)
		qsort(out->fds, out->n, sizeof *out->fds, by_fd);
	errno = failed;
	return failed != 0 ? why_not(pid, e) : 0;
}
