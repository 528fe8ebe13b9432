/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/injector.h"
#include "attach/fault.h"
#include "attach/tasks.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the commit ------------------------------------------------------------------------ */

static void
fill_registers(struct injector *j)
{
	const struct user_regs_struct *r = &j->at.regs;
	struct stub_data *d = injector_data(j);
	uint64_t rip, rax;

	injector_where_to_return(r, &rip, &rax);
	d->rax = rax;
	d->rbx = r->rbx;
	d->rcx = r->rcx;
	d->rdx = r->rdx;
	d->rsi = r->rsi;
	d->rdi = r->rdi;
	d->rbp = r->rbp;
	d->rsp = r->rsp;
	d->r8 = r->r8;
	d->r9 = r->r9;
	d->r10 = r->r10;
	d->r11 = r->r11;
	d->r12 = r->r12;
	d->r13 = r->r13;
	d->r14 = r->r14;
	d->r15 = r->r15;
	d->rip = rip;
	d->flags = r->eflags;
	d->rax_ended = (uint64_t)-EINTR;
	d->rip_ended = r->rip;
	d->signal = 0;
}

/* Everything but the registers. Nothing of it is in anybody's way. */
static bool
write_all(struct injector *j, uint64_t scratch)
{
	static const uint8_t zero[STUB_HEADER];
	const struct site *s = j->site;
	struct stub_status status = { .committed = 1,
		.hijacked = (uint32_t)j->tid, .magic = STUB_MAGIC };
	struct iovec here, there;
	uint8_t back[4096], none[4096] = { 0 };

	memcpy(none, &status, sizeof status);
	fault_point();
	if (!site_write(s, s->code.address, j->image, j->image_len))
		return false;
	fault_point();
	if (!site_write(s, scratch, zero, sizeof zero))
		return false;
	fault_point();
	if (!site_write(s, s->status.address, none, s->status.room))
		return false;
	fault_point();
	/* Through the thread itself: it has the memory that was written. */
	here = (struct iovec){ back, j->image_len };
	there = (struct iovec){ (void *)(uintptr_t)s->code.address,
		j->image_len };
	return process_vm_readv(j->tid, &here, 1, &there, 1, 0) ==
	    (ssize_t)j->image_len &&
	    memcmp(back, j->image, j->image_len) == 0;
}

static bool
commit(struct injector *j)
{
	uint64_t scratch = (j->at.regs.rsp - STUB_RED_ZONE - STUB_SCRATCH) &
	    ~UINT64_C(63);
	struct user_regs_struct regs = j->at.regs;

	fill_registers(j);
	errno = ESRCH; /* of what is not an error, but less than all */
	if (!write_all(j, scratch)) {
		injector_failed(j, "its memory could not be written");
		return false;
	}
	regs.rip = j->site->code.address +
	    (uint64_t)(stub_entry - stub_begin);
	regs.rdi = scratch;
	regs.orig_rax = UINT64_MAX;
	j->sent = regs;
	fault_point();
	if (!injector_set_regs(j->tid, &regs)) {
		injector_failed(j, "PTRACE_SETREGSET");
		return false;
	}
	j->report->result = INJECT_COMMITTED;
	fault_point();
	return true;
}

/* ---- the process that does it -------------------------------------------------------------- */

static void
go_first(bool yes)
{
	struct sched_param p = { .sched_priority = yes ? 1 : 0 };

	sched_setscheduler(0, yes ? SCHED_FIFO : SCHED_OTHER, &p);
}

static void
try(struct injector *j)
{
	int status;

	if (!injector_wait_turn(j))
		return;
	if (ptrace(PTRACE_SEIZE, j->tid, NULL, NULL) < 0) {
		injector_failed(j, "PTRACE_SEIZE");
		return;
	}
	fault_point();
	j->since = injector_now();
	if (ptrace(PTRACE_INTERRUPT, j->tid, NULL, NULL) < 0) {
		injector_failed(j, "PTRACE_INTERRUPT");
		return;
	}
	fault_point(); /* the one at which a call may end with EINTR */
	status = injector_wait_stop(j, j->call->deadline_ns);
	if (status < 0 || !injector_is_ours(j, status))
		return;
	if (!injector_is_safe(j) || !commit(j)) {
		ptrace(PTRACE_DETACH, j->tid, NULL, NULL);
		j->report->stopped_ns = injector_now() - j->since;
		return;
	}
	ptrace(PTRACE_CONT, j->tid, NULL, NULL);
	j->report->stopped_ns = injector_now() - j->since;
	fault_point();
	injector_watch(j);
	if (j->report->away_ns == 0)
		j->report->away_ns = injector_now() - j->since;
	fault_point();
}

static void
work(struct injector *j, pid_t parent)
{
	close_range(0, 2, 0);
	setsid();
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	fault_with(parent);
	if (getppid() != parent)
		_exit(1);
	/* Pages that would have to be copied first are copied now. */
	memset(j->report->why, 0, sizeof j->report->why);
	go_first(true);
	try(j);
	_exit(0);
}

/* ---- the one that waits for it ------------------------------------------------------------- */

static bool
prepare_image(struct injector *j)
{
	const struct site *s = j->site;
	const struct inject_call *c = j->call;
	size_t code = ((size_t)(stub_end - stub_begin) + 15) & ~(size_t)15;
	size_t path = code + ((c->argument_len + 15) & ~(size_t)15);
	size_t name = path + strlen(c->path) + 1;
	struct stub_data *d;

	j->image_len = name + strlen(c->function) + 1;
	if (j->image_len > s->code.room || j->image_len > 4096)
		return false;
	j->image = xcalloc(1, j->image_len);
	memcpy(j->image, stub_begin, (size_t)(stub_end - stub_begin));
	if (c->argument != NULL)
		memcpy(j->image + code, c->argument, c->argument_len);
	strcpy((char *)j->image + path, c->path);
	strcpy((char *)j->image + name, c->function);
	d = injector_data(j);
	memcpy(&d->errno_location, s->functions, sizeof s->functions);
	d->status = s->status.address;
	d->room = s->status.room - STUB_TEXT;
	d->flags_open = c->flags;
	d->path = s->code.address + path;
	d->name = s->code.address + name;
	d->argument = c->argument != NULL ? s->code.address + code : 0;
	memset(d->all_signals, 0xff, sizeof d->all_signals);
	return true;
}

static void
wait_child(pid_t child, uint64_t deadline_ns)
{
	struct pollfd p = { (int)syscall(SYS_pidfd_open, child, 0), POLLIN, 0 };

	/* Beyond all of its own deadlines: it is stuck. */
	if (p.fd >= 0 && poll(&p, 1, (int)(deadline_ns / MS) + 3000) == 0)
		kill(child, SIGKILL);
	if (p.fd >= 0)
		close(p.fd);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static pid_t
start(struct injector *j)
{
	sigset_t all, old;
	pid_t child, self = getpid();

	/* On both sides, so that none comes before it has closed itself off. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	child = fork();
	if (child == 0)
		work(j, self);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return child;
}

_Static_assert(offsetof(struct stub_data, status) -
	    offsetof(struct stub_data, errno_location) ==
	SITE_FUNCTIONS * sizeof(uint64_t), "functions in the same order");
_Static_assert(offsetof(struct stub_status, magic) == STUB_MAGIC_AT, "same");
_Static_assert(sizeof(struct stub_status) == STUB_TEXT, "same");

int
inject(const struct site *s, struct vet *v, int32_t tid,
    const struct inject_call *call, struct inject_report *report,
    struct err *e)
{
	struct injector j = { .site = s, .vet = v, .call = call, .tid = tid };
	char path[80];
	pid_t child;

	memset(report, 0, sizeof *report);
	if (!prepare_image(&j))
		return err_set(e, ERR_FAILED,
		    "there is no room in process %d for the code that loads "
		    "%s; a shorter path may help",
		    s->pid, call->path);
	snprintf(path, sizeof path, "/proc/%d/task/%d/status", s->pid, tid);
	j.status_fd = open(path, O_RDONLY | O_CLOEXEC);
	j.call_fd = task_call_open(s->pid, tid);
	j.report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (j.report == MAP_FAILED) {
		err_errno(e, "cannot set memory aside");
		close(j.status_fd);
		close(j.call_fd);
		free(j.image);
		return -1;
	}
	j.report->tid = tid;
	child = start(&j);
	if (child > 0)
		wait_child(child, call->deadline_ns);
	*report = *j.report;
	munmap(j.report, sizeof *report);
	if (j.status_fd >= 0)
		close(j.status_fd);
	if (j.call_fd >= 0)
		close(j.call_fd);
	free(j.image);
	if (child < 0)
		return err_errno(e, "cannot start a process to inject with");
	return 0;
}
