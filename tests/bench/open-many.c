/* SPDX-License-Identifier: MIT */
/*
 * Holds many descriptors, by many callers: half of them TCP connections to
 * itself, accepted and connected, the others files, pipes and eventfds.
 *
 *   open-many COUNT
 *
 * Prints "ready" and how many it has, which the hard limit bounds; ends with
 * its input.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define OTHERS 10 /* the listener and what it was started with */

static int listener, count;
static struct sockaddr_in address = { .sin_family = AF_INET };

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* Each opens two. */
static __attribute__((noinline)) void
connection(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (void *)&address, sizeof address) != 0 ||
	    accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0)
		die("connect");
}

static __attribute__((noinline)) void
files(void)
{
	if (open("/dev/null", O_RDONLY) < 0 || open("/etc/passwd", O_RDONLY) < 0)
		die("open");
}

static __attribute__((noinline)) void
pipes(void)
{
	int both[2];

	if (pipe2(both, O_CLOEXEC) != 0)
		die("pipe2");
}

static __attribute__((noinline)) void
events(void)
{
	if (eventfd(0, 0) < 0 || eventfd(1, 0) < 0)
		die("eventfd");
}

static void by_even(unsigned path, unsigned n);
static void by_odd(unsigned path, unsigned n);

/* A different stack for each value of path. */
static void
open_by(unsigned path, unsigned n)
{
	static void (*const others[])(void) = { files, pipes, events };

	if (path > 1)
		(path & 1 ? by_odd : by_even)(path >> 1, n);
	else
		(n % 2 == 0 ? connection : others[n / 2 % 3])();
	__asm__ volatile(""); /* no tail call */
}

static __attribute__((noinline)) void
by_even(unsigned path, unsigned n)
{
	open_by(path, n);
}

static __attribute__((noinline)) void
by_odd(unsigned path, unsigned n)
{
	open_by(path, n + (path == 0));
}

int
main(int argc, char **argv)
{
	socklen_t size = sizeof address;
	struct rlimit limit;

	count = argc > 1 ? atoi(argv[1]) : 20000;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if ((rlim_t)count + OTHERS > limit.rlim_cur)
		count = (int)limit.rlim_cur - OTHERS;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (void *)&address, sizeof address) != 0 ||
	    listen(listener, 100) != 0 ||
	    getsockname(listener, (void *)&address, &size) != 0)
		die("listen");
	for (int n = 0; n < count / 2; n++)
		open_by(64 + (unsigned)n % 64, (unsigned)n);
	printf("ready %d\n", count);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
