/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/ps_rows.h"
#include "base/xalloc.h"
#include "proc/stat.h"
#include "target/target.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Threads by real user, for nproc. There are few users. */
struct user {
	uint32_t uid;
	uint64_t threads;
};

struct users {
	struct user *of; /* owned */
	size_t n, cap;
};

static struct user *
user_of(struct users *u, uint32_t uid)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->of[i].uid == uid)
			return &u->of[i];
	u->of = xgrow(u->of, u->n, &u->cap, sizeof *u->of);
	u->of[u->n] = (struct user){ uid, 0 };
	return &u->of[u->n++];
}

/* False if it has ended meanwhile. */
static bool
read_row(int32_t pid, struct ps_row *r)
{
	struct err ignored;
	struct proc_stat stat;
	int64_t fds;

	memset(r, 0, sizeof *r);
	r->tightest = -1;
	if (status_read(pid, &r->status, &ignored) < 0)
		return false;
	if (!r->status.has_memory)
		return true; /* neither limits nor descriptors matter */
	usage_from_status(&r->usage, &r->status);
	if (limits_read_quick(pid, &r->limits, &ignored) < 0)
		return true;
	if ((fds = usage_descriptors(pid)) >= 0) {
		r->usage.used[LIMIT_nofile] = (uint64_t)fds;
		r->usage.known[LIMIT_nofile] = true;
	}
	/* Hardly anybody has this limit, and it takes one more file. */
	if (r->limits.of[LIMIT_cpu].soft != LIMIT_INFINITY &&
	    proc_stat_read(pid, &stat, &ignored) == 0)
		usage_from_stat(&r->usage, &stat);
	return true;
}

static int
compare_pid(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
rank(const struct ps_row *r)
{
	if (r->tightest >= 0 && r->fraction >= PS_TROUBLE)
		return 2;
	return r->agent;
}

static int
compare_row(const void *a, const void *b)
{
	const struct ps_row *x = a, *y = b;

	if (rank(x) != rank(y))
		return rank(y) - rank(x);
	if (x->fraction > y->fraction || x->fraction < y->fraction)
		return x->fraction < y->fraction ? 1 : -1;
	return (x->status.pid > y->status.pid) -
	    (x->status.pid < y->status.pid);
}

static int
compare_candidate(const void *a, const void *b)
{
	const struct agent_candidate *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int32_t *
agents_of(const struct ps_row *rows, size_t n, size_t *n_agents)
{
	struct agent_candidate *list = xcalloc(n + 1, sizeof *list);
	int32_t *agents;
	size_t of = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].status.has_memory)
			list[of++] = (struct agent_candidate){
				rows[i].status.pid, rows[i].status.nested
			};
	qsort(list, of, sizeof *list, compare_candidate);
	target_agents_among(list, of, &agents, n_agents);
	free(list);
	return agents;
}

static void
finish(struct ps_row *rows, size_t n, struct users *users)
{
	size_t n_agents;
	int32_t *agents = agents_of(rows, n, &n_agents);

	for (size_t i = 0; i < n; i++) {
		struct ps_row *r = &rows[i];

		r->agent = n_agents > 0 &&
		    bsearch(&r->status.pid, agents, n_agents, sizeof *agents,
			compare_pid) != NULL;
		if (!r->status.has_memory)
			continue;
		r->usage.used[LIMIT_nproc] =
		    user_of(users, r->status.uids[0])->threads;
		r->usage.known[LIMIT_nproc] = true;
		r->tightest = usage_tightest(&r->usage, &r->limits,
		    &r->status, &r->fraction);
	}
	free(agents);
	qsort(rows, n, sizeof *rows, compare_row);
}

int
ps_rows_read(struct ps_row **rows, size_t *n, struct err *e)
{
	struct users users = { NULL, 0, 0 };
	DIR *dir = opendir("/proc");
	struct dirent *d;
	size_t cap = 0;

	*n = 0;
	*rows = NULL;
	if (dir == NULL)
		return err_errno(e,
		    "cannot list processes (is /proc mounted?)");
	while ((d = readdir(dir)) != NULL) {
		struct ps_row *r;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		*rows = xgrow(*rows, *n, &cap, sizeof **rows);
		r = *rows + *n;
		if (!read_row((int32_t)strtol(d->d_name, NULL, 10), r))
			continue;
		++*n;
		if (!r->status.kernel_thread)
			user_of(&users, r->status.uids[0])->threads +=
			    r->status.threads;
	}
	closedir(dir);
	finish(*rows, *n, &users);
	free(users.of);
	return 0;
}
