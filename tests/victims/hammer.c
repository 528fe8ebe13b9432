/* SPDX-License-Identifier: MIT */
/*
 * hammer N: N threads do nothing but allocate, write, check and free; a deal
 * of what happens to a stopped thread happens inside of malloc here. Between
 * bursts the first thread waits in epoll for a moment, where it may be
 * attached to. On SIGTERM it checks all it has and says how far it came:
 * "ok OPERATIONS", or dies of what it found.
 *
 * hammer N sleeper: malloc is the program's own and sleeps now and then with
 * its lock held. hammer N poller: the same in poll, which looks just like an
 * event loop from outside.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HELD 256

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void __libc_free(void *p);

static volatile sig_atomic_t over;
static uint64_t operations;
static int slow; /* 1: sleeps, 2: polls */

/* ---- an allocator with a lock that it holds for long ---------------------------- */

#ifdef OWN_MALLOC
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned turns;

static void
enter(void)
{
	const struct timespec moment = { 0, 300000 };

	pthread_mutex_lock(&lock);
	if (slow == 1 && ++turns % 16 == 0)
		syscall(SYS_nanosleep, &moment, NULL);
	if (slow == 2 && ++turns % 16 == 0)
		poll(NULL, 0, 1);
}

#define INSIDE(type, call)                                                     \
	enter();                                                               \
	type result = call;                                                    \
	pthread_mutex_unlock(&lock);                                           \
	return result

/* Not inlined: an allocator is an object file of its own. */
__attribute__((noinline)) void *
malloc(size_t size)
{
	INSIDE(void *, __libc_malloc(size));
}

__attribute__((noinline)) void *
calloc(size_t n, size_t size)
{
	INSIDE(void *, __libc_calloc(n, size));
}

__attribute__((noinline)) void *
realloc(void *p, size_t size)
{
	INSIDE(void *, __libc_realloc(p, size));
}

__attribute__((noinline)) void
free(void *p)
{
	enter();
	__libc_free(p);
	pthread_mutex_unlock(&lock);
}
#endif

/* ---- the load ------------------------------------------------------------------------ */

struct held {
	unsigned char *bytes;
	size_t size;
	unsigned char mark;
};

/* Both ends, as little else than malloc shall be done. */
static void
check(const struct held *h)
{
	if (h->bytes[0] == h->mark && h->bytes[h->size - 1] == h->mark)
		return;
	fprintf(stderr, "corrupt: %u and %u for %u\n", h->bytes[0],
	    h->bytes[h->size - 1], h->mark);
	abort();
}

static void
burst(struct held *held, unsigned *seed, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned random = *seed = *seed * 1103515245 + 12345;
		struct held *h = &held[random >> 16 & (HELD - 1)];

		if (h->bytes != NULL) {
			check(h);
			free(h->bytes);
		}
		/* Mostly what no cache of a thread's has. */
		h->size = 1 + (random >> 8) % 2500;
		h->bytes = malloc(h->size);
		h->mark = (unsigned char)(random >> 12);
		h->bytes[0] = h->bytes[h->size - 1] = h->mark;
	}
	__atomic_add_fetch(&operations, n, __ATOMIC_RELAXED);
}

static void
release(struct held *held)
{
	for (int i = 0; i < HELD; i++) {
		if (held[i].bytes != NULL)
			check(&held[i]);
		free(held[i].bytes);
	}
}

static void *
load(void *arg)
{
	static const struct held none[HELD];
	unsigned seed = (unsigned)(uintptr_t)arg;
	struct held held[HELD];

	memcpy(held, none, sizeof held);
	while (!over)
		burst(held, &seed, 1000);
	release(held);
	return NULL;
}

static void
on_term(int sig)
{
	(void)sig;
	over = 1;
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1;
	struct sigaction act = { .sa_handler = on_term };
	static struct held held[HELD];
	struct epoll_event event;
	pthread_t threads[64];
	unsigned seed = 1;
	int fd = epoll_create1(0);

	if (argc > 2)
		slow = strcmp(argv[2], "sleeper") == 0 ? 1 : 2;
	sigaction(SIGTERM, &act, NULL);
	for (int i = 1; i < n && i < 64; i++)
		pthread_create(&threads[i], NULL, load, (void *)(uintptr_t)i);
	puts("ready");
	fflush(stdout);
	while (!over) {
		burst(held, &seed, n > 1 ? 1000 : 20000);
		epoll_wait(fd, &event, 1, 1);
	}
	for (int i = 1; i < n && i < 64; i++)
		pthread_join(threads[i], NULL);
	release(held);
	printf("ok %llu\n", (unsigned long long)operations);
	return 0;
}
