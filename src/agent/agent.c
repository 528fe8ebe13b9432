/* SPDX-License-Identifier: MIT */
/*
 * Birth, forks, rest, and staying out.
 *
 * A preloaded agent starts at the first allocation of the process, which may
 * come from the loader itself, or in its constructor, whichever is earlier.
 * When it cannot have a segment it stays out for good: hooks then only
 * forward. One that was put into a running process waits to be armed (arm.c).
 *
 * An agent that records can be told to go quiet, and to start again. Both are
 * done by whatever thread of the target sees the word first, on its slow
 * path; it waits for nobody.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/environment.h"
#include "agent/keeper.h"
#include "agent/mini.h"
#include "agent/real.h"
#include "agent/slots.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

HIDDEN _Thread_local struct thread self
    __attribute__((tls_model("initial-exec")));
HIDDEN struct wiped wiped __attribute__((aligned(4096)));
HIDDEN bool agent_sandboxed;
_Static_assert(sizeof(struct process) == 64, "one cache line");

/* A thread at rest looks after this many bytes whether it may go on. */
#define REST (64u * 1024u)

static uint32_t phase; /* enum agent_phase */
static uint32_t armings;
static int32_t own_pid;
static bool late;
static struct environment env;
static uint64_t look_seen, look_since; /* see agent_mind_lease */

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

static void wake(void);

static bool
arm(int32_t parent)
{
	if (!segment_create(&env, parent))
		return false;
	own_pid = tables.header->pid;
	agent.start = tables.header->start_monotonic;
	agent.fds = tables.fds;
	agent.stacks = tables.stacks;
	agent.arming = armings;
	store(&look_seen, 0);
	store(&look_since, 0);
	store(&agent.fds_blocks, 0);
	return true;
}

HIDDEN void
agent_present(struct ull_presence *p)
{
	p->origin = late ? ULL_ORIGIN_ATTACHED : ULL_ORIGIN_PRELOADED;
	p->armings = ++armings;
	p->arm = (uint64_t)&ullage_arm;
	p->disarm = (uint64_t)&ullage_disarm;
	slots_present(p);
}

/* What belonged to another segment. Nobody is inside. */
static void
forget(void)
{
	walk_forget();
	sample_forget();
	live_forget();
	keeper_forget();
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
	if (agent_writes()) {
		/* No child: it was quiet for a moment, and is no more. */
		release(&phase, PHASE_ARMED);
		return;
	}
	forget();
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
	switch (acquire(&phase)) {
	case PHASE_NEW:
		agent_start();
		break;
	case PHASE_QUIET:
		wake();
		break;
	case PHASE_ARMED:
		if (!agent_writes())
			adopt();
		break;
	default:
		break;
	}
	return agent_writes();
}

/* ---- rest ------------------------------------------------------------------- */

HIDDEN uint64_t
agent_inside(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < INSIDES; i++)
		n += __atomic_load_n(&insides[i].n, __ATOMIC_SEQ_CST);
	return n;
}

static uint64_t
since_start(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec -
	    tables.header->start_monotonic;
}

HIDDEN bool
agent_stop(enum ull_stop cause)
{
	uint32_t expected = PHASE_ARMED;

	if (!agent_writes() ||
	    !__atomic_compare_exchange_n(&phase, &expected, PHASE_STARTING,
		false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&agent.armed, 0, __ATOMIC_SEQ_CST);
	filter_clear();
	store(&tables.presence->stop, cause);
	store(&tables.presence->stopped, since_start() | 1);
	release(&tables.header->state, ULL_STATE_QUIET);
	release(&phase, PHASE_QUIET);
	return true;
}

HIDDEN bool
agent_obey(void)
{
	agent_stop(ULL_STOP_TOLD);
	return false;
}

HIDDEN void
agent_mind_lease(uint64_t now)
{
	uint64_t look = load(&tables.control->look);

	if (look != load(&look_seen) || load(&look_since) > now) {
		store(&look_seen, look);
		store(&look_since, now);
	} else if (now - load(&look_since) > load(&tables.control->lease)) {
		agent_stop(ULL_STOP_LEASE);
	}
}

/* Takes over what the segment of before was told. */
static bool
start_again(int32_t pid)
{
	const struct ull_control *c = tables.control;
	int32_t parent = pid != own_pid ? own_pid : tables.header->parent_pid;

	env.interval = load(&c->interval);
	env.trim = load(&c->trim);
	env.memory_limit = load(&c->memory_limit);
	env.lease = load(&c->lease);
	forget();
	filter_clear();
	return arm(parent);
}

/* A request that cannot be met is taken back, which answers it. */
static void
decline(enum ull_stop why)
{
	store(&tables.presence->stop, why);
	store(&tables.control->start, 0);
}

static void
wake(void)
{
	uint32_t expected = PHASE_QUIET;
	int32_t pid;

	if (load(&tables.control->start) == 0 ||
	    load(&tables.header->disarm) != 0)
		return;
	if (agent_sandboxed) {
		decline(ULL_STOP_SANDBOX);
		return;
	}
	/* Whoever is still about to write, or to trim, belongs to before. */
	if (agent_inside() != 0 || !keeper_gone() ||
	    !__atomic_compare_exchange_n(&phase, &expected, PHASE_STARTING,
		false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	pid = (int32_t)mini_call1(SYS_getpid, 0);
	if (pid != own_pid && env.follow == FOLLOW_NONE) {
		arrive(false);
	} else if (start_again(pid)) {
		arrive(true);
	} else {
		decline(ULL_STOP_SEGMENT);
		release(&phase, PHASE_QUIET);
	}
}

/* ---- armed by somebody --------------------------------------------------------- */

static void
resolve(void *unused)
{
	(void)unused;
	real_resolve();
	keeper_resolve();
}

static enum ull_arm_result
start_late(const struct ull_arm *how)
{
	environment_take(&env, how);
	if (env.disabled)
		return ULL_ARM_DISABLED;
	if (env.filtered && !(how->flags & ULL_ARM_FILTER_OK))
		return ULL_ARM_FILTER;
	if (mini_call3(SYS_madvise, &wiped, sizeof wiped, MADV_WIPEONFORK) != 0)
		return ULL_ARM_KERNEL;
	real_locked(resolve, NULL);
	if (!real_resolved())
		return ULL_ARM_ALLOCATOR;
	stackend_init_late();
	stackend_learn_tid((uint32_t)mini_call1(SYS_gettid, 0));
	walk_object_seen = modules_note;
	forget();
	filter_clear();
	return arm(0) ? ULL_ARM_OK : ULL_ARM_SEGMENT;
}

HIDDEN enum ull_arm_result
agent_launch(const struct ull_arm *how)
{
	uint32_t from = acquire(&phase);
	enum ull_arm_result rc;

	if (!__atomic_compare_exchange_n(&phase, &from, PHASE_STARTING, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return ULL_ARM_BUSY;
	rc = start_late(how);
	if (rc == ULL_ARM_OK)
		arrive(true);
	else
		release(&phase, from);
	return rc;
}

HIDDEN enum agent_phase
agent_phase(void)
{
	return acquire(&phase);
}

HIDDEN void
agent_sleep(void)
{
	release(&phase, PHASE_DORMANT);
}

HIDDEN bool
agent_late(void)
{
	return late;
}

HIDDEN bool
agent_owns_tables(void)
{
	return tables.header != NULL &&
	    own_pid == (int32_t)mini_call1(SYS_getpid, 0);
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

HIDDEN uint64_t
agent_rest(void)
{
	switch (acquire(&phase)) {
	case PHASE_OUT:
		return UINT64_MAX >> 1;
	case PHASE_QUIET:
	case PHASE_DORMANT:
		return REST;
	default:
		return 0;
	}
}

__attribute__((constructor)) static void
construct(void)
{
	/* A late one is in nobody's way: nothing was started by a call, and
	 * nothing is now. */
	late = acquire(&phase) == PHASE_NEW && real_is_late();
	if (late) {
		release(&phase, PHASE_DORMANT);
		return;
	}
	agent_start();
	keeper_allow();
}
