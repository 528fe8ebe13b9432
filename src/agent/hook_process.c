/* SPDX-License-Identifier: MIT */
/*
 * Forks and sandboxes.
 *
 * A forked child shares the parent's segment until it has its own. These
 * hooks give it one at once; a child that came by another way (clone) is
 * noticed at its first slow path. The child of a vfork runs in the parent's
 * memory: what it allocates is the parent's, but what it opens and closes is
 * not, so it is noted that there may be one.
 *
 * A program that installs a seccomp filter is heard here, and from then on
 * the agent makes no system call: tables do not grow and children are not
 * followed.
 */
#include "agent/calls.h"
#include "agent/keeper.h"
#include "agent/real.h"

#include <linux/prctl.h>
#include <sys/syscall.h>

pid_t fork(void);
pid_t _Fork(void);
int daemon(int, int);
pid_t forkpty(int *, char *, const void *, const void *);
int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);
long syscall(long, long, long, long, long, long, long);

static pid_t
forked(pid_t pid)
{
	if (pid == 0)
		agent_child();
	else if (pid > 0 && tables.counters != NULL && agent_armed())
		add(&tables.counters->children, 1);
	return pid;
}

EXPORT pid_t
fork(void)
{
	return forked(real.fork());
}

EXPORT pid_t
_Fork(void)
{
	return forked(real.Fork());
}

/*
 * Ends in a jump, as it comes back twice on the same stack; not left to the
 * compiler, which need not make one.
 */
void *vfork_begins(void) HIDDEN;
HIDDEN void *
vfork_begins(void)
{
	if (self.vforked == 0)
		add(&agent.vforks, 1);
	self.vforked = 1;
	return call_next(CALL_vfork);
}

__asm__(".pushsection .text\n"
	".globl vfork\n"
	".type vfork, @function\n"
	"vfork:\n"
	".cfi_startproc\n"
	"endbr64\n"
	"sub $8, %rsp\n"
	".cfi_adjust_cfa_offset 8\n"
	"call vfork_begins\n"
	"add $8, %rsp\n"
	".cfi_adjust_cfa_offset -8\n"
	"jmp *%rax\n"
	".cfi_endproc\n"
	".size vfork, . - vfork\n"
	".popsection");

/* Its parent does not return. */
EXPORT int
daemon(int nochdir, int noclose)
{
	int rc = real.daemon(nochdir, noclose);

	if (rc == 0)
		agent_child();
	return rc;
}

EXPORT pid_t
forkpty(int *fd, char *name, const void *term, const void *win)
{
	return forked(real.forkpty(fd, name, term, win));
}

/* A filter is about to be installed. */
static void
enter_sandbox(void)
{
	if (agent_armed())
		segment_reserve_ahead();
	agent_sandboxed = true;
	keeper_dismiss();
}

EXPORT int
prctl(int op, unsigned long a, unsigned long b, unsigned long c,
    unsigned long d)
{
	if (op == PR_SET_SECCOMP)
		enter_sandbox();
	return real.prctl(op, a, b, c, d);
}

/* ---- system calls by number ---------------------------------------------------- */

/* What a call opens, plus one; its result is the descriptor. */
static const uint8_t opens[] = {
	[SYS_open] = 1 + ULL_FD_PATH,
	[SYS_creat] = 1 + ULL_FD_PATH,
	[SYS_openat] = 1 + ULL_FD_PATH,
	[SYS_openat2] = 1 + ULL_FD_PATH,
	[SYS_open_by_handle_at] = 1 + ULL_FD_PATH,
	[SYS_socket] = 1 + ULL_FD_SOCKET,
	[SYS_accept] = 1 + ULL_FD_SOCKET,
	[SYS_accept4] = 1 + ULL_FD_SOCKET,
	[SYS_dup] = 1 + ULL_FD_ANY,
	[SYS_dup2] = 1 + ULL_FD_ANY,
	[SYS_dup3] = 1 + ULL_FD_ANY,
	[SYS_eventfd] = 1 + ULL_FD_EVENTFD,
	[SYS_eventfd2] = 1 + ULL_FD_EVENTFD,
	[SYS_epoll_create] = 1 + ULL_FD_EPOLL,
	[SYS_epoll_create1] = 1 + ULL_FD_EPOLL,
	[SYS_timerfd_create] = 1 + ULL_FD_TIMERFD,
	[SYS_inotify_init] = 1 + ULL_FD_INOTIFY,
	[SYS_inotify_init1] = 1 + ULL_FD_INOTIFY,
	[SYS_fanotify_init] = 1 + ULL_FD_FANOTIFY,
	[SYS_memfd_create] = 1 + ULL_FD_MEMFD,
	[SYS_pidfd_open] = 1 + ULL_FD_PIDFD,
	[SYS_pidfd_getfd] = 1 + ULL_FD_ANY,
	[SYS_io_uring_setup] = 1 + ULL_FD_IO_URING,
	[SYS_userfaultfd] = 1 + ULL_FD_USERFAULTFD,
	[SYS_perf_event_open] = 1 + ULL_FD_PERF,
};

static NOINLINE long
slow_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	struct walk_regs caller;
	long rc = real.syscall(n, a, b, c, d, e, f);
	int fd = (int)rc;

	if (rc >= 0 && !(n == SYS_dup2 && a == b)) {
		CALLER(&caller);
		fds_opened(&fd, 1, opens[n] - 1, &caller);
	}
	return rc;
}

/*
 * Seven arguments, as the assembly in libc takes; a caller that passed fewer
 * has something harmless in the other places. Ends in a jump: a clone through
 * here comes back on another stack.
 */
EXPORT long
syscall(long n, long a, long b, long c, long d, long e, long f)
{
	if ((unsigned long)n < sizeof opens && opens[n] != 0)
		return slow_syscall(n, a, b, c, d, e, f);
	/* Of seccomp's operations, 0 and 1 install; others ask. */
	if ((n == SYS_seccomp && a <= 1) ||
	    (n == SYS_prctl && a == PR_SET_SECCOMP))
		enter_sandbox();
	if (n == SYS_close)
		fds_close((int)a);
	return real.syscall(n, a, b, c, d, e, f);
}
