/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/injector.h"
#include "unwind/calls.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#define CS_64 0x33

uint64_t
injector_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

void
injector_told(struct injector *j, enum inject_result result, const char *fmt,
    ...)
{
	va_list ap;

	j->report->error = errno;
	va_start(ap, fmt);
	vsnprintf(j->report->why, sizeof j->report->why, fmt, ap);
	va_end(ap);
	j->report->result = result;
}

void
injector_failed(struct injector *j, const char *what)
{
	injector_told(j,
	    errno == ESRCH || errno == ECHILD ? INJECT_GONE :
		errno == EPERM		      ? INJECT_DENIED :
						INJECT_FAILED,
	    "%s: %s", what, strerror(errno));
}

bool
injector_get_regs(int32_t tid, struct user_regs_struct *regs)
{
	struct iovec io = { regs, sizeof *regs };

	return ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) == 0 &&
	    io.iov_len == sizeof *regs && regs->cs == CS_64;
}

bool
injector_set_regs(int32_t tid, const struct user_regs_struct *regs)
{
	struct iovec io = { (void *)(uintptr_t)regs, sizeof *regs };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &io) == 0;
}

/* As the kernel would have them, had it been asked to start over without a
 * handler and to answer EINTR with one: see unwind/stop.c. */
struct user_regs_struct
injector_natural(struct user_regs_struct regs)
{
	if (regs.rax == (uint64_t)-EINTR &&
	    call_again((int64_t)regs.orig_rax))
		regs.rax = (uint64_t)-ERESTARTNOHAND;
	return regs;
}

/* At once, so that whoever lets it go, the kernel included when we are killed,
 * lets it go as if nothing had happened. */
void
injector_make_natural(const struct injector *j,
    const struct user_regs_struct *is)
{
	struct user_regs_struct regs = injector_natural(*is);

	if (regs.rax != is->rax)
		ptrace(PTRACE_POKEUSER, j->tid,
		    (void *)offsetof(struct user, regs.rax),
		    (void *)(uintptr_t)regs.rax);
}

/* What the kernel would do on the way out of the stop, in registers: back to
 * the system call instruction, to call again or to go on waiting. */
void
injector_where_to_return(const struct user_regs_struct *regs,
    uint64_t *rip, uint64_t *rax)
{
	*rip = regs->rip - 2;
	*rax = (int64_t)regs->rax == -ERESTART_RESTARTBLOCK ?
	    (uint64_t)SYS_restart_syscall :
	    regs->orig_rax;
}

uint64_t
injector_mask(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? strtoull(at + strlen(key), NULL, 16) : 0;
}

struct stub_data *
injector_data(const struct injector *j)
{
	return (struct stub_data *)(void *)(j->image +
	    (stub_registers - stub_begin));
}
