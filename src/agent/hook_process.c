/* SPDX-License-Identifier: MIT */
/*
 * Forks and sandboxes.
 *
 * A forked child shares the parent's segment until it has its own. These
 * hooks give it one at once; a child that came by another way (clone) is
 * noticed at its first slow path. vfork is not hooked: its child runs in the
 * parent's memory and what it allocates is the parent's.
 *
 * A program that installs a seccomp filter is heard here, and from then on
 * the agent makes no system call: tables do not grow and children are not
 * followed.
 */
#include "agent/agent.h"
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

/*
 * Seven arguments, as the assembly in libc takes; a caller that passed fewer
 * has something harmless in the other places. Ends in a jump: a clone through
 * here comes back on another stack.
 */
EXPORT long
syscall(long n, long a, long b, long c, long d, long e, long f)
{
	/* Of seccomp's operations, 0 and 1 install; others ask. */
	if ((n == SYS_seccomp && a <= 1) ||
	    (n == SYS_prctl && a == PR_SET_SECCOMP))
		enter_sandbox();
	return real.syscall(n, a, b, c, d, e, f);
}
