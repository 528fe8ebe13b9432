/* SPDX-License-Identifier: MIT */
/*
 * sandboxed CALL ACTION: puts a seccomp filter in force that answers one call
 * so (kill, trap, errno:N, trace, log), allows all others, and waits. CALL
 * "all": everything but what it needs to wait is answered so. CALL "none":
 * allows everything. `thread` as a third argument: in another thread only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int number;
static unsigned answer;

static const struct {
	const char *name;
	int number;
} calls[] = {
#define ROW(name) { #name, SYS_##name }
	ROW(memfd_create), ROW(socket), ROW(clone3), ROW(clone),
	ROW(mprotect), ROW(openat), ROW(mmap), ROW(madvise), ROW(rseq),
	ROW(set_robust_list), ROW(ftruncate), ROW(getpid), ROW(unlinkat),
};

static int
find(const char *name)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	return -1;
}

static unsigned
action(const char *name)
{
	if (strcmp(name, "kill") == 0)
		return SECCOMP_RET_KILL_PROCESS;
	if (strcmp(name, "trap") == 0)
		return SECCOMP_RET_TRAP;
	if (strcmp(name, "trace") == 0)
		return SECCOMP_RET_TRACE;
	if (strcmp(name, "log") == 0)
		return SECCOMP_RET_LOG;
	if (strncmp(name, "errno:", 6) == 0)
		return SECCOMP_RET_ERRNO | (unsigned)atoi(name + 6);
	exit(2);
}

static void
restrict_one(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		exit(77);
}

static void
restrict_all(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_wait, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		exit(77);
}

static volatile sig_atomic_t over;

static void
on_term(int sig)
{
	(void)sig;
	over = 1;
}

static void *
in_thread(void *unused)
{
	restrict_one();
	write(1, "ready\n", 6);
	for (;;)
		pause();
	return unused;
}

int
main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };
	struct epoll_event event;
	int fd = epoll_create1(0);
	pthread_t thread;

	if (argc < 3)
		return 2;
	sigaction(SIGTERM, &act, NULL);
	free(malloc(100000));
	number = find(argv[1]);
	answer = action(argv[2]);
	if (argc > 3)
		pthread_create(&thread, NULL, in_thread, NULL);
	else if (strcmp(argv[1], "all") == 0)
		restrict_all();
	else
		restrict_one();
	if (argc == 3)
		write(1, "ready\n", 6);
	while (!over)
		epoll_wait(fd, &event, 1, 20);
	write(1, "ok\n", 3);
	_exit(0);
}
