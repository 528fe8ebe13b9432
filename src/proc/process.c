/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/process.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <libproc2/pids.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum item {
	ITEM_PID,
	ITEM_UID,
	ITEM_START,
	ITEM_RSS,
	ITEM_THREADS,
	ITEM_STATE,
	ITEM_NAME,
	ITEM_COUNT,
};

static enum pids_item items[ITEM_COUNT] = {
	[ITEM_PID] = PIDS_ID_PID,
	[ITEM_UID] = PIDS_ID_EUID,
	[ITEM_START] = PIDS_TICS_BEGAN,
	[ITEM_RSS] = PIDS_MEM_RES,
	[ITEM_THREADS] = PIDS_NLWP,
	[ITEM_STATE] = PIDS_STATE,
	[ITEM_NAME] = PIDS_CMD,
};

static void
from_stack(struct process *p, const struct pids_stack *s)
{
	memset(p, 0, sizeof *p);
	p->pid = s->head[ITEM_PID].result.s_int;
	p->uid = s->head[ITEM_UID].result.u_int;
	p->start_ticks = s->head[ITEM_START].result.ull_int;
	p->rss = (uint64_t)s->head[ITEM_RSS].result.ul_int * 1024;
	p->threads = (uint32_t)s->head[ITEM_THREADS].result.s_int;
	p->state = s->head[ITEM_STATE].result.s_ch;
	snprintf(p->name, sizeof p->name, "%s",
	    s->head[ITEM_NAME].result.str);
}

static int
by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

int
processes_read(struct process **list, size_t *n, struct err *e)
{
	struct pids_info *info = NULL;
	struct pids_fetch *fetch;
	int rc;

	*list = NULL;
	*n = 0;
	if ((rc = procps_pids_new(&info, items, ITEM_COUNT)) < 0) {
		errno = -rc;
		return err_errno(e, "cannot list processes (is /proc mounted?)");
	}
	fetch = procps_pids_reap(info, PIDS_FETCH_TASKS_ONLY);
	if (fetch == NULL) {
		err_errno(e, "cannot list processes (is /proc mounted?)");
		procps_pids_unref(&info);
		return -1;
	}
	*n = (size_t)fetch->counts->total;
	*list = xcalloc(*n, sizeof **list);
	for (size_t i = 0; i < *n; i++)
		from_stack(&(*list)[i], fetch->stacks[i]);
	procps_pids_unref(&info);
	qsort(*list, *n, sizeof **list, by_pid);
	return 0;
}

/* The rest of the line that begins with key, or NULL. */
static const char *
line_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? at + strlen(key) : NULL;
}

/* Field 22 of stat, counted from the last parenthesis. */
static uint64_t
start_of(int32_t pid)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	char path[64];
	const char *s;
	uint64_t ticks = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (buf_read_file(&text, path, 65536, &ignored) == 0 &&
	    (s = strrchr(buf_text(&text), ')')) != NULL) {
		for (int field = 2; *s != '\0' && field < 22; s++)
			field += *s == ' ';
		ticks = strtoull(s, NULL, 10);
	}
	buf_free(&text);
	return ticks;
}

static void
from_status(struct process *p, const char *text)
{
	const char *s;
	char *end;

	if ((s = line_of(text, "Name:\t")) != NULL)
		snprintf(p->name, sizeof p->name, "%.*s",
		    (int)strcspn(s, "\n"), s);
	if ((s = line_of(text, "\nState:\t")) != NULL)
		p->state = *s;
	if ((s = line_of(text, "\nUid:\t")) != NULL)
		for (int i = 0; i < 4; i++, s = end)
			p->uids[i] = (uint32_t)strtoul(s, &end, 10);
	p->uid = p->uids[1];
	p->ns_pid = p->pid;
	if ((s = line_of(text, "\nNSpid:\t")) != NULL)
		for (; *s != '\n' && *s != '\0'; s = end) {
			p->ns_pid = (int32_t)strtol(s, &end, 10);
			if (end == s)
				break;
		}
	if ((s = line_of(text, "\nVmRSS:\t")) != NULL)
		p->rss = strtoull(s, NULL, 10) * 1024;
	if ((s = line_of(text, "\nThreads:\t")) != NULL)
		p->threads = (uint32_t)strtoul(s, NULL, 10);
}

int
process_read(int32_t pid, struct process *p, struct err *e)
{
	struct buf text = BUF_INIT;
	struct err why;
	char path[64];

	memset(p, 0, sizeof *p);
	p->pid = pid;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if (buf_read_file(&text, path, 65536, &why) < 0) {
		buf_free(&text);
		if (errno == ENOENT || errno == ESRCH)
			return err_set(e, ERR_GONE, "there is no process %d",
			    pid);
		*e = why;
		return -1;
	}
	from_status(p, buf_text(&text));
	p->start_ticks = start_of(pid);
	buf_free(&text);
	return 0;
}

static bool
base_is(const char *path, size_t len, const char *name)
{
	const char *slash = memrchr(path, '/', len);
	size_t skip = slash != NULL ? (size_t)(slash + 1 - path) : 0;

	return len - skip == strlen(name) &&
	    memcmp(path + skip, name, len - skip) == 0;
}

bool
process_is_named(const struct process *p, const char *name)
{
	struct buf text = BUF_INIT;
	char path[64], exe[4096];
	struct err ignored;
	ssize_t n;
	bool yes;

	if (strcmp(p->name, name) == 0)
		return true;
	snprintf(path, sizeof path, "/proc/%d/exe", p->pid);
	n = readlink(path, exe, sizeof exe);
	if (n > 0 && base_is(exe, (size_t)n, name))
		return true;
	snprintf(path, sizeof path, "/proc/%d/cmdline", p->pid);
	yes = buf_read_file(&text, path, 1 << 22, &ignored) == 0 &&
	    text.len > 0 && base_is(text.bytes, strlen(text.bytes), name);
	buf_free(&text);
	return yes;
}

const char *
process_own_path(int32_t pid, const char *path)
{
	char link[64], root[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/%d/root", pid);
	n = readlink(link, root, sizeof root - 1);
	if (n > 1 && strncmp(path, root, (size_t)n) == 0 && path[n] == '/')
		return path + n;
	return path;
}

uint64_t
process_pid_namespace(int32_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}
