/* SPDX-License-Identifier: MIT */
/* The hooks of what receives descriptors from another process. */
#include "config.h"

#include "agent/calls.h"

#include <sys/socket.h>
#include <time.h>

/* The kernel wrote the headers, but the program may do so meanwhile. */
static void
received(const struct msghdr *m, const struct walk_regs *caller)
{
	const char *at = m->msg_control;
	size_t left = m->msg_controllen;

	while (at != NULL && left >= sizeof(struct cmsghdr)) {
		const struct cmsghdr *c = (const void *)at;
		size_t len = c->cmsg_len, step;

		if (len < sizeof *c || len > left)
			return;
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			fds_opened((const int *)(const void *)(c + 1),
			    (unsigned)((len - sizeof *c) / sizeof(int)),
			    ULL_FD_ANY, caller);
		step = (len + 7) & ~(size_t)7;
		if (step >= left)
			return;
		at += step;
		left -= step;
	}
}

EXPORT ssize_t
recvmsg(int fd, struct msghdr *m, int flags)
{
	ssize_t n = NEXT(ssize_t, recvmsg, (int, struct msghdr *, int))(fd, m,
	    flags);

	if (n >= 0 && UNLIKELY(m->msg_controllen != 0)) {
		struct walk_regs caller;

		CALLER(&caller);
		received(m, &caller);
	}
	return n;
}

EXPORT int
recvmmsg(int fd, struct mmsghdr *list, unsigned max, int flags,
    struct timespec *timeout)
{
	int n = NEXT(int, recvmmsg,
	    (int, struct mmsghdr *, unsigned, int, struct timespec *))(fd,
	    list, max, flags, timeout);

	for (int i = 0; i < n; i++) {
		struct walk_regs caller;

		if (LIKELY(list[i].msg_hdr.msg_controllen == 0))
			continue;
		CALLER(&caller);
		received(&list[i].msg_hdr, &caller);
	}
	return n;
}
