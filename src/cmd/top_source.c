/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/top_source.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "proc/stat.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t
tick_ns(void)
{
	long hz = sysconf(_SC_CLK_TCK);

	return 1000000000u / (uint64_t)(hz > 0 ? hz : 100);
}

uint64_t
top_ticks_to_ns(uint64_t ticks)
{
	return ticks * tick_ns();
}

uint64_t
top_ns_to_ticks(uint64_t ns)
{
	return ns / tick_ns();
}

int64_t
top_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct top_source *
top_source_new(bool aside, struct err *e)
{
	struct top_source *s = xcalloc(1, sizeof *s);

	s->aside = aside;
	s->user = geteuid();
	s->sweep = sweep_new("/proc", e);
	if (s->sweep == NULL) {
		free(s);
		return NULL;
	}
	s->source = (struct source){
		.arg = s,
		.list = top_source_list,
		.detail = top_source_detail,
		.plan = top_source_plan,
		.act = top_source_act,
	};
	return s;
}

/* ---- names of users ---------------------------------------------------------- */

static const char *
user_name(struct top_source *s, uint32_t uid)
{
	char memory[4096];
	struct passwd entry, *found = NULL;
	struct user_name *u;

	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i].uid == uid)
			return s->users[i].name;
	s->users = xgrow(s->users, s->n_users, &s->cap_users,
	    sizeof *s->users);
	u = &s->users[s->n_users++];
	u->uid = uid;
	if (getpwuid_r(uid, &entry, memory, sizeof memory, &found) == 0 &&
	    found != NULL)
		snprintf(u->name, sizeof u->name, "%s", entry.pw_name);
	else
		snprintf(u->name, sizeof u->name, "%u", uid);
	return u->name;
}

/* ---- rows --------------------------------------------------------------------------- */

static uint64_t
soft(const struct sweep_row *row, enum limit_id id)
{
	const struct limit *l = &row->limits.of[id];

	if (!row->has_limits || !l->known)
		return NOT_KNOWN;
	return l->soft == LIMIT_INFINITY ? NO_LIMIT : l->soft;
}

static void
add_row(struct top_source *s, const struct sweep_row *row,
    struct source_row *out)
{
	out->pid = row->pid;
	out->ppid = row->ppid;
	out->start = top_ticks_to_ns(row->start_ticks);
	out->uid = row->uid;
	snprintf(out->user, sizeof out->user, "%s", user_name(s, row->uid));
	out->state = row->state;
	out->kernel = row->kernel;
	out->hidden = s->user != 0 && row->uid != s->user;
	memcpy(out->name, row->name, sizeof out->name);
	memcpy(out->command, row->command, sizeof out->command);
	out->cpu = row->cpu_ns;
	out->rss = row->kernel || row->state == 'Z' ? NOT_KNOWN : row->rss;
	out->size = row->size;
	out->threads = row->threads;
	out->fds = row->fds < 0 ? NOT_KNOWN : (uint64_t)row->fds;
	out->soft_nofile = soft(row, LIMIT_nofile);
	out->soft_nproc = soft(row, LIMIT_nproc);
	out->soft_as = soft(row, LIMIT_as);
	out->soft_cpu = soft(row, LIMIT_cpu);
	out->live = out->peak = out->retained = out->samples = NOT_KNOWN;
	out->interval = out->lost = NOT_KNOWN;
}

static int
by_uid(const void *a, const void *b, void *arg)
{
	const struct source_row *rows = arg;
	uint32_t x = rows[*(const uint32_t *)a].uid;
	uint32_t y = rows[*(const uint32_t *)b].uid;

	return (x > y) - (x < y);
}

/* Threads of each user, for nproc. */
static void
count_threads(struct source_list *l)
{
	uint32_t *order = xcalloc(l->n, sizeof *order);

	for (size_t i = 0; i < l->n; i++)
		order[i] = (uint32_t)i;
	if (l->n > 1)
		qsort_r(order, l->n, sizeof *order, by_uid, l->rows);
	for (size_t i = 0, end; i < l->n; i = end) {
		uint64_t threads = 0;

		for (end = i; end < l->n &&
		     l->rows[order[end]].uid == l->rows[order[i]].uid; end++)
			threads += l->rows[order[end]].threads;
		for (size_t k = i; k < end; k++)
			l->rows[order[k]].user_threads = threads;
	}
	free(order);
}

struct source_list *
top_source_list(void *arg, unsigned needs, struct err *e)
{
	struct top_source *s = arg;
	struct source_list *l;
	unsigned want = ((needs & NEED_FDS) != 0 ? SWEEP_FDS : 0) |
	    ((needs & NEED_LIMITS) != 0 ? SWEEP_LIMITS : 0) |
	    ((needs & NEED_COMMAND) != 0 ? SWEEP_COMMAND : 0);

	s->round++;
	if (atomic_exchange(&s->limits_changed, false))
		sweep_limits_anew(s->sweep);
	if (sweep_run(s->sweep, want, e) < 0)
		return NULL;
	l = xcalloc(1, sizeof *l);
	l->time = top_now();
	l->n = sweep_count(s->sweep);
	l->rows = xcalloc(l->n, sizeof *l->rows);
	if ((needs & NEED_AGENT) != 0)
		top_agents_find(s);
	for (size_t i = 0; i < l->n; i++) {
		add_row(s, sweep_row(s->sweep, i), &l->rows[i]);
		if ((needs & NEED_AGENT) != 0)
			top_agents_add(s, sweep_row(s->sweep, i), &l->rows[i]);
	}
	count_threads(l);
	top_machine_read(&l->machine);
	return l;
}

void
top_source_free(struct top_source *s)
{
	if (s == NULL)
		return;
	top_agents_free(s);
	free(s->users);
	sweep_free(s->sweep);
	symbolizer_free(s->names);
	target_free(s->target);
	tasks_free(&s->before);
	smaps_free(&s->maps);
	top_forget_looks(s);
	free(s);
}
