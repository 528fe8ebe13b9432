/* SPDX-License-Identifier: MIT */
/* Threads and descriptors for the live view. */
#include "config.h"

#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/fds_groups.h"
#include "cmd/table_out.h"
#include "cmd/top_source.h"
#include "proc/open_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
order(struct table *t, const struct source_request *r, size_t n, int otherwise)
{
	int column = r->sort >= 0 ? r->sort % (int)n : otherwise;

	table_sort(t, (size_t)column, r->invert);
}

/* ---- threads ----------------------------------------------------------------------- */

enum {
	THREAD_COUNT,
	THREAD_TID,
	THREAD_STATE,
	THREAD_CPU,
	THREAD_TIME,
	THREAD_WAIT,
	THREAD_NAME,
	THREAD_COLUMNS,
};

static const struct column thread_columns[THREAD_COLUMNS] = {
	[THREAD_COUNT] = { "count", "COUNT", CELL_COUNT, "threads alike",
	    false, false },
	[THREAD_TID] = { "tid", "TID", CELL_ID, "thread id", false, false },
	[THREAD_STATE] = { "state", "S", CELL_TEXT, "state", true, false },
	[THREAD_CPU] = { "cpu", "CPU", CELL_PERCENT, "part of one CPU", false,
	    false },
	[THREAD_TIME] = { "time", "TIME", CELL_DURATION,
	    "CPU time since the start", false, false },
	[THREAD_WAIT] = { "wait", "WAITS IN", CELL_TEXT,
	    "kernel function", true, false },
	[THREAD_NAME] = { "name", "NAME", CELL_TEXT, "name", true, true },
};

struct alike {
	char name[64], wait[64];
	char state;
	int32_t tid;
	uint64_t count, cpu_ns;
	double share;
};

static double
share_of(const struct top_source *s, const struct tasks *now,
    const struct task *t)
{
	const struct task *was = s->before.n != 0 ?
	    tasks_find(&s->before, t->tid) : NULL;

	if (was == NULL || was->start_ns != t->start_ns)
		return task_share(NULL, 0, t, now->taken_ns);
	return task_share(was, s->before.taken_ns, t, now->taken_ns);
}

/* Those of one name that wait in the same place are one row. */
static struct alike *
alike(struct alike **list, size_t *n, size_t *cap, const struct task *t,
    bool by_name)
{
	char name[64];
	struct alike *a;

	if (by_name)
		task_pattern(t->name, name, sizeof name);
	else
		snprintf(name, sizeof name, "%s", t->name);
	for (size_t i = 0; by_name && i < *n; i++)
		if (strcmp((*list)[i].name, name) == 0 &&
		    strcmp((*list)[i].wait, t->wait) == 0 &&
		    (*list)[i].state == t->state)
			return &(*list)[i];
	*list = xgrow(*list, *n, cap, sizeof **list);
	a = &(*list)[(*n)++];
	memset(a, 0, sizeof *a);
	memcpy(a->name, name, sizeof a->name);
	memcpy(a->wait, t->wait, sizeof a->wait);
	a->state = t->state;
	a->tid = t->tid;
	return a;
}

static struct table *
thread_table(const struct alike *list, size_t n, bool by_name)
{
	struct table *t = table_new(thread_columns, THREAD_COLUMNS);

	for (size_t i = 0; i < n; i++) {
		char state[2] = { list[i].state, '\0' };

		table_row(t);
		table_u64(t, THREAD_COUNT, list[i].count);
		if (!by_name)
			table_u64(t, THREAD_TID, (uint64_t)list[i].tid);
		table_text(t, THREAD_STATE, state);
		table_double(t, THREAD_CPU, list[i].share);
		table_u64(t, THREAD_TIME, list[i].cpu_ns);
		if (list[i].wait[0] != '\0')
			table_text(t, THREAD_WAIT, list[i].wait);
		table_text(t, THREAD_NAME, list[i].name);
	}
	return t;
}

void
top_threads(struct top_source *s, const struct source_request *r,
    struct source_detail *d)
{
	struct tasks now;
	struct err e = { ERR_FAILED, "" };
	struct alike *list = NULL;
	size_t n = 0, cap = 0;
	char text[COUNT_MAX];

	memset(&now, 0, sizeof now);
	if (tasks_read(r->pid, TASKS_WAIT, &now, &e) < 0) {
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
		tasks_free(&now);
		return;
	}
	for (size_t i = 0; i < now.n; i++) {
		struct alike *a = alike(&list, &n, &cap, &now.tasks[i],
		    !r->by_name);
		double share = share_of(s, &now, &now.tasks[i]);

		a->count++;
		a->cpu_ns += now.tasks[i].cpu_ns;
		a->share += share > 0 ? share : 0;
	}
	d->table = thread_table(list, n, !r->by_name);
	order(d->table, r, THREAD_COLUMNS, THREAD_CPU);
	snprintf(d->note, sizeof d->note, "%s thread%s%s",
	    count_text(text, now.n), now.n == 1 ? "" : "s", now.n == 1 ? "" : r->by_name ?
	    ", one by one" : ", those of one name that wait alike together");
	free(list);
	tasks_free(&s->before);
	s->before = now;
}

/* ---- descriptors ----------------------------------------------------------------------- */

enum {
	FD_NUMBER,
	FD_TYPE,
	FD_STATE,
	FD_MEMORY,
	FD_TARGET,
	FD_COLUMNS,
};

static const struct column fd_columns[FD_COLUMNS] = {
	[FD_NUMBER] = { "fd", "FD", CELL_ID, "descriptor", false, false },
	[FD_TYPE] = { "type", "TYPE", CELL_TEXT, "what it is", true, false },
	[FD_STATE] = { "state", "STATE", CELL_TEXT, "of a socket", true,
	    false },
	[FD_MEMORY] = { "memory", "KERNEL", CELL_BYTES,
	    "kernel memory of its buffers", false, false },
	[FD_TARGET] = { "target", "TARGET", CELL_TEXT, "where it leads", true,
	    true },
};

static void
add_fd(struct table *t, const struct fd *f, const struct socket *k)
{
	struct buf text = BUF_INIT;

	table_row(t);
	table_u64(t, FD_NUMBER, (uint64_t)f->fd);
	table_text(t, FD_TYPE, open_file_type(f, k));
	if (k != NULL && socket_state_name(k)[0] != '\0')
		table_text(t, FD_STATE, socket_state_name(k));
	if (k != NULL && k->has_memory)
		table_u64(t, FD_MEMORY, k->memory);
	if (k != NULL && (k->local != NULL || k->peer != NULL))
		buf_printf(&text, "%s%s%s", k->local ? k->local : "",
		    k->peer ? " -> " : "", k->peer ? k->peer : "");
	else if (f->target != NULL)
		buf_puts(&text, f->target);
	table_text(t, FD_TARGET, buf_text(&text));
	buf_free(&text);
}

static void
fds_note(const struct open_files *f, struct source_detail *d)
{
	char text[COUNT_MAX], sockets[COUNT_MAX], bytes[UNITS_MAX];
	uint64_t memory = 0, known = 0;

	for (size_t i = 0; i < f->sockets.n; i++) {
		known += f->sockets.list[i].has_memory;
		memory += f->sockets.list[i].memory;
	}
	count_text(text, f->fds.n);
	if (f->sockets.n == 0)
		snprintf(d->note, sizeof d->note, "%s descriptors", text);
	else if (known == 0)
		snprintf(d->note, sizeof d->note, "%s descriptors, %s sockets",
		    text, count_text(sockets, f->sockets.n));
	else
		snprintf(d->note, sizeof d->note, "%s descriptors, %s sockets "
		    "with %s of buffers in the kernel", text,
		    count_text(sockets, f->sockets.n),
		    units_bytes(bytes, (int64_t)memory));
}

void
top_fds(const struct source_request *r, struct source_detail *d)
{
	static const enum fds_by ways[] = { FDS_BY_TYPE, FDS_BY_STATE,
		FDS_BY_PEER, FDS_BY_PATH };
	const size_t n_ways = sizeof ways / sizeof ways[0];
	struct open_files f;
	struct err e = { ERR_FAILED, "" };

	if (open_files_read(r->pid, FDS_LINKS, &f, &e) < 0) {
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
		open_files_free(&f);
		return;
	}
	if ((size_t)r->fds_by < n_ways) {
		d->table = fds_groups(&f, ways[r->fds_by]);
		order(d->table, r, FDS_GROUP_COLUMNS, FDS_GROUP_COUNT);
	} else {
		d->table = table_new(fd_columns, FD_COLUMNS);
		for (size_t i = 0; i < f.fds.n; i++)
			add_fd(d->table, &f.fds.fds[i], f.socket_of[i]);
		if (r->sort >= 0 || r->invert)
			order(d->table, r, FD_COLUMNS, FD_NUMBER);
	}
	fds_note(&f, d);
	open_files_free(&f);
}
