/* SPDX-License-Identifier: MIT */
/*
 * Waits for ever in the system call that its argument names, and aborts if
 * that fails with EINTR though no signal came. SIGUSR1 is a signal that
 * comes: it says "signal" for each. `waiting -l` lists the calls.
 *
 * Two threads wait, the first one and another, since what holds for one kind
 * of thread need not hold for the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct timespec hour = { 3600, 0 };
static const struct timespec far = { 1l << 33, 0 };
static struct sembuf down = { 0, -1, 0 };
static struct mq_attr queue = { 0, 1, 16, 0, { 0 } };
static _Atomic int signals;

static void
on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void
need(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		exit(77);
	}
}

/* ---- descriptors that have nothing to say ------------------------------------ */

static int
silent_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(0), silent = eventfd(0, 0);

	need(epoll_ctl(fd, EPOLL_CTL_ADD, silent, &event) == 0, "epoll_ctl");
	return fd;
}

static int
silent_socket(int timeout)
{
	struct timeval t = { 3600, 0 };
	int pair[2];

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	if (timeout)
		setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	return pair[0];
}

static int
full_socket(void)
{
	struct timeval t = { 3600, 0 };
	static char bytes[4096];
	int pair[2];

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	while (send(pair[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
	setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
	return pair[0];
}

static int
listener(int timeout)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	struct timeval t = { 3600, 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* A family alone binds to an abstract name that nobody has. */
	need(bind(fd, (struct sockaddr *)&any, sizeof any.sun_family) == 0 &&
	    listen(fd, 5) == 0, "listen");
	if (timeout)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	return fd;
}

static mqd_t
silent_queue(void)
{
	char name[32];
	mqd_t q;

	snprintf(name, sizeof name, "/ullage-%d-%d", getpid(), gettid());
	q = mq_open(name, O_CREAT | O_RDWR, 0600, &queue);
	need(q >= 0, "mq_open");
	mq_unlink(name);
	return q;
}

static pid_t
silent_child(void)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* A file that another process has locked; threads of one share a lock. */
static int
locked_file(struct flock *whole)
{
	char name[] = "/tmp/ullage-lock.XXXXXX";
	int fd = mkstemp(name), locked[2];
	pid_t child;
	char c;

	unlink(name);
	*whole = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	need(fd >= 0 && pipe(locked) == 0 && (child = fork()) >= 0, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fcntl(fd, F_SETLK, whole);
		/* The other thread's child has this end of the pipe too. */
		if (write(locked[1], "", 1) == 1)
			for (;;)
				pause();
	}
	need(read(locked[0], &c, 1) == 1, "read");
	return fd;
}

/* System V's things outlive a process, unless it says good-bye: SIGTERM. */
static _Atomic int semaphores[2] = { -1, -1 }, messages[2] = { -1, -1 };

static void
on_term(int sig)
{
	for (int i = 0; i < 2; i++) {
		if (semaphores[i] >= 0)
			semctl(semaphores[i], 0, IPC_RMID);
		if (messages[i] >= 0)
			msgctl(messages[i], IPC_RMID, NULL);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static int
keep(_Atomic int ids[2], int id)
{
	int none = -1;

	need(id >= 0, "System V IPC");
	if (!atomic_compare_exchange_strong(&ids[0], &none, id))
		ids[1] = id;
	return id;
}

static int
silent_semaphore(void)
{
	return keep(semaphores, semget(IPC_PRIVATE, 1, 0600));
}

static int
silent_messages(void)
{
	return keep(messages, msgget(IPC_PRIVATE, 0600));
}

/* ---- the calls: each prepares once and then waits, again and again ---------------- */

#define WAIT(name, prepare, call)                                              \
	static long wait_##name(void)                                          \
	{                                                                      \
		prepare;                                                       \
		for (;;) {                                                     \
			int before = signals;                                  \
			long rc = (call);                                      \
			if (rc >= 0 || errno != EINTR || signals == before)    \
				return rc;                                     \
			puts("signal");                                        \
			fflush(stdout);                                        \
		}                                                              \
	}

WAIT(epoll_wait, struct epoll_event e; int fd = silent_epoll(),
    epoll_wait(fd, &e, 1, -1))
WAIT(epoll_wait_timeout, struct epoll_event e; int fd = silent_epoll(),
    epoll_wait(fd, &e, 1, 3600000))
WAIT(epoll_pwait, struct epoll_event e; sigset_t s; sigemptyset(&s);
    int fd = silent_epoll(), epoll_pwait(fd, &e, 1, -1, &s))
WAIT(epoll_pwait2, struct epoll_event e; int fd = silent_epoll(),
    syscall(SYS_epoll_pwait2, fd, &e, 1, &hour, NULL, 8))
WAIT(accept_timeout, int fd = listener(1), accept(fd, NULL, NULL))
WAIT(accept, int fd = listener(0), accept(fd, NULL, NULL))
WAIT(recv_timeout, int fd = silent_socket(1); char c, recv(fd, &c, 1, 0))
WAIT(recv, int fd = silent_socket(0); char c, recv(fd, &c, 1, 0))
WAIT(recvmsg_timeout, int fd = silent_socket(1); struct msghdr m; char c;
    struct iovec v; v.iov_base = &c; v.iov_len = 1; memset(&m, 0, sizeof m);
    m.msg_iov = &v; m.msg_iovlen = 1, recvmsg(fd, &m, 0))
WAIT(read_timeout, int fd = silent_socket(1); char c, read(fd, &c, 1))
WAIT(send_timeout, int fd = full_socket(); char c = 0, send(fd, &c, 1, 0))
WAIT(write_timeout, int fd = full_socket(); char c = 0, write(fd, &c, 1))
WAIT(semop, int id = silent_semaphore(), semop(id, &down, 1))
WAIT(semtimedop, int id = silent_semaphore(), semtimedop(id, &down, 1, &hour))
WAIT(sigtimedwait, sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &s, NULL), sigtimedwait(&s, NULL, &hour))
WAIT(io_getevents, aio_context_t c = 0; struct io_event e;
    need(syscall(SYS_io_setup, 1, &c) == 0, "io_setup"),
    syscall(SYS_io_getevents, c, 1, 1, &e, NULL))
WAIT(poll, (void)0, poll(NULL, 0, 3600000))
WAIT(ppoll, (void)0, ppoll(NULL, 0, &hour, NULL))
WAIT(select, (void)0, select(0, NULL, NULL, NULL, NULL))
WAIT(pselect, sigset_t s; sigemptyset(&s),
    pselect(0, NULL, NULL, NULL, &hour, &s))
WAIT(relative_pause, (void)0, syscall(SYS_nanosleep, &hour, NULL))
WAIT(absolute_pause, (void)0,
    syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &far, NULL))
WAIT(futex, uint32_t word = 1,
    syscall(SYS_futex, &word, FUTEX_WAIT, 1, &hour, NULL, 0))
WAIT(pipe, int fd[2]; need(pipe(fd) == 0, "pipe"); char c,
    read(fd[0], &c, 1))
WAIT(inotify, int fd = inotify_init(); char c[64], read(fd, c, sizeof c))
WAIT(wait4, pid_t child = silent_child(), waitpid(child, NULL, 0))
WAIT(msgrcv, int id = silent_messages(); char c[64],
    msgrcv(id, c, sizeof c - sizeof(long), 0, 0))
WAIT(mq_timedreceive, mqd_t q = silent_queue(); char c[16],
    mq_timedreceive(q, c, sizeof c, NULL, &far))
WAIT(flock, char name[] = "/tmp/ullage-lock.XXXXXX"; int held = mkstemp(name);
    int fd = open(name, O_RDWR); unlink(name); flock(held, LOCK_EX),
    flock(fd, LOCK_EX))
WAIT(setlkw, struct flock f; int fd = locked_file(&f), fcntl(fd, F_SETLKW, &f))
WAIT(pause, (void)0, pause())
WAIT(sigsuspend, sigset_t s; sigemptyset(&s), sigsuspend(&s))

static const struct {
	const char *name;
	long (*wait)(void);
} calls[] = {
#define ROW(name) { #name, wait_##name }
	ROW(epoll_wait), ROW(epoll_wait_timeout), ROW(epoll_pwait),
	ROW(epoll_pwait2), ROW(accept_timeout), ROW(accept),
	ROW(recv_timeout), ROW(recv), ROW(recvmsg_timeout),
	ROW(read_timeout), ROW(send_timeout), ROW(write_timeout),
	ROW(semop), ROW(semtimedop), ROW(sigtimedwait), ROW(io_getevents),
	ROW(poll), ROW(ppoll), ROW(select), ROW(pselect),
	ROW(relative_pause), ROW(absolute_pause), ROW(futex), ROW(pipe),
	ROW(inotify), ROW(wait4), ROW(msgrcv), ROW(mq_timedreceive),
	ROW(flock), ROW(setlkw), ROW(pause), ROW(sigsuspend),
};
#define CALLS (sizeof calls / sizeof calls[0])

static void *
wait_for_ever(void *row)
{
	size_t i = (size_t)(uintptr_t)row;
	long rc = calls[i].wait();

	fprintf(stderr, "%s returned %ld: %s\n", calls[i].name, rc,
	    strerror(errno));
	abort();
}

int
main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	pthread_t other;
	size_t i;

	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		for (i = 0; i < CALLS; i++)
			puts(calls[i].name);
		return 0;
	}
	for (i = 0; i < CALLS; i++)
		if (argc == 2 && strcmp(argv[1], calls[i].name) == 0)
			break;
	if (i == CALLS)
		return 2;
	sigaction(SIGUSR1, &act, NULL);
	act.sa_handler = on_term;
	sigaction(SIGTERM, &act, NULL);
	puts("ready");
	fflush(stdout);
	pthread_create(&other, NULL, wait_for_ever, (void *)(uintptr_t)i);
	wait_for_ever((void *)(uintptr_t)i);
}
