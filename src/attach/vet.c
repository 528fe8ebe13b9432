/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/vet.h"
#include "base/xalloc.h"
#include "proc/process.h"
#include "symbol/elf_layout.h"
#include "unwind/memory.h"
#include "unwind/modules.h"
#include "unwind/remote.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

/* What pthread_create may need, an allocator's first call in there and a lazy
 * binding included, ours above it. */
#define ROOM_MIN (UINT64_C(48) << 10)
#define ROOM_SCRATCH (STUB_RED_ZONE + STUB_SCRATCH + 64)

/* A struct pthread is not that large in any glibc, and it is aligned so. */
#define TCB_WORDS 320

#define PAGE UINT64_C(4096)

struct danger {
	uint64_t start, limit;
	const char *what; /* "the allocator" */
};

struct vet {
	const struct site *site;
	struct memory *memory;
	struct modules modules;
	struct remote *remote;
	struct remote_stack *stack;
	uint8_t *copy;
	struct danger *dangers;
	size_t n, cap;
	const char *allocator; /* base name of a module, or NULL: glibc */
	struct rlimit stack_limit;
};

/* ---- places where no thread may be ------------------------------------------------- */

static const struct {
	const char *name, *what;
} functions[] = {
#define A "the allocator"
	{ "malloc", A }, { "calloc", A }, { "realloc", A }, { "free", A },
	{ "reallocarray", A }, { "memalign", A }, { "aligned_alloc", A },
	{ "posix_memalign", A }, { "valloc", A }, { "pvalloc", A },
	{ "malloc_trim", A }, { "_Znwm", A }, { "_Znam", A }, { "_ZdlPv", A },
	{ "_ZdaPv", A }, { "_ZdlPvm", A }, { "_ZnwmSt11align_val_t", A },
	{ "_ZdlPvSt11align_val_t", A }, { "_ZdlPvmSt11align_val_t", A },
#undef A
	{ "dlopen", "the loader" }, { "dlmopen", "the loader" },
	{ "dlclose", "the loader" }, { "dlsym", "the loader" },
	{ "dl_iterate_phdr", "the loader" },
	{ "pthread_create", "pthread_create" },
	{ "fork", "fork" }, { "_Fork", "fork" },
};

static void
add_danger(struct vet *v, uint64_t start, uint64_t limit, const char *what)
{
	v->dangers = xgrow(v->dangers, v->n, &v->cap, sizeof *v->dangers);
	v->dangers[v->n++] = (struct danger){ start, limit, what };
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static struct elf_file *
open_module(const struct vet *v, const struct module *m)
{
	const struct map *row = maps_find(&v->site->maps, m->start);
	char path[96];
	int fd;

	if (row == NULL)
		return NULL;
	snprintf(path, sizeof path, "/proc/%d/map_files/%llx-%llx",
	    v->site->pid, (unsigned long long)row->start,
	    (unsigned long long)row->limit);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && !row->deleted)
		fd = rooted_file(&v->site->root,
		    process_own_path(v->site->pid, m->path));
	return fd >= 0 ? elf_file_open(fd) : NULL;
}

/*
 * A library that defines malloc is an allocator and nothing else, so all of
 * it is; libc and a program with one of its own are more than that.
 */
static void
look_at_module(struct vet *v, const struct module *m, bool program)
{
	struct elf_file *f;
	uint64_t address, size;
	bool libc = strcmp(m->path, v->site->libc_path) == 0;

	if (strncmp(base_name(m->path), "ld-", 3) == 0) {
		add_danger(v, m->start, m->limit, "the loader");
		return;
	}
	if (strcmp(base_name(m->path), "libullage.so") == 0 ||
	    (f = open_module(v, m)) == NULL)
		return;
	if (elf_layout_export(f, "malloc", &address, &size) && !libc) {
		v->allocator = base_name(m->path);
		if (!program)
			add_danger(v, m->start, m->limit, "the allocator");
	}
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		if (elf_layout_export(f, functions[i].name, &address, &size))
			add_danger(v, m->bias + address,
			    m->bias + address + (size != 0 ? size : 1),
			    functions[i].what);
	elf_file_free(f);
}

static const char *
danger_at(const struct vet *v, uint64_t address)
{
	for (size_t i = 0; i < v->n; i++)
		if (address >= v->dangers[i].start &&
		    address < v->dangers[i].limit)
			return v->dangers[i].what;
	return NULL;
}

bool
vet_glibc_malloc(const struct vet *v, const char **whose)
{
	*whose = v->allocator;
	return v->allocator == NULL;
}

/* ---- life --------------------------------------------------------------------------- */

struct vet *
vet_new(const struct site *s, struct err *e)
{
	struct vet *v = xcalloc(1, sizeof *v);
	char link[64], exe[PATH_MAX];
	ssize_t n;

	v->site = s;
	site_path(s, "exe", link, sizeof link);
	n = readlink(link, exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = '\0';
	v->memory = memory_new(s->body, &s->maps);
	modules_find(&v->modules, &s->maps, v->memory, exe);
	v->remote = remote_new(&s->maps, &v->modules, v->memory, e);
	if (v->remote == NULL) {
		vet_free(v);
		return NULL;
	}
	v->stack = xmalloc(sizeof *v->stack);
	v->copy = xmalloc(VET_ROOM);
	memset(v->copy, 0, VET_ROOM);
	for (size_t i = 0; i < v->modules.n; i++)
		look_at_module(v, &v->modules.list[i],
		    i == v->modules.program);
	if (prlimit(s->pid, RLIMIT_STACK, NULL, &v->stack_limit) < 0)
		v->stack_limit.rlim_cur = 0;
	return v;
}

void
vet_free(struct vet *v)
{
	if (v == NULL)
		return;
	remote_free(v->remote);
	memory_free(v->memory);
	modules_free(&v->modules);
	free(v->stack);
	free(v->copy);
	free(v->dangers);
	free(v);
}

/* ---- the stack ------------------------------------------------------------------------- */

static size_t
copy_from(int32_t tid, uint64_t address, void *to, size_t room)
{
	struct iovec here = { to, room };
	struct iovec there = { (void *)(uintptr_t)address, room };
	ssize_t n = process_vm_readv(tid, &here, 1, &there, 1, 0);

	return n > 0 ? (size_t)n : 0;
}

static void
copy_stack(struct vet *v, int32_t tid, struct stopped *from)
{
	const struct map *row = maps_find(&v->site->maps, from->regs.rsp);
	size_t room = VET_ROOM;

	from->limit = row != NULL ? row->limit : 0;
	from->also = 0;
	from->also_len = 0;
	if (row != NULL && row->limit - from->regs.rsp < room)
		room = row->limit - from->regs.rsp;
	from->stack_len = (uint32_t)copy_from(tid, from->regs.rsp, v->copy,
	    room);
}

void
vet_rehearse(struct vet *v, int32_t tid, uint64_t sp, uint64_t pc)
{
	struct stopped from;

	memset(&from, 0, sizeof from);
	from.regs.rsp = sp;
	from.regs.rip = pc;
	copy_stack(v, tid, &from);
	remote_unwind(v->remote, &from, v->copy, VET_ROOM, v->stack);
}

bool
vet_stack(struct vet *v, int32_t tid, struct stopped *from, char *why,
    size_t room)
{
	const char *what;

	copy_stack(v, tid, from);
	remote_unwind(v->remote, from, v->copy, VET_ROOM, v->stack);
	if (v->stack->interrupted) {
		snprintf(why, room, "it is in a signal's handler");
		return false;
	}
	for (size_t i = 0; i < v->stack->n; i++) {
		what = danger_at(v, v->stack->frames[i]);
		if (what == NULL)
			continue;
		snprintf(why, room, "it waits inside of %s", what);
		return false;
	}
	if (v->stack->end == END_WHOLE)
		return true;
	snprintf(why, room, "its stack cannot be followed to its end: %s",
	    v->stack->why);
	return false;
}

/* ---- what is left of it -------------------------------------------------------------------- */

/*
 * A thread that libc made has in its struct pthread where its stack begins,
 * how large it is and how much of that is guard, one after the other; where
 * that is differs by version. The struct itself lies in that stack, above all
 * else. A stack that is somewhere else (of a coroutine) is not found so.
 */
static bool
find_block(int32_t tid, const struct user_regs_struct *regs, uint64_t *start)
{
	uint64_t words[TCB_WORDS];
	size_t n = copy_from(tid, regs->fs_base, words, sizeof words) / 8;

	for (size_t i = 0; i + 2 < n; i++) {
		uint64_t block = words[i], size = words[i + 1];
		uint64_t guard = words[i + 2];

		if (block == 0 || block % 16 != 0 || size < PAGE ||
		    size > UINT64_C(1) << 40 || guard >= size ||
		    guard % PAGE != 0)
			continue;
		if (regs->rsp < block || regs->rsp >= regs->fs_base ||
		    regs->fs_base - block >= size)
			continue;
		*start = block + guard;
		return true;
	}
	return false;
}

/* The first thread's stack grows by itself, down to the limit. */
static uint64_t
first_start(const struct vet *v, const struct map *row)
{
	const uint64_t most = v->stack_limit.rlim_cur == RLIM_INFINITY ?
	    UINT64_C(8) << 20 :
	    v->stack_limit.rlim_cur;
	uint64_t start = row->limit > most ? row->limit - most : 0;
	size_t i = (size_t)(row - v->site->maps.rows);

	/* Not into a neighbour, from whom it keeps 256 pages away. */
	if (i > 0 && start < row[-1].limit + 512 * PAGE)
		start = row[-1].limit + 512 * PAGE;
	return start < row->start ? start : row->start;
}

bool
vet_room(const struct vet *v, int32_t tid,
    const struct user_regs_struct *regs, char *why, size_t room)
{
	const struct map *row = maps_find(&v->site->maps, regs->rsp);
	uint64_t start;

	if (row == NULL || (row->flags & MAP_WRITE) == 0) {
		snprintf(why, room, "its stack is not in the map");
		return false;
	}
	if (strcmp(row->path, "[stack]") == 0) {
		start = first_start(v, row);
		/* What is written from outside does not make it grow. */
		if (regs->rsp - row->start < ROOM_SCRATCH)
			start = regs->rsp;
	} else if (!find_block(tid, regs, &start)) {
		snprintf(why, room,
		    "its stack is not one that libc made (a coroutine's?)");
		return false;
	} else if (start < row->start) {
		start = row->start;
	}
	if (regs->rsp - start >= ROOM_MIN)
		return true;
	snprintf(why, room, "only %llu KiB of its stack are left",
	    (unsigned long long)(regs->rsp - start) >> 10);
	return false;
}
