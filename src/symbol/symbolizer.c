/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "symbol/image.h"
#include "symbol/kernel.h"
#include "symbol/names.h"
#include "symbol/perf_map.h"
#include "symbol/symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct module {
	uint64_t hash; /* of what follows */
	char *path, *build_id;
	uint64_t start; /* of a deleted file, else 0 */
	bool deleted;
	struct image *image;
};

struct answer {
	size_t module; /* index, or NO_MODULE */
	uint64_t address;
	struct symbol_frame *frames; /* owned */
	size_t n;
	bool taken;
};

#define NO_MODULE SIZE_MAX

struct symbolizer {
	struct image_search search;
	long ns_pid;
	struct module *modules;
	size_t n_modules, cap_modules, last_module;
	struct answer *answers; /* open addressing, a power of two */
	size_t n_answers, n_slots;
	struct names names;
	struct perf_map *perf_map; /* NULL until needed */
	struct kernel_map *kernel; /* the same */
};

struct symbolizer *
symbolizer_new(const char *root, const char *debug_dirs, long pid, long ns_pid)
{
	struct symbolizer *s = xcalloc(1, sizeof *s);

	rooted_open(&s->search.root, root != NULL ? root : "");
	debug_dirs_init(&s->search.dirs, debug_dirs);
	s->search.pid = pid;
	s->ns_pid = ns_pid;
	return s;
}

void
symbolizer_free(struct symbolizer *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n_slots; i++)
		free(s->answers[i].frames);
	free(s->answers);
	for (i = 0; i < s->n_modules; i++) {
		image_free(s->modules[i].image);
		free(s->modules[i].path);
		free(s->modules[i].build_id);
	}
	free(s->modules);
	names_free(&s->names);
	perf_map_free(s->perf_map);
	kernel_map_free(s->kernel);
	debug_dirs_fini(&s->search.dirs);
	rooted_close(&s->search.root);
	free(s);
}

static uint64_t
mix(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) *
		    UINT64_C(0x100000001b3);
	while (*text++ != '\0');
	return hash;
}

static bool
same_module(const struct module *a, const struct module *b)
{
	return a->hash == b->hash && a->start == b->start &&
	    a->deleted == b->deleted && strcmp(a->path, b->path) == 0 &&
	    strcmp(a->build_id, b->build_id) == 0;
}

static size_t
module_index(struct symbolizer *s, const struct symbol_module *m)
{
	struct module key = {
		.path = (char *)(m->path != NULL ? m->path : ""),
		.build_id = (char *)(m->build_id != NULL ? m->build_id : ""),
		.start = m->deleted ? m->start : 0,
		.deleted = m->deleted,
	};
	size_t i;

	key.hash = mix(mix(key.start + 1, key.path), key.build_id);
	if (s->last_module < s->n_modules &&
	    same_module(&s->modules[s->last_module], &key))
		return s->last_module;
	for (i = 0; i < s->n_modules; i++)
		if (same_module(&s->modules[i], &key))
			break;
	if (i == s->n_modules) {
		key.path = xstrdup(key.path);
		key.build_id = xstrdup(key.build_id);
		key.image = image_open(&s->search, m);
		s->modules = xgrow(s->modules, s->n_modules, &s->cap_modules,
		    sizeof *s->modules);
		s->modules[s->n_modules++] = key;
	}
	return s->last_module = i;
}

static struct answer *
answer_slot(const struct symbolizer *s, size_t module, uint64_t address)
{
	uint64_t hash = (address ^ (uint64_t)module << 48) *
	    UINT64_C(0x9e3779b97f4a7c15);
	struct answer *a;
	size_t i;

	for (i = (size_t)(hash >> 20);; i++) {
		a = &s->answers[i & (s->n_slots - 1)];
		if (!a->taken ||
		    (a->module == module && a->address == address))
			return a;
	}
}

static void
make_room(struct symbolizer *s)
{
	struct answer *old = s->answers;
	size_t i, n_old = s->n_slots;

	if (s->n_answers * 2 < s->n_slots)
		return;
	s->n_slots = n_old ? n_old * 2 : 4096;
	s->answers = xcalloc(s->n_slots, sizeof *s->answers);
	for (i = 0; i < n_old; i++)
		if (old[i].taken)
			*answer_slot(s, old[i].module, old[i].address) =
			    old[i];
	free(old);
}

/* Anyone may write /tmp: it must be the target's own file, or root's. */
static bool
written_by_target(const struct symbolizer *s, int fd)
{
	char path[64];
	struct stat file, process;

	if (fstat(fd, &file) != 0)
		return false;
	if (file.st_uid == 0 || file.st_uid == geteuid())
		return true;
	snprintf(path, sizeof path, "/proc/%ld", s->search.pid);
	return s->search.pid != 0 && stat(path, &process) == 0 &&
	    file.st_uid == process.st_uid;
}

static struct perf_map *
open_perf_map(const struct symbolizer *s)
{
	struct buf text = BUF_INIT;
	char path[64];
	ssize_t n;
	char *chunk;
	int fd;

	snprintf(path, sizeof path, "/tmp/perf-%ld.map", s->ns_pid);
	fd = s->ns_pid > 0 ? rooted_file_nofollow(&s->search.root, path) : -1;
	if (fd >= 0 && written_by_target(s, fd)) {
		chunk = xmalloc(1 << 16);
		while (text.len < PERF_MAP_MAX &&
		    (n = read(fd, chunk, 1 << 16)) > 0)
			buf_add(&text, chunk, (size_t)n);
		free(chunk);
	}
	if (fd >= 0)
		close(fd);
	return perf_map_parse(text.bytes, text.len);
}

/* Memory that is no file of its own is where JIT compilers put code. */
static bool
is_file(const struct symbol_module *m)
{
	const char *path;

	if (m == NULL)
		return false;
	path = m->path != NULL ? m->path : "";
	if (path[0] == '[')
		return strcmp(path, "[vdso]") == 0;
	return strncmp(path, "//anon", 6) != 0 &&
	    strncmp(path, "anon_inode:", 11) != 0 &&
	    strncmp(path, "/memfd:", 7) != 0 &&
	    strncmp(path, "/dev/zero", 9) != 0;
}

static void
keep(struct symbolizer *s, struct answer *a, const struct dwarf_frame *frames,
    size_t n)
{
	const struct name *name;
	size_t i;

	if (n == 0)
		return;
	a->frames = xcalloc(n, sizeof *a->frames);
	a->n = n;
	for (i = 0; i < n; i++) {
		name = names_get(&s->names, frames[i].linkage != NULL &&
			frames[i].linkage[0] != '\0' ? frames[i].linkage :
			frames[i].name);
		a->frames[i] = (struct symbol_frame){ .name = name->shown,
			.system_name = name->system_name,
			.file = frames[i].file,
			.line = frames[i].line,
			.start_line = frames[i].start_line };
	}
}

/* What is at an address in no file, or NULL. */
static const char *
find_outside(struct symbolizer *s, uint64_t address)
{
	if (address >= KERNEL_FIRST) {
		if (s->kernel == NULL)
			s->kernel = kernel_map_open();
		return kernel_map_find(s->kernel, address);
	}
	if (s->perf_map == NULL)
		s->perf_map = open_perf_map(s);
	return perf_map_find(s->perf_map, address);
}

static void
find(struct symbolizer *s, const struct symbol_module *m, struct answer *a)
{
	struct dwarf_frame frames[DWARF_FRAMES_MAX];
	size_t n = 0;

	if (a->module != NO_MODULE) {
		n = image_find(s->modules[a->module].image,
		    a->address - m->bias, frames);
	} else {
		frames[0] = (struct dwarf_frame){ .file = "",
			.name = find_outside(s, a->address) };
		n = frames[0].name != NULL;
	}
	keep(s, a, frames, n);
}

void
symbolizer_lookup(struct symbolizer *s, const struct symbol_module *module,
    uint64_t address, symbol_fn *fn, void *arg)
{
	struct answer *a;
	size_t i;

	i = is_file(module) ? module_index(s, module) : NO_MODULE;
	make_room(s);
	a = answer_slot(s, i, address);
	if (!a->taken) {
		a->module = i;
		a->address = address;
		a->taken = true;
		s->n_answers++;
		find(s, module, a);
	}
	fn(arg, a->frames, a->n);
}

char *
symbolizer_object(struct symbolizer *s, const struct symbol_module *module,
    uint64_t address)
{
	char *name, *shown;
	uint64_t offset;

	if (!is_file(module))
		return NULL;
	name = image_find_object(s->modules[module_index(s, module)].image,
	    address - module->bias, &offset);
	if (name == NULL)
		return NULL;
	shown = xstrdup(names_get(&s->names, name)->shown);
	free(name);
	if (offset == 0)
		return shown;
	name = xasprintf("%s+0x%llx", shown, (unsigned long long)offset);
	free(shown);
	return name;
}
