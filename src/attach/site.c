/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "attach/site.h"
#include "attach/tasks.h"
#include "proc/process.h"
#include "symbol/elf_layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const names[SITE_FUNCTIONS] = {
	[SITE_ERRNO_LOCATION] = "__errno_location",
	[SITE_PTHREAD_CREATE] = "pthread_create",
	[SITE_PTHREAD_SIGMASK] = "pthread_sigmask",
	[SITE_PTHREAD_DETACH] = "pthread_detach",
	[SITE_GETTID] = "gettid",
	[SITE_DLOPEN] = "dlopen",
	[SITE_DLSYM] = "dlsym",
	[SITE_DLERROR] = "dlerror",
};

void
site_path(const struct site *s, const char *name, char *out, size_t room)
{
	snprintf(out, room, "/proc/%d/task/%d/%s", s->pid, s->body, name);
}

/* ---- memory ------------------------------------------------------------------ */

bool
site_read(const struct site *s, uint64_t address, void *to, size_t len)
{
	return pread(s->mem, to, len, (off_t)address) == (ssize_t)len;
}

bool
site_write(const struct site *s, uint64_t address, const void *from,
    size_t len)
{
	return s->writable &&
	    pwrite(s->mem, from, len, (off_t)address) == (ssize_t)len;
}

bool
site_is_there(const struct site *s)
{
	uint8_t byte;

	/* The vdso and the like need not be readable; programs are. */
	for (size_t i = 0; i < s->maps.n; i++)
		if (s->maps.rows[i].inode != 0 &&
		    (s->maps.rows[i].flags & MAP_READ) != 0)
			return site_read(s, s->maps.rows[i].start, &byte, 1);
	return false;
}

bool
site_status(const struct site *s, struct stub_status *status)
{
	return s->status.room != 0 &&
	    site_read(s, s->status.address, status, sizeof *status);
}

/* ---- opening --------------------------------------------------------------------- */

/* The first thread if it is alive, else any other. */
static int32_t
find_body(int32_t pid)
{
	int32_t *tids;
	size_t n;
	int32_t body = 0;

	if (task_state(pid, pid) != 'Z')
		return pid;
	if (task_list(pid, &tids, &n) < 0)
		return 0;
	for (size_t i = 0; i < n && body == 0; i++)
		if (strchr("ZX?", task_state(pid, tids[i])) == NULL)
			body = tids[i];
	free(tids);
	return body;
}

int
site_open(struct site *s, int32_t pid, struct err *e)
{
	char path[80];

	*s = SITE_NONE;
	s->pid = pid;
	s->body = find_body(pid);
	if (s->body == 0)
		return err_set(e, ERR_GONE, "process %d has ended", pid);
	site_path(s, "mem", path, sizeof path);
	s->mem = open(path, O_RDWR | O_CLOEXEC);
	s->writable = s->mem >= 0;
	if (s->mem < 0)
		return err_errno(e, "cannot open the memory of process %d",
		    pid);
	if (maps_read(s->body, &s->maps, e) < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/task/%d/root", pid, s->body);
	rooted_open(&s->root, path);
	site_path(s, "exe", path, sizeof path);
	s->exe = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return 0;
}

void
site_close(struct site *s)
{
	if (s->mem >= 0)
		close(s->mem);
	if (s->exe >= 0)
		close(s->exe);
	rooted_close(&s->root);
	maps_free(&s->maps);
}

/* ---- libc -------------------------------------------------------------------------- */

static bool
is_libc(const char *path)
{
	const char *name = strrchr(path, '/');

	return name != NULL &&
	    (strcmp(name, "/libc.so.6") == 0 ||
		strncmp(name, "/libc-2.", 8) == 0);
}

/* The file itself, whatever lies under its name by now. */
static int
open_mapped(const struct site *s, const struct map *row)
{
	char path[96];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/map_files/%llx-%llx", s->pid,
	    (unsigned long long)row->start, (unsigned long long)row->limit);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && !row->deleted)
		fd = rooted_file(&s->root,
		    process_own_path(s->pid, row->path));
	return fd;
}

/* The bytes of a cave that are there: all zero, or an earlier stub's. */
static bool
is_cave(const struct site *s, uint64_t address, uint64_t room, size_t magic_at)
{
	uint8_t bytes[4096], any = 0;
	uint64_t magic;

	if (room > sizeof bytes || !site_read(s, address, bytes, room))
		return false;
	if (room >= magic_at + sizeof magic) {
		memcpy(&magic, bytes + magic_at, sizeof magic);
		if (magic == STUB_MAGIC)
			return true;
	}
	for (size_t i = 0; i < room; i++)
		any |= bytes[i];
	return any == 0;
}

static struct cave
find_cave(const struct site *s, const struct elf_file *f, uint64_t bias,
    bool code)
{
	const uint32_t flag = code ? PF_X : PF_W;
	struct cave c = { 0, 0 };
	const struct map *row;
	struct elf_tail tail;

	if (!elf_layout_tail(f, flag, &tail))
		return c;
	c.address = (bias + tail.end + 15) & ~UINT64_C(15);
	if (bias + tail.page_end < c.address + STUB_STATUS_MIN)
		return (struct cave){ 0, 0 };
	c.room = bias + tail.page_end - c.address;
	row = maps_find(&s->maps, c.address);
	if (row == NULL ||
	    (row->flags & (code ? MAP_EXECUTE : MAP_WRITE)) == 0 ||
	    !is_cave(s, c.address, c.room, code ? 0 : STUB_MAGIC_AT))
		return (struct cave){ 0, 0 };
	return c;
}

static void
find_functions(struct site *s, const struct elf_file *f, uint64_t bias)
{
	uint64_t address, size;

	s->missing = NULL;
	for (size_t i = 0; i < SITE_FUNCTIONS; i++) {
		if (elf_layout_export(f, names[i], &address, &size))
			s->functions[i] = bias + address;
		else if (s->missing == NULL)
			s->missing = names[i];
	}
}

static void
look_into(struct site *s, const struct map *row)
{
	int fd = open_mapped(s, row);
	struct elf_file *f = fd >= 0 ? elf_file_open(fd) : NULL;
	uint64_t linked;

	if (f == NULL)
		return;
	if (elf_layout_base(f, &linked)) {
		s->libc_known = true;
		s->libc_minor = elf_layout_glibc(f);
		find_functions(s, f, row->start - linked);
		s->code = find_cave(s, f, row->start - linked, true);
		s->status = find_cave(s, f, row->start - linked, false);
	}
	elf_file_free(f);
}

void
site_find(struct site *s)
{
	for (size_t i = 0; i < s->maps.n; i++) {
		const struct map *row = &s->maps.rows[i];

		if (row->offset != 0 || !is_libc(row->path))
			continue;
		snprintf(s->libc_path, sizeof s->libc_path, "%s", row->path);
		look_into(s, row);
		return;
	}
}

/* ---- calls ------------------------------------------------------------------------- */

int64_t
site_call_number(const struct site *s, int64_t number, uint64_t pc)
{
	uint8_t code[7]; /* mov $number, %eax; syscall */
	uint32_t before;

	if (number != SYS_restart_syscall)
		return number;
	if (!site_read(s, pc - sizeof code, code, sizeof code) ||
	    code[0] != 0xb8 || code[5] != 0x0f || code[6] != 0x05)
		return -1;
	memcpy(&before, code + 1, sizeof before);
	return before;
}

/* ---- what an earlier one left ----------------------------------------------------------- */

/* On a processor; the stub's last instructions take nanoseconds. */
#define RAN_NS UINT64_C(5000000)

/* Whether that thread may still run the image, as far as it can be told. */
static bool
is_in_cave(const struct site *s, int32_t tid, bool left, uint64_t *ran)
{
	struct task_call call;
	uint64_t now;

	if (tid <= 0 || !task_call_read(s->pid, tid, &call))
		return false; /* it has ended */
	if (!call.running)
		return call.pc - s->code.address < s->code.room;
	if (!left || !task_ran(s->pid, tid, &now))
		return true;
	if (*ran == 0)
		*ran = now;
	return now - *ran < RAN_NS;
}

/*
 * The two threads that may be in there are the one that was hijacked, until
 * it has left, and the worker, until it is gone.
 */
static const char *
who_needs(const struct site *s, const struct stub_status *status,
    uint64_t *ran)
{
	if (status->committed == 0)
		return NULL;
	if (status->entered && !status->left &&
	    task_exists(s->pid, (int32_t)status->hijacked))
		return "starts its thread";
	if (is_in_cave(s, (int32_t)status->hijacked, status->left != 0, ran))
		return "has not begun";
	if (status->left && status->created == 0 && status->stage < STAGE_NO_LOAD)
		return status->stage == STAGE_CALLING ? "arms the agent" :
							"loads the agent";
	if (status->worker != 0 &&
	    task_in_namespace(s->pid, (int32_t)status->worker) != 0)
		return "ends its thread";
	return NULL;
}

int
site_is_free(const struct site *s, uint64_t *ran, struct err *e)
{
	struct stub_status status;
	const char *why;

	if (!site_status(s, &status))
		return err_set(e, ERR_GONE, "process %d has ended", s->pid);
	if (status.magic != STUB_MAGIC)
		return 0;
	why = who_needs(s, &status, ran);
	if (why == NULL)
		return 0;
	return err_set(e, ERR_FAILED,
	    "another attach to process %d is under way: it %s; try again when "
	    "that is done",
	    s->pid, why);
}
