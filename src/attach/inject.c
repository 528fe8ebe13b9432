/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/inject.h"
#include "attach/fault.h"
#include "attach/tasks.h"
#include "base/xalloc.h"
#include "unwind/calls.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
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
#include <time.h>
#include <unistd.h>

/* Of the kernel's include/linux/errno.h; seen by tracers alone. */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

#define CS_64 0x33
#define MS UINT64_C(1000000)
#define PAUSE_NS 10000

/* How long a thread that has gone on is waited for to come back to its call:
 * an event loop turns quickly. */
#define TURN_NS (30 * MS)

/* How long a thread that was sent is watched. Longer than it takes by far,
 * unless it gets no CPU or somebody holds a lock that pthread_create needs:
 * a signal that comes after that and before it is out ends no call. */
#define WATCH_NS (2000 * MS)

/* And after that until it is seen in its call. A busy one gets there, and out
 * again, between two looks. */
#define BACK_NS (100 * MS)

struct injector {
	const struct site *site;
	struct vet *vet;
	const struct inject_call *call;
	struct inject_report *report; /* shared */
	int32_t tid;
	int status_fd; /* of the thread's status, opened beforehand */
	int call_fd;   /* and of its system call */
	struct stopped at;	       /* its registers as they were */
	struct user_regs_struct sent;  /* and as they were sent */
	uint8_t *image;
	size_t image_len;
	uint64_t since, stopped; /* when it had not stopped yet, and had */
};

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

static void
__attribute__((format(printf, 3, 4)))
told(struct injector *j, enum inject_result result, const char *fmt, ...)
{
	va_list ap;

	j->report->error = errno;
	va_start(ap, fmt);
	vsnprintf(j->report->why, sizeof j->report->why, fmt, ap);
	va_end(ap);
	j->report->result = result;
}

static void
failed(struct injector *j, const char *what)
{
	told(j,
	    errno == ESRCH || errno == ECHILD ? INJECT_GONE :
		errno == EPERM		      ? INJECT_DENIED :
						INJECT_FAILED,
	    "%s: %s", what, strerror(errno));
}

/* ---- registers -------------------------------------------------------------------- */

static bool
get_regs(int32_t tid, struct user_regs_struct *regs)
{
	struct iovec io = { regs, sizeof *regs };

	return ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) == 0 &&
	    io.iov_len == sizeof *regs && regs->cs == CS_64;
}

static bool
set_regs(int32_t tid, const struct user_regs_struct *regs)
{
	struct iovec io = { (void *)(uintptr_t)regs, sizeof *regs };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &io) == 0;
}

/* As the kernel would have them, had it been asked to start over without a
 * handler and to answer EINTR with one: see unwind/stop.c. */
static struct user_regs_struct
natural(struct user_regs_struct regs)
{
	if (regs.rax == (uint64_t)-EINTR &&
	    call_again((int64_t)regs.orig_rax))
		regs.rax = (uint64_t)-ERESTARTNOHAND;
	return regs;
}

/* At once, so that whoever lets it go, the kernel included when we are killed,
 * lets it go as if nothing had happened. */
static void
make_natural(const struct injector *j, const struct user_regs_struct *is)
{
	struct user_regs_struct regs = natural(*is);

	if (regs.rax != is->rax)
		ptrace(PTRACE_POKEUSER, j->tid,
		    (void *)offsetof(struct user, regs.rax),
		    (void *)(uintptr_t)regs.rax);
}

/* What the kernel would do on the way out of the stop, in registers: back to
 * the system call instruction, to call again or to go on waiting. */
static void
where_to_return(const struct user_regs_struct *regs, uint64_t *rip,
    uint64_t *rax)
{
	*rip = regs->rip - 2;
	*rax = (int64_t)regs->rax == -ERESTART_RESTARTBLOCK ?
	    (uint64_t)SYS_restart_syscall :
	    regs->orig_rax;
}

/* ---- the stop ---------------------------------------------------------------------- */

static void
go_first(bool yes)
{
	struct sched_param p = { .sched_priority = yes ? 1 : 0 };

	sched_setscheduler(0, yes ? SCHED_FIFO : SCHED_OTHER, &p);
}

/* The status of a stop, or -1: told. */
static int
wait_stop(struct injector *j, uint64_t timeout)
{
	struct timespec pause = { 0, PAUSE_NS };
	uint64_t begin = now(), at = begin;
	int status, got;

	for (;; at = now()) {
		got = stop_look(j->tid, &status);
		if (got < 0 && errno != EINTR) {
			failed(j, "waitpid");
			return -1;
		}
		if (got > 0 && !WIFSTOPPED(status)) {
			told(j, INJECT_GONE, "it has ended");
			return -1;
		}
		if (got > 0) {
			j->stopped = now();
			return status;
		}
		j->since = at;
		if (at - begin > timeout) {
			told(j, INJECT_LATE, "it did not stop");
			return -1;
		}
		nanosleep(&pause, NULL);
	}
}

/* Stopped by what we asked for and nothing else: true. */
static bool
is_ours(struct injector *j, int status)
{
	int sig = WSTOPSIG(status);

	if (status >> 16 == 0) {
		/* At once, and back with it: if we were killed now it would be
		 * lost. */
		ptrace(PTRACE_DETACH, j->tid, NULL, (void *)(intptr_t)sig);
		told(j, INJECT_SIGNAL, "signal %d came", sig);
		return false;
	}
	if (sig == SIGTRAP)
		return true;
	ptrace(PTRACE_DETACH, j->tid, NULL, NULL);
	told(j, INJECT_STOPPED, "it is stopped by signal %d", sig);
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
static bool
wait_turn(struct injector *j)
{
	struct timespec pause = { 0, 2 * PAUSE_NS };
	uint64_t end = now() + TURN_NS;
	struct task_call call;

	while (task_call_again(j->call_fd, &call)) {
		if (!call.running && is_safe_number(j, call.number, call.pc))
			return true;
		if (now() > end) {
			told(j, INJECT_ELSEWHERE,
			    "it did not come back to its call");
			return false;
		}
		nanosleep(&pause, NULL);
	}
	told(j, INJECT_GONE, "it has ended");
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
		told(j, INJECT_ELSEWHERE, "it was not waiting any more");
		return false;
	}
	if (!site_read(j->site, r->rip - 2, code, 2) || code[0] != 0x0f ||
	    code[1] != 0x05) {
		told(j, INJECT_REFUSED,
		    "it did not come into its call by syscall");
		return false;
	}
	return true;
}

static uint64_t
mask_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? strtoull(at + strlen(key), NULL, 16) : 0;
}

/* No signal that it will handle as soon as it goes on, and no filter that
 * would mind what it is made to do. */
static bool
is_free(struct injector *j)
{
	char text[4096], why[200];
	ssize_t n = pread(j->status_fd, text, sizeof text - 1, 0);

	if (n <= 0) {
		told(j, INJECT_GONE, "it has ended");
		return false;
	}
	text[n] = '\0';
	if (((mask_of(text, "\nSigPnd:\t") | mask_of(text, "\nShdPnd:\t")) &
		~mask_of(text, "\nSigBlk:\t")) != 0) {
		told(j, INJECT_SIGNAL, "a signal is on its way");
		return false;
	}
	if (mask_of(text, "\nSeccomp:\t") == SECCOMP_MODE_DISABLED ||
	    filter_allows(j->tid, j->call->purpose, why, sizeof why))
		return true;
	told(j, INJECT_FILTER, "%s", why);
	return false;
}

static bool
is_safe(struct injector *j)
{
	char why[200] = "";

	if (!get_regs(j->tid, &j->at.regs)) {
		told(j, INJECT_REFUSED, "it runs 32-bit code");
		return false;
	}
	make_natural(j, &j->at.regs);
	fault_point();
	if (!is_safe_call(j) || !is_free(j))
		return false;
	if (vet_room(j->vet, j->tid, &j->at.regs, why, sizeof why) &&
	    vet_stack(j->vet, j->tid, &j->at, why, sizeof why))
		return true;
	told(j, INJECT_REFUSED, "%s", why);
	return false;
}

/* ---- the commit ------------------------------------------------------------------------ */

static struct stub_data *
data_of(const struct injector *j)
{
	return (struct stub_data *)(void *)(j->image +
	    (stub_registers - stub_begin));
}

static void
fill_registers(struct injector *j)
{
	const struct user_regs_struct *r = &j->at.regs;
	struct stub_data *d = data_of(j);
	uint64_t rip, rax;

	where_to_return(r, &rip, &rax);
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
		failed(j, "its memory could not be written");
		return false;
	}
	regs.rip = j->site->code.address +
	    (uint64_t)(stub_entry - stub_begin);
	regs.rdi = scratch;
	regs.orig_rax = UINT64_MAX;
	j->sent = regs;
	fault_point();
	if (!set_regs(j->tid, &regs)) {
		failed(j, "PTRACE_SETREGSET");
		return false;
	}
	j->report->result = INJECT_COMMITTED;
	fault_point();
	return true;
}

/* ---- after it ------------------------------------------------------------------------------ */

static bool
is_handled(const struct injector *j, int sig)
{
	char text[4096];
	ssize_t n = pread(j->status_fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return (mask_of(text, "\nSigCgt:\t") >> (sig - 1) & 1) != 0;
}

/* What a handler that runs in the middle of the stub makes of the call: some
 * it ends with EINTR whatever SA_RESTART says, others if that says so. */
static void
ended_by(struct injector *j, int sig)
{
	const struct user_regs_struct *r = &j->at.regs;
	struct stub_data *d = data_of(j);

	switch (-(int64_t)r->rax) {
	case EINTR:
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		d->rip = d->rip_ended;
		d->rax = d->rax_ended;
		break;
	case ERESTARTSYS:
		d->signal = (uint64_t)sig;
		break;
	default:
		return;
	}
	site_write(j->site, j->site->code.address, j->image, j->image_len);
}

/* It has left, and has not made its call again: all else is as it was. */
static bool
is_about_to_call(const struct injector *j, const struct user_regs_struct *regs)
{
	struct user_regs_struct want = j->at.regs;

	where_to_return(&j->at.regs, (uint64_t *)&want.rip,
	    (uint64_t *)&want.rax);
	want.orig_rax = regs->orig_rax;
	return memcmp(&want, regs, sizeof want) == 0;
}

/*
 * It stopped on its way. A signal's handler that runs now would run before
 * the call is made again, and a program that looks at a flag only when the
 * call fails with EINTR would not see that it came. So it gets its EINTR:
 * at the entry and at the end of the stub by being put back to where it was,
 * in between by what the stub leaves with.
 */
static void
on_stop(struct injector *j, int status, bool left)
{
	static const uint32_t yes = 1;
	const struct site *s = j->site;
	int sig = status >> 16 == 0 ? WSTOPSIG(status) : 0;
	struct user_regs_struct regs, back = natural(j->at.regs);
	uint64_t at;

	if (!get_regs(j->tid, &regs)) {
		failed(j, "PTRACE_GETREGSET");
		return;
	}
	at = regs.rip - s->code.address;
	if (left && is_about_to_call(j, &regs)) {
		set_regs(j->tid, &back);
	} else if (regs.rip == j->sent.rip) {
		set_regs(j->tid, &back);
		told(j, sig != 0 ? INJECT_SIGNAL : INJECT_STOPPED,
		    "signal %d came", WSTOPSIG(status));
	} else if (at < j->image_len &&
	    (left || at >= (uint64_t)(stub_decide - stub_begin))) {
		/* As it will not get there any more; the next attach waits for
		 * that word. */
		site_write(s, s->status.address + STUB_LEFT, &yes, sizeof yes);
		set_regs(j->tid, &back);
		j->report->result = INJECT_LEFT;
	} else {
		if (!left && sig != 0 && is_handled(j, sig))
			ended_by(j, sig);
		/* Some call or other, of the stub's or a later one. */
		make_natural(j, &regs);
	}
	ptrace(PTRACE_DETACH, j->tid, NULL, (void *)(intptr_t)sig);
}

/* A thread that has left the stub is in its call again, or was, for all that
 * can be told. Until then a signal may still come before the call. */
static bool
is_back(struct injector *j, uint64_t *left_at)
{
	struct task_call call;
	uint64_t at = now();

	j->report->result = INJECT_LEFT;
	if (*left_at == 0)
		j->report->away_ns = (*left_at = at) - j->since;
	return at - *left_at > BACK_NS ||
	    !task_call_again(j->call_fd, &call) ||
	    (!call.running && call.pc == j->at.regs.rip);
}

/*
 * Stays until the thread has left the stub and is in its call again, or a
 * while. Then it ends, and the kernel lets go of the thread as it is: a second
 * stop would make it start its call over, and a signal in between those two
 * instants ends none. A stop that begins meanwhile has not been waited for,
 * so its signal is not lost.
 */
static void
watch(struct injector *j)
{
	struct timespec pause = { 0, PAUSE_NS };
	uint64_t end = now() + WATCH_NS, left_at = 0;
	struct stub_status s = { 0 };
	int status, got;

	for (;;) {
		got = stop_look(j->tid, &status);
		if (!site_status(j->site, &s) ||
		    (got < 0 && errno != EINTR) ||
		    (got > 0 && !WIFSTOPPED(status))) {
			told(j, INJECT_GONE, "it has ended");
			return;
		}
		if (got > 0) {
			on_stop(j, status, s.left != 0);
			return;
		}
		if (s.left ? is_back(j, &left_at) : now() > end)
			return;
		nanosleep(&pause, NULL);
	}
}

/* ---- the process that does it -------------------------------------------------------------- */

static void
try(struct injector *j)
{
	int status;

	if (!wait_turn(j))
		return;
	if (ptrace(PTRACE_SEIZE, j->tid, NULL, NULL) < 0) {
		failed(j, "PTRACE_SEIZE");
		return;
	}
	fault_point();
	j->since = now();
	if (ptrace(PTRACE_INTERRUPT, j->tid, NULL, NULL) < 0) {
		failed(j, "PTRACE_INTERRUPT");
		return;
	}
	fault_point(); /* the one at which a call may end with EINTR */
	status = wait_stop(j, j->call->deadline_ns);
	if (status < 0 || !is_ours(j, status))
		return;
	if (!is_safe(j) || !commit(j)) {
		ptrace(PTRACE_DETACH, j->tid, NULL, NULL);
		j->report->stopped_ns = now() - j->since;
		return;
	}
	ptrace(PTRACE_CONT, j->tid, NULL, NULL);
	j->report->stopped_ns = now() - j->since;
	fault_point();
	watch(j);
	if (j->report->away_ns == 0)
		j->report->away_ns = now() - j->since;
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
	d = data_of(j);
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
