/* SPDX-License-Identifier: MIT */
/*
 * Opens one descriptor of every type that this kernel and user allow, then
 * more on command. Usage: descriptors FOLDER. Prints "type FD" for each, then
 * "ready". Commands, a line each: pairs N (connected unix sockets), tcp N
 * (connections to itself), send N (bytes into every TCP connection), quit.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

/* Escape sequences in every name that others will see. */
#define NASTY "a\033]0;owned\007\n(deleted) \xff"

static int listener = -1, *connections, n_connections;
static struct sockaddr_in address;

static void
have(const char *type, int fd)
{
	if (fd >= 0)
		printf("%s %d\n", type, fd);
	else
		fprintf(stderr, "no %s: %s\n", type, strerror(errno));
}

static int
file(const char *folder, const char *name, int flags)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return open(path, flags | O_CREAT, 0600);
}

static void
files(const char *folder)
{
	char path[4096];
	int fd, both[2];

	have("file", file(folder, "plain", O_RDWR | O_APPEND | O_CLOEXEC));
	have("file", file(folder, NASTY, O_WRONLY));
	have("file", file(folder, "not gone (deleted)", O_RDONLY));
	fd = file(folder, "gone", O_RDWR);
	if (pwrite(fd, "12345", 5, 0) != 5 || lseek(fd, 3, SEEK_SET) != 3)
		perror("gone");
	have("deleted", fd);
	snprintf(path, sizeof path, "%s/gone", folder);
	unlink(path);
	have("dir", open(folder, O_RDONLY | O_DIRECTORY));
	have("device", open("/dev/null", O_RDWR));
	if (pipe(both) == 0) {
		have("pipe", both[0]);
		have("pipe", both[1]);
	}
	snprintf(path, sizeof path, "%s/fifo", folder);
	if (mkfifo(path, 0600) == 0)
		have("pipe", open(path, O_RDWR));
	have("namespace", open("/proc/self/ns/uts", O_RDONLY));
}

static void
anons(void)
{
	char room[256] = {0};
	struct epoll_event ev = {.events = EPOLLIN};
	sigset_t none;
	int e, fd, i;

	fd = eventfd(7, EFD_NONBLOCK);
	have("eventfd", fd);
	e = epoll_create1(0);
	epoll_ctl(e, EPOLL_CTL_ADD, fd, &ev);
	have("epoll", e);
	have("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
	sigemptyset(&none);
	have("signalfd", signalfd(-1, &none, 0));
	i = inotify_init1(0);
	inotify_add_watch(i, "/", IN_CREATE);
	have("inotify", i);
	have("memfd", memfd_create(NASTY, 0));
	have("pidfd", (int)syscall(SYS_pidfd_open, getpid(), 0));
	have("io_uring", (int)syscall(SYS_io_uring_setup, 4, room));
}

static void
unix_listener(const char *folder)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), to;

	snprintf(a.sun_path, sizeof a.sun_path, "%s/\033[31msock", folder);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(fd, 5) != 0)
		perror("unix");
	have("unix", fd);
	to = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(to, (struct sockaddr *)&a, sizeof a) != 0)
		perror("connect unix");
	have("unix", to);
	have("unix", accept(fd, NULL, NULL));
}

static void
sockets(const char *folder)
{
	struct sockaddr_in6 six = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t size = sizeof address;
	int fd;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(listener, 100) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		perror("tcp");
	have("tcp", listener);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&six, sizeof six) == 0 &&
	    listen(fd, 5) == 0)
		have("tcp", fd);
	have("tcp", socket(AF_INET, SOCK_STREAM, 0)); /* never connected */
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		have("udp", fd);
	unix_listener(folder);
	have("netlink", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}

static void
pairs(long n)
{
	int both[2];

	for (long i = 0; i < n; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, both) != 0) {
			perror("socketpair");
			break;
		}
}

static void
tcp(long n)
{
	connections = realloc(
	    connections, (size_t)(n_connections + n) * sizeof *connections);
	for (long i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof address) !=
			0 ||
		    accept(listener, NULL, NULL) < 0) {
			perror("connect");
			break;
		}
		connections[n_connections++] = fd;
	}
}

static void
send_all(long n)
{
	char *bytes = calloc(1, (size_t)n);

	for (int i = 0; i < n_connections; i++)
		if (send(connections[i], bytes, (size_t)n, MSG_DONTWAIT) != n)
			perror("send");
	free(bytes);
}

static void
count(const char *what, const char *line, void (*f)(long))
{
	size_t len = strlen(what);

	if (strncmp(line, what, len) == 0 && line[len] == ' ') {
		f(atol(line + len));
		printf("done %s", line);
	}
}

int
main(int argc, char **argv)
{
	struct rlimit limit;
	char line[256];

	if (argc != 2)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	files(argv[1]);
	anons();
	sockets(argv[1]);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strcmp(line, "quit\n") == 0)
			break;
		count("pairs", line, pairs);
		count("tcp", line, tcp);
		count("send", line, send_all);
		fflush(stdout);
	}
	return 0;
}
