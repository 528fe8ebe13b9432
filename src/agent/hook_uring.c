/* SPDX-License-Identifier: MIT */
/*
 * io_uring by way of liburing, which makes its system calls itself. (Those
 * who make them with syscall() are seen in hook_process.c.) What a ring opens
 * and closes later is not seen.
 *
 * These names stand in front of a library that may be absent, or be loaded
 * when a plugin is; so the real function is looked for at each call unless it
 * was there at the start.
 */
#include "config.h"

#include "agent/calls.h"

/*
 * struct io_uring of liburing.so.2: two queues of 104 and 88 bytes, flags,
 * and then the descriptor; 216 bytes in all.
 */
#define RING_FD 196

static int
ring_fd(const void *ring)
{
	int fd;

	__builtin_memcpy(&fd, (const char *)ring + RING_FD, sizeof fd);
	return fd;
}

#define LATE(type, name, params) ((type(*) params)call_late(CALL_##name))

#define RECORD(fd)                                                             \
	do {                                                                   \
		struct walk_regs caller_;                                      \
		int fd_ = (fd);                                                \
                                                                               \
		CALLER(&caller_);                                              \
		if (fd_ >= 0)                                                  \
			fds_opened(&fd_, 1, ULL_FD_IO_URING, &caller_);        \
	} while (0)

int io_uring_queue_init(unsigned entries, void *ring, unsigned flags);
EXPORT int
io_uring_queue_init(unsigned entries, void *ring, unsigned flags)
{
	int rc = LATE(int, io_uring_queue_init, (unsigned, void *, unsigned))(
	    entries, ring, flags);

	if (rc == 0)
		RECORD(ring_fd(ring));
	return rc;
}

int io_uring_queue_init_params(unsigned entries, void *ring, void *params);
EXPORT int
io_uring_queue_init_params(unsigned entries, void *ring, void *params)
{
	int rc = LATE(int, io_uring_queue_init_params,
	    (unsigned, void *, void *))(entries, ring, params);

	if (rc == 0)
		RECORD(ring_fd(ring));
	return rc;
}

int io_uring_setup(unsigned entries, void *params);
EXPORT int
io_uring_setup(unsigned entries, void *params)
{
	int fd = LATE(int, io_uring_setup, (unsigned, void *))(entries, params);

	RECORD(fd);
	return fd;
}

void io_uring_queue_exit(void *ring);
EXPORT void
io_uring_queue_exit(void *ring)
{
	fds_close(ring_fd(ring));
	LATE(void, io_uring_queue_exit, (void *))(ring);
}
