/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/image_file.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beyond this .gnu_debugdata is not what distributions put there. */
#define MINI_MAX ((size_t)8 << 20)

static const char *
path_of(const struct symbol_module *m)
{
	return m->path != NULL ? m->path : "";
}

static const char *
id_of(const struct symbol_module *m)
{
	return m->build_id != NULL ? m->build_id : "";
}

static struct elf_file *
if_same_id(struct elf_file *f, const struct symbol_module *m)
{
	if (f != NULL && id_of(m)[0] != '\0' &&
	    strcmp(f->build_id, id_of(m)) != 0) {
		elf_file_free(f);
		return NULL;
	}
	return f;
}

/*
 * Whether a link of /proc/PID leads to the module's path; the kernel adds
 * " (deleted)". Without a build id this is all there is to go by.
 */
static bool
leads_to(const char *link, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof target - 1);
	size_t len = strlen(path);

	if (n <= 0 || len == 0)
		return false;
	target[n] = '\0';
	return strncmp(target, path, len) == 0 &&
	    (target[len] == '\0' || strcmp(target + len, " (deleted)") == 0);
}

static struct elf_file *
by_exe(const struct image_search *search, const struct symbol_module *m)
{
	struct elf_file *f = NULL;
	char *link;

	if (search->pid == 0)
		return NULL;
	link = xasprintf("/proc/%ld/exe", search->pid);
	if (id_of(m)[0] != '\0' || path_of(m)[0] == '\0' ||
	    leads_to(link, path_of(m)))
		f = if_same_id(elf_file_open(rooted_own_file(link)), m);
	free(link);
	return f;
}

/*
 * The kernel names each mapping of a process START-END; these links open the
 * mapped file itself, whatever has become of its name.
 */
static struct elf_file *
by_mapping(const struct image_search *search, const struct symbol_module *m)
{
	unsigned long long start, end;
	struct elf_file *f = NULL;
	struct dirent *entry;
	char *folder, *link;
	DIR *dir;

	if (search->pid == 0 || m->start >= m->limit)
		return NULL;
	folder = xasprintf("/proc/%ld/map_files", search->pid);
	dir = opendir(folder);
	while (dir != NULL && f == NULL && (entry = readdir(dir)) != NULL) {
		if (sscanf(entry->d_name, "%llx-%llx", &start, &end) != 2 ||
		    start >= m->limit || end <= m->start)
			continue;
		link = xasprintf("%s/%s", folder, entry->d_name);
		if (id_of(m)[0] != '\0' || leads_to(link, path_of(m)))
			f = if_same_id(elf_file_open(rooted_own_file(link)),
			    m);
		free(link);
	}
	if (dir != NULL)
		closedir(dir);
	free(folder);
	return f;
}

/* The kernel maps the same vdso into every process of one kind. */
static struct elf_file *
by_vdso(const struct symbol_module *m)
{
	char *start = (char *)getauxval(AT_SYSINFO_EHDR);
	Elf64_Ehdr head;
	size_t size;

	if (start == NULL || id_of(m)[0] == '\0' ||
	    (strncmp(path_of(m), "linux-vdso", 10) != 0 &&
		strcmp(path_of(m), "[vdso]") != 0))
		return NULL;
	memcpy(&head, start, sizeof head);
	size = head.e_shoff + (size_t)head.e_shnum * head.e_shentsize;
	return if_same_id(elf_file_memory(start, size), m);
}

struct elf_file *
image_file_open(const struct image_search *search,
    const struct symbol_module *m)
{
	bool has_id = id_of(m)[0] != '\0', is_path = path_of(m)[0] == '/';
	struct elf_file *f = NULL;

	if (is_path && (has_id || !m->deleted))
		f = if_same_id(elf_file_open(
		    rooted_file(&search->root, path_of(m))), m);
	if (f == NULL)
		f = by_vdso(m);
	if (f == NULL)
		f = by_exe(search, m);
	if (f == NULL)
		f = by_mapping(search, m);
	if (f == NULL && is_path && has_id && !search->root.ours)
		f = if_same_id(elf_file_open(rooted_own_file(path_of(m))), m);
	return f;
}

/*
 * How large an xz stream becomes is known only afterwards, so only files of
 * ours and of the system are unpacked.
 */
static bool
trusted(const struct image_search *search, const struct elf_file *f)
{
	struct stat st;

	return search->root.ours && f->fd >= 0 && fstat(f->fd, &st) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

struct elf_file *
image_file_mini(const struct image_search *search, const struct elf_file *f)
{
	Elf_Scn *scn = elf_file_section(f, ".gnu_debugdata");
	Elf_Data *data;
	int fd;

	if (scn == NULL || !trusted(search, f))
		return NULL;
	data = elf_rawdata(scn, NULL);
	if (data == NULL || data->d_buf == NULL || data->d_size > MINI_MAX)
		return NULL;
	fd = memfd_create("symbols", MFD_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (write(fd, data->d_buf, data->d_size) != (ssize_t)data->d_size) {
		close(fd);
		return NULL;
	}
	return elf_file_open_compressed(fd);
}
