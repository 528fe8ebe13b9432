/* SPDX-License-Identifier: MIT */
/*
 * The segment's file: making it, mapping it, and giving it memory before it
 * is touched.
 *
 * BASE/ullage-UID/PIDNS-PID.seg, where BASE is ULLAGE_DIR or the first tmpfs
 * of a short list. The folder is 0700 and must be ours; the file is 0600. A
 * process that execs takes the place of its former self; those of dead
 * processes are kept, the newest few, so that a crash can be read afterwards.
 *
 * Every descriptor here is closed before the function returns.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/environment.h"
#include "agent/keeper.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#define KEEP_DEAD 16
#define BLOCK (64u * 1024u)
#define BLOCKS ((ULL_TOTAL + BLOCK - 1) / BLOCK)

HIDDEN struct tables tables;

static char *map;			 /* the segment, or NULL */
static uint8_t reserved[BLOCKS]; /* blocks with memory behind them */

/* ---- memory behind the map -------------------------------------------------- */

static bool
populate(uint64_t off, uint64_t len)
{
	return mini_call3(SYS_madvise, map + off, len,
		   MADV_POPULATE_WRITE) == 0;
}

HIDDEN bool
segment_reserve(uint64_t off, uint64_t len)
{
	for (uint64_t b = off / BLOCK; b <= (off + len - 1) / BLOCK; b++) {
		uint64_t at = b * BLOCK, size = BLOCK;

		if (LIKELY(acquire(&reserved[b])))
			continue;
		if (at + size > ULL_TOTAL)
			size = ULL_TOTAL - at;
		if (agent_sandboxed || !populate(at, size))
			return false;
		release(&reserved[b], 1);
	}
	return true;
}

HIDDEN bool
segment_reserved(uint64_t off)
{
	return acquire(&reserved[off / BLOCK]);
}

/* Some 0.8 MiB: 2,000 stacks, and the first tier of the live table. */
HIDDEN void
segment_reserve_ahead(void)
{
	segment_reserve(ULL_INDEX_OFF, ULL_INDEX * 4);
	segment_reserve(ULL_STACKS_OFF, 256u * 1024u);
	segment_reserve(ULL_FRAMES_OFF, 256u * 1024u);
	live_reserve_ahead();
	fds_reserve_ahead();
	threads_reserve_ahead();
}

/* What is touched without asking: all up to the modules, and the stack that
 * takes what finds no room. */
static bool
reserve_first(int fd)
{
	for (size_t b = 0; b < BLOCKS; b++)
		release(&reserved[b], 0);
	if (segment_reserve(0, ULL_MODULES_OFF + 1) &&
	    segment_reserve(ULL_STACKS_OFF, sizeof(struct ull_stack)))
		return true;
	/* Before Linux 5.14: all of it, now. */
	if (mini_call4(SYS_fallocate, fd, 0, 0, ULL_TOTAL) != 0)
		return false;
	for (size_t b = 0; b < BLOCKS; b++)
		release(&reserved[b], 1);
	return true;
}

/* ---- the folder --------------------------------------------------------------- */

static bool
is_tmpfs(int fd)
{
	struct statfs fs;

	return mini_call2(SYS_fstatfs, fd, &fs) == 0 &&
	    (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* Ours, a folder, and closed to others: nobody else can plant a file. */
static bool
is_private(int fd)
{
	struct stat st;

	return mini_call2(SYS_fstat, fd, &st) == 0 && S_ISDIR(st.st_mode) &&
	    (st.st_mode & 077) == 0 &&
	    st.st_uid == (uid_t)mini_call1(SYS_geteuid, 0);
}

static int
open_folder(const char *base)
{
	char path[ULL_PATH] = "";
	int fd;

	mini_append(path, sizeof path, base);
	mini_append(path, sizeof path, "/ullage-");
	mini_append_number(path, sizeof path,
	    (uint64_t)mini_call1(SYS_geteuid, 0));
	if (!agent_sandboxed)
		mini_call2(SYS_mkdir, path, 0700);
	fd = (int)mini_call4(SYS_openat, AT_FDCWD, path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (is_private(fd) && is_tmpfs(fd))
		return fd;
	mini_call1(SYS_close, fd);
	return -1;
}

static int
find_folder(const struct environment *env)
{
	static const char *const bases[] = { "/dev/shm", "/run", "/tmp" };
	int fd;

	if (env->dir[0] != '\0')
		return open_folder(env->dir);
	for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
		if ((fd = open_folder(bases[i])) >= 0)
			return fd;
	return -1;
}

/* ---- names ------------------------------------------------------------------------ */

/* The inode of our pid namespace: two of them may share a tmpfs. */
static uint64_t
pid_namespace(void)
{
	struct stat st;

	if (mini_call4(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &st,
		0) != 0)
		return 0;
	return st.st_ino;
}

static void
segment_name(char *out, size_t size, uint64_t ns, uint64_t pid)
{
	out[0] = '\0';
	mini_append_number(out, size, ns);
	mini_append(out, size, "-");
	mini_append_number(out, size, pid);
	mini_append(out, size, ".seg");
}

struct dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t size;
	uint8_t type;
	char name[];
};

/* True if the entry is a segment of this namespace whose process is gone. */
static bool
is_dead(const char *name, uint64_t ns)
{
	const char *end;
	uint64_t pid;

	if (mini_parse_number(name, &end) != ns || *end != '-')
		return false;
	pid = mini_parse_number(end + 1, &end);
	return pid > 0 && pid < INT32_MAX && mini_equal(end, ".seg") &&
	    mini_call2(SYS_kill, pid, 0) == -3 /* ESRCH */;
}

/* tmpfs lists the newest first, so those past the first few are the oldest. */
static void
prune(int dir, uint64_t ns)
{
	static char list[8192]; /* one process, one thread at a time: see start */
	unsigned dead = 0;
	long n, at;

	while ((n = mini_call3(SYS_getdents64, dir, list, sizeof list)) > 0) {
		for (at = 0; at < n;) {
			struct dirent64 *d = (struct dirent64 *)(list + at);

			if (is_dead(d->name, ns) && ++dead > KEEP_DEAD)
				mini_call3(SYS_unlinkat, dir, d->name, 0);
			at += d->size;
		}
	}
}

/* ---- the file -------------------------------------------------------------------------- */

static int
create_file(int dir, const char *name)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	fd = (int)mini_call4(SYS_openat, dir, name, flags, 0600);
	if (fd == -17 /* EEXIST: our former self, or a dead one's */) {
		mini_call3(SYS_unlinkat, dir, name, 0);
		fd = (int)mini_call4(SYS_openat, dir, name, flags, 0600);
	}
	return fd;
}

/* RLIMIT_FSIZE would turn the growth of the file into a SIGXFSZ. */
static bool
may_grow(void)
{
	struct rlimit limit;

	return mini_call4(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, &limit) == 0 &&
	    limit.rlim_cur >= ULL_TOTAL;
}

static bool
map_file(int fd)
{
	const int flags = MAP_SHARED | (map != NULL ? MAP_FIXED : 0);
	long at;

	if (mini_call2(SYS_ftruncate, fd, ULL_TOTAL) != 0)
		return false;
	at = mini_syscall(SYS_mmap, (long)map, ULL_TOTAL,
	    PROT_READ | PROT_WRITE, flags, fd, 0);
	if (at < 0 && at > -4096)
		return false;
	map = (char *)at;
	mini_call3(SYS_madvise, map, ULL_TOTAL, MADV_DONTDUMP);
	return reserve_first(fd);
}

static void
set_tables(void)
{
	tables = (struct tables){
		.header = (void *)map,
		.control = (void *)(map + ULL_CONTROL_OFF),
		.counters = (void *)(map + ULL_COUNTERS_OFF),
		.modules = (void *)(map + ULL_MODULES_OFF),
		.index = (void *)(map + ULL_INDEX_OFF),
		.stacks = (void *)(map + ULL_STACKS_OFF),
		.frames = (void *)(map + ULL_FRAMES_OFF),
		.keys = (void *)(map + ULL_KEYS_OFF),
		.live = (void *)(map + ULL_LIVE_OFF),
		.receipts = (void *)(map + ULL_RECEIPTS_OFF),
		.keeper = (void *)(map + ULL_KEEPER_OFF),
		.fds = (void *)(map + ULL_FDS_OFF),
		.thread_keys = (void *)(map + ULL_THREADS_OFF),
		.threads = (void *)(map + ULL_THREADS_OFF + ULL_THREADS * 8),
	};
}

/* ---- the header --------------------------------------------------------------------------- */

/* Field 22 of /proc/self/stat: the name before may hold anything, so count
 * from the last parenthesis. */
static uint64_t
start_ticks(void)
{
	char text[1024];
	const char *end;
	long n, i;
	int fd;

	fd = (int)mini_call4(SYS_openat, AT_FDCWD, "/proc/self/stat",
	    O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	n = mini_call3(SYS_read, fd, text, sizeof text - 1);
	mini_call1(SYS_close, fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	for (i = n; i > 0 && text[i] != ')'; i--)
		;
	for (int field = 2; field < 22; i++) {
		if (text[i] == '\0')
			return 0;
		if (text[i] == ' ')
			field++;
	}
	return mini_parse_number(text + i, &end);
}

static void
fill_header(const struct environment *env, int32_t parent, uint64_t pid)
{
	struct ull_header *h = tables.header;
	const struct link_map *owner;
	struct timespec now;
	long n;

	h->header_size = sizeof *h;
	h->total_size = ULL_TOTAL;
	h->abi_major = ULL_ABI_MAJOR;
	h->abi_minor = ULL_ABI_MINOR;
	h->pid = (int32_t)pid;
	h->parent_pid = parent;
	h->start_ticks = start_ticks();
	clock_gettime(CLOCK_REALTIME, &now);
	h->start_realtime =
	    (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	h->nonce = env->random ^ h->start_realtime ^ pid << 48;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	h->start_monotonic =
	    (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	h->modules_cap = ULL_MODULES;
	h->module_size = sizeof(struct ull_module);
	h->stacks_cap = ULL_STACKS;
	h->stack_size = sizeof(struct ull_stack);
	h->frames_cap = ULL_FRAMES;
	h->index_cap = ULL_INDEX;
	h->live_cap = ULL_LIVE;
	h->live_size = sizeof(struct ull_live);
	h->modules_off = ULL_MODULES_OFF;
	h->index_off = ULL_INDEX_OFF;
	h->stacks_off = ULL_STACKS_OFF;
	h->frames_off = ULL_FRAMES_OFF;
	h->keys_off = ULL_KEYS_OFF;
	h->live_off = ULL_LIVE_OFF;
	h->fds_cap = ULL_FDS;
	h->fds_off = ULL_FDS_OFF;
	h->threads_cap = ULL_THREADS;
	h->thread_size = sizeof(struct ull_thread);
	h->threads_off = ULL_THREADS_OFF;
	h->tid_offset = stackend_tid_offset();
	h->stack_offset = stackend_stack_offset();
	mini_copy(h->agent_version, sizeof h->agent_version, ULLAGE_VERSION);
	n = mini_call3(SYS_readlink, "/proc/self/exe", h->exe,
	    sizeof h->exe - 1);
	h->exe[n > 0 ? n : 0] = '\0';
	owner = real_owner((const void *)real.malloc);
	if (owner != NULL)
		mini_copy(h->allocator, sizeof h->allocator, owner->l_name);
	h->shadowed = env->shadowed;
	store(&tables.control->interval, env->interval);
	keeper_configure(env->trim, env->memory_limit, env->filtered);
	store(&tables.counters->stacks_used, 1); /* stack 0 is the lost one */
	store(&tables.counters->thin_cursor, ULL_LIVE);
	release(&h->state, ULL_STATE_ARMED);
	/* Last: a reader that finds the magic finds the rest. */
	__atomic_store_n(&h->magic, ULL_MAGIC, __ATOMIC_RELEASE);
}

HIDDEN bool
segment_create(const struct environment *env, int32_t parent)
{
	uint64_t ns = pid_namespace();
	uint64_t pid = (uint64_t)mini_call1(SYS_getpid, 0);
	char name[64];
	int dir, fd;
	bool ok;

	if (!may_grow() || (dir = find_folder(env)) < 0)
		return false;
	segment_name(name, sizeof name, ns, pid);
	fd = create_file(dir, name);
	ok = fd >= 0 && map_file(fd);
	if (ok) {
		set_tables();
		fill_header(env, parent, pid);
	} else if (fd >= 0) {
		mini_call3(SYS_unlinkat, dir, name, 0);
	}
	if (fd >= 0)
		mini_call1(SYS_close, fd);
	if (!agent_sandboxed)
		prune(dir, ns);
	mini_call1(SYS_close, dir);
	return ok;
}
