/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/injector.h"
#include "attach/tasks.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a thread that was sent is watched. Longer than it takes by far,
 * unless it gets no CPU or somebody holds a lock that pthread_create needs:
 * a signal that comes after that and before it is out ends no call. */
#define WATCH_NS (2000 * MS)

/* And after that until it is seen in its call. A busy one gets there, and out
 * again, between two looks. */
#define BACK_NS (100 * MS)

static bool
is_handled(const struct injector *j, int sig)
{
	char text[4096];
	ssize_t n = pread(j->status_fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return (injector_mask(text, "\nSigCgt:\t") >> (sig - 1) & 1) != 0;
}

/* What a handler that runs in the middle of the stub makes of the call: some
 * it ends with EINTR whatever SA_RESTART says, others if that says so. */
static void
ended_by(struct injector *j, int sig)
{
	const struct user_regs_struct *r = &j->at.regs;
	struct stub_data *d = injector_data(j);

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

	injector_where_to_return(&j->at.regs, (uint64_t *)&want.rip,
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
	struct user_regs_struct regs, back = injector_natural(j->at.regs);
	uint64_t at;

	if (!injector_get_regs(j->tid, &regs)) {
		injector_failed(j, "PTRACE_GETREGSET");
		return;
	}
	at = regs.rip - s->code.address;
	if (left && is_about_to_call(j, &regs)) {
		injector_set_regs(j->tid, &back);
	} else if (regs.rip == j->sent.rip) {
		injector_set_regs(j->tid, &back);
		injector_told(j, sig != 0 ? INJECT_SIGNAL : INJECT_STOPPED,
		    "signal %d came", WSTOPSIG(status));
	} else if (at < j->image_len &&
	    (left || at >= (uint64_t)(stub_decide - stub_begin))) {
		/* As it will not get there any more; the next attach waits for
		 * that word. */
		site_write(s, s->status.address + STUB_LEFT, &yes, sizeof yes);
		injector_set_regs(j->tid, &back);
		j->report->result = INJECT_LEFT;
	} else {
		if (!left && sig != 0 && is_handled(j, sig))
			ended_by(j, sig);
		/* Some call or other, of the stub's or a later one. */
		injector_make_natural(j, &regs);
	}
	ptrace(PTRACE_DETACH, j->tid, NULL, (void *)(intptr_t)sig);
}

/* A thread that has left the stub is in its call again, or was, for all that
 * can be told. Until then a signal may still come before the call. */
static bool
is_back(struct injector *j, uint64_t *left_at)
{
	struct task_call call;
	uint64_t at = injector_now();

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
void
injector_watch(struct injector *j)
{
	struct timespec pause = { 0, PAUSE_NS };
	uint64_t end = injector_now() + WATCH_NS, left_at = 0;
	struct stub_status s = { 0 };
	int status, got;

	for (;;) {
		got = stop_look(j->tid, &status);
		if (!site_status(j->site, &s) ||
		    (got < 0 && errno != EINTR) ||
		    (got > 0 && !WIFSTOPPED(status))) {
			injector_told(j, INJECT_GONE, "it has ended");
			return;
		}
		if (got > 0) {
			on_stop(j, status, s.left != 0);
			return;
		}
		if (s.left ? is_back(j, &left_at) : injector_now() > end)
			return;
		nanosleep(&pause, NULL);
	}
}
