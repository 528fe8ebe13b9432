/* SPDX-License-Identifier: MIT */
/*
 * A server that leaks one descriptor in a hundred. Requests come from nobody,
 * a thousand a second: each opens a file and a pair of sockets and closes
 * them, but one file in a hundred stays open. A pool of connections is kept
 * and renewed all the while. Prints "ready", ends with its input.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define POOL 100

static int pool[POOL][2];

static __attribute__((noinline)) int
open_file(void)
{
	int fd = open("/dev/null", O_RDONLY); /* the leak */

	__asm__ volatile("" : : "r"(fd)); /* no tail call */
	return fd;
}

static __attribute__((noinline)) void
open_pair(int both[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, both) != 0)
		exit(1);
}

/* One of the pool is renewed: it lives for as long as the pool has others. */
static __attribute__((noinline)) void
renew(unsigned long n)
{
	int *slot = pool[n % POOL];

	if (slot[0] > 0) {
		close(slot[0]);
		close(slot[1]);
	}
	open_pair(slot);
}

static __attribute__((noinline)) void
request(unsigned long n)
{
	int file = open_file(), both[2];

	open_pair(both);
	close(both[0]);
	close(both[1]);
	if (n % 100 != 0)
		close(file);
}

int
main(void)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	puts("ready");
	fflush(stdout);
	for (unsigned long n = 0; poll(&input, 1, 10) == 0;) {
		for (int i = 0; i < 10; i++)
			request(n++);
		renew(n / 10);
	}
	return 0;
}
