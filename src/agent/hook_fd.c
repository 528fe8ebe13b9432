/* SPDX-License-Identifier: MIT */
/*
 * The hooks of what opens descriptors and, as hints, of what closes them.
 *
 * Each calls the real function with the arguments that it got and looks at
 * the result; errno is as that left it. Variable arguments are one register
 * more, read whether it was passed or not, as libc reads it only when it was.
 * Functions that open inside libc (fopen, mkstemp, popen) do so past our
 * hooks and are hooked themselves.
 *
 * No system header declares these here: their prototypes would be in the way.
 */
#include "config.h"

#include "agent/calls.h"

#include <errno.h>

int fileno(void *);
int dirfd(void *);

#define F_DUPFD 0
#define F_DUPFD_CLOEXEC 1030

#define RECORD(fds, n, kind)                                                   \
	do {                                                                   \
		struct walk_regs caller_;                                      \
                                                                               \
		CALLER(&caller_);                                              \
		fds_opened(fds, n, kind, &caller_);                            \
	} while (0)

/* ---- a descriptor as the result ------------------------------------------------ */

/* `type` is the parameters as the real function has them. */
#define OPENS(kind, name, params, args, type)                                  \
	int name params;                                                       \
	EXPORT GROUPED int name params                                             \
	{                                                                      \
		int fd = NEXT(int, name, type) args;                           \
                                                                               \
		if (LIKELY(fd >= 0))                                           \
			RECORD(&fd, 1, kind);                                  \
		return fd;                                                     \
	}

typedef const char *text;

/* clang-format off */
#define PATH_FORMS(suffix)                                                     \
	OPENS(ULL_FD_PATH, open##suffix, (text path, int flags, unsigned mode),\
	    (path, flags, mode), (text, int, ...))                             \
	OPENS(ULL_FD_PATH, openat##suffix,                                     \
	    (int dir, text path, int flags, unsigned mode),                    \
	    (dir, path, flags, mode), (int, text, int, ...))                   \
	OPENS(ULL_FD_PATH, creat##suffix, (text path, unsigned mode),          \
	    (path, mode), (text, unsigned))                                    \
	OPENS(ULL_FD_PATH, __open##suffix##_2, (text path, int flags),         \
	    (path, flags), (text, int))                                        \
	OPENS(ULL_FD_PATH, __openat##suffix##_2,                               \
	    (int dir, text path, int flags), (dir, path, flags),               \
	    (int, text, int))                                                  \
	OPENS(ULL_FD_PATH, mkstemp##suffix, (char *path), (path), (char *))    \
	OPENS(ULL_FD_PATH, mkostemp##suffix, (char *path, int flags),          \
	    (path, flags), (char *, int))                                      \
	OPENS(ULL_FD_PATH, mkstemps##suffix, (char *path, int len),            \
	    (path, len), (char *, int))                                        \
	OPENS(ULL_FD_PATH, mkostemps##suffix,                                  \
	    (char *path, int len, int flags), (path, len, flags),              \
	    (char *, int, int))

PATH_FORMS()
PATH_FORMS(64)
OPENS(ULL_FD_PATH, shm_open, (text name, int flags, unsigned mode),
    (name, flags, mode), (text, int, unsigned))
OPENS(ULL_FD_PATH, posix_openpt, (int flags), (flags), (int))
OPENS(ULL_FD_PATH, open_by_handle_at, (int dir, void *handle, int flags),
    (dir, handle, flags), (int, void *, int))

OPENS(ULL_FD_SOCKET, socket, (int family, int type, int protocol),
    (family, type, protocol), (int, int, int))
OPENS(ULL_FD_SOCKET, accept, (int fd_, void *address, void *len),
    (fd_, address, len), (int, void *, void *))
OPENS(ULL_FD_SOCKET, accept4, (int fd_, void *address, void *len, int flags),
    (fd_, address, len, flags), (int, void *, void *, int))

OPENS(ULL_FD_EVENTFD, eventfd, (unsigned count, int flags), (count, flags),
    (unsigned, int))
OPENS(ULL_FD_EPOLL, epoll_create, (int size), (size), (int))
OPENS(ULL_FD_EPOLL, epoll_create1, (int flags), (flags), (int))
OPENS(ULL_FD_TIMERFD, timerfd_create, (int clock, int flags), (clock, flags),
    (int, int))
OPENS(ULL_FD_INOTIFY, inotify_init, (void), (), (void))
OPENS(ULL_FD_INOTIFY, inotify_init1, (int flags), (flags), (int))
OPENS(ULL_FD_FANOTIFY, fanotify_init, (unsigned flags, unsigned of_files),
    (flags, of_files), (unsigned, unsigned))
OPENS(ULL_FD_MEMFD, memfd_create, (text name, unsigned flags), (name, flags),
    (text, unsigned))
OPENS(ULL_FD_PIDFD, pidfd_open, (int pid, unsigned flags), (pid, flags),
    (int, unsigned))
OPENS(ULL_FD_ANY, pidfd_getfd, (int pidfd, int fd_, unsigned flags),
    (pidfd, fd_, flags), (int, int, unsigned))
/* clang-format on */

/* Of one that is there already, it changes the mask and opens nothing. */
int signalfd(int old, const void *mask, int flags);
EXPORT int
signalfd(int old, const void *mask, int flags)
{
	int fd = NEXT(int, signalfd, (int, const void *, int))(old, mask,
	    flags);

	if (fd >= 0 && old < 0)
		RECORD(&fd, 1, ULL_FD_SIGNALFD);
	return fd;
}

/* ---- two descriptors ------------------------------------------------------------- */

#define OPENS_TWO(kind, name, params, args, type)                              \
	int name params;                                                       \
	EXPORT int name params                                                 \
	{                                                                      \
		int rc = NEXT(int, name, type) args;                           \
                                                                               \
		if (LIKELY(rc == 0))                                           \
			RECORD(both, 2, kind);                                 \
		return rc;                                                     \
	}

OPENS_TWO(ULL_FD_PIPE, pipe, (int both[2]), (both), (int[2]))
OPENS_TWO(ULL_FD_PIPE, pipe2, (int both[2], int flags), (both, flags),
    (int[2], int))
OPENS_TWO(ULL_FD_SOCKET, socketpair,
    (int family, int type, int protocol, int both[2]),
    (family, type, protocol, both), (int, int, int, int[2]))

/* ---- copies ------------------------------------------------------------------------ */

#define COPIES(name, params, args, type, opened)                               \
	int name params;                                                       \
	EXPORT int name params                                                 \
	{                                                                      \
		int fd = NEXT(int, name, type) args;                           \
                                                                               \
		if (fd >= 0 && (opened))                                       \
			RECORD(&fd, 1, fds_kind(old));                         \
		return fd;                                                     \
	}

#define DUPLICATES (op == F_DUPFD || op == F_DUPFD_CLOEXEC)

COPIES(dup, (int old), (old), (int), true)
/* The new number's former owner is closed by the same call. */
COPIES(dup2, (int old, int new), (old, new), (int, int), old != new)
COPIES(dup3, (int old, int new, int flags), (old, new, flags),
    (int, int, int), true)
COPIES(fcntl, (int old, int op, unsigned long arg), (old, op, arg),
    (int, int, ...), DUPLICATES)
COPIES(fcntl64, (int old, int op, unsigned long arg), (old, op, arg),
    (int, int, ...), DUPLICATES)

/* ---- streams ------------------------------------------------------------------------ */

#define OPENS_STREAM(kind, number, name, params, args)                         \
	void *name params;                                                     \
	EXPORT void *name params                                               \
	{                                                                      \
		void *stream = NEXT(void *, name, params) args;                \
		int fd = stream != NULL ? number(stream) : -1;                 \
                                                                               \
		if (LIKELY(fd >= 0))                                           \
			RECORD(&fd, 1, kind);                                  \
		return stream;                                                 \
	}

/* clang-format off */
#define STREAM_FORMS(suffix)                                                   \
	OPENS_STREAM(ULL_FD_PATH, fileno, fopen##suffix,                       \
	    (text path, text mode), (path, mode))                              \
	OPENS_STREAM(ULL_FD_PATH, fileno, freopen##suffix,                     \
	    (text path, text mode, void *old), (path, mode, old))              \
	OPENS_STREAM(ULL_FD_PATH, fileno, tmpfile##suffix, (void), ())
/* clang-format on */

STREAM_FORMS()
STREAM_FORMS(64)
OPENS_STREAM(ULL_FD_PIPE, fileno, popen, (text command, text mode),
    (command, mode))
OPENS_STREAM(ULL_FD_PATH, dirfd, opendir, (text path), (path))

/* ---- closing ------------------------------------------------------------------------- */

/* Even a close that fails has given the number back, unless it was none. */
int close(int fd);
EXPORT GROUPED int
close(int fd)
{
	fds_close(fd);
	return NEXT(int, close, (int))(fd);
}

#define CLOSE_RANGE_CLOEXEC 4

int close_range(unsigned first, unsigned last, int flags);
EXPORT int
close_range(unsigned first, unsigned last, int flags)
{
	if (!(flags & CLOSE_RANGE_CLOEXEC))
		fds_close_range(first, last);
	return NEXT(int, close_range, (unsigned, unsigned, int))(first, last,
	    flags);
}

void closefrom(int first);
EXPORT void
closefrom(int first)
{
	fds_close_range(first > 0 ? (unsigned)first : 0, ~0u);
	NEXT(void, closefrom, (int))(first);
}

/* A stream over memory has no number, and asking for it sets errno. */
#define CLOSES_STREAM(name, number)                                            \
	int name(void *);                                                      \
	EXPORT int name(void *stream)                                          \
	{                                                                      \
		int kept = errno;                                              \
                                                                               \
		if (stream != NULL)                                            \
			fds_close(number(stream));                             \
		errno = kept;                                                  \
		return NEXT(int, name, (void *))(stream);                      \
	}

CLOSES_STREAM(fclose, fileno)
CLOSES_STREAM(pclose, fileno)
CLOSES_STREAM(closedir, dirfd)
