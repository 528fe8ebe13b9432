/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/usage.h"
#include "base/buf.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
use(struct usage *u, enum limit_id id, uint64_t value)
{
	u->used[id] = value;
	u->known[id] = true;
}

void
usage_from_status(struct usage *u, const struct status *s)
{
	use(u, LIMIT_sigpending, s->signals_queued);
	if (!s->has_memory)
		return;
	use(u, LIMIT_as, s->vm_size);
	use(u, LIMIT_data, s->data);
	use(u, LIMIT_stack, s->stack);
	use(u, LIMIT_rss, s->rss);
	use(u, LIMIT_memlock, s->locked);
}

void
usage_from_stat(struct usage *u, const struct proc_stat *s)
{
	use(u, LIMIT_cpu, (s->user_time + s->system_time) / 1000000000u);
	/* As the limits count: 1 is nice 19, 40 is nice -20. */
	use(u, LIMIT_nice, (uint64_t)(20 - s->nice));
	use(u, LIMIT_rtprio, s->rt_priority);
}

/* ---- descriptors ------------------------------------------------------------- */

/* Reads a folder of descriptors: how many, and the highest. */
static int64_t
read_descriptors(const char *path, int64_t *highest)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	int64_t n = 0;

	if (dir == NULL)
		return -1;
	*highest = -1;
	while ((d = readdir(dir)) != NULL) {
		long fd = strtol(d->d_name, NULL, 10);

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		n++;
		if (fd > *highest)
			*highest = fd;
	}
	closedir(dir);
	return n;
}

bool
usage_kernel_counts(void)
{
	static int known = -1;
	struct stat before, after;
	int fd;

	if (known >= 0)
		return known != 0;
	/* One more is seen as one more, or the number is no number of these. */
	if (stat("/proc/self/fd", &before) < 0 ||
	    (fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	known = stat("/proc/self/fd", &after) == 0 && before.st_size > 0 &&
	    after.st_size == before.st_size + 1;
	close(fd);
	return known != 0;
}

/*
 * After pthread_exit in its main thread a process goes on, but /proc/PID/fd
 * of the zombie leader is empty; those of other threads tell.
 */
static void
descriptors_path(int32_t pid, char path[64])
{
	char text[512], *state;
	struct dirent *d;
	DIR *dir;

	snprintf(path, 64, "/proc/%d/fd", pid);
	if (proc_read(pid, "stat", text, sizeof text) < 0 ||
	    (state = strrchr(text, ')')) == NULL || state[1] != ' ' ||
	    state[2] != 'Z')
		return;
	snprintf(text, sizeof text, "/proc/%d/task", pid);
	if ((dir = opendir(text)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		if (isdigit((unsigned char)d->d_name[0]) &&
		    strtol(d->d_name, NULL, 10) != pid) {
			snprintf(path, 64, "/proc/%d/task/%.10s/fd", pid,
			    d->d_name);
			break;
		}
	closedir(dir);
}

int64_t
usage_descriptors(int32_t pid)
{
	char path[64];
	int64_t highest;
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	if (!usage_kernel_counts())
		return read_descriptors(path, &highest);
	if (stat(path, &st) < 0)
		return -1;
	if (st.st_size == 0) {
		descriptors_path(pid, path);
		if (stat(path, &st) < 0)
			return -1;
	}
	return st.st_size;
}

int64_t
usage_highest_descriptor(int32_t pid)
{
	char path[64];
	int64_t n, highest;

	descriptors_path(pid, path);
	n = read_descriptors(path, &highest);
	return n < 0 ? -1 : highest;
}

/* ---- what reads more than the process ------------------------------------------- */

int
usage_user_threads(uint32_t uid, uint64_t *threads, struct err *e)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	struct err ignored;
	struct status s;

	if (dir == NULL)
		return err_errno(e, "cannot list /proc");
	*threads = 0;
	while ((d = readdir(dir)) != NULL)
		if (isdigit((unsigned char)d->d_name[0]) &&
		    status_read((int32_t)strtol(d->d_name, NULL, 10), &s,
			&ignored) == 0 &&
		    s.uids[0] == uid && !s.kernel_thread)
			*threads += s.threads;
	closedir(dir);
	return 0;
}

/* "1: POSIX  ADVISORY  WRITE 3800 fe:00:1109521 0 EOF" */
static uint64_t
count_locks(const char *text, int32_t pid)
{
	uint64_t n = 0;
	long of;

	while (*text != '\0') {
		/* "1: -> ..." only waits. */
		n += sscanf(text, "%*[0-9]: %*s %*s %*s %ld", &of) == 1 &&
		    of == pid;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return n;
}

static uint64_t
count_lines(const struct buf *text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->bytes[i] == '\n';
	return n;
}

static void
read_extras(int32_t pid, unsigned extras, const struct status *s,
    struct usage *u)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	uint64_t threads;
	char path[64];

	if ((extras & USAGE_USER) != 0 &&
	    usage_user_threads(s->uids[0], &threads, &ignored) == 0)
		use(u, LIMIT_nproc, threads);
	if ((extras & USAGE_LOCKS) != 0 &&
	    buf_read_file(&text, "/proc/locks", 64 << 20, &ignored) == 0)
		use(u, LIMIT_locks, count_locks(buf_text(&text), pid));
	buf_free(&text);
	if ((extras & USAGE_MAPS) == 0)
		return;
	text = (struct buf)BUF_INIT;
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	if (buf_read_file(&text, path, 256 << 20, &ignored) == 0) {
		u->maps = count_lines(&text);
		u->maps_known = u->maps != 0;
	}
	buf_free(&text);
}

int
usage_read(int32_t pid, unsigned extras, struct usage *u, struct err *e)
{
	struct proc_stat stat;
	struct status status;
	int64_t n;

	memset(u, 0, sizeof *u);
	if (status_read(pid, &status, e) < 0 ||
	    proc_stat_read(pid, &stat, e) < 0)
		return -1;
	usage_from_status(u, &status);
	usage_from_stat(u, &stat);
	if ((n = usage_descriptors(pid)) >= 0)
		use(u, LIMIT_nofile, (uint64_t)n);
	read_extras(pid, extras, &status, u);
	return 0;
}

/* ---- which limits matter -------------------------------------------------------- */

static bool
capable(const struct status *s, unsigned capability)
{
	return (s->capabilities >> capability & 1) != 0;
}

bool
usage_binds(enum limit_id id, const struct status *s)
{
	switch (id) {
	case LIMIT_nproc:
		return s->uids[0] != 0 && !capable(s, CAP_SYS_RESOURCE) &&
		    !capable(s, CAP_SYS_ADMIN);
	case LIMIT_memlock:
		return !capable(s, CAP_IPC_LOCK);
	default:
		return resources[id].enforced;
	}
}

int
usage_tightest(const struct usage *u, const struct limits *l,
    const struct status *s, double *fraction)
{
	int tightest = -1;

	*fraction = 0;
	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		const struct limit *limit = &l->of[i];
		double part;

		if (resources[i].use != LIMIT_STOCK || !u->known[i] ||
		    !limit->known || limit->soft == LIMIT_INFINITY ||
		    !usage_binds((enum limit_id)i, s))
			continue;
		/* A limit of 0 is full if anything is used, and else idle. */
		part = limit->soft != 0 ?
		    (double)u->used[i] / (double)limit->soft :
		    u->used[i] != 0;
		if (tightest < 0 || part > *fraction) {
			tightest = i;
			*fraction = part;
		}
	}
	return tightest;
}
