/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/segment_file.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* As the agent tries them. */
static const char *const bases[] = { "/dev/shm", "/run", "/tmp" };

#define N_BASES (sizeof bases / sizeof bases[0])
#define MAPS_MAX (256u << 20)

/* ---- one file --------------------------------------------------------------------- */

/* "NS-PID.seg" */
static bool
parse_name(const char *name, uint64_t *ns, int32_t *pid)
{
	int end = 0;

	return sscanf(name, "%" SCNu64 "-%" SCNd32 ".seg%n", ns, pid, &end) ==
	    2 && end > 0 && name[end] == '\0' && *pid > 0;
}

/*
 * Opened for writing where we may, so that the agent can be commanded. Never
 * blocks and never follows a link: the folder may be hostile.
 */
static int
open_file(const char *path)
{
	const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, O_RDWR | flags);

	if (fd < 0 && (errno == EACCES || errno == EROFS))
		fd = open(path, O_RDONLY | flags);
	return fd;
}

/* The owner must be root or a user that the process runs as. */
static int
check_owner(const struct target *t, const struct stat *st, struct err *e)
{
	const uint32_t *uids = t->process.uids;

	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_FAILED,
		    "%s is not a regular file; it is not an agent's",
		    t->segment_path);
	if (st->st_uid == 0 || st->st_uid == geteuid())
		return 0;
	for (int i = 0; t->alive && i < 4; i++)
		if (st->st_uid == uids[i])
			return 0;
	return err_set(e, ERR_DENIED,
	    "%s belongs to user %u, whom process %d does not run as; it is "
	    "not trusted",
	    t->segment_path, st->st_uid, t->pid);
}

static int
denied(const struct target *t, struct err *e)
{
	return err_set(e, ERR_DENIED,
	    "process %d belongs to user %u and may not be read; run ullage as "
	    "that user or as root",
	    t->pid, t->process.uid);
}

/* ---- a live process ------------------------------------------------------------------ */

/* One line of maps that maps a segment: its path and inode. */
static bool
segment_line(const char *line, uint64_t *inode, char *path, size_t size)
{
	const char *p = line, *end = strchr(line, '\n'), *at;

	if (end == NULL)
		end = line + strlen(line);
	at = memmem(line, (size_t)(end - line), "/ullage-", 8);
	if (at == NULL ||
	    memmem(at, (size_t)(end - at), ".seg", 4) == NULL)
		return false;
	for (int field = 0; field < 4; field++) {
		p = memchr(p, ' ', (size_t)(end - p));
		if (p == NULL)
			return false;
		p++;
	}
	*inode = strtoull(p, NULL, 10);
	at = memchr(p, '/', (size_t)(end - p));
	if (at == NULL || (size_t)(end - at) >= size)
		return false;
	memcpy(path, at, (size_t)(end - at));
	path[end - at] = '\0';
	return true;
}

/* The file that the process maps as its segment; false if there is none. */
static bool
find_in_maps(const char *maps, uint64_t *inode, char *path, size_t size)
{
	for (const char *line = maps; line != NULL && *line != '\0';) {
		if (segment_line(line, inode, path, size))
			return true;
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	return false;
}

/* 0 with text filled; -1 with errno otherwise. */
static int
read_maps(const struct target *t, struct buf *text)
{
	struct err ignored;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/maps", t->pid);
	return buf_read_file(text, path, MAPS_MAX, &ignored);
}

int
segment_open_live(struct target *t, struct err *e)
{
	struct buf maps = BUF_INIT;
	char path[400];
	struct stat st;
	uint64_t inode;
	bool found;

	if (read_maps(t, &maps) < 0) {
		/* Explained when somebody needs the agent. */
		buf_free(&maps);
		return 0;
	}
	found = maps.len > 0 &&
	    find_in_maps(maps.bytes, &inode, path, sizeof path);
	buf_free(&maps);
	if (!found)
		return 0;
	snprintf(t->segment_path, sizeof t->segment_path, "%s%s", t->root,
	    process_own_path(t->pid, path));
	t->segment = open_file(t->segment_path);
	if (t->segment < 0)
		return errno == ENOENT ? 0 :
		    errno == EACCES    ? denied(t, e) :
					 err_errno(e, "cannot open %s",
					     t->segment_path);
	if (fstat(t->segment, &st) == 0 && st.st_ino == inode)
		return check_owner(t, &st, e);
	close(t->segment);
	t->segment = -1;
	return 0;
}

/* True if a line of maps names the agent's library. */
static bool
has_library(const struct target *t)
{
	struct buf maps = BUF_INIT;
	bool yes;

	yes = read_maps(t, &maps) == 0 && maps.len > 0 &&
	    strstr(maps.bytes, "/libullage.so") != NULL;
	buf_free(&maps);
	return yes;
}

int
segment_explain_none(const struct target *t, struct err *e)
{
	struct buf name = BUF_INIT, maps = BUF_INIT;
	bool nothing, secret;

	if (!t->alive)
		return err_set(e, ERR_GONE, "process %d has ended", t->pid);
	errno = 0;
	nothing = read_maps(t, &maps) < 0 || maps.len == 0;
	secret = errno == EACCES || errno == EPERM;
	buf_free(&maps);
	if (nothing) {
		if (!target_is_same(t))
			return err_set(e, ERR_GONE, "process %d has ended",
			    t->pid);
		if (secret)
			return denied(t, e);
		return err_set(e, ERR_FAILED,
		    "process %d is a kernel thread or has no memory to watch",
		    t->pid);
	}
	if (t->segment_path[0] != '\0' || has_library(t))
		return err_set(e, ERR_FAILED,
		    "the agent in process %d stayed out: it found no tmpfs "
		    "that it may write (ULLAGE_DIR), a file size limit, a "
		    "seccomp filter, or ULLAGE_DISABLE",
		    t->pid);
	escape_terminal(&name, t->process.name, strlen(t->process.name));
	err_set(e, ERR_FAILED,
	    "process %d (%s) has no agent; bring one in with `ullage attach "
	    "%d`, or start it with `ullage run` or "
	    "LD_PRELOAD=$(ullage agent-path)",
	    t->pid, buf_text(&name), t->pid);
	buf_free(&name);
	return -1;
}

/* ---- folders --------------------------------------------------------------------------- */

typedef void segment_fn(void *arg, uint64_t ns, int32_t pid,
    const char *path);

static void
each_in_folder(const char *folder, segment_fn *fn, void *arg)
{
	struct dirent *d;
	DIR *dir = opendir(folder);
	char path[512];
	uint64_t ns;
	int32_t pid;

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (!parse_name(d->d_name, &ns, &pid))
			continue;
		if ((size_t)snprintf(path, sizeof path, "%s/%s", folder,
			d->d_name) < sizeof path)
			fn(arg, ns, pid, path);
	}
	closedir(dir);
}

static void
each_in_base(const char *base, segment_fn *fn, void *arg)
{
	struct dirent *d;
	DIR *dir = opendir(base);
	char folder[400];

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (strncmp(d->d_name, "ullage-", 7) != 0)
			continue;
		if ((size_t)snprintf(folder, sizeof folder, "%s/%s", base,
			d->d_name) < sizeof folder)
			each_in_folder(folder, fn, arg);
	}
	closedir(dir);
}

void
segment_each(segment_fn *fn, void *arg)
{
	const char *dir = getenv("ULLAGE_DIR");

	if (dir != NULL && *dir != '\0')
		each_in_base(dir, fn, arg);
	for (size_t i = 0; i < N_BASES; i++)
		if (dir == NULL || strcmp(dir, bases[i]) != 0)
			each_in_base(bases[i], fn, arg);
}

struct by_pid {
	struct target *t;
	struct err *e;
	bool found;
	int rc;
};

static void
open_if_pid(void *arg, uint64_t ns, int32_t pid, const char *path)
{
	struct by_pid *want = arg;
	struct target *t = want->t;
	struct stat st;

	(void)ns;
	if (pid != t->pid || t->segment >= 0)
		return;
	want->found = true;
	snprintf(t->segment_path, sizeof t->segment_path, "%s", path);
	t->segment = open_file(path);
	if (t->segment < 0) {
		want->rc = err_errno(want->e, "cannot open %s", path);
		return;
	}
	want->rc = fstat(t->segment, &st) == 0 ?
	    check_owner(t, &st, want->e) :
	    err_errno(want->e, "cannot look at %s", path);
	if (want->rc < 0) {
		close(t->segment);
		t->segment = -1;
	}
}

int
segment_open_dead(struct target *t, struct err *e)
{
	struct by_pid want = { t, e, false, -1 };

	segment_each(open_if_pid, &want);
	if (!want.found)
		return err_set(e, ERR_GONE, "there is no process %d", t->pid);
	return want.rc;
}

/* ---- who has an agent -------------------------------------------------------------------- */

struct known {
	uint64_t ns;
	int32_t pid;
};

struct agents {
	struct known *list;
	size_t n, cap;
};

static void
remember(void *arg, uint64_t ns, int32_t pid, const char *path)
{
	struct agents *a = arg;

	(void)path;
	a->list = xgrow(a->list, a->n, &a->cap, sizeof *a->list);
	a->list[a->n++] = (struct known){ ns, pid };
}

static int
by_ns_and_pid(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/*
 * A name in a folder is a hint; the process's own map decides, because the
 * pid of a dead process may have been given to another.
 */
static bool
has_agent(int32_t pid)
{
	struct process p = { .pid = pid };
	struct target t = { .pid = pid, .process = p, .segment = -1 };
	struct buf maps = BUF_INIT;
	char path[400];
	uint64_t inode;
	bool yes;

	yes = read_maps(&t, &maps) == 0 && maps.len > 0 &&
	    find_in_maps(maps.bytes, &inode, path, sizeof path);
	buf_free(&maps);
	return yes;
}

/*
 * Processes in other mount namespaces have folders of their own; those are
 * looked into through their roots when their pid namespace is not ours.
 */
void
target_agents_among(const struct agent_candidate *list, size_t count,
    int32_t **pids, size_t *n)
{
	struct agents a = { NULL, 0, 0 };
	uint64_t own = process_pid_namespace(getpid());

	*n = 0;
	*pids = xcalloc(count + 1, sizeof **pids);
	segment_each(remember, &a);
	if (a.n > 0)
		qsort(a.list, a.n, sizeof *a.list, by_ns_and_pid);
	for (size_t i = 0; i < count; i++) {
		struct known key = { own, list[i].pid };

		if (!list[i].nested &&
		    (a.n == 0 ||
			bsearch(&key, a.list, a.n, sizeof *a.list,
			    by_ns_and_pid) == NULL))
			continue;
		if (has_agent(list[i].pid))
			(*pids)[(*n)++] = list[i].pid;
	}
	free(a.list);
}

int
target_list_agents(int32_t **pids, size_t *n, struct err *e)
{
	uint64_t own = process_pid_namespace(getpid());
	struct agent_candidate *among;
	struct process *list;
	size_t count, of = 0;

	*n = 0;
	*pids = NULL;
	if (processes_read(&list, &count, e) < 0)
		return -1;
	among = xcalloc(count + 1, sizeof *among);
	for (size_t i = 0; i < count; i++) {
		uint64_t ns = process_pid_namespace(list[i].pid);

		if (ns != 0)
			among[of++] = (struct agent_candidate){ list[i].pid,
				ns != own };
	}
	target_agents_among(among, of, pids, n);
	free(among);
	free(list);
	return 0;
}
