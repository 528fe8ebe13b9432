/* SPDX-License-Identifier: MIT */
/*
 * The calls of libc that are forwarded and, at most, looked at: next
 * definitions after ours, by a table of names. To hook one more: a name here,
 * a function in hook_fd.c or its like, and a line in exports.map.
 */
#ifndef ULLAGE_AGENT_CALLS_H
#define ULLAGE_AGENT_CALLS_H

#include "agent/agent.h"

/* clang-format off */
#define CALLS(X)                                                               \
	/* The most called ones first: on a cache line. */                     \
	X(accept4) X(close) X(accept) X(socket) X(open) X(open64) X(openat)    \
	X(recvmsg) X(openat64) X(fcntl) X(fcntl64) X(dup)                      \
	X(creat) X(creat64)                                                    \
	X(__open_2) X(__open64_2) X(__openat_2) X(__openat64_2)                \
	X(fopen) X(fopen64) X(freopen) X(freopen64) X(tmpfile) X(tmpfile64)    \
	X(opendir) X(popen)                                                    \
	X(mkstemp) X(mkstemp64) X(mkostemp) X(mkostemp64)                      \
	X(mkstemps) X(mkstemps64) X(mkostemps) X(mkostemps64)                  \
	X(shm_open) X(posix_openpt) X(getpt) X(openpty) X(open_by_handle_at)   \
	X(mq_open) X(__mq_open_2) X(mq_close)                                  \
	X(__open) X(__open64) X(__pipe) X(__dup2) X(__fcntl) X(__close)        \
	X(socketpair) X(pipe) X(pipe2) X(dup2) X(dup3)                         \
	X(eventfd) X(epoll_create) X(epoll_create1) X(timerfd_create)          \
	X(signalfd) X(inotify_init) X(inotify_init1) X(fanotify_init)          \
	X(memfd_create) X(pidfd_open) X(pidfd_getfd) X(recvmmsg)               \
	X(close_range) X(closefrom) X(fclose) X(pclose) X(closedir)            \
	X(io_uring_queue_init) X(io_uring_queue_init_params)                   \
	X(io_uring_setup) X(io_uring_queue_exit)                               \
	X(vfork)                                                               \
	X(pthread_create) X(pthread_join) X(pthread_tryjoin_np)                \
	X(pthread_timedjoin_np) X(pthread_clockjoin_np) X(pthread_detach)      \
	X(pthread_setname_np) X(thrd_create) X(thrd_join) X(thrd_detach)
/* clang-format on */

enum call {
#define X(name) CALL_##name,
	CALLS(X)
#undef X
	    CALLS_COUNT
};

extern void *calls[CALLS_COUNT] HIDDEN;

/*
 * Fills `calls`; idempotent, cheap when done. What nobody defines becomes a
 * function that fails with ENOSYS.
 */
void calls_resolve(void) HIDDEN;

static inline void *
call_next(enum call c)
{
	void *next = load(&calls[c]);

	if (UNLIKELY(next == NULL)) {
		calls_resolve();
		next = load(&calls[c]);
	}
	return next;
}

/*
 * The same of a function whose library may have been loaded since. Not kept:
 * it may be unloaded again.
 */
void *call_late(enum call c) HIDDEN;

/* The next definition of `name`, to be called with that type. */
#define NEXT(type, name, params) ((type(*) params)call_next(CALL_##name))

#endif
