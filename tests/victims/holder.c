/* SPDX-License-Identifier: MIT */
/*
 * Holds what it is told to, says "ready PID", and goes on until its standard
 * input ends.
 *
 *	--fds N        N descriptors in all (as far as the limit allows)
 *	--children N   N children that wait
 *	--threads N    N threads in all
 *	--lock BYTES   locked memory
 *	--file PATH    a file open for writing, of --size BYTES
 *	--name TEXT    the name, with \n and \xHH
 *	--rate N       opens N more descriptors a second, until it cannot
 *	--leave        the main thread ends; needs --threads 2
 *	--select       never, but imports select()
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <unistd.h>

static pthread_mutex_t never = PTHREAD_MUTEX_INITIALIZER;
static long rate;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void *
wait_forever(void *unused)
{
	pthread_mutex_lock(&never);
	return unused;
}

static void
open_up_to(long n)
{
	int fd = 0;

	while (fd >= 0 && fd < n - 1)
		if ((fd = open("/dev/null", O_RDONLY)) < 0)
			die("open");
}

static void
fork_children(long n)
{
	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid > 0)
			continue;
		/* A child ends with its parent, however that ends. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == 1)
			_exit(0);
		for (;;)
			pause();
	}
}

static void
start_threads(long n)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_mutex_lock(&never);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (long i = 1; i < n; i++)
		if (pthread_create(&thread, &attr, wait_forever, NULL) != 0)
			die("pthread_create");
}

static void
lock_memory(long size)
{
	char *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mlock(p, (size_t)size) != 0)
		die("mlock");
}

static void
set_name(const char *text)
{
	char name[64];
	size_t n = 0;
	char *end;

	for (; *text != '\0' && n < sizeof name - 1; text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			name[n++] = '\n';
			text++;
		} else if (text[0] == '\\' && text[1] == 'x') {
			char hex[3] = { text[2], text[3], '\0' };

			name[n++] = (char)strtol(hex, &end, 16);
			text += 3;
		} else {
			name[n++] = *text;
		}
	}
	name[n] = '\0';
	prctl(PR_SET_NAME, name);
}

/* Until standard input ends; descriptors are opened on the way. */
static void
stay(void)
{
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
	char text[256];

	for (;;) {
		int n = poll(&in, 1, rate > 0 ? (int)(1000 / rate) : -1);

		if (n == 0 && open("/dev/null", O_RDONLY) < 0) {
			printf("full\n");
			fflush(stdout);
			rate = 0;
		}
		if (n > 0 && read(STDIN_FILENO, text, sizeof text) <= 0)
			exit(0);
	}
}

static void *
stay_here(void *unused)
{
	stay();
	return unused;
}

static const struct option longs[] = {
	{ "fds", 1, NULL, 'f' },
	{ "children", 1, NULL, 'c' },
	{ "threads", 1, NULL, 't' },
	{ "lock", 1, NULL, 'l' },
	{ "file", 1, NULL, 'o' },
	{ "size", 1, NULL, 's' },
	{ "name", 1, NULL, 'n' },
	{ "rate", 1, NULL, 'r' },
	{ "leave", 0, NULL, 'e' },
	{ "select", 0, NULL, 'x' },
	{ NULL, 0, NULL, 0 },
};

int
main(int argc, char **argv)
{
	pthread_t thread;
	int c, file = -1;
	fd_set none;

	/* Whatever the shell has left open. */
	close_range(3, ~0u, 0);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'f':
			open_up_to(atol(optarg));
			break;
		case 'c':
			fork_children(atol(optarg));
			break;
		case 't':
			start_threads(atol(optarg));
			break;
		case 'l':
			lock_memory(atol(optarg));
			break;
		case 'o':
			file = open(optarg, O_RDWR | O_CREAT, 0600);
			break;
		case 's':
			if (ftruncate(file, atol(optarg)) != 0)
				die("ftruncate");
			break;
		case 'n':
			set_name(optarg);
			break;
		case 'r':
			rate = atol(optarg);
			break;
		case 'e':
			if (pthread_create(&thread, NULL, stay_here, NULL))
				die("pthread_create");
			printf("ready %d\n", (int)getpid());
			fflush(stdout);
			pthread_exit(NULL);
		case 'x':
			FD_ZERO(&none);
			select(0, &none, NULL, NULL, &(struct timeval){ 0 });
			break;
		default:
			return 2;
		}
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	stay();
}
