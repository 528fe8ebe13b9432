/* SPDX-License-Identifier: MIT */
/*
 * Interrupting a thread makes some system calls fail with EINTR though no
 * signal came, which programs that know to get none take for fatal. At the
 * stop such a result is still a register. Writing ERESTARTNOHAND over it asks
 * the kernel itself to start the call over, unless a handler runs on the way
 * out, in which case it makes EINTR of it: exactly what would have happened
 * without us, and without a window in which a signal could go amiss. (Moving
 * the instruction pointer back by hand has such a window.)
 */
#include "config.h"

#include "unwind/stop.h"
#include "unwind/calls.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

/* Of the kernel's include/linux/errno.h; seen by tracers alone. */
#define ERESTARTNOHAND 514

#define CS_64 0x33

/*
 * Between two looks for the stop. A pause even before the second one: the
 * thread may need the very CPU that we are on.
 */
#define PAUSE_NS 10000

/* From linux/futex.h, which has no place in a header for users. */
#define FUTEX_WAIT_OP 0
#define FUTEX_LOCK_PI_OP 6
#define FUTEX_WAIT_BITSET_OP 9
#define FUTEX_LOCK_PI2_OP 13

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- copying ---------------------------------------------------------------- */

/* Returns how much was copied, at most to the end of the mapping. */
static uint32_t
copy_from(pid_t tid, uint64_t address, const struct map *row, void *to,
    size_t room)
{
	struct iovec here = { to, room };
	struct iovec there = { (void *)(uintptr_t)address, room };
	ssize_t n;

	if (row != NULL && row->limit - address < room)
		here.iov_len = there.iov_len = row->limit - address;
	/* A new thread's stack is in no row; what can be read is taken. */
	n = process_vm_readv(tid, &here, 1, &there, 1, 0);
	return n > 0 ? (uint32_t)n : 0;
}

static void
copy_stack(pid_t tid, const struct maps *maps, uint8_t *stack, size_t room,
    struct stopped *out)
{
	const struct map *row = maps_find(maps, out->regs.rsp);

	out->limit = row != NULL ? row->limit : 0;
	out->stack_len = copy_from(tid, out->regs.rsp, row, stack, room);
	if (out->also != 0)
		out->also_len = copy_from(tid, out->also,
		    maps_find(maps, out->also), stack + room, room);
}

static bool
is_wait(uint64_t operation)
{
	unsigned o = (unsigned)operation & 0x7f;

	return o == FUTEX_WAIT_OP || o == FUTEX_WAIT_BITSET_OP ||
	    o == FUTEX_LOCK_PI_OP || o == FUTEX_LOCK_PI2_OP;
}

static void
copy_lock(pid_t tid, struct stopped *out)
{
	uint64_t address = out->regs.rdi;
	struct iovec here = { out->lock, sizeof out->lock };
	struct iovec there = { (void *)(uintptr_t)address, sizeof out->lock };

	/* A wait with a timeout goes on as restart_syscall, its arguments
	 * still in place, once something has interrupted it. */
	out->has_lock = (out->regs.orig_rax == SYS_futex ||
			    out->regs.orig_rax == SYS_restart_syscall) &&
	    is_wait(out->regs.rsi) && address >= 4096 && address % 4 == 0 &&
	    process_vm_readv(tid, &here, 1, &there, 1, 0) ==
		(ssize_t)sizeof out->lock;
}

/* ---- stopping ----------------------------------------------------------------- */

static enum stop_result
failed(struct stopped *out)
{
	out->error = errno;
	return errno == ESRCH || errno == ECHILD ? STOP_GONE :
	    errno == EPERM || errno == EACCES	 ? STOP_DENIED :
						   STOP_FAILED;
}

/* The signal that is on its way to a thread that stopped so, or 0. */
static int
signal_of(int status)
{
	return status >> 16 == 0 ? WSTOPSIG(status) : 0;
}

int
stop_look(pid_t tid, int *status)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	if (waitid(P_PID, (id_t)tid, &info,
		WSTOPPED | WEXITED | __WALL | WNOHANG | WNOWAIT) < 0)
		return -1;
	if (info.si_pid == 0)
		return 0;
	*status = info.si_status << 8 | 0x7f;
	if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED &&
	    waitpid(tid, status, __WALL | WNOHANG) < 0)
		return -1;
	return 1;
}

/*
 * Until it stops. Every kind of stop will do: the one asked for, a signal on
 * its way to the thread (*sig; to be handed on), a job control stop. *since is
 * the last moment at which it had not stopped yet: until a CPU is free for it,
 * a thread has still to come to its stop.
 */
static enum stop_result
wait_stop(pid_t tid, uint64_t timeout, int *sig, uint64_t *since,
    struct stopped *out)
{
	struct timespec pause = { 0, PAUSE_NS };
	uint64_t begin = *since, at = begin;
	int status, got;

	for (;; at = now()) {
		got = stop_look(tid, &status);
		if (got < 0 && errno != EINTR)
			return failed(out);
		if (got > 0 && !WIFSTOPPED(status))
			return STOP_GONE;
		if (got > 0) {
			*sig = signal_of(status);
			return STOP_DONE;
		}
		*since = at;
		if (at - begin > timeout)
			return STOP_TIMEOUT;
		nanosleep(&pause, NULL);
	}
}

static enum stop_result
copy(pid_t tid, const struct maps *maps, void *stack, size_t room,
    struct stopped *out)
{
	struct iovec io = { &out->regs, sizeof out->regs };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) < 0)
		return failed(out);
	if (io.iov_len != sizeof out->regs || out->regs.cs != CS_64)
		return STOP_FOREIGN;
	copy_stack(tid, maps, stack, room, out);
	copy_lock(tid, out);
	return STOP_DONE;
}

/* One word is written, so there is no half of it. */
static void
start_over(pid_t tid, const struct stopped *out)
{
	if (out->regs.rax == (uint64_t)-EINTR &&
	    call_again((int64_t)out->regs.orig_rax))
		ptrace(PTRACE_POKEUSER, tid,
		    (void *)offsetof(struct user, regs.rax),
		    (void *)(intptr_t)-ERESTARTNOHAND);
}

void
stop_thread(pid_t tid, const struct maps *maps, void *stack, size_t room,
    uint64_t timeout, struct stopped *out)
{
	uint64_t since, also = out->also;
	int sig;

	memset(out, 0, sizeof *out);
	out->also = also;
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0) {
		out->result = failed(out);
		return;
	}
	since = now();
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0) {
		out->result = failed(out);
		return;
	}
	out->result = wait_stop(tid, timeout, &sig, &since, out);
	if (out->result != STOP_DONE)
		return;
	out->result = copy(tid, maps, stack, room, out);
	if (out->result == STOP_DONE)
		start_over(tid, out);
	ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)sig);
	out->ns = now() - since;
}

void
stop_late(void)
{
	struct stopped late;
	struct iovec io;
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
		if (!WIFSTOPPED(status))
			continue;
		io = (struct iovec){ &late.regs, sizeof late.regs };
		if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) ==
			0 &&
		    io.iov_len == sizeof late.regs && late.regs.cs == CS_64)
			start_over(tid, &late);
		ptrace(PTRACE_DETACH, tid, NULL,
		    (void *)(intptr_t)signal_of(status));
	}
}
