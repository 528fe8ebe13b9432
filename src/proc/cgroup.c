/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/cgroup.h"
#include "base/buf.h"
#include "proc/stat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Version 1 rounds "no limit" down to a page. */
#define V1_NO_LIMIT (UINT64_C(1) << 62)

/* Is word one of the words in list (len bytes, commas between)? */
static bool
in_list(const char *list, size_t len, const char *word)
{
	size_t want = strlen(word);

	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t n = comma != NULL ? (size_t)(comma - list) : len;

		if (n == want && memcmp(list, word, n) == 0)
			return true;
		n += comma != NULL;
		list += n;
		len -= n;
	}
	return false;
}

static bool
copy_path(char out[CGROUP_PATH_MAX], const char *from, size_t len)
{
	if (len == 0 || len >= CGROUP_PATH_MAX || from[0] != '/')
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

/* A path with a ".." in it leads out of what is mounted here. */
static bool
climbs(const char *path)
{
	for (const char *s = path; (s = strstr(s, "/..")) != NULL; s += 3)
		if (s[3] == '/' || s[3] == '\0')
			return true;
	return false;
}

bool
cgroup_path_parse(const char *text, const char *controller,
    char path[CGROUP_PATH_MAX])
{
	for (; *text != '\0'; text += *text == '\n') {
		const char *line = text, *list, *at;
		size_t len = strcspn(text, "\n");

		/* id:controllers:path, where the path may have colons too */
		text += len;
		if ((list = memchr(line, ':', len)) == NULL)
			continue;
		list++;
		at = memchr(list, ':', (size_t)(text - list));
		if (at == NULL)
			continue;
		if (controller == NULL ?
			at != list || strncmp(line, "0:", 2) != 0 :
			!in_list(list, (size_t)(at - list), controller))
			continue;
		at++;
		return copy_path(path, at, (size_t)(text - at)) &&
		    !climbs(path);
	}
	return false;
}

#define MOUNT_FIELDS 64

/* Splits a line of mountinfo at its blanks; returns how many fields. */
static size_t
split(char *line, char *field[MOUNT_FIELDS])
{
	size_t n = 0;
	char *save = NULL;

	for (char *s = strtok_r(line, " ", &save);
	     s != NULL && n < MOUNT_FIELDS; s = strtok_r(NULL, " ", &save))
		field[n++] = s;
	return n;
}

static bool
mount_line(char *line, const char *controller, char point[CGROUP_PATH_MAX],
    char root[CGROUP_PATH_MAX])
{
	const char *type = controller == NULL ? "cgroup2" : "cgroup";
	char *field[MOUNT_FIELDS];
	size_t n = split(line, field), dash;

	/* id parent dev root point options [tags...] - type source super */
	for (dash = 6; dash < n && strcmp(field[dash], "-") != 0; dash++)
		;
	if (dash + 3 >= n || strcmp(field[dash + 1], type) != 0)
		return false;
	if (controller != NULL && !in_list(field[dash + 3],
				      strlen(field[dash + 3]), controller))
		return false;
	proc_unescape(field[3]);
	proc_unescape(field[4]);
	return copy_path(root, field[3], strlen(field[3])) &&
	    copy_path(point, field[4], strlen(field[4]));
}

bool
cgroup_mount_parse(const char *text, const char *controller,
    char point[CGROUP_PATH_MAX], char root[CGROUP_PATH_MAX])
{
	char line[2 * CGROUP_PATH_MAX];

	for (; *text != '\0'; text += *text == '\n') {
		size_t len = strcspn(text, "\n");

		if (len < sizeof line) {
			memcpy(line, text, len);
			line[len] = '\0';
			if (mount_line(line, controller, point, root))
				return true;
		}
		text += len;
	}
	return false;
}

/* A hierarchy, and the way of the process through it. */
struct walk {
	const char *top;	    /* what stands in for "/" */
	char point[CGROUP_PATH_MAX]; /* where it is mounted */
	char root[CGROUP_PATH_MAX];  /* what of it is mounted there */
	char path[CGROUP_PATH_MAX];  /* of the process */
};

static bool
read_number(const struct walk *w, const char *path, const char *file,
    uint64_t *value)
{
	char name[3 * CGROUP_PATH_MAX], *end;
	struct buf text = BUF_INIT;
	struct err ignored;
	bool ok = false;

	snprintf(name, sizeof name, "%s%s%s/%s", w->top, w->point,
	    strcmp(path, "/") == 0 ? "" : path, file);
	if (buf_read_file(&text, name, 4096, &ignored) == 0) {
		if (strncmp(buf_text(&text), "max", 3) == 0) {
			*value = CGROUP_NO_LIMIT;
			ok = true;
		} else {
			errno = 0;
			*value = strtoull(buf_text(&text), &end, 10);
			ok = errno == 0 && end != buf_text(&text);
		}
	}
	buf_free(&text);
	return ok;
}

struct files {
	const char *limit, *used;
	int version;
};

static void
join(char out[CGROUP_PATH_MAX], const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	if (n + m >= CGROUP_PATH_MAX)
		return;
	memcpy(out, a, n);
	memcpy(out + n, b, m + 1);
}

/* Takes that group's limit if it leaves less room than the one so far. */
static void
consider(const struct walk *w, const char *path, const struct files *f,
    struct cgroup_limit *l)
{
	uint64_t limit = CGROUP_NO_LIMIT, used = 0, room, least;
	bool has_used = read_number(w, path, f->used, &used);
	bool has_limit = read_number(w, path, f->limit, &limit);

	/* The root group of version 2 has neither. */
	if (!has_limit && !has_used)
		return;
	if (f->version == 1 && limit >= V1_NO_LIMIT)
		limit = CGROUP_NO_LIMIT;
	if (l->known && limit == CGROUP_NO_LIMIT)
		return;
	room = limit > used ? limit - used : 0;
	least = l->limit > l->used ? l->limit - l->used : 0;
	if (l->known && l->limit != CGROUP_NO_LIMIT && room >= least)
		return;
	l->known = true;
	l->limit = limit;
	l->used = used;
	l->used_known = has_used;
	l->version = f->version;
	l->file = f->limit;
	/* As the process' own file names it, not as it is mounted. */
	l->path[0] = '\0';
	join(l->path, strcmp(w->root, "/") == 0 ? "" : w->root,
	    strcmp(path, "/") == 0 && strcmp(w->root, "/") != 0 ? "" : path);
}

static void
walk_up(const struct walk *w, const struct files *f, struct cgroup_limit *l)
{
	char path[CGROUP_PATH_MAX];
	size_t root = strlen(w->root);
	const char *below = w->path;
	char *slash;

	/* In a container a part of the hierarchy may be mounted as its top. */
	if (strcmp(w->root, "/") != 0) {
		if (strncmp(w->path, w->root, root) == 0 &&
		    (w->path[root] == '/' || w->path[root] == '\0'))
			below = w->path[root] != '\0' ? w->path + root : "/";
		else
			return;
	}
	snprintf(path, sizeof path, "%s", below);
	for (;;) {
		consider(w, path, f, l);
		slash = strrchr(path, '/');
		if (slash == NULL || strcmp(path, "/") == 0)
			break;
		slash[slash == path] = '\0';
	}
}

static const struct files memory_files[] = {
	{ "memory.limit_in_bytes", "memory.usage_in_bytes", 1 },
	{ "memory.max", "memory.current", 2 },
};
static const struct files high_files[] = {
	{ NULL, NULL, 0 },
	{ "memory.high", "memory.current", 2 },
};
static const struct files pids_files[] = {
	{ "pids.max", "pids.current", 1 },
	{ "pids.max", "pids.current", 2 },
};

/* files[0] is of version 1, files[1] of version 2. */
static void
read_controller(const char *top, const char *groups, const char *mounts,
    const char *controller, const struct files *files, struct cgroup_limit *l)
{
	struct walk w = { .top = top };
	bool one = cgroup_path_parse(groups, controller, w.path);

	if (one ? files[0].limit == NULL :
		  !cgroup_path_parse(groups, NULL, w.path))
		return;
	if (!cgroup_mount_parse(mounts, one ? controller : NULL, w.point,
		w.root))
		return;
	walk_up(&w, &files[one ? 0 : 1], l);
}

void
cgroups_read_from(const char *root, int32_t pid, struct cgroups *c)
{
	struct buf groups = BUF_INIT, mounts = BUF_INIT;
	struct err ignored;
	char path[512];

	memset(c, 0, sizeof *c);
	c->memory.limit = c->high.limit = c->pids.limit = CGROUP_NO_LIMIT;
	snprintf(path, sizeof path, "%s/proc/%d/cgroup", root, pid);
	if (buf_read_file(&groups, path, 1 << 20, &ignored) < 0)
		goto out;
	snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
	if (buf_read_file(&mounts, path, 16 << 20, &ignored) < 0)
		goto out;
	read_controller(root, buf_text(&groups), buf_text(&mounts), "memory",
	    memory_files, &c->memory);
	read_controller(root, buf_text(&groups), buf_text(&mounts), "memory",
	    high_files, &c->high);
	read_controller(root, buf_text(&groups), buf_text(&mounts), "pids",
	    pids_files, &c->pids);
out:
	buf_free(&groups);
	buf_free(&mounts);
}

void
cgroups_read(int32_t pid, struct cgroups *c)
{
	cgroups_read_from("", pid, c);
}
