/* SPDX-License-Identifier: MIT */
/*
 * Opens descriptors by every call that there is, each in a function of its
 * own, by_CALL.
 *
 * openers FOLDER: each function a number of times; prints "by_CALL OPENED
 * OPEN" for each, as many as it opened and left open, then "ready"; ends with
 * its input.
 *
 * openers FOLDER results: what each call returns, and errno, when it succeeds
 * and when it fails; for comparison with what it does under an agent.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What _FORTIFY_SOURCE makes of the calls. */
int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
int __openat64_2(int, const char *, int);

static const char *folder;
static char path[4096], missing[4096];
static int listener;
static struct sockaddr_un address = { .sun_family = AF_UNIX };

/* Good or, with bad set, failing; the result and errno as the call left it. */
static int bad;

/* A function with a frame, whatever is optimised. */
#define OPENER(name, expression)                                               \
	static __attribute__((noinline)) long by_##name(void)                  \
	{                                                                      \
		long result;                                                   \
                                                                               \
		errno = 77;                                                    \
		result = (long)(expression);                                   \
		__asm__ volatile("" : : : "memory");                           \
		return result;                                                 \
	}

#define PATH (bad ? missing : path)

static char *
template(void)
{
	static char room[8192];

	snprintf(room, sizeof room, "%s/temp-XXXXXX%s",
	    bad ? missing : folder, ".c");
	return room;
}

static char *
short_template(void)
{
	char *text = template();

	text[strlen(text) - 2] = '\0';
	return text;
}

static int
number(FILE *f)
{
	return f != NULL ? fileno(f) : -1;
}

static int
connected(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		perror("connect");
	close(fd); /* the backlog keeps it */
	return bad ? -1 : listener;
}

OPENER(open, open(PATH, O_RDWR | O_CREAT, 0640))
OPENER(open_read, open(PATH, O_RDONLY))
OPENER(open64, open64(PATH, O_RDWR | O_CREAT, 0600))
OPENER(openat, openat(AT_FDCWD, PATH, O_RDWR | O_CREAT, 0600))
OPENER(openat64, openat64(AT_FDCWD, PATH, O_RDWR | O_CREAT, 0600))
OPENER(creat, creat(PATH, 0600))
OPENER(creat64, creat64(PATH, 0600))
OPENER(open_2, __open_2(PATH, O_RDONLY))
OPENER(open64_2, __open64_2(PATH, O_RDONLY))
OPENER(openat_2, __openat_2(AT_FDCWD, PATH, O_RDONLY))
OPENER(openat64_2, __openat64_2(AT_FDCWD, PATH, O_RDONLY))
OPENER(fopen, number(fopen(PATH, "r")))
OPENER(fopen64, number(fopen64(PATH, "r")))
OPENER(tmpfile, number(tmpfile()))
OPENER(tmpfile64, number(tmpfile64()))
OPENER(mkstemp, mkstemp(short_template()))
OPENER(mkstemp64, mkstemp64(short_template()))
OPENER(mkostemp, mkostemp(short_template(), O_CLOEXEC))
OPENER(mkostemp64, mkostemp64(short_template(), O_CLOEXEC))
OPENER(mkstemps, mkstemps(template(), 2))
OPENER(mkstemps64, mkstemps64(template(), 2))
OPENER(mkostemps, mkostemps(template(), 2, O_CLOEXEC))
OPENER(mkostemps64, mkostemps64(template(), 2, O_CLOEXEC))
OPENER(socket, socket(bad ? -1 : AF_UNIX, SOCK_STREAM, 0))
OPENER(accept, accept(connected(), NULL, NULL))
OPENER(accept4, accept4(connected(), NULL, NULL, SOCK_CLOEXEC))
OPENER(dup, dup(bad ? -1 : 0))
OPENER(dup2, dup2(bad ? -1 : 0, 600))
OPENER(dup2_same, dup2(0, 0))
OPENER(dup3, dup3(bad ? -1 : 0, 601, O_CLOEXEC))
OPENER(fcntl, fcntl(bad ? -1 : 0, F_DUPFD, 610))
OPENER(fcntl_cloexec, fcntl(bad ? -1 : 0, F_DUPFD_CLOEXEC, 620))
OPENER(fcntl_other, fcntl(bad ? -1 : 0, F_GETFD))
OPENER(eventfd, eventfd(3, bad ? -1 : EFD_CLOEXEC))
OPENER(epoll_create, epoll_create(bad ? -1 : 1))
OPENER(epoll_create1, epoll_create1(bad ? -1 : EPOLL_CLOEXEC))
OPENER(timerfd_create, timerfd_create(bad ? 99 : CLOCK_MONOTONIC, 0))
OPENER(inotify_init, inotify_init())
OPENER(inotify_init1, inotify_init1(bad ? -1 : IN_CLOEXEC))
OPENER(memfd_create, memfd_create("m", bad ? ~0u : MFD_CLOEXEC))
OPENER(pidfd_open, pidfd_open(bad ? -1 : getpid(), 0))
OPENER(posix_openpt, posix_openpt(O_RDWR | O_NOCTTY))
OPENER(syscall_openat, syscall(SYS_openat, AT_FDCWD, PATH, O_RDONLY, 0))
OPENER(syscall_eventfd, syscall(SYS_eventfd2, 0, bad ? -1 : 0))
OPENER(syscall_getpid, syscall(SYS_getpid) > 0 ? -1 : 0)

static __attribute__((noinline)) long
by_opendir(void)
{
	DIR *d;

	errno = 77;
	d = opendir(bad ? missing : folder);
	return d != NULL ? dirfd(d) : -1;
}

static __attribute__((noinline)) long
by_freopen(void)
{
	FILE *f = fopen(path, "r");

	errno = 77;
	f = freopen(PATH, "r", f);
	return f != NULL ? fileno(f) : -1;
}

static __attribute__((noinline)) long
by_popen(void)
{
	FILE *f;

	errno = 77;
	f = popen("exec cat >/dev/null", bad ? "x" : "w");
	return f != NULL ? fileno(f) : -1;
}

static __attribute__((noinline)) long
by_signalfd(void)
{
	sigset_t none;
	int fd;

	sigemptyset(&none);
	errno = 77;
	fd = signalfd(bad ? 0 : -1, &none, 0);
	if (fd >= 0 && signalfd(fd, &none, 0) != fd) /* opens nothing */
		abort();
	return fd;
}

static int both[2];

static __attribute__((noinline)) long
by_pipe(void)
{
	errno = 77;
	return pipe(both);
}

static __attribute__((noinline)) long
by_pipe2(void)
{
	errno = 77;
	return pipe2(both, bad ? -1 : O_CLOEXEC);
}

static __attribute__((noinline)) long
by_socketpair(void)
{
	errno = 77;
	return socketpair(bad ? -1 : AF_UNIX, SOCK_DGRAM, 0, both);
}

/* ---- received ------------------------------------------------------------------ */

union control {
	char bytes[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr align;
};

static struct iovec one_byte = { (char[1]){ 'x' }, 1 };

static void
send_two(int to)
{
	union control c = { { 0 } };
	struct msghdr m = { .msg_iov = &one_byte, .msg_iovlen = 1,
		.msg_control = c.bytes, .msg_controllen = sizeof c.bytes };

	c.align.cmsg_level = SOL_SOCKET;
	c.align.cmsg_type = SCM_RIGHTS;
	c.align.cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(&c.align), (int[2]){ 0, 1 }, 2 * sizeof(int));
	if (sendmsg(to, &m, 0) != 1)
		perror("sendmsg");
}

static int channel[2];

/* Each receives two. */
static __attribute__((noinline)) long
by_recvmsg(void)
{
	union control c;
	struct msghdr m = { .msg_iov = &one_byte, .msg_iovlen = 1,
		.msg_control = c.bytes, .msg_controllen = sizeof c.bytes };

	if (!bad)
		send_two(channel[1]);
	errno = 77;
	return recvmsg(channel[0], &m, MSG_DONTWAIT) == 1 ? 0 : -1;
}

static __attribute__((noinline)) long
by_recvmmsg(void)
{
	union control c;
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &one_byte,
				 .msg_iovlen = 1,
				 .msg_control = c.bytes,
				 .msg_controllen = sizeof c.bytes } };

	if (!bad)
		send_two(channel[1]);
	errno = 77;
	return recvmmsg(channel[0], &m, 1, MSG_DONTWAIT, NULL) == 1 ? 0 : -1;
}

/* ---- all of them ---------------------------------------------------------------- */

static const struct call {
	const char *name;
	long (*f)(void);
	int opens;  /* descriptors */
	int beside; /* that it opens too, and closes */
} calls[] = {
#define ROW(name, opens) { #name, by_##name, opens, 0 }
#define BESIDE(name, opens) { #name, by_##name, opens, 1 }
	ROW(open, 1),
	ROW(open_read, 1),
	ROW(open64, 1),
	ROW(openat, 1),
	ROW(openat64, 1),
	ROW(creat, 1),
	ROW(creat64, 1),
	ROW(open_2, 1),
	ROW(open64_2, 1),
	ROW(openat_2, 1),
	ROW(openat64_2, 1),
	ROW(fopen, 1),
	ROW(fopen64, 1),
	ROW(tmpfile, 1),
	ROW(tmpfile64, 1),
	ROW(opendir, 1),
	ROW(popen, 1),
	ROW(mkstemp, 1),
	ROW(mkstemp64, 1),
	ROW(mkostemp, 1),
	ROW(mkostemp64, 1),
	ROW(mkstemps, 1),
	ROW(mkstemps64, 1),
	ROW(mkostemps, 1),
	ROW(mkostemps64, 1),
	ROW(socket, 1),
	BESIDE(accept, 1),
	BESIDE(accept4, 1),
	ROW(socketpair, 2),
	ROW(pipe, 2),
	ROW(pipe2, 2),
	ROW(dup, 1),
	ROW(dup2_same, 0),
	ROW(fcntl, 1),
	ROW(fcntl_cloexec, 1),
	ROW(fcntl_other, 0),
	ROW(eventfd, 1),
	ROW(epoll_create, 1),
	ROW(epoll_create1, 1),
	ROW(timerfd_create, 1),
	ROW(signalfd, 1),
	ROW(inotify_init, 1),
	ROW(inotify_init1, 1),
	ROW(memfd_create, 1),
	ROW(pidfd_open, 1),
	ROW(posix_openpt, 1),
	ROW(recvmsg, 2),
	ROW(recvmmsg, 2),
	ROW(syscall_openat, 1),
	ROW(syscall_eventfd, 1),
	ROW(syscall_getpid, 0),
	/* At numbers of their own, and above others. */
	BESIDE(freopen, 1),
	ROW(dup2, 1),
	ROW(dup3, 1),
};

#define CALLS (sizeof calls / sizeof calls[0])

/* These take over a number, so only the last of them is open. */
static int
takes_over(const char *name)
{
	return strcmp(name, "dup2") == 0 || strcmp(name, "dup3") == 0;
}

static void
close_result(const struct call *c, long result)
{
	if (c->opens == 1)
		close((int)result);
	else if (c->f == by_pipe || c->f == by_pipe2 || c->f == by_socketpair)
		close(both[0]), close(both[1]);
}

/* ---- stacks that are alike ---------------------------------------------------------- */

/*
 * The same call at the same place on the stack, by turns from two functions
 * with equal frames, once with a frame of variable size in between.
 */
static __attribute__((noinline)) int
shared(unsigned room)
{
	volatile char bytes[room];
	int fd;

	bytes[0] = 1;
	fd = open(path, O_RDONLY);
	return fd + bytes[0] - 1;
}

#define ALIKE(name)                                                            \
	static __attribute__((noinline, noipa)) int by_##name(unsigned room)   \
	{                                                                      \
		int fd = shared(room);                                         \
									       \
		__asm__ volatile("" : : "r"(fd) : "memory");                   \
		return fd;                                                     \
	}
ALIKE(left)
ALIKE(right)

static void
alike(void)
{
	static int (*const turns[])(unsigned) = { by_left, by_right };

	for (unsigned n = 0; n < 200; n++) {
		int fd = turns[n / (1 + n % 3) % 2](16 + n % 5 * 64);

		if (n != 0)
			close(fd);
	}
}

/* How often that calls each; the first stays open. */
static void
print_alike(void)
{
	int times[2] = { 0, 0 };

	for (unsigned n = 0; n < 200; n++)
		times[n / (1 + n % 3) % 2]++;
	printf("by_left %d 1\nby_right %d 0\n", times[0], times[1]);
}

/* ---- what each returns -------------------------------------------------------------- */

static void
results(void)
{
	for (bad = 0; bad < 2; bad++)
		for (size_t i = 0; i < CALLS; i++) {
			long result = calls[i].f();
			int error = errno;

			printf("%s %s: %ld errno %d\n", bad ? "bad" : "good",
			    calls[i].name, result, error);
			if (result >= 0 && calls[i].opens > 0)
				close_result(&calls[i], result);
		}
	errno = 77;
	printf("close %d errno %d\n", close(-1), errno);
	errno = 77;
	printf("close_range %d errno %d\n", close_range(9, 3, 0), errno);
	errno = 77;
	printf("fclose %d errno %d\n", fclose(fopen(path, "r")), errno);
	errno = 77;
	printf("fclose memory %d errno %d\n",
	    fclose(fmemopen(missing, 10, "r")), errno);
	errno = 77;
	printf("pclose %d errno %d\n", pclose(popen("exit 3", "r")), errno);
	errno = 77;
	printf("closedir %d errno %d\n", closedir(opendir(folder)), errno);
	closefrom(100);
	printf("next %d\n", dup(0));
}

/* ---- children: of fork, who have a table of their own, and of vfork ----------------- */

static void
children(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		for (int fd = 3; fd < 100; fd++)
			close(fd);
		open(path, O_RDONLY);
		_exit(3);
	}
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 3)
		printf("vfork %d status %x\n", (int)pid, status);
	if ((pid = fork()) == 0) {
		closefrom(3);
		_exit(4);
	}
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 4)
		printf("fork %d status %x\n", (int)pid, status);
}

static void
open_all(void)
{
	for (size_t i = 0; i < CALLS; i++) {
		const struct call *c = &calls[i];
		int times = 2 + (int)(i % 4), failed = 0, open;

		for (int k = 0; k < times; k++) {
			long result = c->f();

			failed += result < 0;
			/* The first is closed again. */
			if (k == 0 && result >= 0 && c->opens > 0 &&
			    !takes_over(c->name))
				close_result(c, result);
		}
		open = (times - failed - !takes_over(c->name)) * c->opens;
		if (takes_over(c->name))
			open = 1;
		if (c->f == by_recvmsg || c->f == by_recvmmsg)
			open = (times - failed) * 2; /* none was closed */
		if (c->opens > 0 && failed < times)
			printf("by_%s %d %d\n", c->name,
			    (times - failed) * (c->opens + c->beside), open);
	}
}

static int
count_inherited(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 3; /* ".", "..", and the folder */
}

int
main(int argc, char **argv)
{
	int inherited = count_inherited();

	if (argc < 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	folder = argv[1];
	snprintf(path, sizeof path, "%s/there", folder);
	snprintf(missing, sizeof missing, "%s/none/none", folder);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/socket",
	    folder);
	unlink(address.sun_path);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 100) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel) != 0)
		return 1;
	if (argc > 2) {
		results();
		return 0;
	}
	open_all();
	alike();
	print_alike();
	children();
	printf("inherited %d\nready\n", inherited);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
