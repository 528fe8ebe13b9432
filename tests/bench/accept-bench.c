/* SPDX-License-Identifier: MIT */
/*
 * What the hooks cost a server that accepts and closes: accept4 and close of
 * connections that wait already, batches by way of the hooks alternating with
 * batches straight into libc, in one process so that both see the same noise.
 *
 *   LD_PRELOAD=./libullage.so tests/bench/accept-bench [unix|tcp] [DEPTH]
 *	[BATCHES]
 *
 * DEPTH frames are on the stack below main. Prints the median of the batches
 * in ns for a pair of calls, and the difference; without the agent it shows
 * what difference is noise.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BATCH 100

typedef int accept4_fn(int, struct sockaddr *, socklen_t *, int);
typedef int close_fn(int);

/* Into libc, and by way of whatever is in front of it. */
static struct way {
	accept4_fn *accept4;
	close_fn *close;
} ways[2];
static int listener, clients[BATCH];
static struct sockaddr_storage address;
static socklen_t address_size;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
listen_on(const char *family)
{
	if (strcmp(family, "tcp") == 0) {
		struct sockaddr_in *a = (void *)&address;

		a->sin_family = AF_INET;
		a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address_size = sizeof *a;
	} else {
		address.ss_family = AF_UNIX;
		address_size = sizeof(sa_family_t); /* a name of its own */
	}
	listener = socket(address.ss_family, SOCK_STREAM, 0);
	if (bind(listener, (void *)&address, address_size) != 0 ||
	    listen(listener, BATCH) != 0)
		die("listen");
	address_size = sizeof address;
	getsockname(listener, (void *)&address, &address_size);
}

static void
connect_all(void)
{
	struct linger at_once = { 1, 0 }; /* no ports left in TIME_WAIT */

	for (int i = 0; i < BATCH; i++) {
		clients[i] = socket(address.ss_family, SOCK_STREAM, 0);
		setsockopt(clients[i], SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof at_once);
		if (connect(clients[i], (void *)&address, address_size) != 0)
			die("connect");
	}
}

static double
batch(const struct way *way)
{
	double begin, end;

	connect_all();
	begin = now();
	for (int i = 0; i < BATCH; i++) {
		int fd = way->accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			die("accept4");
		way->close(fd);
	}
	end = now();
	for (int i = 0; i < BATCH; i++)
		close(clients[i]);
	return (end - begin) / BATCH;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof *values, by_value);
	return values[n / 2];
}

__attribute__((noinline)) static void
run(int depth, int batches)
{
	double *plain, *hooked, *delta, p;

	if (depth > 0) {
		run(depth - 1, batches);
		__asm__ volatile(""); /* no tail call */
		return;
	}
	plain = calloc((size_t)batches, sizeof *plain);
	hooked = calloc((size_t)batches, sizeof *hooked);
	delta = calloc((size_t)batches, sizeof *delta);
	for (int i = -10; i < batches; i++) {
		double x[2];

		for (int k = 0; k < 2; k++)
			x[(i ^ k) & 1] = batch(&ways[(i ^ k) & 1]);
		if (i < 0)
			continue;
		plain[i] = x[0];
		hooked[i] = x[1];
		delta[i] = x[1] - x[0];
	}
	p = median(plain, batches);
	printf("plain %.0f ns, hooked %.0f ns, median difference %.1f ns "
	       "(%.2f %%)\n",
	    p, median(hooked, batches), median(delta, batches),
	    100 * median(delta, batches) / p);
}

int
main(int argc, char **argv)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

	ways[0].accept4 = (accept4_fn *)dlsym(libc, "accept4");
	ways[0].close = (close_fn *)dlsym(libc, "close");
	ways[1].accept4 = accept4;
	ways[1].close = close;
	listen_on(argc > 1 ? argv[1] : "unix");
	run(argc > 2 ? atoi(argv[2]) : 8, argc > 3 ? atoi(argv[3]) : 2000);
	return 0;
}
