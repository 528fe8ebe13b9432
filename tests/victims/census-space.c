/* SPDX-License-Identifier: MIT */
/*
 * A scattered heap whose fragmentation is known: from a table of what it
 * holds, which is not in the heap, it computes the lengths of free runs and
 * the pages that a single chunk keeps from being free. Prints
 *
 *	run LEAST COUNT BYTES	for each class of lengths
 *	pin SIZE PAGES		for each size of chunk
 *	site FUNCTION PAGES	for each that allocates
 *	pinned PAGES
 *	ready
 *
 * and obeys: trim (malloc_trim, and what it returned), corrupt (writes over a
 * header, and says where), exec, fork, or the end of its input.
 */
#include "config.h"

#include "resident.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST 65536
#define PAGE 4096
#define CLASSES 24

struct held {
	uintptr_t start, end; /* of the chunk */
	int site;	      /* -1: ours */
};

static struct held *held;
static size_t n_held;

static void
hold(void *p, int site)
{
	uintptr_t at = (uintptr_t)p - 16;
	size_t size = ((size_t *)p)[-1] & ~(size_t)7;

	held[n_held++] = (struct held){ at, at + size, site };
}

/* Each a call site of its own. */
#define SITE(name)                                                             \
	static void *__attribute__((noinline)) name(size_t size)               \
	{                                                                      \
		static volatile int calls; /* or they become one */             \
		void *p = malloc(size);                                        \
                                                                               \
		calls++;                                                       \
		return memset(p, 0xfe, size);                                  \
	}
SITE(small_one)
SITE(middle_one)
SITE(large_one)

static void *
get(unsigned *seed, int *site)
{
	*site = rand_r(seed) % 8;
	if (*site < 5) {
		*site = 0;
		return small_one(24 + (size_t)rand_r(seed) % 16 * 16);
	}
	if (*site < 7) {
		*site = 1;
		return middle_one(500 + (size_t)rand_r(seed) % 8 * 256);
	}
	*site = 2;
	return large_one(3000 + (size_t)rand_r(seed) % 4 * 1024);
}

static int
by_address(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void
print_runs(void)
{
	size_t count[CLASSES] = { 0 }, bytes[CLASSES] = { 0 };

	for (size_t i = 0; i + 1 < n_held; i++) {
		size_t gap = held[i + 1].start - held[i].end, k = 0;

		while (k + 1 < CLASSES && gap >> (k + 6) != 0)
			k++;
		count[k] += gap > 0;
		bytes[k] += gap;
	}
	for (size_t k = 0; k < CLASSES; k++)
		if (count[k] > 0)
			printf("run %zu %zu %zu\n", (size_t)32 << k, count[k],
			    bytes[k]);
}

/* Page by page, in the plainest way that there is. */
static void
print_pins(void)
{
	static const char *const sites[] = { "small_one", "middle_one",
		"large_one" };
	static size_t by_size[16384];
	size_t by_site[3] = { 0 }, pinned = 0, first = 0;

	for (uintptr_t page = held[0].start / PAGE;
	     page <= (held[n_held - 1].end - 1) / PAGE; page++) {
		uintptr_t from = page * PAGE, to = from + PAGE;
		size_t users = 0, used = 0, who = 0;

		while (held[first].end <= from)
			first++;
		for (size_t i = first; i < n_held && held[i].start < to; i++) {
			uintptr_t a = held[i].start > from ? held[i].start :
							     from;
			uintptr_t b = held[i].end < to ? held[i].end : to;

			users++;
			used += b - a;
			who = i;
		}
		if (users != 1 || used == PAGE || page == held[0].start / PAGE)
			continue;
		pinned++;
		by_size[held[who].end - held[who].start]++;
		if (held[who].site >= 0)
			by_site[held[who].site]++;
	}
	for (size_t i = 0; i < 16384; i++)
		if (by_size[i] > 0)
			printf("pin %zu %zu\n", i, by_size[i]);
	for (int i = 0; i < 3; i++)
		printf("site %s %zu\n", sites[i], by_site[i]);
	printf("pinned %zu\n", pinned);
}

static void
obey(const char *line, char **argv)
{
	if (strcmp(line, "trim\n") == 0) {
		long before = resident();

		malloc_trim(0);
		printf("trim %ld\n", before - resident());
	} else if (strcmp(line, "corrupt\n") == 0) {
		uintptr_t at = held[n_held / 2].start;

		((size_t *)at)[1] = 0x6162636465666768;
		printf("corrupt 0x%lx\n", (unsigned long)at);
	} else if (strcmp(line, "exec\n") == 0) {
		execl("/bin/cat", "cat", NULL);
	} else if (strcmp(line, "fork\n") == 0) {
		printf("forked %d\n", fork() == 0 ? 0 : 1);
	}
	(void)argv;
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static char in[4096], out[65536];
	unsigned seed = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
	size_t n = argc > 2 ? (size_t)atoi(argv[2]) : 20000;
	size_t kept = 1;
	char line[64];

	setvbuf(stdin, in, _IOFBF, sizeof in);
	setvbuf(stdout, out, _IOFBF, sizeof out);
	mallopt(M_MXFAST, 0);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	if (n > MOST - 2)
		n = MOST - 2;
	held = mmap(NULL, MOST * sizeof *held, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* Two that stay at both ends: what is beyond them is not known. */
	hold(malloc(3 * PAGE), -1);
	for (size_t i = 0; i < n; i++) {
		int site;
		void *p = get(&seed, &site);

		hold(p, site);
	}
	hold(malloc(3 * PAGE), -1);
	for (size_t i = 1; i < n_held - 1; i++)
		if (rand_r(&seed) % 10 < 7)
			free((void *)(held[i].start + 16));
		else
			held[kept++] = held[i];
	held[kept++] = held[n_held - 1];
	n_held = kept;
	qsort(held, n_held, sizeof *held, by_address);
	print_runs();
	print_pins();
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		obey(line, argv);
	return 0;
}
