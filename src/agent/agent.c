/* SPDX-License-Identifier: MIT */
/*
 * Birth, forks, and staying out.
 *
 * The agent starts at the first allocation of the process, which may come
 * from the loader itself, or in its constructor, whichever is earlier. When
 * it cannot have a segment it stays out for good: hooks then only forward.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/environment.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

HIDDEN _Thread_local struct thread self
    __attribute__((tls_model("initial-exec")));
HIDDEN struct wiped wiped __attribute__((aligned(4096)));
HIDDEN struct process agent __attribute__((aligned(64)));
_Static_assert(sizeof(struct process) <= 64, "one cache line");

static struct environment env;

/*
 * Under a seccomp filter from the start (containers, many units), a call that
 * it does not like may kill. A child of no consequence tries them first; it
 * sends no signal when it ends.
 */
static bool
filter_allows(void)
{
	static const short calls[] = { SYS_openat, SYS_fstat, SYS_fstatfs,
		SYS_mkdir, SYS_ftruncate, SYS_fallocate, SYS_madvise,
		SYS_getdents64, SYS_unlinkat, SYS_kill, SYS_geteuid,
		SYS_newfstatat, SYS_readlink, SYS_prlimit64 };
	int status = -1;
	long pid;

	pid = mini_syscall(SYS_clone, 0, 0, 0, 0, 0, 0);
	if (pid < 0)
		return false;
	if (pid == 0) {
		for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
			mini_syscall(calls[i], -1, -1, -1, -1, -1, -1);
		for (;;)
			mini_call1(SYS_exit_group, 0);
	}
	while (mini_call4(SYS_wait4, pid, &status, __WALL, 0) == -4 /* EINTR */)
		;
	return status == 0;
}

static bool
arm(int32_t parent)
{
	if (!segment_create(&env, parent))
		return false;
	agent.guard = tables.header->nonce | 1;
	store(&wiped.guard, agent.guard);
	agent.pid = tables.header->pid;
	agent.start = tables.header->start_monotonic;
	agent.fds = tables.fds;
	agent.stacks = tables.stacks;
	agent.arming++;
	return true;
}

static bool
start(void)
{
	environment_read(&env);
	stackend_init();
	walk_object_seen = modules_note;
	if (env.disabled || (env.filtered && !filter_allows()))
		return false;
	/* Without it a child could not tell that it is one. */
	if (mini_call3(SYS_madvise, &wiped, sizeof wiped, MADV_WIPEONFORK) != 0)
		return false;
	/* With an allocator before us we see only what it lacks. The segment
	 * says so; nothing is recorded. */
	return arm(0) && !env.shadowed;
}

HIDDEN void
agent_start(void)
{
	uint32_t expected = PHASE_NEW;

	if (!__atomic_compare_exchange_n(&agent.phase, &expected, PHASE_STARTING,
		false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	real_resolve();
	release(&agent.phase, start() ? PHASE_ARMED : PHASE_OUT);
}

/*
 * We are a child that shares the parent's segment and may not write it. The
 * maps of the filter came up empty, so nothing of the parent is looked up.
 */
static void
adopt(void)
{
	uint32_t expected = PHASE_ARMED;
	int32_t parent = agent.pid;

	if (!__atomic_compare_exchange_n(&agent.phase, &expected, PHASE_STARTING,
		false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	walk_forget();
	sample_forget();
	live_forget();
	fds_forget();
	if (env.follow == FOLLOW_NONE || agent.sandboxed || !arm(parent))
		release(&agent.phase, PHASE_OUT);
	else
		release(&agent.phase, PHASE_ARMED);
}

HIDDEN void
agent_child(void)
{
	/* The thread that forked may have been inside a hook of a handler's
	 * making; here it is not. */
	self.busy = 0;
	self.vforked = 0;
	store(&agent.vforks, 0);
	if (acquire(&agent.phase) == PHASE_ARMED && load(&wiped.guard) != agent.guard)
		adopt();
}

HIDDEN bool
agent_begin(void)
{
	if (acquire(&agent.phase) != PHASE_ARMED) {
		agent_start();
		if (acquire(&agent.phase) != PHASE_ARMED)
			return false;
	}
	if (load(&wiped.guard) == agent.guard)
		return true;
	adopt();
	return acquire(&agent.phase) == PHASE_ARMED;
}

/*
 * The parent goes on with the same memory when the child is gone; the first
 * that it does is ask here. Where no system call may be made, both are taken
 * for the child.
 */
HIDDEN bool
agent_ask_vforked(void)
{
	if (self.vforked == 0)
		return false;
	if (agent.sandboxed || mini_call1(SYS_getpid, 0) != agent.pid)
		return true;
	self.vforked = 0;
	add(&agent.vforks, -1);
	return false;
}

__attribute__((constructor)) static void
construct(void)
{
	agent_start();
}
