/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/tasks.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SMALL_MAX 65536
#define MAPS_MAX (1u << 30)

/* Larger than this is no stack that one would want to walk page by page. */
#define STACK_MAX (256u << 20)

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_BATCH 4096

/* ---- parsers ------------------------------------------------------------- */

static uint64_t
ticks_to_ns(uint64_t ticks)
{
	uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK);

	return ticks / per_second * 1000000000u +
	       ticks % per_second * 1000000000u / per_second;
}

/*
 * The name stands between the first "(" and the last ")", whatever it says.
 * Fields are counted from there: state is the third.
 */
bool
task_stat_parse(const char *text, size_t len, struct task *t)
{
	const char *open = memchr(text, '(', len);
	const char *close = memrchr(text, ')', len), *s;
	unsigned long long v[23] = {0};
	size_t n;
	char *end;

	if (open == NULL || close == NULL || close < open ||
	    text + len - close < 4 || close[1] != ' ')
		return false;
	n = (size_t)(close - open - 1);
	if (n > sizeof t->name - 1)
		n = sizeof t->name - 1;
	memcpy(t->name, open + 1, n);
	t->name[n] = '\0';
	t->state = close[2];
	s = close + 3;
	for (int field = 4; field <= 22; field++) {
		v[field] = strtoull(s, &end, 10);
		if (end == s)
			return false;
		s = end;
	}
	t->cpu_ns = ticks_to_ns(v[14] + v[15]);
	t->start_ns = ticks_to_ns(v[22]);
	return true;
}

/*
 * "running", or "NR A1 A2 A3 A4 A5 A6 SP PC", or "-1 SP PC" for a thread that
 * is blocked but not in a system call.
 */
uint64_t
task_syscall_parse(const char *text)
{
	const char *words[9];
	size_t n = 0;

	for (const char *s = text; n < 9; n++) {
		s += strspn(s, " ");
		if (*s == '\0' || *s == '\n')
			break;
		words[n] = s;
		s += strcspn(s, " \n");
	}
	if (n != 9 && n != 3)
		return 0;
	if (n == 3 && words[0][0] != '-')
		return 0;
	return strtoull(words[n - 2], NULL, 16);
}

static int
by_pointer(const void *a, const void *b)
{
	const struct task *const *x = a, *const *y = b;

	return ((*x)->stack_pointer > (*y)->stack_pointer) -
	       ((*x)->stack_pointer < (*y)->stack_pointer);
}

/* One line of maps: its range, and whether it can be written. */
static bool
mapping(const char *s, uint64_t *start, uint64_t *end, bool *writable)
{
	char *after;

	*start = strtoull(s, &after, 16);
	if (after == s || *after != '-')
		return false;
	s = after + 1;
	*end = strtoull(s, &after, 16);
	if (after == s || *after != ' ' || after[1] == '\0')
		return false;
	*writable = after[2] == 'w';
	return *end > *start;
}

/* The tasks of `sorted` from i on whose pointers lie in the range. */
static size_t
place(struct tasks *t, struct task **sorted, size_t n, size_t i, uint64_t start,
    uint64_t end, bool writable)
{
	size_t first;

	while (i < n && sorted[i]->stack_pointer < start)
		i++;
	for (first = i; i < n && sorted[i]->stack_pointer < end; i++)
		;
	if (i == first || !writable)
		return i;
	if (i - first > 1) {
		t->shared_stacks += i - first;
		return i;
	}
	sorted[first]->has_stack = true;
	sorted[first]->stack_start = start;
	sorted[first]->stack_end = end;
	return i;
}

void
tasks_place_stacks(struct tasks *t, const char *maps)
{
	struct task **sorted = xcalloc(t->n + 1, sizeof *sorted);
	uint64_t start, end, last = 0;
	size_t n = 0, i = 0;
	bool writable;

	for (size_t k = 0; k < t->n; k++)
		if (t->tasks[k].stack_pointer != 0)
			sorted[n++] = &t->tasks[k];
	qsort(sorted, n, sizeof(struct task *), by_pointer);
	for (const char *s = maps; *s != '\0' && i < n;) {
		/* Ascending, or it is not what the kernel wrote. */
		if (mapping(s, &start, &end, &writable) && start >= last) {
			i = place(t, sorted, n, i, start, end, writable);
			last = end;
		}
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	free(sorted);
}

void
task_pattern(const char *name, char *out, size_t size)
{
	size_t at = 0;

	for (const char *s = name; *s != '\0' && at + 1 < size; s++) {
		bool digit = isdigit((unsigned char)*s) != 0;

		if (digit && at > 0 && out[at - 1] == '#' && s > name &&
		    isdigit((unsigned char)s[-1]))
			continue;
		out[at++] = digit ? '#' : *s;
	}
	out[at] = '\0';
}

double
task_share(const struct task *before, uint64_t before_ns,
    const struct task *now, uint64_t now_ns)
{
	uint64_t since = before != NULL ? before_ns : now->start_ns;
	uint64_t cpu = before != NULL ? before->cpu_ns : 0;

	if (now_ns <= since || now->cpu_ns < cpu)
		return -1;
	return (double)(now->cpu_ns - cpu) / (double)(now_ns - since);
}

/* ---- reading ------------------------------------------------------------- */

void
tasks_free(struct tasks *t)
{
	free(t->tasks);
	memset(t, 0, sizeof *t);
}

struct task *
tasks_find(const struct tasks *t, int32_t tid)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->tasks[mid].tid == tid)
			return &t->tasks[mid];
		if (t->tasks[mid].tid < tid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* A small file below the folder of all tasks; its length, or -1. */
static ssize_t
read_small(int dir, const char *tid, const char *name, char *out, size_t size)
{
	char path[48];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/%s", tid, name);
	if ((fd = openat(dir, path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	while (
	    len < size - 1 && ((n = read(fd, out + len, size - 1 - len)) > 0 ||
				  (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	close(fd);
	out[len] = '\0';
	return (ssize_t)len;
}

static void
read_wait(int dir, const char *tid, struct task *t)
{
	char text[64];

	/* "0" means that it runs, or that we may not know. */
	if (read_small(dir, tid, "wchan", text, sizeof text) <= 0 ||
	    strcmp(text, "0") == 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	memcpy(t->wait, text, sizeof t->wait);
}

static bool
read_task(int dir, const char *tid, unsigned need, struct task *t)
{
	char text[1024];
	ssize_t n = read_small(dir, tid, "stat", text, sizeof text);

	if (n <= 0 || !task_stat_parse(text, (size_t)n, t))
		return false;
	t->tid = (int32_t)strtol(tid, NULL, 10);
	if (need & TASKS_WAIT)
		read_wait(dir, tid, t);
	if (need & TASKS_STACKS &&
	    read_small(dir, tid, "syscall", text, sizeof text) > 0)
		t->stack_pointer = task_syscall_parse(text);
	return true;
}

/* Counts present pages of one range; false if pagemap cannot be read. */
static bool
count_resident(int pagemap, uint64_t start, uint64_t end, uint64_t *bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t entries[PAGEMAP_BATCH];
	uint64_t at = start / page, last = end / page;

	*bytes = 0;
	while (at < last) {
		size_t want =
		    last - at < PAGEMAP_BATCH ? last - at : PAGEMAP_BATCH;
		ssize_t n = pread(pagemap, entries, want * sizeof *entries,
		    (off_t)(at * sizeof *entries));

		if (n < (ssize_t)sizeof *entries)
			return false;
		n /= (ssize_t)sizeof *entries;
		for (ssize_t i = 0; i < n; i++)
			*bytes += entries[i] & PAGEMAP_PRESENT ? page : 0;
		at += (uint64_t)n;
	}
	return true;
}

bool
task_resident(int32_t pid, uint64_t start, uint64_t end, uint64_t *bytes)
{
	char path[64];
	int pagemap;
	bool ok;

	snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
	if (end < start || end - start > STACK_MAX ||
	    (pagemap = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	ok = count_resident(pagemap, start, end, bytes);
	close(pagemap);
	return ok;
}

int32_t
task_namespace_tid(int32_t pid, int32_t tid)
{
	struct buf text = BUF_INIT;
	const char *line, *last;
	struct err ignored;
	char path[64];
	long n = 0;

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, tid);
	if (buf_read_file(&text, path, SMALL_MAX, &ignored) == 0 &&
	    (line = strstr(buf_text(&text), "\nNSpid:")) != NULL) {
		/* From ours to its own, innermost last. */
		line += strlen("\nNSpid:");
		last = line + strcspn(line, "\n");
		while (last > line && isdigit((unsigned char)last[-1]))
			last--;
		n = strtol(last, NULL, 10);
	}
	buf_free(&text);
	return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
}

static void
read_stacks(int32_t pid, struct tasks *t)
{
	struct buf maps = BUF_INIT;
	struct err ignored;
	char path[64];
	int pagemap;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	if (buf_read_file(&maps, path, MAPS_MAX, &ignored) == 0)
		tasks_place_stacks(t, buf_text(&maps));
	buf_free(&maps);
	snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
	if ((pagemap = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	for (size_t i = 0; i < t->n; i++) {
		struct task *k = &t->tasks[i];

		if (k->has_stack && k->stack_end - k->stack_start <= STACK_MAX)
			k->has_resident = count_resident(pagemap,
			    k->stack_start, k->stack_end, &k->stack_resident);
	}
	close(pagemap);
}

static int
by_tid(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static uint64_t
since_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int
tasks_read(int32_t pid, unsigned need, struct tasks *out, struct err *e)
{
	struct dirent *entry;
	size_t cap = 0;
	char path[64];
	DIR *dir;

	memset(out, 0, sizeof *out);
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if ((dir = opendir(path)) == NULL) {
		if (errno == ENOENT || errno == ESRCH)
			return err_set(
			    e, ERR_GONE, "there is no process %d", pid);
		return err_errno(
		    e, "cannot see the threads of process %d", pid);
	}
	while ((entry = readdir(dir)) != NULL) {
		struct task t = {.tid = 0};

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    strlen(entry->d_name) > 10)
			continue;
		if (!read_task(dirfd(dir), entry->d_name, need, &t))
			continue; /* ended meanwhile */
		t.is_main = t.tid == pid;
		out->tasks = xgrow(out->tasks, out->n, &cap, sizeof t);
		out->tasks[out->n++] = t;
	}
	closedir(dir);
	out->taken_ns = since_boot();
	if (out->n == 0)
		return err_set(e, ERR_GONE, "there is no process %d", pid);
	qsort(out->tasks, out->n, sizeof *out->tasks, by_tid);
	if (need & TASKS_STACKS)
		read_stacks(pid, out);
	return 0;
}
