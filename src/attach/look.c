/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/look.h"
#include "attach/tasks.h"
#include "base/units.h"
#include "symbol/elf_layout.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* The oldest libc that has what the agent needs (_dl_find_object). */
#define GLIBC_OLDEST 35

/* The agent's segment, its library, and what malloc takes for a new thread's
 * arena at most; the thread's stack comes on top. */
#define ADDRESS_SPACE (96 * MIB)
#define STACK_LEAST (128 * UINT64_C(1024))

/* Of capabilities(7). */
#define CAP_SYS_ADMIN 21
#define CAP_SYS_RESOURCE 24

/* ---- its memory ----------------------------------------------------------------- */

/*
 * A child of vfork borrows its parent's memory until it executes something:
 * an agent would be in the parent, under the child's name.
 */
bool
look_memory(struct look *l)
{
	uint64_t parent = 0;

	task_status_number(l->pid, l->site.body, "PPid", 10, &parent);
	if (parent == 0 ||
	    syscall(SYS_kcmp, (pid_t)parent, l->pid, KCMP_VM, 0, 0) != 0)
		return true;
	look_say(l, "memory", FINDING_NOT,
	    "it has none of its own: it uses that of its parent, process "
	    "%llu, until it executes a program, as after vfork; try again "
	    "then",
	    (unsigned long long)parent);
	return false;
}

/* ---- the program ---------------------------------------------------------------- */

static bool
has_section(const struct elf_file *f, const char *name)
{
	return elf_file_section(f, name) != NULL;
}

bool
look_program(struct look *l)
{
	unsigned char head[20] = "";
	char interpreter[256] = "";
	struct elf_file *f = NULL;
	int fd = l->site.exe;
	bool ok = false;

	if (fd < 0 || pread(fd, head, sizeof head, 0) != sizeof head ||
	    memcmp(head, ELFMAG, SELFMAG) != 0)
		look_say(l, "program", FINDING_NOT,
		    "its program cannot be read, or is no ELF file");
	else if (head[EI_CLASS] != ELFCLASS64 || head[18] != EM_X86_64)
		look_say(l, "program", FINDING_NOT,
		    "it runs a program that is not of x86-64 (32-bit?); no "
		    "agent is built for that");
	else if ((f = elf_file_open(dup(fd))) == NULL)
		look_say(l, "program", FINDING_NOT,
		    "its program makes no sense as an ELF file");
	else if (!elf_layout_interpreter(f, interpreter, sizeof interpreter))
		look_say(l, "program", FINDING_NOT,
		    "%s, so nothing can be loaded into it; what needs no "
		    "agent works (ullage memory, limits, fds, stack)",
		    has_section(f, ".go.buildinfo") ?
			"it is a Go program without a C library" :
			"it is linked statically");
	else if (strstr(interpreter, "musl") != NULL)
		look_say(l, "program", FINDING_NOT,
		    "its C library is musl; the agent needs glibc 2.%d or "
		    "newer",
		    GLIBC_OLDEST);
	else
		ok = true;
	if (ok)
		look_say(l, "program", FINDING_MET, "64-bit, loaded by %s",
		    interpreter);
	elf_file_free(f);
	return ok;
}

bool
look_libc(struct look *l)
{
	const struct site *s = &l->site;

	if (!s->libc_known)
		look_say(l, "libc", FINDING_NOT,
		    "no glibc is mapped in it; the agent needs glibc 2.%d or "
		    "newer",
		    GLIBC_OLDEST);
	else if (s->libc_minor < GLIBC_OLDEST)
		look_say(l, "libc", FINDING_NOT,
		    "its glibc is 2.%d; the agent needs 2.%d or newer",
		    s->libc_minor, GLIBC_OLDEST);
	else if (s->missing != NULL)
		look_say(l, "libc", FINDING_NOT, "%s has no %s",
		    s->libc_path, s->missing);
	else if (s->code.room == 0 || s->status.room == 0)
		look_say(l, "libc", FINDING_NOT,
		    "%s leaves no room at the end of its pages for the code "
		    "that loads the agent, or something else is there",
		    s->libc_path);
	else {
		look_say(l, "libc", FINDING_MET,
		    "glibc 2.%d, %llu and %llu bytes of room in its pages",
		    s->libc_minor, (unsigned long long)s->code.room,
		    (unsigned long long)s->status.room);
		return true;
	}
	return false;
}

/* ---- agents -------------------------------------------------------------------------- */

static const struct map *
find_mapped(const struct look *l, const char *name)
{
	const struct maps *m = &l->site.maps;

	for (size_t i = 0; i < m->n; i++) {
		const char *slash = strrchr(m->rows[i].path, '/');

		if (slash != NULL && m->rows[i].offset == 0 &&
		    strncmp(slash + 1, name, strlen(name)) == 0)
			return &m->rows[i];
	}
	return NULL;
}

void
look_agent(struct look *l)
{
	const struct map *row = find_mapped(l, "libullage.so");

	if (row == NULL)
		return;
	l->out->agent = true;
	snprintf(l->out->agent_path, sizeof l->out->agent_path, "%s",
	    process_own_path(l->pid, row->path));
	if (row->deleted)
		look_say(l, "agent", FINDING_NOTE,
		    "its library was loaded before, from a file that has been "
		    "removed or replaced since");
}

/* Those that patch the same slots, or stop threads. */
void
look_company(struct look *l)
{
	static const struct {
		const char *name, *who;
		bool stays;
	} others[] = {
		{ "libheaptrack", "heaptrack", true },
		{ "libbytehound", "bytehound", true },
		{ "libmemray", "memray", true },
		{ "_memray", "memray", true },
		{ "libasyncProfiler", "async-profiler", true },
		{ "libdd_profiling", "ddprof", true },
		{ "libmcount", "uftrace", true },
		{ "libasan.so", "AddressSanitizer", true },
		{ "libtsan.so", "ThreadSanitizer", true },
		{ "vgpreload_", "valgrind", true },
		{ "libprofiler.so", "the profiler of gperftools", false },
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (find_mapped(l, others[i].name) == NULL)
			continue;
		look_say(l, "company",
		    others[i].stays ? FINDING_NOT : FINDING_NOTE,
		    others[i].stays ?
			"%s is in it and changes the same places; two of a "
			"kind is one too many" :
			"%s is in it, too",
		    others[i].who);
		return;
	}
	look_say(l, "company", FINDING_MET, "no other profiler in it");
}

/* ---- seccomp ------------------------------------------------------------------------- */

static bool
may_read_filters(void)
{
	uint64_t caps = 0, own = 1;

	return task_status_number(getpid(), getpid(), "CapEff", 16, &caps) &&
	    (caps >> CAP_SYS_ADMIN & 1) != 0 &&
	    task_status_number(getpid(), getpid(), "Seccomp", 10, &own) &&
	    own == 0;
}

/* The filters themselves can only be read from a thread that is stopped. That
 * all threads have the same is taken from their number. */
void
look_filters(struct look *l)
{
	uint64_t mode, count, most = 0, least = UINT64_MAX;
	bool strict = false;
	int32_t *tids;
	size_t n;

	if (task_list(l->pid, &tids, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!task_status_number(l->pid, tids[i], "Seccomp", 10, &mode))
			continue;
		if (!task_status_number(l->pid, tids[i], "Seccomp_filters",
			10, &count))
			count = mode == SECCOMP_MODE_FILTER;
		strict = strict || mode == SECCOMP_MODE_STRICT;
		most = count > most ? count : most;
		least = count < least ? count : least;
	}
	free(tids);
	if (strict)
		look_say(l, "seccomp", FINDING_NOT,
		    "a thread of it is in strict mode and dies of any call "
		    "but read and write");
	else if (most == 0)
		look_say(l, "seccomp", FINDING_MET, "no filter");
	else if (most != least)
		look_say(l, "seccomp", FINDING_NOT,
		    "its threads have different filters, and the agent works "
		    "in all of them; start it with ullage run instead");
	else if (!may_read_filters())
		look_say(l, "seccomp", FINDING_NOT,
		    "%llu filter%s, and whether they allow what the agent does "
		    "can be read only with CAP_SYS_ADMIN and no filter of our "
		    "own; run ullage as root outside of the container",
		    (unsigned long long)most, most == 1 ? "" : "s");
	else
		look_say(l, "seccomp", FINDING_NOTE,
		    "%llu filter%s; attach reads them once the thread is "
		    "stopped, and lets it go if they forbid what it needs",
		    (unsigned long long)most, most == 1 ? "" : "s");
}

/* ---- limits --------------------------------------------------------------------------- */

static bool
limit_of(const struct look *l, int what, uint64_t *soft)
{
	struct rlimit r;

	if (prlimit(l->pid, what, NULL, &r) < 0 || r.rlim_cur == RLIM_INFINITY)
		return false;
	*soft = r.rlim_cur;
	return true;
}

/* 8 MiB where the limit on stacks is not small: what a thread gets. */
static uint64_t
stack_size(const struct look *l)
{
	uint64_t stack;

	return limit_of(l, RLIMIT_STACK, &stack) ? stack : 2 * MIB;
}

static bool
look_address_space(struct look *l)
{
	uint64_t limit, used = 0, need = ADDRESS_SPACE + stack_size(l);
	char have[UNITS_MAX], want[UNITS_MAX];

	if (!limit_of(l, RLIMIT_AS, &limit))
		return true;
	task_status_number(l->pid, l->site.body, "VmSize", 10, &used);
	used *= 1024;
	if (used <= limit && limit - used >= need)
		return true;
	look_say(l, "limits", FINDING_NOT,
	    "its limit on address space leaves %s, and %s are needed; raise it "
	    "with ullage limits %d as=...",
	    units_bytes(have, limit > used ? (int64_t)(limit - used) : 0),
	    units_bytes(want, (int64_t)need), l->pid);
	return false;
}

/* Threads of the same real user, as the kernel counts them. */
static uint64_t
threads_of(uint32_t uid)
{
	struct process *list;
	struct err ignored;
	uint64_t count = 0;
	size_t n;

	if (processes_read(&list, &n, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (list[i].uids[0] == uid)
			count += list[i].threads;
	free(list);
	return count;
}

static bool
look_processes(struct look *l)
{
	uint64_t limit, caps = 0, used;

	task_status_number(l->pid, l->site.body, "CapEff", 16, &caps);
	if (l->process.uids[0] == 0 || !limit_of(l, RLIMIT_NPROC, &limit) ||
	    ((caps >> CAP_SYS_RESOURCE | caps >> CAP_SYS_ADMIN) & 1) != 0)
		return true;
	used = threads_of(l->process.uids[0]);
	if (used < limit)
		return true;
	look_say(l, "limits", FINDING_NOT,
	    "its user may have %llu threads and has %llu, and one more is "
	    "needed for a moment; raise it with ullage limits %d nproc=...",
	    (unsigned long long)limit, (unsigned long long)used, l->pid);
	return false;
}

void
look_limits(struct look *l)
{
	uint64_t stack;

	if (limit_of(l, RLIMIT_STACK, &stack) && stack < STACK_LEAST) {
		look_say(l, "limits", FINDING_NOT,
		    "its limit on stacks is %llu KiB, and the thread that "
		    "loads the agent needs %llu; raise it with ullage limits "
		    "%d stack=...",
		    (unsigned long long)stack >> 10,
		    (unsigned long long)STACK_LEAST >> 10, l->pid);
		return;
	}
	if (look_address_space(l) && look_processes(l))
		look_say(l, "limits", FINDING_MET,
		    "room for a thread and the segment");
}

/* ---- namespaces ------------------------------------------------------------------------- */

static bool
same_namespace(const struct look *l, const char *which)
{
	char own[64], name[32], path[80];
	struct stat a, b;

	snprintf(name, sizeof name, "ns/%s", which);
	snprintf(own, sizeof own, "/proc/self/ns/%s", which);
	site_path(&l->site, name, path, sizeof path);
	return stat(own, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_ino == b.st_ino;
}

static bool
has_proc(const struct look *l)
{
	struct statfs fs;
	char path[100];

	snprintf(path, sizeof path, "%s/proc", l->site.root.path);
	return statfs(path, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* As the agent tries them. Whether it may write there shows when it does. */
static bool
has_tmpfs(const struct look *l)
{
	static const char *const bases[] = { "/dev/shm", "/run", "/tmp" };
	struct statfs fs;
	char path[400];

	for (size_t i = 0; i < 4; i++) {
		if (i == 3 && l->dir == NULL)
			return false;
		snprintf(path, sizeof path, "%s%s", l->site.root.path,
		    i < 3 ? bases[i] : l->dir);
		if (statfs(path, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
			return true;
	}
	return false;
}

void
look_namespaces(struct look *l)
{
	static const char *const kinds[] = { "mnt", "pid", "user" };
	static const char *const names[] = { "mount", "pid", "user" };
	char text[80] = "";

	for (size_t i = 0; i < 3; i++)
		if (!same_namespace(l, kinds[i]))
			snprintf(text + strlen(text),
			    sizeof text - strlen(text), "%s%s",
			    text[0] != '\0' ? ", " : "", names[i]);
	if (!has_proc(l))
		look_say(l, "root", FINDING_NOT,
		    "its root has no /proc, and the agent has to read there "
		    "how pages are protected; mount one, or start the program "
		    "with ullage run");
	if (!has_tmpfs(l))
		look_say(l, "root", FINDING_NOT,
		    "its root has no tmpfs for the segment (/dev/shm, /run, "
		    "/tmp); mount one, or name one with --dir");
	if (text[0] != '\0')
		look_say(l, "namespaces", FINDING_MET, "its own: %s", text);
	else if (!l->site.root.ours)
		look_say(l, "namespaces", FINDING_MET,
		    "ours, but a root of its own");
	else
		look_say(l, "namespaces", FINDING_MET, "the same as ours");
}
