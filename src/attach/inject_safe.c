/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/injector.h"
#include "attach/fault.h"
#include "attach/tasks.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a thread that has gone on is waited for to come back to its call:
 * an event loop turns quickly. */
#define TURN_NS (30 * MS)

/* The status of a stop, or -1: told. */
int
injector_wait_stop(struct injector *j, uint64_t timeout)
{
	struct timespec pause = { 0, PAUSE_NS };
	uint64_t begin = injector_now(), at = begin;
	int status, got;

	for (;; at = injector_now()) {
		got = stop_look(j->tid, &status);
		if (got < 0 && errno != EINTR) {
			injector_failed(j, "waitpid");
			return -1;
		}
		if (got > 0 && !WIFSTOPPED(status)) {
			injector_told(j, INJECT_GONE, "it has ended");
			return -1;
		}
		if (got > 0) {
			j->stopped = injector_now();
			return status;
		}
		j->since = at;
		if (at - begin > timeout) {
			injector_told(j, INJECT_LATE, "it did not stop");
			return -1;
		}
		nanosleep(&pause, NULL);
	}
}

/* Stopped by what we asked for and nothing else: true. */
bool
injector_is_ours(struct injector *j, int status)
{
	int sig = WSTOPSIG(status);

	if (status >> 16 == 0) {
		/* At once, and back with it: if we were killed now it would be
		 * lost. */
		ptrace(PTRACE_DETACH, j->tid, NULL, (void *)(intptr_t)sig);
		injector_told(j, INJECT_SIGNAL, "signal %d came", sig);
		return false;
	}
	if (sig == SIGTRAP)
		return true;
	ptrace(PTRACE_DETACH, j->tid, NULL, NULL);
	injector_told(j, INJECT_STOPPED, "it is stopped by signal %d", sig);
	return false;
}

/* ---- is it safe? --------------------------------------------------------------------- */

static bool
is_interrupted_call(int64_t rax)
{
	return rax == -EINTR || rax == -ERESTARTSYS ||
	    rax == -ERESTARTNOINTR || rax == -ERESTARTNOHAND ||
	    rax == -ERESTART_RESTARTBLOCK;
}

static bool
is_safe_number(const struct injector *j, int64_t number, uint64_t pc)
{
	switch (task_safety(site_call_number(j->site, number, pc))) {
	case TASK_SAFE:
		return true;
	case TASK_SAFE_WITH_GLIBC:
		return j->call->glibc_malloc;
	default:
		return false;
	}
}

/* Before anything is stopped: stopping it in vain is a stop all the same. */
bool
injector_wait_turn(struct injector *j)
{
	struct timespec pause = { 0, 2 * PAUSE_NS };
	uint64_t end = injector_now() + TURN_NS;
	struct task_call call;

	while (task_call_again(j->call_fd, &call)) {
		if (!call.running && is_safe_number(j, call.number, call.pc))
			return true;
		if (injector_now() > end) {
			injector_told(j, INJECT_ELSEWHERE,
			    "it did not come back to its call");
			return false;
		}
		nanosleep(&pause, NULL);
	}
	injector_told(j, INJECT_GONE, "it has ended");
	return false;
}

static bool
is_safe_call(struct injector *j)
{
	const struct user_regs_struct *r = &j->at.regs;
	uint8_t code[2];

	j->report->number = site_call_number(j->site, (int64_t)r->orig_rax,
	    r->rip);
	if (!is_safe_number(j, (int64_t)r->orig_rax, r->rip) ||
	    !is_interrupted_call((int64_t)r->rax)) {
		injector_told(j, INJECT_ELSEWHERE,
		    "it was not waiting any more");
		return false;
	}
	if (!site_read(j->site, r->rip - 2, code, 2) || code[0] != 0x0f ||
	    code[1] != 0x05) {
		injector_told(j, INJECT_REFUSED,
		    "it did not come into its call by syscall");
		return false;
	}
	return true;
}

/* No signal that it will handle as soon as it goes on, and no filter that
 * would mind what it is made to do. */
static bool
is_free(struct injector *j)
{
	char text[4096], why[200];
	ssize_t n = pread(j->status_fd, text, sizeof text - 1, 0);

	if (n <= 0) {
		injector_told(j, INJECT_GONE, "it has ended");
		return false;
	}
	text[n] = '\0';
	if (((injector_mask(text, "\nSigPnd:\t") |
		 injector_mask(text, "\nShdPnd:\t")) &
		~injector_mask(text, "\nSigBlk:\t")) != 0) {
		injector_told(j, INJECT_SIGNAL, "a signal is on its way");
		return false;
	}
	if (injector_mask(text, "\nSeccomp:\t") == SECCOMP_MODE_DISABLED ||
	    filter_allows(j->tid, j->call->purpose, why, sizeof why))
		return true;
	injector_told(j, INJECT_FILTER, "%s", why);
	return false;
}

bool
injector_is_safe(struct injector *j)
{
	char why[200] = "";

	if (!injector_get_regs(j->tid, &j->at.regs)) {
		injector_told(j, INJECT_REFUSED, "it runs 32-bit code");
		return false;
	}
	injector_make_natural(j, &j->at.regs);
	fault_point();
	if (!is_safe_call(j) || !is_free(j))
		return false;
	if (vet_room(j->vet, j->tid, &j->at.regs, why, sizeof why) &&
	    vet_stack(j->vet, j->tid, &j->at, why, sizeof why))
		return true;
	injector_told(j, INJECT_REFUSED, "%s", why);
	return false;
}
