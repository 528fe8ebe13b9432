/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/debug_file.h"
#include "base/xalloc.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void
debug_dirs_init(struct debug_dirs *d, const char *text)
{
	char *copy = xstrdup(text != NULL ? text : "/usr/lib/debug");
	char *rest = copy, *one;
	size_t cap = 0;

	*d = (struct debug_dirs){ NULL, 0 };
	while ((one = strsep(&rest, ":")) != NULL) {
		if (one[0] != '/')
			continue;
		d->paths = xgrow(d->paths, d->n, &cap, sizeof *d->paths);
		d->paths[d->n++] = xstrdup(one);
	}
	free(copy);
}

void
debug_dirs_fini(struct debug_dirs *d)
{
	while (d->n > 0)
		free(d->paths[--d->n]);
	free(d->paths);
}

static bool
useful(const struct elf_file *f)
{
	return elf_file_has_dwarf(f) || elf_file_has_symtab(f);
}

static struct elf_file *
with_id(int fd, const char *path, const char *build_id)
{
	struct elf_file *f = elf_file_open(fd);

	if (f != NULL && strcmp(f->build_id, build_id) == 0 && useful(f)) {
		f->path = xstrdup(path);
		return f;
	}
	elf_file_free(f);
	return NULL;
}

static struct elf_file *
with_id_in_roots(const struct rooted *root, const char *path,
    const char *build_id)
{
	struct elf_file *f = with_id(rooted_file(root, path), path, build_id);

	if (f == NULL && !root->ours)
		f = with_id(rooted_own_file(path), path, build_id);
	return f;
}

struct elf_file *
debug_file_by_id(const struct rooted *root, const struct debug_dirs *dirs,
    const char *build_id)
{
	struct elf_file *f = NULL;
	char *path;
	size_t i;

	/* It becomes part of a path: only what an id is made of. */
	if (strlen(build_id) < 4 ||
	    build_id[strspn(build_id, "0123456789abcdef")] != '\0')
		return NULL;
	for (i = 0; i < dirs->n && f == NULL; i++) {
		path = xasprintf("%s/.build-id/%.2s/%s.debug", dirs->paths[i],
		    build_id, build_id + 2);
		f = with_id_in_roots(root, path, build_id);
		free(path);
	}
	return f;
}

struct link {
	const struct elf_file *of;
	const char *name;
	GElf_Word crc;
};

static bool
same_file(const struct elf_file *a, const struct elf_file *b)
{
	struct stat one, other;

	return fstat(a->fd, &one) == 0 && fstat(b->fd, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static struct elf_file *
with_crc(int fd, const char *path, const struct link *l)
{
	struct elf_file *f = elf_file_open(fd);
	uint32_t crc;

	if (f == NULL)
		return NULL;
	/* The checksum last: it reads all of a file that may be large. */
	if (!same_file(f, l->of) &&
	    (f->build_id[0] == '\0' || l->of->build_id[0] == '\0' ||
		strcmp(f->build_id, l->of->build_id) == 0) &&
	    useful(f) && elf_file_crc(f, &crc) && crc == l->crc) {
		f->path = xstrdup(path);
		return f;
	}
	elf_file_free(f);
	return NULL;
}

static struct elf_file *
under_debug_dirs(const struct rooted *root, const struct debug_dirs *dirs,
    const struct link *l, const char *dir)
{
	struct elf_file *f = NULL;
	char *path;
	size_t i;

	for (i = 0; i < dirs->n && f == NULL; i++) {
		path = xasprintf("%s%s/%s", dirs->paths[i], dir, l->name);
		f = with_crc(rooted_file(root, path), path, l);
		if (f == NULL && !root->ours)
			f = with_crc(rooted_own_file(path), path, l);
		free(path);
	}
	return f;
}

struct elf_file *
debug_file_by_link(const struct rooted *root, const struct debug_dirs *dirs,
    const struct elf_file *of, const char *path)
{
	struct link l = { of, NULL, 0 };
	struct elf_file *f;
	char *dir, *candidate;

	l.name = of->fd >= 0 ? dwelf_elf_gnu_debuglink(of->elf, &l.crc) : NULL;
	if (l.name == NULL || l.name[0] == '\0' || path[0] != '/' ||
	    strchr(l.name, '/') != NULL)
		return NULL;
	dir = xstrdup(path);
	*strrchr(dir, '/') = '\0';
	candidate = xasprintf("%s/%s", dir, l.name);
	f = with_crc(rooted_file(root, candidate), candidate, &l);
	free(candidate);
	if (f == NULL) {
		candidate = xasprintf("%s/.debug/%s", dir, l.name);
		f = with_crc(rooted_file(root, candidate), candidate, &l);
		free(candidate);
	}
	if (f == NULL)
		f = under_debug_dirs(root, dirs, &l, dir);
	free(dir);
	return f;
}

struct elf_file *
debug_file_alternate(const struct rooted *root, const struct debug_dirs *dirs,
    const struct elf_file *of, const char *name, const char *build_id)
{
	struct elf_file *f = debug_file_by_id(root, dirs, build_id);
	const char *slash;
	char *path;

	if (f != NULL || build_id[0] == '\0')
		return f;
	if (name[0] == '/')
		return with_id_in_roots(root, name, build_id);
	slash = of->path != NULL ? strrchr(of->path, '/') : NULL;
	if (slash == NULL)
		return NULL;
	path = xasprintf("%.*s/%s", (int)(slash - of->path), of->path, name);
	f = with_id_in_roots(root, path, build_id);
	free(path);
	return f;
}
