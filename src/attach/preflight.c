/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/preflight.h"
#include "attach/site.h"
#include "attach/look.h"
#include "attach/place.h"
#include "attach/tasks.h"
#include "base/buf.h"
#include "base/escape.h"
#include "proc/process.h"
#include "proc/status.h"
#include "unwind/denial.h"

#include <cpuid.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Inode of the first pid namespace of a machine: PROC_PID_INIT_INO. */
#define FIRST_PID_NAMESPACE UINT64_C(0xeffffffc)

void
look_say(struct look *l, const char *what, enum finding_met met,
    const char *fmt, ...)
{
	struct preflight *p = l->out;
	struct buf safe = BUF_INIT;
	struct finding *f;
	char text[400];
	va_list ap;

	if (p->n == FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	escape_terminal(&safe, text, strlen(text));
	f = &p->list[p->n++];
	f->what = what;
	f->met = met;
	f->status = ERR_FAILED;
	snprintf(f->text, sizeof f->text, "%s", buf_text(&safe));
	buf_free(&safe);
}

static void
deny(struct look *l, const char *what, const struct err *e)
{
	look_say(l, what, FINDING_NOT, "%s", e->text);
	l->out->list[l->out->n - 1].status = e->status;
}

/* ---- who it is ------------------------------------------------------------------ */

static bool
check_state(struct look *l)
{
	struct status st;
	struct err ignored;

	if (l->pid == getpid())
		look_say(l, "process", FINDING_NOT, "that is ullage itself");
	else if (l->pid == 1 &&
	    process_pid_namespace(getpid()) == FIRST_PID_NAMESPACE)
		look_say(l, "process", FINDING_NOT,
		    "process 1 starts and reaps all others; ullage keeps its "
		    "hands off it");
	else if (status_read(l->pid, &st, &ignored) == 0 && st.kernel_thread)
		look_say(l, "process", FINDING_NOT,
		    "process %d is a kernel thread; there is no program in it",
		    l->pid);
	else if (l->process.state == 'X' ||
	    (l->process.state == 'Z' && l->process.threads <= 1))
		look_say(l, "process", FINDING_NOT,
		    "process %d (%s) has ended and waits for its parent to "
		    "take notice",
		    l->pid, l->process.name);
	else if (l->process.state == 'T')
		look_say(l, "process", FINDING_NOT,
		    "process %d (%s) is stopped; let it go on (kill -CONT %d) "
		    "and try again",
		    l->pid, l->process.name, l->pid);
	else if (l->process.state == 'Z')
		look_say(l, "process", FINDING_NOT,
		    "the first thread of process %d (%s) has ended; the kernel "
		    "hides what the others have mapped, so an agent could not "
		    "be found again",
		    l->pid, l->process.name);
	else
		look_say(l, "process", FINDING_MET, "%s, user %u, %u thread%s",
		    l->process.name, l->process.uid, l->process.threads,
		    l->process.threads == 1 ? "" : "s");
	return l->out->list[l->out->n - 1].met == FINDING_MET;
}

/* How long a tracer may be there and be no obstacle: ullage stack and the like
 * look at a thread for some tenths of a millisecond. */
#define TRACER_LOOKS 10
#define TRACER_PAUSE_NS 10000000

static int32_t
find_tracer(int32_t pid)
{
	int32_t *tids, tracer = 0;
	uint64_t value;
	size_t n;

	if (task_list(pid, &tids, &n) == 0)
		for (size_t i = 0; i < n && tracer == 0; i++)
			if (task_status_number(pid, tids[i], "TracerPid", 10,
				&value))
				tracer = (int32_t)value;
	free(tids);
	return tracer;
}

/* Any thread's tracer is one too many: it may trace all. */
static bool
check_tracer(struct look *l)
{
	const struct timespec pause = { 0, TRACER_PAUSE_NS };
	int32_t tracer = find_tracer(l->pid);
	struct err e;

	for (int i = 0; i < TRACER_LOOKS && tracer != 0; i++) {
		nanosleep(&pause, NULL);
		tracer = find_tracer(l->pid);
	}
	if (tracer == 0) {
		look_say(l, "tracer", FINDING_MET, "none");
		return true;
	}
	denial_traced(&l->process, tracer, &e);
	deny(l, "tracer", &e);
	return false;
}

static bool
check_permission(struct look *l)
{
	struct err e = { ERR_FAILED, "" };

	if (site_open(&l->site, l->pid, &e) == 0) {
		look_say(l, "permission", FINDING_MET,
		    geteuid() == 0 ? "root" : "the same user");
		return true;
	}
	if (e.status == ERR_DENIED)
		denial_forbidden(&l->process, &e);
	deny(l, "permission", &e);
	return false;
}

/* ---- all of it -------------------------------------------------------------------- */

static void
check_place(struct look *l)
{
	struct preflight *p = l->out;
	struct err e = { ERR_FAILED, "" };
	struct place place;
	int rc;

	if (p->agent) {
		snprintf(p->path, sizeof p->path, "%s", p->agent_path);
		look_say(l, "library", FINDING_MET, "it is loaded, from %s",
		    p->path);
		return;
	}
	rc = l->act ? place_find(&l->site, l->library, l->copy_in, &place, &e) :
		      place_check(&l->site, l->library, l->copy_in, &place,
			  &e);
	if (rc < 0) {
		deny(l, "library", &e);
		return;
	}
	snprintf(p->path, sizeof p->path, "%s", place.path);
	p->copied = place.copied;
	look_say(l, "library", FINDING_MET, "%s%s%s", place.path,
	    place.elsewhere ? " in its own root" : "",
	    !place.copied  ? "" :
		l->act	   ? ", copied there" :
			     ", a copy that attach would put there");
}

static void
check_processor(struct look *l)
{
	unsigned a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE) != 0)
		return;
	look_say(l, "processor", FINDING_NOT,
	    "the processor, or its kernel, does not know XSAVE");
}

static void
check_safe_points(struct look *l)
{
	struct task_call call;
	size_t n, safe = 0;
	char where[160];
	int32_t *tids;

	if (task_list(l->pid, &tids, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (task_call_read(l->pid, tids[i], &call) && !call.running &&
		    task_safety(site_call_number(&l->site, call.number,
			call.pc)) >= TASK_SAFE_WITH_GLIBC)
			safe++;
	free(tids);
	task_summary(l->pid, where, sizeof where);
	look_say(l, "safe point", safe > 0 ? FINDING_MET : FINDING_NOTE,
	    safe > 0 ? "now: %s" :
		       "not at this moment (%s); attach looks for one, "
		       "--wait for longer",
	    where);
}

static void
check_all(struct look *l)
{
	if (!check_state(l) || !check_tracer(l) || !check_permission(l))
		return;
	if (!look_memory(l) || !look_program(l))
		return;
	site_find(&l->site);
	if (!site_is_there(&l->site)) {
		look_say(l, "program", FINDING_NOT,
		    "it executes another program at this moment; try again");
		l->out->moved = true;
		return;
	}
	if (!look_libc(l))
		return;
	check_processor(l);
	look_agent(l);
	check_place(l);
	look_filters(l);
	look_limits(l);
	look_namespaces(l);
	look_company(l);
	check_safe_points(l);
}

int
preflight(int32_t pid, const struct preflight_want *want,
    struct preflight *p, struct err *e)
{
	struct look l = { .pid = pid, .out = p, .library = want->library,
		.copy_in = want->copy_in, .dir = want->dir, .act = want->act,
		.site = SITE_NONE };

	/* One that executes other programs all the time may hold still. */
	for (int i = 0; i < 5; i++) {
		memset(p, 0, sizeof *p);
		p->pid = pid;
		if (process_read(pid, &l.process, e) < 0)
			return -1;
		check_all(&l);
		site_close(&l.site);
		l.site = SITE_NONE;
		if (!p->moved)
			break;
	}
	return 0;
}

const struct finding *
preflight_obstacle(const struct preflight *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].met == FINDING_NOT)
			return &p->list[i];
	return NULL;
}
