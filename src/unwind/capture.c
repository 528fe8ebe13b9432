/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/capture.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

/*
 * A thread comes to its stop within microseconds unless the machine is
 * overloaded. Where one did not, the others get less, because it may stop
 * while they are waited for. All of them together get no longer than that.
 */
#define STOP_TIMEOUT_NS (500 * MS)
#define NEXT_TIMEOUT_NS (20 * MS)
#define TOTAL_NS(n) (5000 * MS + (n) * 2 * MS)

/* How long threads in uninterruptible wait (disk, vfork) are looked at again. */
#define BUSY_NS (50 * MS)

/* Without any progress for so long the process that stops is stuck itself: a
 * stack may lie on a page that its owner never delivers. */
#define STUCK_MS 3000

struct shared {
	_Atomic uint64_t progress; /* threads looked at */
	struct capture_slot slots[];
};

/* What the process that stops works with. */
struct worker {
	pid_t pid, parent;
	const struct maps *maps;
	struct shared *shared;
	size_t n;
	uint8_t *arena;
	uint64_t used;
	uint8_t *scratch; /* twice room bytes, all pages present */
	size_t room;
	uint64_t end;	  /* when to give up */
	uint64_t timeout; /* for one thread */
};

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

/* ---- what /proc tells of a thread ----------------------------------------------- */

/* Length of the text, NUL-terminated; 0 if there is none. */
static size_t
read_text(const struct worker *w, pid_t tid, const char *what, char *text,
    size_t size)
{
	char path[80];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/task/%d/%s", w->pid, tid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, size - 1) : 0;
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* Name and state; false if the thread has ended. */
static bool
look(const struct worker *w, struct capture_slot *s)
{
	char text[1024], *name, *end;

	s->state = '?';
	if (read_text(w, s->tid, "stat", text, sizeof text) == 0 ||
	    (name = strchr(text, '(')) == NULL ||
	    (end = strrchr(text, ')')) == NULL || end < name ||
	    end[1] == '\0')
		return false;
	*end = '\0';
	snprintf(s->name, sizeof s->name, "%s", name + 1);
	s->state = end[2];
	return s->state != 'Z' && s->state != 'X';
}

static void
look_wait(const struct worker *w, struct capture_slot *s)
{
	if (read_text(w, s->tid, "wchan", s->wait, sizeof s->wait) == 0 ||
	    strcmp(s->wait, "0") == 0)
		s->wait[0] = '\0';
}

/* EPERM has three reasons: it is ending, another traces it, or no right. */
static void
explain_denied(const struct worker *w, struct capture_slot *s)
{
	struct capture_slot again = *s;
	char text[4096], *line;

	if (!look(w, &again)) {
		s->stopped.result = STOP_GONE;
		return;
	}
	read_text(w, s->tid, "status", text, sizeof text);
	line = strstr(text, "\nTracerPid:");
	s->tracer = line != NULL ? atoi(line + 11) : 0;
}

/* ---- the process that stops --------------------------------------------------------- */

/*
 * While a thread stands still nobody shall come between. Only for those
 * microseconds; without the right to it they may become milliseconds on a
 * busy machine.
 */
static void
go_first(bool yes)
{
	struct sched_param p = { .sched_priority = yes ? 1 : 0 };

	sched_setscheduler(0, yes ? SCHED_FIFO : SCHED_OTHER, &p);
}

static void
take(struct worker *w, struct capture_slot *s)
{
	if (now() > w->end)
		return;
	if (!look(w, s)) {
		s->stopped.result = STOP_GONE;
		return;
	}
	look_wait(w, s);
	/* Interrupting would not stop it, only wake it later for nothing. */
	if (s->state == 'D') {
		s->stopped.result = STOP_BUSY;
		return;
	}
	go_first(true);
	stop_thread(s->tid, w->maps, w->scratch, w->room, w->timeout,
	    &s->stopped);
	go_first(false);
	if (s->stopped.result == STOP_TIMEOUT)
		w->timeout = NEXT_TIMEOUT_NS;
	if (w->timeout == NEXT_TIMEOUT_NS)
		stop_late();
	if (s->stopped.result == STOP_DENIED)
		explain_denied(w, s);
	if (s->stopped.result != STOP_DONE)
		return;
	s->stack = w->used;
	memcpy(w->arena + w->used, w->scratch, s->stopped.stack_len);
	w->used += s->stopped.stack_len;
	memcpy(w->arena + w->used, w->scratch + w->room, s->stopped.also_len);
	w->used += s->stopped.also_len;
}

static void
take_all(struct worker *w, enum stop_result which)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->shared->slots[i].stopped.result != which)
			continue;
		if (getppid() != w->parent)
			_exit(1);
		take(w, &w->shared->slots[i]);
		atomic_fetch_add(&w->shared->progress, 1);
	}
}

static bool
any_busy(const struct worker *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->shared->slots[i].stopped.result == STOP_BUSY)
			return true;
	return false;
}

static void
work(struct worker *w)
{
	struct timespec pause = { 0, 2 * MS };
	uint64_t busy_end;

	/* A pipe that ullage writes to must not stay open because of us. */
	close_range(0, ~0u, 0);
	setsid();
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	memset(w->scratch, 1, 2 * w->room);
	w->end = now() + TOTAL_NS(w->n);
	w->timeout = STOP_TIMEOUT_NS;
	take_all(w, STOP_NEVER);
	busy_end = now() + BUSY_NS;
	while (any_busy(w) && now() < busy_end) {
		nanosleep(&pause, NULL);
		take_all(w, STOP_BUSY);
	}
	stop_late();
	_exit(0);
}

/* ---- the one that waits for it ------------------------------------------------------- */

static int
wait_worker(pid_t child, struct shared *shared, struct err *e)
{
	struct pollfd p = { (int)syscall(SYS_pidfd_open, child, 0), POLLIN, 0 };
	uint64_t before = 0, progress;
	int status, rc = 0;

	while (p.fd >= 0 && poll(&p, 1, STUCK_MS) == 0) {
		progress = atomic_load(&shared->progress);
		if (progress == before) {
			kill(child, SIGKILL);
			rc = err_set(e, ERR_FAILED,
			    "a thread's stack could not be read within %d s; "
			    "its memory does not answer",
			    STUCK_MS / 1000);
			break;
		}
		before = progress;
	}
	if (p.fd >= 0)
		close(p.fd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		rc = err_set(e, ERR_FAILED,
		    "the process that copies the stacks was ended from "
		    "outside; try again");
	return rc;
}

static void *
share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

static struct capture *
capture_new(size_t n, size_t room)
{
	struct capture *c = xcalloc(1, sizeof *c);

	c->n = n;
	c->slots_size = sizeof(struct shared) + n * sizeof *c->slots;
	c->arena_size = n * 2 * room + 1;
	return c;
}

/* Blocks all signals on both sides of the fork, so that none is taken by the
 * child before it has closed itself off. */
static pid_t
fork_worker(struct worker *w)
{
	sigset_t all, old;
	pid_t child;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	child = fork();
	if (child == 0)
		work(w);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return child;
}

struct capture *
capture_take(pid_t pid, const struct capture_wish *wishes, size_t n,
    const struct maps *maps, size_t room, struct err *e)
{
	struct capture *c = capture_new(n, room);
	struct worker w = { .pid = pid, .parent = getpid(), .maps = maps,
		.n = n, .room = room };
	pid_t child;

	w.shared = share(c->slots_size);
	w.arena = c->arena = share(c->arena_size);
	if (w.shared == NULL || w.arena == NULL) {
		err_errno(e, "cannot set memory aside for %zu stacks", n);
		goto fail;
	}
	c->slots = w.shared->slots;
	w.scratch = xmalloc(2 * room);
	for (size_t i = 0; i < n; i++) {
		c->slots[i].tid = wishes[i].tid;
		c->slots[i].stopped.also = wishes[i].also;
	}
	child = fork_worker(&w);
	free(w.scratch);
	if (child < 0) {
		err_errno(e, "cannot start a process to copy the stacks");
		goto fail;
	}
	if (wait_worker(child, w.shared, e) == 0)
		return c;
fail:
	if (w.shared != NULL && c->slots == NULL)
		munmap(w.shared, c->slots_size);
	capture_free(c);
	return NULL;
}

void
capture_free(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->slots != NULL)
		munmap((char *)c->slots - offsetof(struct shared, slots),
		    c->slots_size);
	if (c->arena != NULL)
		munmap(c->arena, c->arena_size);
	free(c);
}

const uint8_t *
capture_stack(const struct capture *c, size_t slot)
{
	return c->arena + c->slots[slot].stack;
}
