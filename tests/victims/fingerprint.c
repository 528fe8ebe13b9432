/* SPDX-License-Identifier: MIT */
/*
 * fingerprint PID: everything of a process that an attach and a detach should
 * leave as it was, a line each: mapped files and their protection,
 * descriptors, threads with their signal masks, timers, limits, environment,
 * and the contents of all tables through which objects call each other.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "proc/maps.h"
#include "symbol/elf_file.h"
#include "symbol/elf_layout.h"

static int pid;

static bool
is_ours(const char *path)
{
	return strstr(path, "/libullage.so") != NULL ||
	    strstr(path, "/ullage-") != NULL;
}

/* ---- files of /proc ------------------------------------------------------------ */

static void
print_file(const char *name, const char *only)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	char path[300], *line, *rest;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	if (buf_read_file(&text, path, 1 << 20, &ignored) < 0)
		return;
	for (size_t i = 0; i < text.len; i++)
		if (text.bytes[i] == '\0')
			text.bytes[i] = '\n';
	for (line = strtok_r(text.bytes, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		if (only == NULL ||
		    strstr(only, (line[strcspn(line, ":")] = '\0', line)) !=
			NULL)
			printf("%s %s%s%s\n", name, line, only ? ":" : "",
			    only ? line + strlen(line) + 1 : "");
	buf_free(&text);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static void
print_folder(const char *name, void (*fn)(const char *))
{
	struct dirent **list;
	char path[64];
	int n;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	n = scandir(path, &list, NULL, by_name);
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.')
			fn(list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void
print_fd(const char *name)
{
	char path[300], to[512];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, name);
	n = readlink(path, to, sizeof to - 1);
	to[n > 0 ? n : 0] = '\0';
	printf("fd %s %s\n", name, to);
	snprintf(path, sizeof path, "fdinfo/%s", name);
	print_file(path, "flags");
}

static void
print_task(const char *name)
{
	char path[300];

	snprintf(path, sizeof path, "task/%s/status", name);
	print_file(path, "Name SigBlk SigIgn SigCgt Seccomp NoNewPrivs CapEff");
}

/* ---- objects ---------------------------------------------------------------------- */

static bool
is_table(const char *name)
{
	static const char *const tables[] = { ".got", ".got.plt",
		".init_array", ".fini_array", ".data.rel.ro", ".dynamic" };

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (strcmp(name, tables[i]) == 0)
			return true;
	return false;
}

static void
print_section(const struct map *row, uint64_t bias, const char *name,
    const GElf_Shdr *sh, int memory)
{
	unsigned char *bytes = malloc(sh->sh_size + 1);

	if (bytes != NULL &&
	    pread(memory, bytes, sh->sh_size, (off_t)(bias + sh->sh_addr)) ==
		(ssize_t)sh->sh_size)
		printf("table %s %s %016llx\n", row->path, name,
		    (unsigned long long)hash_bytes(bytes, sh->sh_size));
	free(bytes);
}

static void
print_object(const struct map *row, int memory)
{
	int fd = open(row->path, O_RDONLY);
	struct elf_file *f = fd >= 0 ? elf_file_open(fd) : NULL;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	uint64_t linked;
	size_t names;

	if (f == NULL || !elf_layout_base(f, &linked) ||
	    elf_getshdrstrndx(f->elf, &names) < 0)
		return;
	while ((scn = elf_nextscn(f->elf, scn)) != NULL) {
		const char *name = gelf_getshdr(scn, &sh) == NULL ?
		    NULL :
		    elf_strptr(f->elf, names, sh.sh_name);

		if (name != NULL && is_table(name))
			print_section(row, row->start - linked, name, &sh,
			    memory);
	}
	elf_file_free(f);
}

static void
print_maps(void)
{
	struct maps m = MAPS_INIT;
	struct err ignored;
	char path[64];
	int memory;

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	memory = open(path, O_RDONLY);
	if (memory < 0 || maps_read(pid, &m, &ignored) < 0)
		return;
	for (size_t i = 0; i < m.n; i++) {
		const struct map *r = &m.rows[i];

		if (r->inode == 0 || is_ours(r->path))
			continue;
		printf("map %llx-%llx %x %s\n", (unsigned long long)r->start,
		    (unsigned long long)r->limit, r->flags, r->path);
		if (r->offset == 0)
			print_object(r, memory);
	}
	maps_free(&m);
	close(memory);
}

int
main(int argc, char **argv)
{
	if (argc != 2 || (pid = atoi(argv[1])) <= 0)
		return 2;
	print_maps();
	print_folder("fd", print_fd);
	print_folder("task", print_task);
	print_file("timers", NULL);
	print_file("limits", NULL);
	print_file("environ", NULL);
	print_file("oom_score_adj", NULL);
	print_file("coredump_filter", NULL);
	return 0;
}
