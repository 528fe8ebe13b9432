/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/tasks.h"
#include "base/xalloc.h"
#include "unwind/calls.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
by_number(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
task_list(int32_t pid, int32_t **tids, size_t *n)
{
	struct dirent *entry;
	char path[64];
	size_t cap = 0;
	int32_t tid;
	DIR *dir;

	*tids = NULL;
	*n = 0;
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if ((dir = opendir(path)) == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if ((tid = atoi(entry->d_name)) <= 0)
			continue;
		*tids = xgrow(*tids, *n, &cap, sizeof **tids);
		(*tids)[(*n)++] = tid;
	}
	closedir(dir);
	if (*n > 0)
		qsort(*tids, *n, sizeof **tids, by_number);
	return 0;
}

/* Length of the text, NUL-terminated; 0 if there is none. */
static size_t
read_text(int32_t pid, int32_t tid, const char *name, char *text, size_t size)
{
	char path[80];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, size - 1) : 0;
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

bool
task_exists(int32_t pid, int32_t tid)
{
	char state = task_state(pid, tid);

	return state != '?' && state != 'Z' && state != 'X';
}

char
task_state(int32_t pid, int32_t tid)
{
	char text[512], *end;

	if (read_text(pid, tid, "stat", text, sizeof text) == 0 ||
	    (end = strrchr(text, ')')) == NULL || end[1] == '\0')
		return '?';
	return end[2];
}

/* "232 0x4 ... sp pc", "-1 sp pc" in no call, or "running". */
static void
parse_call(const char *text, struct task_call *call)
{
	unsigned long long sp, pc;
	long long number;

	memset(call, 0, sizeof *call);
	call->running = true;
	if (sscanf(text, "%lld %*x %*x %*x %*x %*x %*x %llx %llx", &number,
		&sp, &pc) == 3)
		call->number = number;
	else if (sscanf(text, "-1 %llx %llx", &sp, &pc) == 2)
		call->number = -1;
	else
		return;
	call->running = false;
	call->sp = sp;
	call->pc = pc;
}

int
task_call_open(int32_t pid, int32_t tid)
{
	char path[80];

	snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", pid, tid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool
task_call_again(int fd, struct task_call *call)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	parse_call(text, call);
	return n > 0;
}

bool
task_call_read(int32_t pid, int32_t tid, struct task_call *call)
{
	int fd = task_call_open(pid, tid);
	bool ok = task_call_again(fd, call);

	if (fd >= 0)
		close(fd);
	return ok;
}

bool
task_ran(int32_t pid, int32_t tid, uint64_t *ns)
{
	char text[128];

	if (read_text(pid, tid, "schedstat", text, sizeof text) == 0)
		return false;
	*ns = strtoull(text, NULL, 10);
	return *ns != 0;
}

int32_t
task_in_namespace(int32_t pid, int32_t inner)
{
	char text[8192], *line, *end;
	int32_t *tids, found = 0;
	size_t n;

	if (task_list(pid, &tids, &n) < 0)
		return 0;
	for (size_t i = 0; i < n && found == 0; i++) {
		read_text(pid, tids[i], "status", text, sizeof text);
		if ((line = strstr(text, "\nNSpid:")) == NULL)
			continue;
		line[strcspn(line + 1, "\n") + 1] = '\0';
		end = strrchr(line, '\t');
		if (end != NULL && atoi(end + 1) == inner)
			found = tids[i];
	}
	free(tids);
	return found;
}

bool
task_status_number(int32_t pid, int32_t tid, const char *name, int base,
    uint64_t *value)
{
	char text[8192], key[64], *line;

	snprintf(key, sizeof key, "\n%s:", name);
	if (read_text(pid, tid, "status", text, sizeof text) == 0 ||
	    (line = strstr(text, key)) == NULL)
		return false;
	*value = strtoull(line + strlen(key), NULL, base);
	return true;
}

/* ---- a sentence about all of them ---------------------------------------------- */

#define KINDS 8

struct kind {
	char name[32];
	size_t n;
};

static void
count(struct kind *kinds, const char *name)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].n != 0 && i < KINDS - 1 &&
		    strcmp(kinds[i].name, name) != 0)
			continue;
		snprintf(kinds[i].name, sizeof kinds[i].name, "%s",
		    kinds[i].n != 0 && i == KINDS - 1 &&
			    strcmp(kinds[i].name, name) != 0 ?
			"other calls" :
			name);
		kinds[i].n++;
		return;
	}
}

static void
name_of(int32_t pid, int32_t tid, char *out, size_t room)
{
	struct task_call call;
	const char *name;

	if (!task_call_read(pid, tid, &call))
		snprintf(out, room, "ended");
	else if (call.running)
		snprintf(out, room, "running");
	else if (call.number < 0)
		snprintf(out, room, "no call");
	else if ((name = call_name(call.number)) != NULL)
		snprintf(out, room, "%s", name);
	else
		snprintf(out, room, "call %lld", (long long)call.number);
}

static int
by_count(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

void
task_summary(int32_t pid, char *out, size_t room)
{
	struct kind kinds[KINDS] = { 0 };
	char name[32];
	int32_t *tids;
	size_t n, len = 0;

	snprintf(out, room, "it has no threads");
	if (task_list(pid, &tids, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		name_of(pid, tids[i], name, sizeof name);
		count(kinds, name);
	}
	free(tids);
	qsort(kinds, KINDS, sizeof kinds[0], by_count);
	for (size_t i = 0; i < KINDS && kinds[i].n != 0 && len < room; i++)
		len += (size_t)snprintf(out + len, room - len,
		    "%s%zu %s%s", i > 0 ? ", " : "", kinds[i].n,
		    strcmp(kinds[i].name, "running") == 0 ||
			    strcmp(kinds[i].name, "ended") == 0 ?
			"" :
			"in ",
		    kinds[i].name);
}

/* ---- which calls ------------------------------------------------------------------ */

enum task_safety
task_safety(int64_t number)
{
	switch (number) {
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
	case SYS_poll:
	case SYS_ppoll:
	case SYS_select:
	case SYS_pselect6:
	case SYS_accept:
	case SYS_accept4:
		return TASK_SAFE;
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_read:
	case SYS_recvfrom:
	case SYS_recvmsg:
		return TASK_SAFE_WITH_GLIBC;
	default:
		return TASK_UNSAFE;
	}
}
