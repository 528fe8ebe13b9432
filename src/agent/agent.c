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
#include "agent/keeper.h"
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
HIDDEN bool agent_sandboxed;
_Static_assert(sizeof(struct process) == 64, "one cache line");

enum phase {
	PHASE_NEW,
	PHASE_STARTING, /* one thread lays things out; others just forward */
	PHASE_ARMED,	/* unless we are a child: then agent.armed is 0 */
	PHASE_OUT,	/* for good, in this process */
};

static uint32_t phase;
static uint32_t armings;
static int32_t own_pid;
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
		SYS_newfstatat, SYS_readlink, SYS_prlimit64, SYS_getpid,
		SYS_read, SYS_close, SYS_mmap };
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
	own_pid = tables.header->pid;
	agent.start = tables.header->start_monotonic;
	agent.fds = tables.fds;
	agent.stacks = tables.stacks;
	agent.arming = ++armings;
	store(&agent.fds_blocks, 0);
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
	stackend_learn_tid((uint32_t)mini_call1(SYS_getpid, 0));
	/* With an allocator before us we see only what it lacks. The segment
	 * says so; nothing is recorded. */
	return arm(0) && !env.shadowed;
}

/* Others forward until here. */
static void
arrive(bool armed)
{
	release(&agent.armed, armed);
	release(&phase, armed ? PHASE_ARMED : PHASE_OUT);
}

HIDDEN void
agent_start(void)
{
	uint32_t expected = PHASE_NEW;

	if (!__atomic_compare_exchange_n(&phase, &expected, PHASE_STARTING,
		false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	real_resolve();
	arrive(start());
}

/*
 * We are a child that shares the parent's segment and may not write it. The
 * maps of the filter came up empty, so nothing of the parent is looked up.
 */
static void
adopt(void)
{
	uint32_t expected = PHASE_ARMED;
	int32_t parent = own_pid;

	if (!__atomic_compare_exchange_n(&phase, &expected, PHASE_STARTING,
		false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	walk_forget();
	sample_forget();
	live_forget();
	keeper_forget();
	arrive(env.follow != FOLLOW_NONE && !agent_sandboxed && arm(parent));
}

HIDDEN void
agent_child(void)
{
	/* The thread that forked may have been inside a hook of a handler's
	 * making; here it is not. */
	self.busy = 0;
	self.vforked = 0;
	store(&agent.vforks, 0);
	if (acquire(&phase) == PHASE_ARMED && !agent_writes())
		adopt();
}

HIDDEN bool
agent_begin(void)
{
	if (acquire(&phase) != PHASE_ARMED) {
		agent_start();
		if (acquire(&phase) != PHASE_ARMED)
			return false;
	}
	if (!agent_writes())
		adopt();
	return agent_writes();
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
	if (agent_sandboxed || mini_call1(SYS_getpid, 0) != own_pid)
		return true;
	self.vforked = 0;
	add(&agent.vforks, -1);
	return false;
}

HIDDEN bool
agent_out(void)
{
	return acquire(&phase) == PHASE_OUT;
}

__attribute__((constructor)) static void
construct(void)
{
	agent_start();
	keeper_allow();
}
