/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/place.h"
#include "base/buf.h"
#include "symbol/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LIBRARY "libullage.so"
#define LIBRARY_MAX (16u << 20)
#define GROUPS_MAX 256

/* Of capabilities(7). */
#define CAP_DAC_OVERRIDE 1
#define CAP_DAC_READ_SEARCH 2

/* ---- as whom the target opens files -------------------------------------------- */

struct who {
	uint32_t uid, gid; /* of the file system */
	uint32_t groups[GROUPS_MAX];
	size_t n;
	bool may_all;
};

static const char *
line_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at != NULL ? at + strlen(key) : "";
}

static void
read_who(const struct site *s, struct who *w)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	unsigned long group;
	uint64_t caps;
	const char *at;
	char path[80], *end;

	memset(w, 0, sizeof *w);
	site_path(s, "status", path, sizeof path);
	if (buf_read_file(&text, path, 65536, &ignored) < 0)
		return;
	sscanf(line_of(buf_text(&text), "\nUid:"), "%*u %*u %*u %u", &w->uid);
	sscanf(line_of(buf_text(&text), "\nGid:"), "%*u %*u %*u %u", &w->gid);
	caps = strtoull(line_of(buf_text(&text), "\nCapEff:"), NULL, 16);
	/* In a user namespace of its own they may reach less far; then the
	 * loader says so. */
	w->may_all = (caps >> CAP_DAC_OVERRIDE & 1) != 0 ||
	    (caps >> CAP_DAC_READ_SEARCH & 1) != 0;
	at = line_of(buf_text(&text), "\nGroups:");
	while (w->n < GROUPS_MAX) {
		at += strspn(at, " \t");
		if (*at < '0' || *at > '9')
			break;
		group = strtoul(at, &end, 10);
		w->groups[w->n++] = (uint32_t)group;
		at = end;
	}
	buf_free(&text);
}

static bool
may(const struct who *w, const struct stat *st, mode_t bit)
{
	bool member = st->st_gid == w->gid;

	for (size_t i = 0; i < w->n && !member; i++)
		member = st->st_gid == w->groups[i];
	if (w->may_all)
		return true;
	if (st->st_uid == w->uid)
		bit <<= 6;
	else if (member)
		bit <<= 3;
	return (st->st_mode & bit) != 0;
}

/* Every folder on the way, and the file. */
static int
check_way(const struct site *s, const char *path, struct err *e)
{
	char full[600], part[512];
	struct stat st;
	struct who w;

	read_who(s, &w);
	for (size_t i = 1;; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof part, "%.*s", (int)i, path);
		snprintf(full, sizeof full, "%s%s", s->root.path, part);
		if (stat(full, &st) < 0)
			return err_errno(e, "cannot look at %s", full);
		if (!may(&w, &st, path[i] == '/' ? S_IXOTH : S_IROTH))
			return err_set(e, ERR_FAILED,
			    "process %d (user %u) may not read %s: %s is "
			    "closed to it; install ullage where everybody may "
			    "read",
			    s->pid, w.uid, path, part);
		if (path[i] == '\0')
			return 0;
	}
}

static int
check_mount(const struct site *s, int fd, const char *path, struct err *e)
{
	struct statvfs v;

	if (fstatvfs(fd, &v) == 0 && (v.f_flag & ST_NOEXEC) != 0)
		return err_set(e, ERR_FAILED,
		    "process %d may not execute what lies in %s: that is "
		    "mounted noexec; try another folder with --copy-in",
		    s->pid, path);
	return 0;
}

/* ---- the same file? --------------------------------------------------------------- */

static bool
same_bytes(int a, int b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct err ignored;
	bool same;

	lseek(a, 0, SEEK_SET);
	lseek(b, 0, SEEK_SET);
	same = buf_read_fd(&x, a, "", LIBRARY_MAX, &ignored) == 0 &&
	    buf_read_fd(&y, b, "", LIBRARY_MAX, &ignored) == 0 &&
	    x.len == y.len && memcmp(x.bytes, y.bytes, x.len) == 0;
	buf_free(&x);
	buf_free(&y);
	return same;
}

static bool
same_file(int a, int b)
{
	struct stat x, y;

	if (fstat(a, &x) < 0 || fstat(b, &y) < 0)
		return false;
	if (x.st_dev == y.st_dev && x.st_ino == y.st_ino)
		return true;
	return x.st_size == y.st_size && same_bytes(a, b);
}

/* 1: it is there and ours, 0: nothing is there, -1: something else is. */
static int
look(const struct site *s, int own, const char *path, struct err *e)
{
	int fd = rooted_file(&s->root, path), rc;

	if (fd < 0)
		return 0;
	if (!same_file(own, fd))
		rc = err_set(e, ERR_FAILED,
		    "%s in the root of process %d is another version of the "
		    "library; remove it, or name another folder with "
		    "--copy-in",
		    path, s->pid);
	else
		rc = check_mount(s, fd, path, e) < 0 ? -1 : 1;
	close(fd);
	return rc < 0 || check_way(s, path, e) == 0 ? rc : -1;
}

/* ---- a copy ------------------------------------------------------------------------ */

static int
open_folder(const struct site *s, const char *folder, struct err *e)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	char own[80];
	int root, fd;

	snprintf(own, sizeof own, "%s/", s->root.path);
	root = open(own, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = root < 0 ? -1 :
			(int)syscall(SYS_openat2, root, folder, &how,
			    sizeof how);
	if (root >= 0)
		close(root);
	if (fd < 0)
		err_errno(e, "cannot open %s in the root of process %d",
		    folder, s->pid);
	return fd;
}

static int
write_copy(int dir, int own, struct err *e)
{
	struct buf bytes = BUF_INIT;
	char name[64];
	int fd, rc = -1;

	snprintf(name, sizeof name, "." LIBRARY ".%d", getpid());
	lseek(own, 0, SEEK_SET);
	if (buf_read_fd(&bytes, own, LIBRARY, LIBRARY_MAX, e) < 0)
		return -1;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		O_CLOEXEC, 0755);
	if (fd < 0) {
		err_errno(e, "cannot create a copy of the library");
		goto out;
	}
	if (write(fd, bytes.bytes, bytes.len) != (ssize_t)bytes.len ||
	    fchmod(fd, 0755) < 0)
		err_errno(e, "cannot write a copy of the library");
	else if (linkat(dir, name, dir, LIBRARY, 0) < 0)
		err_errno(e, "cannot name the copy of the library");
	else
		rc = 0;
	close(fd);
	unlinkat(dir, name, 0);
out:
	buf_free(&bytes);
	return rc;
}

static int
copy(const struct site *s, int own, const char *folder, const char *path,
    bool dry, struct err *e)
{
	int dir = open_folder(s, folder, e), rc;

	if (dir < 0)
		return -1;
	rc = check_mount(s, dir, folder, e);
	if (rc == 0 && !dry)
		rc = write_copy(dir, own, e);
	close(dir);
	if (rc == 0 && !dry)
		rc = check_way(s, path, e);
	return rc;
}

static int
find(const struct site *s, const char *library, const char *copy_in, bool dry,
    struct place *out, struct err *e)
{
	int own = open(library, O_RDONLY | O_CLOEXEC), rc;

	memset(out, 0, sizeof *out);
	if (own < 0)
		return err_errno(e, "cannot open %s", library);
	out->elsewhere = !s->root.ours;
	snprintf(out->path, sizeof out->path, "%s", library);
	rc = look(s, own, library, e);
	if (rc == 0 && copy_in != NULL) {
		snprintf(out->path, sizeof out->path, "%s/" LIBRARY,
		    copy_in);
		rc = look(s, own, out->path, e);
		if (rc == 0) {
			rc = copy(s, own, copy_in, out->path, dry, e);
			out->copied = rc == 0;
			rc = rc == 0 ? 1 : -1;
		}
	}
	close(own);
	if (rc == 0)
		return err_set(e, ERR_FAILED,
		    "%s is not in the root of process %d, which is another "
		    "one (a container, a chroot); --copy-in DIR puts a copy "
		    "there",
		    library, s->pid);
	return rc < 0 ? -1 : 0;
}

int
place_find(const struct site *s, const char *library, const char *copy_in,
    struct place *out, struct err *e)
{
	return find(s, library, copy_in, false, out, e);
}

int
place_check(const struct site *s, const char *library, const char *copy_in,
    struct place *out, struct err *e)
{
	return find(s, library, copy_in, true, out, e);
}
