/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/denial.h"
#include "base/buf.h"
#include "base/escape.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
denial_traced(const struct process *p, int32_t tracer, struct err *e)
{
	struct buf name = BUF_INIT;
	struct process t;
	struct err ignored;

	if (process_read(tracer, &t, &ignored) == 0)
		escape_terminal(&name, t.name, strlen(t.name));
	err_set(e, ERR_DENIED,
	    "process %d is being traced by %s (pid %d), and there can be but "
	    "one tracer; try again when that has ended",
	    p->pid, name.len > 0 ? buf_text(&name) : "another process",
	    tracer);
	buf_free(&name);
	return -1;
}

int32_t
denial_tracer(int32_t pid)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	const char *at;
	char path[64];
	int32_t tracer = 0;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if (buf_read_file(&text, path, 65536, &ignored) == 0 &&
	    (at = strstr(buf_text(&text), "\nTracerPid:")) != NULL)
		tracer = atoi(at + 11);
	buf_free(&text);
	return tracer;
}

int
denial_forbidden(const struct process *p, struct err *e)
{
	char scope[8] = "";
	ssize_t n;
	int fd;

	if (geteuid() != p->uid && geteuid() != 0)
		return err_set(e, ERR_DENIED,
		    "not permitted to stop the threads of process %d, which "
		    "runs as uid %u; run ullage as that user or as root",
		    p->pid, p->uid);
	fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, scope, sizeof scope - 1) : 0;
	if (fd >= 0)
		close(fd);
	if (n > 0 && scope[0] != '0')
		return err_set(e, ERR_DENIED,
		    "not permitted to stop the threads of process %d (yama "
		    "ptrace_scope is %c); run ullage as root",
		    p->pid, scope[0]);
	return err_set(e, ERR_DENIED,
	    "not permitted to stop the threads of process %d: it protects "
	    "itself, has more rights than ullage, or a security module "
	    "forbids it; run ullage as root, outside of a container",
	    p->pid);
}

/* The one place that reads a byte of the program itself. */
bool
denial_32_bit(int32_t pid)
{
	unsigned char head[EI_NIDENT] = "";
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	n = fd >= 0 ? read(fd, head, sizeof head) : 0;
	if (fd >= 0)
		close(fd);
	return n == EI_NIDENT && memcmp(head, ELFMAG, SELFMAG) == 0 &&
	    head[EI_CLASS] == ELFCLASS32;
}
