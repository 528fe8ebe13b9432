/* SPDX-License-Identifier: MIT */
/*
 * classic PID LIBRARY: the way that debuggers and injectors go, kept as the
 * control: stop a thread wherever it is, have it call dlopen, wait for the
 * breakpoint behind that, put everything back. A test of an attach that this
 * one survives is not sharp. Prints "done", "deadlock" or "died".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int memory;

/* Any thread: that is how it is when nobody looks where they are. */
static pid_t
choose(const char *pid)
{
	struct dirent *entry;
	struct timespec now;
	pid_t tids[256];
	char path[64];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%s/task", pid);
	dir = opendir(path);
	while (dir != NULL && n < 256 && (entry = readdir(dir)) != NULL)
		if (atoi(entry->d_name) > 0)
			tids[n++] = atoi(entry->d_name);
	if (dir != NULL)
		closedir(dir);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return n > 0 ? tids[(size_t)now.tv_nsec % n] : atoi(pid);
}

/* First address of libc in a process, and the end of its code. */
static uint64_t
find_libc(const char *pid, uint64_t *code_end)
{
	unsigned long start, end, base = 0;
	char path[64], line[512], flags[5];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%s/maps", pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (strstr(line, "libc.so.6") == NULL ||
		    sscanf(line, "%lx-%lx %4s", &start, &end, flags) != 3)
			continue;
		if (base == 0)
			base = start;
		if (flags[2] == 'x')
			*code_end = end;
	}
	if (f != NULL)
		fclose(f);
	return base;
}

/* The status of the stop, or -1 when it takes longer than a second. */
static int
wait_stop(pid_t pid)
{
	int status;

	for (int i = 0; i < 1000; i++) {
		if (waitpid(pid, &status, __WALL | WNOHANG) == pid)
			return status;
		poll(NULL, 0, 1);
	}
	return -1;
}

static int
call(pid_t pid, uint64_t code, uint64_t function, const char *library)
{
	static const unsigned char call_and_stop[] = { 0xff, 0xd0, 0xcc };
	struct user_regs_struct before, regs;
	unsigned char old[512];
	int status;

	ptrace(PTRACE_GETREGS, pid, 0, &before);
	regs = before;
	pread(memory, old, sizeof old, (off_t)code);
	pwrite(memory, call_and_stop, sizeof call_and_stop, (off_t)code);
	pwrite(memory, library, strlen(library) + 1, (off_t)code + 16);
	regs.rip = code;
	regs.rax = function;
	regs.rdi = code + 16;
	regs.rsi = RTLD_NOW;
	regs.rsp = (regs.rsp - 256) & ~UINT64_C(15);
	regs.orig_rax = UINT64_MAX;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
	ptrace(PTRACE_CONT, pid, 0, 0);
	status = wait_stop(pid);
	if (status == -1)
		return puts("deadlock"), 1;
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		return puts("died"), 1;
	ptrace(PTRACE_SETREGS, pid, 0, &before);
	pwrite(memory, old, sizeof old, (off_t)code);
	return puts("done"), 0;
}

int
main(int argc, char **argv)
{
	uint64_t end = 0, own = find_libc("self", &end), theirs, address;
	char path[64];
	pid_t pid;
	int rc;

	if (argc != 3)
		return 2;
	pid = choose(argv[1]);
	theirs = find_libc(argv[1], &end);
	address = (uint64_t)(uintptr_t)dlsym(RTLD_DEFAULT, "dlopen");
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	memory = open(path, O_RDWR);
	if (theirs == 0 || memory < 0 ||
	    ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return puts("died"), 1;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	if (wait_stop(pid) == -1)
		return puts("deadlock"), 1;
	rc = call(pid, end - 512, address - own + theirs, argv[2]);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return rc;
}
