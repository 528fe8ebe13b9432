/* SPDX-License-Identifier: MIT */
/*
 * The hooks of threads. The start routine is not replaced: nothing of ours is
 * on the stack of another's thread.
 */
#include "config.h"

#include "agent/calls.h"

#include <pthread.h>
#include <time.h>

static bool
begins_detached(const pthread_attr_t *attr)
{
	int state = PTHREAD_CREATE_JOINABLE;

	return attr != NULL && pthread_attr_getdetachstate(attr, &state) == 0 &&
	    state == PTHREAD_CREATE_DETACHED;
}

#define CREATES(name, params, args, type, is_detached)                         \
	int name params;                                                       \
	EXPORT int name params                                                 \
	{                                                                      \
		struct created c = {                                           \
			.start = (uint64_t)start,                              \
			.since = threads_begin(),                              \
			.detached = is_detached,                               \
		};                                                             \
		int rc = NEXT(int, name, type) args;                           \
                                                                               \
		if (rc == 0) {                                                 \
			struct walk_regs caller;                               \
                                                                               \
			c.handle = *thread;                                    \
			CALLER(&caller);                                       \
			threads_created(&c, &caller);                          \
		}                                                              \
		return rc;                                                     \
	}

CREATES(pthread_create,
    (pthread_t *restrict thread, const pthread_attr_t *restrict attr,
	void *(*start)(void *), void *restrict arg),
    (thread, attr, start, arg),
    (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *),
    begins_detached(attr))
/* In glibc a thrd_t is a pthread_t. */
CREATES(thrd_create, (pthread_t *thread, int (*start)(void *), void *arg),
    (thread, start, arg), (pthread_t *, int (*)(void *), void *), false)

/* The entry stays while the join waits, which may be for as long as the
 * thread lives; its handle may be given to a new thread before we look. */
#define JOINS(name, params, args, type)                                        \
	int name params;                                                       \
	EXPORT int name params                                                 \
	{                                                                      \
		uint32_t identity = threads_find(thread);                      \
		int rc = NEXT(int, name, type) args;                           \
                                                                               \
		if (rc == 0)                                                   \
			threads_joined(thread, identity);                      \
		return rc;                                                     \
	}

JOINS(pthread_join, (pthread_t thread, void **result), (thread, result),
    (pthread_t, void **))
JOINS(pthread_tryjoin_np, (pthread_t thread, void **result), (thread, result),
    (pthread_t, void **))
JOINS(pthread_timedjoin_np,
    (pthread_t thread, void **result, const struct timespec *end),
    (thread, result, end), (pthread_t, void **, const struct timespec *))
JOINS(pthread_clockjoin_np,
    (pthread_t thread, void **result, clockid_t clock,
	const struct timespec *end),
    (thread, result, clock, end),
    (pthread_t, void **, clockid_t, const struct timespec *))
JOINS(thrd_join, (pthread_t thread, int *result), (thread, result),
    (pthread_t, int *))

/* Before the real one: after it the handle may be another thread's. */
#define DETACHES(name)                                                         \
	int name(pthread_t thread);                                            \
	EXPORT int name(pthread_t thread)                                      \
	{                                                                      \
		int rc;                                                        \
                                                                               \
		threads_detach(thread, true);                                  \
		rc = NEXT(int, name, (pthread_t))(thread);                     \
		if (rc != 0)                                                   \
			threads_detach(thread, false);                         \
		return rc;                                                     \
	}

DETACHES(pthread_detach)
DETACHES(thrd_detach)

EXPORT int
pthread_setname_np(pthread_t thread, const char *name)
{
	int rc = NEXT(int, pthread_setname_np, (pthread_t, const char *))(
	    thread, name);

	if (rc == 0)
		threads_name(thread, name);
	return rc;
}
