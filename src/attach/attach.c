/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/attach.h"
#include "abi/arm.h"
#include "attach/fault.h"
#include "attach/inject.h"
#include "attach/tasks.h"
#include "base/buf.h"
#include "base/escape.h"
#include "proc/process.h"
#include "unwind/calls.h"
#include "unwind/denial.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

/* How long a safe point is looked for if nobody says. */
#define WAIT_NS (2000 * MS)

/* How long the thread that loads may take; it may have to wait for a lock of
 * the loader's that another thread holds. It does its work later, too. */
#define LOAD_NS (10000 * MS)

/* For the threads to be out of the stub. Nothing depends on it. */
#define LEAVE_NS (200 * MS)

struct work {
	int32_t pid;
	struct process process;
	struct site site;
	struct vet *vet;
	struct inject_call call;
	struct inject_report report;
	struct attach_outcome *out;
	uint64_t begin, end; /* of looking for a safe point */
	unsigned random;
	uint64_t ran; /* of a thread that may be in the stub */
	char why[300]; /* the last reason that there was none */
	int32_t tracer; /* who had the thread at the last try, or 0 */
};

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

static void
pause_for(uint64_t ns)
{
	struct timespec t = { (time_t)(ns / (1000 * MS)),
		(long)(ns % (1000 * MS)) };

	nanosleep(&t, NULL);
}

/* ---- one at a time ------------------------------------------------------------ */

/* Held on the process's own folder, by whoever attaches or detaches, for as
 * long as code of his may be in the caves. */
static int
lock(int32_t pid, struct err *e)
{
	char path[32];
	int fd;

	snprintf(path, sizeof path, "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_GONE, "there is no process %d", pid);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return err_set(e, ERR_FAILED,
	    "another ullage is attaching to process %d or detaching from it; "
	    "try again when it has ended",
	    pid);
}

/* ---- a place and a thread ---------------------------------------------------------- */

static void
close_site(struct work *w)
{
	vet_free(w->vet);
	w->vet = NULL;
	site_close(&w->site);
	w->site = SITE_NONE;
}

static int
open_site(struct work *w, struct err *e)
{
	struct site *s = &w->site;
	const char *whose;

	if (site_open(s, w->pid, e) < 0)
		return e->status == ERR_DENIED ?
		    denial_forbidden(&w->process, e) :
		    -1;
	site_find(s);
	if (!site_is_there(s)) {
		snprintf(w->why, sizeof w->why, "it executes other programs");
		return 0;
	}
	if (!s->libc_known || s->libc_minor < 0 || s->missing != NULL)
		return err_set(e, ERR_FAILED,
		    "process %d has no C library that an agent can be loaded "
		    "with; ullage check %d says more",
		    w->pid, w->pid);
	if (s->code.room == 0 || s->status.room == 0)
		return err_set(e, ERR_FAILED,
		    "the C library of process %d leaves no room for the code "
		    "that loads an agent",
		    w->pid);
	w->vet = vet_new(s, e);
	if (w->vet == NULL)
		return -1;
	w->call.glibc_malloc = vet_glibc_malloc(w->vet, &whose);
	return 0;
}

/* True if code was put into the target. */
static bool
was_sent(const struct work *w)
{
	return w->report.result == INJECT_LEFT ||
	    w->report.result == INJECT_COMMITTED;
}

static int
explain(struct work *w, struct err *e)
{
	int32_t tracer;

	switch (w->report.result) {
	case INJECT_DENIED:
		/* Its memory could be opened for writing, so it is a tracer's
		 * doing, who came since the preflight; often for a short look
		 * only, as ours are. */
		tracer = denial_tracer(w->report.tid);
		if (tracer != 0)
			w->tracer = tracer;
		snprintf(w->why, sizeof w->why, "it is being traced");
		return 0;
	case INJECT_FILTER:
		return err_set(e, ERR_FAILED,
		    "process %d is under seccomp: %s, so no agent can work in "
		    "there; what needs no agent works (ullage memory, limits, "
		    "fds, stack)",
		    w->pid, w->report.why);
	case INJECT_FAILED:
		return err_set(e, ERR_FAILED, "cannot attach to process %d: %s",
		    w->pid, w->report.why);
	default:
		return 0;
	}
}

/* One try. 1: sent, 0: not now, -1: never. */
static int
try_thread(struct work *w, int32_t tid, const struct task_call *call,
    struct err *e)
{
	if (!call->running)
		vet_rehearse(w->vet, tid, call->sp, call->pc);
	w->out->tries++;
	w->tracer = 0;
	w->call.deadline_ns = WAIT_NS;
	if (inject(&w->site, w->vet, tid, &w->call, &w->report, e) < 0)
		return -1;
	if (was_sent(w))
		return 1;
	if (w->report.why[0] != '\0')
		snprintf(w->why, sizeof w->why, "thread %d: %s", tid,
		    w->report.why);
	return explain(w, e);
}

/* TASK_UNSAFE: those that run, and may soon wait. */
static bool
is_candidate(const struct work *w, int32_t tid, enum task_safety least,
    struct task_call *call)
{
	char state = task_state(w->pid, tid);

	if (!task_call_read(w->pid, tid, call))
		return false;
	if (least == TASK_UNSAFE)
		return state == 'R' && call->running;
	return state == 'S' && !call->running &&
	    task_safety(site_call_number(&w->site, call->number, call->pc)) ==
		least;
}

/* The same for all threads: those in calls of an event loop first. */
static int
try_threads(struct work *w, struct err *e)
{
	struct task_call call;
	int32_t *tids;
	size_t n;
	int rc = 0;

	if (task_list(w->pid, &tids, &n) < 0)
		return err_set(e, ERR_GONE, "process %d has ended", w->pid);
	for (int least = TASK_SAFE; least >= TASK_UNSAFE && rc == 0; least--) {
		if (least == TASK_SAFE_WITH_GLIBC && !w->call.glibc_malloc)
			continue;
		for (size_t i = 0; i < n && rc == 0; i++)
			if (is_candidate(w, tids[i], least, &call))
				rc = try_thread(w, tids[i], &call, e);
	}
	free(tids);
	return rc;
}

/* A round: everything is looked at anew, as it may have changed. */
static int
try_once(struct work *w, struct err *e)
{
	struct process p;
	int rc;

	if (process_read(w->pid, &p, e) < 0 ||
	    p.start_ticks != w->process.start_ticks)
		return err_set(e, ERR_GONE, "process %d has ended", w->pid);
	if (p.state == 'T') {
		snprintf(w->why, sizeof w->why, "it is stopped");
		return 0;
	}
	if (open_site(w, e) < 0)
		return -1;
	if (w->vet == NULL)
		return 0;
	if (site_is_free(&w->site, &w->ran, e) < 0) {
		snprintf(w->why, sizeof w->why, "%.250s", e->text);
		return 0;
	}
	fault_point();
	rc = try_threads(w, e);
	return rc;
}

static int
explain_none(const struct work *w, struct err *e)
{
	char where[200];

	if (w->tracer != 0)
		return denial_traced(&w->process, w->tracer, e);
	if (w->why[0] == '\0')
		task_summary(w->pid, where, sizeof where);
	return err_set(e, ERR_FAILED,
	    "no thread of process %d came to a point where it could be "
	    "stopped safely (%s); try --wait, or start the program with "
	    "ullage run",
	    w->pid, w->why[0] != '\0' ? w->why : where);
}

static int
hijack(struct work *w, struct err *e)
{
	uint64_t pause = MS;
	int rc;

	while ((rc = try_once(w, e)) == 0) {
		close_site(w);
		if (now() >= w->end)
			return explain_none(w, e);
		pause_for(pause + (uint64_t)rand_r(&w->random) % (5 * MS));
		if (pause < 50 * MS)
			pause *= 2;
	}
	return rc < 0 ? -1 : 0;
}

/* ---- what came of it ----------------------------------------------------------------- */

static int
explain_created(const struct work *w, uint32_t error, struct err *e)
{
	return err_set(e, ERR_FAILED,
	    "process %d could not start the thread that loads the agent: %s; "
	    "its limits (ullage limits %d nproc as) or its cgroup may forbid "
	    "it",
	    w->pid, strerror((int)error), w->pid);
}

static int
explain_load(const struct work *w, struct err *e)
{
	struct buf text = BUF_INIT;
	char raw[512] = "";
	size_t room = w->site.status.room - STUB_TEXT;

	if (room > sizeof raw)
		room = sizeof raw;
	if (site_read(&w->site, w->site.status.address + STUB_TEXT, raw, room))
		raw[room - 1] = '\0';
	escape_terminal(&text, raw, strlen(raw));
	err_set(e, ERR_FAILED, "process %d could not load %s: %s", w->pid,
	    w->call.path, buf_text(&text));
	buf_free(&text);
	return -1;
}

static int
wait_worker(struct work *w, struct err *e)
{
	uint64_t end = now() + LOAD_NS;
	struct stub_status s;

	for (;;) {
		if (!site_status(&w->site, &s))
			return err_set(e, ERR_GONE,
			    "process %d ended meanwhile", w->pid);
		if (s.left && s.created != 0)
			return explain_created(w, s.created, e);
		if (s.stage == STAGE_NO_LOAD)
			return explain_load(w, e);
		if (s.stage == STAGE_DONE) {
			w->out->answer = s.result;
			return 0;
		}
		if (now() > end)
			return err_set(e, ERR_FAILED,
			    "the thread that loads the agent into process %d "
			    "is still at it (%s); it will go on by itself",
			    w->pid,
			    s.stage == STAGE_CALLING ? "the agent starts" :
				s.stage == STAGE_LOADING ?
						       "it waits for the "
						       "loader" :
						       "it has not begun");
		pause_for(MS / 5);
	}
}

/* When both threads are out, nothing of ours stays in the caves. */
static void
clear(struct work *w)
{
	uint64_t end = now() + LEAVE_NS;
	static const uint8_t zero[4096];
	struct err ignored;

	w->ran = 0;
	while (site_is_free(&w->site, &w->ran, &ignored) < 0) {
		if (now() > end)
			return;
		pause_for(MS / 5);
	}
	site_write(&w->site, w->site.code.address, zero, w->site.code.room);
	site_write(&w->site, w->site.status.address, zero,
	    w->site.status.room);
}

static void
note(struct work *w)
{
	w->out->tid = w->report.tid;
	w->out->call = call_name(w->report.number);
	w->out->stopped_ns = w->report.stopped_ns;
	w->out->away_ns = w->report.away_ns;
}

static int
run_in(struct work *w, struct err *e)
{
	int fd = lock(w->pid, e), rc;

	if (fd < 0)
		return -1;
	fault_init();
	fault_point();
	rc = hijack(w, e);
	w->out->found_ns = now() - w->begin;
	if (rc == 0) {
		note(w);
		fault_point();
		rc = wait_worker(w, e);
		fault_point();
		clear(w);
		fault_point();
	}
	w->out->total_ns = now() - w->begin;
	close_site(w);
	close(fd);
	return rc;
}

static int
begin(struct work *w, int32_t pid, uint64_t wait_ns,
    struct attach_outcome *out, struct err *e)
{
	memset(w, 0, sizeof *w);
	memset(out, 0, sizeof *out);
	w->site = SITE_NONE;
	w->pid = pid;
	w->out = out;
	w->begin = now();
	w->end = w->begin + (wait_ns != 0 ? wait_ns : WAIT_NS);
	w->random = (unsigned)w->begin;
	return process_read(pid, &w->process, e);
}

/* ---- the two errands ------------------------------------------------------------------ */

static const char *const sentences[] = {
#define X(name, text) text,
	ULL_ARM_RESULTS(X)
#undef X
};

/* Zero, or one of two that are as good: the rest is an error. */
static int
judge(const struct work *w, int good, int also, struct err *e)
{
	int answer = w->out->answer;

	w->out->said = answer >= 0 && answer < ULL_ARM_RESULT_COUNT ?
	    sentences[answer] :
	    "it gave an answer that this version does not know";
	if (answer == ULL_ARM_OK || answer == good || answer == also)
		return 0;
	return err_set(e, ERR_FAILED, "the agent in process %d: %s", w->pid,
	    w->out->said);
}

static void
fill_arm(struct ull_arm *arm, const struct attach_want *want)
{
	memset(arm, 0, sizeof *arm);
	arm->size = sizeof *arm;
	arm->abi = ULL_ARM_ABI;
	arm->interval = want->interval;
	arm->trim = want->trim;
	arm->memory_limit = want->memory_limit;
	arm->lease = want->lease_ns;
	arm->flags = ULL_ARM_OWN_FILES | ULL_ARM_FILTER_OK;
	arm->follow = want->follow == ATTACH_FOLLOW_NONE ? ULL_FOLLOW_NONE :
	    want->follow == ATTACH_FOLLOW_FORK		 ? ULL_FOLLOW_FORK :
							   ULL_FOLLOW_ALL;
	if (want->dir != NULL)
		snprintf(arm->dir, sizeof arm->dir, "%s", want->dir);
}

int
attach_arm(int32_t pid, const char *path, const struct attach_want *want,
    struct attach_outcome *out, struct err *e)
{
	struct work w;
	struct ull_arm arm;

	if (begin(&w, pid, want->wait_ns, out, e) < 0)
		return -1;
	fill_arm(&arm, want);
	w.call = (struct inject_call){
		.path = path,
		.function = "ullage_arm",
		.flags = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE,
		.argument = &arm,
		.argument_len = sizeof arm,
		.purpose = FILTER_ATTACH,
	};
	if (run_in(&w, e) < 0)
		return -1;
	return judge(&w, ULL_ARM_ALREADY, ULL_ARM_OK, e);
}

int
attach_disarm(int32_t pid, const char *path, uint64_t wait_ns,
    struct attach_outcome *out, struct err *e)
{
	struct work w;

	if (begin(&w, pid, wait_ns, out, e) < 0)
		return -1;
	w.call = (struct inject_call){
		.path = path,
		.function = "ullage_disarm",
		.flags = RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD,
		.purpose = FILTER_DETACH,
	};
	if (run_in(&w, e) < 0)
		return -1;
	if (out->answer == ULL_ARM_DORMANT) {
		judge(&w, ULL_ARM_DORMANT, ULL_ARM_OK, e);
		return 0;
	}
	return judge(&w, ULL_ARM_KEPT, ULL_ARM_INSIDE, e);
}
