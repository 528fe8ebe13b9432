/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/filter.h"
#include "abi/arm.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

/* BPF_MAXINSNS, and more filters on each other than anybody has. */
#define PROGRAM_MAX 4096
#define FILTERS_MAX 256

/* ---- the calls ------------------------------------------------------------------ */

static const struct filter_call attach_calls[] = {
#define CALL(name, known, ...) { #name, SYS_##name, known, { __VA_ARGS__ } },
#include "attach/filter_calls.def"
#undef CALL
#define X(name) { #name, SYS_##name, 0, { 0 } },
	ULL_ARM_CALLS(X)
#undef X
};

const struct filter_call *
filter_calls(enum filter_for purpose, size_t *n)
{
	(void)purpose;
	*n = sizeof attach_calls / sizeof attach_calls[0];
	return attach_calls;
}

/*
 * Errors that nobody minds: libc goes on without, or takes the older call.
 * Not rseq, which must work in a new thread if it did in the first one: libc
 * ends the process otherwise.
 */
static bool
may_fail(const struct filter_call *call, uint32_t error)
{
	switch (call->number) {
	case SYS_set_robust_list:
	case SYS_rt_sigaction:
		return true;
	/* Clearing away what dead processes have left. */
	case SYS_kill:
	case SYS_getdents64:
		return true;
	case SYS_clone3:
		return error == ENOSYS;
	default:
		return false;
	}
}

const char *
filter_judge(const struct filter_call *call, uint32_t answer)
{
	switch (answer & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return NULL;
	case SECCOMP_RET_ERRNO:
		return may_fail(call, answer & SECCOMP_RET_DATA) ?
		    NULL :
		    "refuse";
	case SECCOMP_RET_TRAP:
		return "trap";
	case SECCOMP_RET_TRACE:
		return "hand to a tracer";
	case SECCOMP_RET_USER_NOTIF:
		return "hand to a supervisor";
	default:
		return "kill it for";
	}
}

/* ---- a thread's filters ------------------------------------------------------------- */

static bool
judge_program(const struct sock_filter *program, size_t n,
    enum filter_for purpose, char *why, size_t room)
{
	size_t n_calls;
	const struct filter_call *calls = filter_calls(purpose, &n_calls);

	for (size_t i = 0; i < n_calls; i++) {
		const char *word = filter_judge(&calls[i],
		    filter_run(program, n, &calls[i]));

		if (word == NULL)
			continue;
		snprintf(why, room, "its seccomp filter would %s %s", word,
		    calls[i].name);
		return false;
	}
	return true;
}

bool
filter_allows(int32_t tid, enum filter_for purpose, char *why, size_t room)
{
	static struct sock_filter program[PROGRAM_MAX];

	for (unsigned long i = 0; i < FILTERS_MAX; i++) {
		long n = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, i, NULL);

		if (n < 0 && errno == ENOENT)
			return true;
		if (n > 0 && n <= PROGRAM_MAX)
			n = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, i, program);
		if (n <= 0 || n > PROGRAM_MAX) {
			snprintf(why, room,
			    "its seccomp filter cannot be read (%s)",
			    n < 0 && errno == EACCES ?
				"that takes CAP_SYS_ADMIN" :
				strerror(n < 0 ? errno : E2BIG));
			return false;
		}
		if (!judge_program(program, (size_t)n, purpose, why, room))
			return false;
	}
	snprintf(why, room, "it has more seccomp filters than anybody has");
	return false;
}
