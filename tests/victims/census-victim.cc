// SPDX-License-Identifier: MIT
//
// A heap whose contents are known. Prints what it holds, one "name count
// bytes" per line (bytes of chunks), then "ready"; then obeys lines:
// info (mallinfo2), trim (malloc_trim, and what it returned), leak, churn, quit.
#include "resident.h"

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace shop {
struct Item {
	virtual ~Item() = default;
	long a[3] = { -1, -2, -3 };
};
struct Priced {
	virtual ~Priced() = default;
	long p[5] = { -1 };
};
struct Sold : Item, Priced {
	long s[2] = { -1 };
};
struct Shared : virtual Item {
	long v[6] = { -1 };
};
template <class T> struct Box : Item {
	T t{};
	long more[9] = { -1 };
};
}

struct Sum {
	long count = 0, bytes = 0;
};
static std::map<std::string, Sum> *sums;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_hold;

static void
note(const char *name, void *p)
{
	pthread_mutex_lock(&lock);
	Sum &s = (*sums)[name];
	size_t size = ((size_t *)p)[-1] & ~(size_t)7;

	s.count++;
	s.bytes += (long)size;
	pthread_mutex_unlock(&lock);
}

static void
hold(int n)
{
	for (int i = 0; i < n; i++) {
		note("shop::Item", new shop::Item);
		if (i % 2 == 0)
			note("shop::Sold", new shop::Sold);
		if (i % 3 == 0)
			note("shop::Shared", new shop::Shared);
		if (i % 5 == 0)
			note("shop::Box<int>", new shop::Box<int>);
		if (i % 10 == 0)
			note("shop::Item[]",
			    (size_t *)(void *)new shop::Item[7] - 1);
	}
}

static void *
thread(void *)
{
	hold(1000);
	note("own", memset(malloc(12345), 0xff, 12345));
	pthread_barrier_wait(&all_hold);
	pause();
	return nullptr;
}

/* Allocates and frees for ever. */
static void *
churn(void *seed)
{
	unsigned s = (unsigned)(uintptr_t)seed;
	static const int n = 4000;
	void **p = (void **)calloc(n, sizeof *p);

	for (;;) {
		int i = rand_r(&s) % n;
		size_t size = 16u << (rand_r(&s) % 8);

		free(p[i]);
		p[i] = memset(malloc(size), 0xfe, size);
	}
	return nullptr;
}

/* Sizes from 16 to a megabyte; every other one is freed if scattered. */
static void
scatter(unsigned seed, int n)
{
	void **p = (void **)malloc((size_t)n * sizeof *p);

	for (int i = 0; i < n; i++) {
		size_t size = 16u << (rand_r(&seed) % 11);

		size += (size_t)rand_r(&seed) % size;
		p[i] = memset(malloc(size), 0xfe, size);
	}
	for (int i = 0; i < n; i++)
		if (rand_r(&seed) % 2)
			free(p[i]);
}

static void
obey(const char *line)
{
	if (strcmp(line, "info\n") == 0) {
		struct mallinfo2 m = mallinfo2();

		printf("info %zu %zu %zu %zu\n", m.uordblks, m.fordblks,
		    m.hblks, m.hblkhd);
	} else if (strcmp(line, "trim\n") == 0) {
		long before = resident();

		malloc_trim(0);
		printf("trim %ld\n", before - resident());
	} else if (strcmp(line, "leak\n") == 0) {
		for (int i = 0; i < 5000; i++)
			note("shop::Box<int>", new shop::Box<int>);
		printf("leaked\n");
	} else if (strcmp(line, "churn\n") == 0) {
		for (uintptr_t i = 1; i <= 8; i++) {
			pthread_t t;

			pthread_create(&t, nullptr, churn, (void *)i);
		}
		printf("churning\n");
	} else if (strcmp(line, "quit\n") == 0) {
		exit(0);
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static char out[4096], in[4096];
	int seed = argc > 1 ? atoi(argv[1]) : 1;
	int n = argc > 2 ? atoi(argv[2]) : 2000;
	char line[64];

	setvbuf(stdout, out, _IOFBF, sizeof out);
	setvbuf(stdin, in, _IOFBF, sizeof in);
	pthread_barrier_init(&all_hold, nullptr, 4);
	sums = new std::map<std::string, Sum>;
	hold(2000);
	/* Somebody else's memory in the middle of the heap. */
	memset(sbrk(100000), 0x55, 100000);
	hold(2000);
	scatter((unsigned)seed, n);
	for (int i = 0; i < 20; i++)
		note("big", memset(malloc(1 << 20), 0xff, 1 << 20));
	for (int i = 0; i < 3; i++) {
		pthread_t t;

		pthread_create(&t, nullptr, thread, nullptr);
	}
	pthread_barrier_wait(&all_hold);
	for (auto &s : *sums)
		printf("%s\t%ld\t%ld\n", s.first.c_str(), s.second.count,
		    s.second.bytes);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != nullptr)
		obey(line);
	return 0;
}
