/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/setlimit.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/xalloc.h"
#include "proc/stat.h"
#include "tune/refuse.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

static int
call_prlimit(int32_t pid, int resource, const struct rlimit64 *new,
    struct rlimit64 *old)
{
	return prlimit64(pid, (enum __rlimit_resource)resource, new, old);
}

int (*limit_plan_prlimit)(int32_t, int, const struct rlimit64 *,
    struct rlimit64 *) = call_prlimit;

void
limit_plan_free(struct limit_plan *plan)
{
	free(plan->changes);
	*plan = (struct limit_plan)LIMIT_PLAN_INIT;
}

/* ---- planning ---------------------------------------------------------------- */

int
limit_plan_add(struct limit_plan *plan, int32_t pid, uint64_t start_ticks,
    const struct assignment *list, size_t n, struct err *e)
{
	struct limits limits;
	struct proc_stat stat;

	if (proc_stat_read(pid, &stat, e) < 0 ||
	    limits_read(pid, &limits, e) < 0)
		return -1;
	if (stat.state == 'Z' || stat.state == 'X')
		return err_set(e, ERR_GONE, "process %d has ended", pid);
	if (start_ticks != 0 && stat.start_ticks != start_ticks)
		return err_set(e, ERR_GONE,
		    "process %d has ended, and another has its pid", pid);
	for (size_t i = 0; i < n; i++) {
		enum limit_id id = list[i].resource;
		struct limit_change *c;

		if (!limits.of[id].known)
			return err_set(e, ERR_FAILED,
			    "/proc/%d/limits does not tell the limit of %s",
			    pid, resources[id].name);
		plan->changes = xgrow(plan->changes, plan->n, &plan->cap,
		    sizeof *plan->changes);
		c = &plan->changes[plan->n];
		memset(c, 0, sizeof *c);
		c->pid = pid;
		c->start_ticks = stat.start_ticks;
		memcpy(c->name, stat.name, sizeof c->name);
		c->resource = id;
		c->old = limits.of[id];
		if (assignment_apply(&list[i], &c->old, &c->new, e) < 0)
			return -1;
		plan->n++;
	}
	return 0;
}

struct parent {
	int32_t pid, ppid;
	bool below; /* the process that is asked for, or one of its children */
};

static struct parent *
list_parents(size_t *n, struct err *e)
{
	struct parent *list = NULL;
	DIR *dir = opendir("/proc");
	struct err ignored;
	struct proc_stat s;
	struct dirent *d;
	size_t cap = 0;

	*n = 0;
	if (dir == NULL) {
		err_errno(e, "cannot list /proc");
		return NULL;
	}
	list = xgrow(NULL, 0, &cap, sizeof *list);
	while ((d = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)d->d_name[0]) ||
		    proc_stat_read((int32_t)strtol(d->d_name, NULL, 10), &s,
			&ignored) < 0 ||
		    s.state == 'Z' || s.state == 'X')
			continue;
		list = xgrow(list, *n, &cap, sizeof *list);
		list[(*n)++] = (struct parent){ s.pid, s.ppid, false };
	}
	closedir(dir);
	return list;
}

/* Marks the children of those marked; false when there are no more. */
static bool
mark(struct parent *list, size_t n, int32_t top)
{
	bool more = false;

	for (size_t i = 0; i < n; i++) {
		if (list[i].below)
			continue;
		if (list[i].ppid == top)
			list[i].below = true;
		for (size_t k = 0; k < n && !list[i].below; k++)
			list[i].below = list[k].below &&
			    list[k].pid == list[i].ppid;
		more = more || list[i].below;
	}
	return more;
}

int
limit_plan_add_children(struct limit_plan *plan, int32_t pid,
    const struct assignment *list, size_t n, struct err *e)
{
	size_t count, before;
	struct parent *all = list_parents(&count, e);
	int rc = 0;

	if (all == NULL)
		return -1;
	while (mark(all, count, pid))
		;
	for (size_t i = 0; i < count && rc == 0; i++) {
		/* Ourselves, if it is the shell that started us. */
		if (!all[i].below || all[i].pid == pid ||
		    all[i].pid == getpid())
			continue;
		before = plan->n;
		rc = limit_plan_add(plan, all[i].pid, 0, list, n, e);
		if (rc < 0 && e->status == ERR_GONE) {
			plan->n = before;
			rc = 0;
		} else if (rc < 0) {
			err_prefix(e, "child %d", all[i].pid);
		}
	}
	free(all);
	return rc;
}

/* ---- applying ------------------------------------------------------------------ */

/* What holds the process of each change. */
struct hold {
	int pidfd; /* -1: not held */
	bool own;  /* the first change of its process opened it */
	bool done;
};

static bool
same_process(const struct limit_change *c)
{
	struct proc_stat s;
	struct err ignored;

	return proc_stat_read(c->pid, &s, &ignored) == 0 && s.state != 'Z' &&
	    s.state != 'X' && s.start_ticks == c->start_ticks;
}

/* Alive, and so its pid has been its own all the time. */
static bool
alive(const struct hold *h)
{
	return pidfd_send_signal(h->pidfd, 0, NULL, 0) == 0 || errno == EPERM;
}

static int
gone(const struct limit_change *c, struct err *e)
{
	return err_set(e, ERR_GONE,
	    "process %d ended meanwhile; nothing is changed", c->pid);
}

static int
take_hold(struct limit_plan *plan, struct hold *holds, struct err *e)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct limit_change *c = &plan->changes[i];
		bool first = i == 0 || c[-1].pid != c->pid;

		holds[i] = (struct hold){ -1, first, false };
		if (!first) {
			holds[i].pidfd = holds[i - 1].pidfd;
			c->gone = c[-1].gone;
			continue;
		}
		holds[i].pidfd = pidfd_open(c->pid, 0);
		if (holds[i].pidfd < 0 && errno != ESRCH)
			return err_errno(e, "cannot hold process %d", c->pid);
		if (holds[i].pidfd >= 0 && same_process(c))
			continue;
		if (c->pid == plan->changes[0].pid)
			return gone(c, e);
		c->gone = true;
	}
	return 0;
}

static int
set_one(struct limit_change *c, struct hold *h, struct err *e)
{
	struct rlimit64 new = { c->new.soft, c->new.hard }, old, now;
	int resource = resources[c->resource].rlimit;

	if (limit_plan_prlimit(c->pid, resource, &new, &old) < 0) {
		if (errno == EPERM)
			return refuse_explain(c, e);
		return err_errno(e, "cannot set %s of process %d",
		    resources[c->resource].name, c->pid);
	}
	h->done = true;
	c->old.soft = old.rlim_cur;
	c->old.hard = old.rlim_max;
	if (limit_plan_prlimit(c->pid, resource, NULL, &now) < 0)
		return err_errno(e, "cannot read %s of process %d back",
		    resources[c->resource].name, c->pid);
	if (now.rlim_cur != new.rlim_cur || now.rlim_max != new.rlim_max)
		return err_set(e, ERR_FAILED,
		    "%s of process %d is not what it was set to; somebody "
		    "else sets it too",
		    resources[c->resource].name, c->pid);
	return 0;
}

/* A hard limit that goes down cannot always go up again: those come last. */
static bool
is_last(const struct limit_change *c)
{
	return c->new.hard < c->old.hard;
}

static int
set_all(struct limit_plan *plan, struct hold *holds, struct err *e)
{
	for (int last = 0; last < 2; last++)
		for (size_t i = 0; i < plan->n; i++) {
			struct limit_change *c = &plan->changes[i];

			if (c->gone || holds[i].done ||
			    is_last(c) != (last == 1))
				continue;
			if (set_one(c, &holds[i], e) == 0)
				continue;
			if (i != 0 && c->pid != plan->changes[0].pid &&
			    !alive(&holds[i])) {
				c->gone = true;
				continue;
			}
			return -1;
		}
	return 0;
}

static void
undo(struct limit_plan *plan, struct hold *holds, struct err *e)
{
	size_t set = 0, left = 0, used;

	for (size_t i = plan->n; i-- > 0;) {
		const struct limit_change *c = &plan->changes[i];
		struct rlimit64 old = { c->old.soft, c->old.hard };

		if (!holds[i].done || !alive(&holds[i]))
			continue;
		set++;
		left += limit_plan_prlimit(c->pid,
			    resources[c->resource].rlimit, &old, NULL) < 0;
	}
	used = strlen(e->text);
	if (left != 0)
		snprintf(e->text + used, sizeof e->text - used,
		    "; %zu of the %zu limits set before could not be put back",
		    left, set);
	else if (set != 0)
		snprintf(e->text + used, sizeof e->text - used,
		    "; the limits set before it are put back");
}

/* After the last change: was it really those processes all the time? */
static int
check_identity(struct limit_plan *plan, const struct hold *holds,
    struct err *e)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct limit_change *c = &plan->changes[i];

		if (c->gone || !holds[i].own || alive(&holds[i]))
			continue;
		if (c->pid == plan->changes[0].pid)
			return err_set(e, ERR_GONE,
			    "process %d ended while its limits were set",
			    c->pid);
		c->gone = true;
	}
	return 0;
}

int
limit_plan_apply(struct limit_plan *plan, struct err *e)
{
	struct hold *holds = xcalloc(plan->n + 1, sizeof *holds);
	int rc;

	for (size_t i = 0; i < plan->n; i++)
		holds[i].pidfd = -1;
	if ((rc = take_hold(plan, holds, e)) == 0) {
		if ((rc = set_all(plan, holds, e)) < 0)
			undo(plan, holds, e);
		else
			rc = check_identity(plan, holds, e);
	}
	for (size_t i = 0; i < plan->n; i++)
		if (holds[i].own && holds[i].pidfd >= 0)
			close(holds[i].pidfd);
	free(holds);
	return rc;
}
