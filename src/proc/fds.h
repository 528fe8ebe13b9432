/* SPDX-License-Identifier: MIT */
/*
 * Open descriptors of a process, as /proc/PID/fd and /proc/PID/fdinfo tell.
 * Texts come from the target and are not escaped.
 */
#ifndef ULLAGE_PROC_FDS_H
#define ULLAGE_PROC_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum fd_type {
	FD_UNKNOWN, /* the link could not be read */
	FD_FILE,
	FD_DIR,
	FD_DELETED, /* a file or folder that no name leads to any more */
	FD_DEVICE,
	FD_PIPE, /* with or without a name */
	FD_SOCKET,
	FD_EVENTFD,
	FD_EPOLL,
	FD_TIMERFD,
	FD_SIGNALFD,
	FD_INOTIFY,
	FD_FANOTIFY,
	FD_MEMFD,
	FD_PIDFD,
	FD_IO_URING,
	FD_USERFAULTFD,
	FD_PERF,
	FD_NAMESPACE,
	FD_ANON, /* any other anonymous inode, BPF maps for one */
	FD_TYPES,
};

/* Flags of an open file, independent of the machine's own O_ values. */
enum fd_flag {
	FDF_WRITE = 1,	  /* may be written */
	FDF_READ = 2,	  /* may be read */
	FDF_APPEND = 4,
	FDF_NONBLOCK = 8,
	FDF_CLOEXEC = 16,
	FDF_DIRECT = 32,
	FDF_SYNC = 64,
	FDF_PATH = 128, /* O_PATH: neither read nor written */
	FDF_ASYNC = 256,
};

struct fd {
	int32_t fd;
	enum fd_type type;
	uint64_t inode;	 /* of sockets, pipes and namespaces; else 0 */
	char *target;	 /* where the link leads; owned; NULL: unknown */
	bool has_info;	 /* the next three are known */
	unsigned flags;	 /* enum fd_flag */
	int64_t position;
	uint64_t watches; /* of an epoll or inotify */
	char *detail;	 /* "count 3", "2 watches"; owned; NULL: nothing */
};

struct fds {
	struct fd *fds; /* ascending */
	size_t n;
	size_t vanished; /* closed while being looked at */
};

enum fds_need {
	FDS_LINKS = 0,
	FDS_INFO = 1,  /* read fdinfo of each too: three times as slow */
	FDS_EPOLL = 2, /* read fdinfo of epoll descriptors alone */
};

/* All descriptors; -1 if they may not be seen. fds_free also after that. */
int fds_read(int32_t pid, unsigned need, struct fds *out, struct err *e);
void fds_free(struct fds *f);

const char *fd_type_name(enum fd_type type);

/* "rw,nonblock,cloexec" into out; returns out. */
#define FD_FLAGS_MAX 80
char *fd_flags_text(char out[FD_FLAGS_MAX], unsigned flags);

/* ---- the parsers, for tests and fuzzers ---------------------------------- */

/*
 * What the text of a link tells: type and inode. A path could be a file, a
 * folder or a device: FD_FILE, until fd_stat has its say.
 */
void fd_link_parse(const char *link, size_t len, struct fd *f);

/* Refines the type of a path by its mode and number of names. */
void fd_stat(struct fd *f, unsigned mode, uint64_t links);

/* Text of fdinfo: flags, position and detail. False if it is not one. */
bool fd_info_parse(const char *text, struct fd *f);

#endif
