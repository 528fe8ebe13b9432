/* SPDX-License-Identifier: MIT */
/*
 * Heaps that mean ill. Prints "ready" when one is there, or "skip WHY", then
 * waits for the end of its input.
 *
 *	census-hostile fuse DIR	pointers into a file whose pages never come
 *	census-hostile uffd	a fast bin that leads to a page that never comes
 *	census-hostile cycles	fast bins, arenas and heaps that lead back
 *	census-hostile holes	much that was never touched
 *	census-hostile sizes	a top chunk and chunks of absurd sizes
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc 2.31 to 2.41, malloc/malloc.c. */
#define ARENA_TOP 96
#define ARENA_NEXT 2160
#define HEAP ((size_t)64 << 20)

static void
skip(const char *what)
{
	printf("skip %s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(0);
}

/* ---- FUSE, without a library: one file, and no answer to who reads it ------ */

static void
reply(int fd, uint64_t unique, const void *data, size_t len)
{
	char b[512];
	struct fuse_out_header h = { (uint32_t)(sizeof h + len), 0, unique };

	memcpy(b, &h, sizeof h);
	if (len > 0)
		memcpy(b + sizeof h, data, len);
	if (write(fd, b, sizeof h + len) < 0)
		_exit(1);
}

static struct fuse_attr
attributes(uint64_t node)
{
	struct fuse_attr a = { .ino = node, .nlink = 1, .blksize = 4096 };

	a.mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0444;
	a.size = node == 1 ? 0 : 1 << 20;
	return a;
}

static void
serve_request(int fd, const struct fuse_in_header *h)
{
	struct fuse_init_out init = { .major = 7, .minor = 31,
		.max_write = 4096, .max_readahead = 4096 };
	struct fuse_entry_out entry = { .nodeid = 2,
		.attr = attributes(2) };
	struct fuse_attr_out attr = { .attr_valid = 100,
		.attr = attributes(h->nodeid) };
	struct fuse_open_out open_out = { .fh = 1 };

	switch (h->opcode) {
	case FUSE_INIT:
		reply(fd, h->unique, &init, sizeof init);
		break;
	case FUSE_LOOKUP:
		reply(fd, h->unique, &entry, sizeof entry);
		break;
	case FUSE_GETATTR:
		reply(fd, h->unique, &attr, sizeof attr);
		break;
	case FUSE_OPEN:
		reply(fd, h->unique, &open_out, sizeof open_out);
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		reply(fd, h->unique, NULL, 0);
		break;
	default: /* FUSE_READ above all */
		break;
	}
}

/* A process of its own: when it goes, who waits for it is let go. */
static void
start_server(int fd)
{
	static char b[1 << 17] __attribute__((aligned(16)));

	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fd, b, sizeof b) > 0)
		serve_request(fd, (struct fuse_in_header *)(void *)b);
	_exit(0);
}

static void
fuse(const char *dir)
{
	char options[128], path[512];
	char *map;
	int fd, file;

	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		skip("/dev/fuse");
	snprintf(options, sizeof options,
	    "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	/* Nobody else is to walk into it. */
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("never", dir, "fuse", 0, options) < 0)
		skip("mount");
	start_server(fd);
	close(fd);
	snprintf(path, sizeof path, "%s/never.so", dir);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		skip(path);
	map = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE, file, 0);
	if (map == MAP_FAILED)
		skip("mmap");
	for (int i = 0; i < 200; i++) {
		uint64_t *p = malloc(100);

		p[0] = (uintptr_t)map + (uintptr_t)i * 4096 + 64;
		p[1] = 1;
	}
}

/* ---- fast bins ----------------------------------------------------------------- */

/* Frees one into its bin and has its link lead there. */
static void
lead_to(size_t size, uint64_t chunk)
{
	uint64_t *p = malloc(size);

	malloc(size);
	free(p);
	p[0] = (uintptr_t)p >> 12 ^ chunk;
}

static void
uffd(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
		skip("userfaultfd");
	r.range.start = (uintptr_t)p;
	r.range.len = 1 << 20;
	if (ioctl(fd, UFFDIO_REGISTER, &r) < 0)
		skip("userfaultfd");
	lead_to(24, (uintptr_t)p + 4096);
	lead_to(40, (uintptr_t)p + 512 * 1024);
}

/* ---- arenas ----------------------------------------------------------------------- */

/* The bin of what was freed last is in the arena, 96 bytes from its start. */
static char *
main_arena(void)
{
	uint64_t *p = malloc(5000);

	malloc(16);
	free(p);
	return (char *)(uintptr_t)p[0] - 96;
}

static char *
aligned_heap(void)
{
	char *p = mmap(NULL, 2 * HEAP, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return (char *)(((uintptr_t)p + HEAP - 1) & ~(HEAP - 1));
}

static void
set(char *at, uint64_t word)
{
	memcpy(at, &word, sizeof word);
}

/* An arena in a heap whose predecessor is another, and that one's it. */
static char *
forged_arena(char *heap, char *other)
{
	char *arena = heap + 48;

	set(heap, (uintptr_t)arena);
	set(heap + 8, (uintptr_t)other);
	set(heap + 16, HEAP);
	for (size_t i = 0; i < 254; i++)
		set(arena + 112 + 8 * i, (uintptr_t)arena + 96 + i / 2 * 16);
	set(arena + 2184, HEAP);
	for (size_t at = 2256; at + 64 < 1 << 20; at += 48)
		set(heap + at + 8, 48 | 1 | 4);
	return arena;
}

static void
cycles(void)
{
	char *a = aligned_heap(), *b = aligned_heap(), *c = aligned_heap();
	char *arena = main_arena(), *first = forged_arena(a, b);
	char *second = forged_arena(c, c);

	/* Two heaps of the first arena that lead to each other, the top in
	 * neither place that ends it. */
	forged_arena(b, c);
	set(b, (uintptr_t)first);
	set(c, (uintptr_t)second);
	set(first + ARENA_TOP, (uintptr_t)b + (1 << 20));
	set(b + 8, (uintptr_t)b);
	set(second + ARENA_TOP, (uintptr_t)c + (1 << 20));
	set(first + ARENA_NEXT, (uintptr_t)second);
	set(second + ARENA_NEXT, (uintptr_t)first);
	set(arena + ARENA_NEXT, (uintptr_t)first);
	for (size_t size = 24; size < 100; size += 16) {
		uint64_t *p = malloc(size), *q = malloc(size);

		malloc(size);
		free(p);
		free(q);
		p[0] = (uintptr_t)p >> 12 ^ ((uintptr_t)q - 16);
	}
}

/* ---- sizes ---------------------------------------------------------------------- */

static void
holes(void)
{
	char *large = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);

	(void)large;
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	for (int i = 0; i < 8; i++) {
		char *p = malloc((size_t)256 << 20);

		if (p != NULL)
			p[0] = 1;
	}
	for (int i = 0; i < 4; i++)
		malloc((size_t)2 << 30);
}

static void
sizes(void)
{
	char *arena = main_arena();
	uint64_t top;

	for (int i = 0; i < 1000; i++) {
		uint64_t *p = malloc(24);

		if (i % 100 == 99)
			*(uint64_t *)((uintptr_t)p - 8) = UINT64_MAX / (uint64_t)i & ~UINT64_C(6);
	}
	memcpy(&top, arena + ARENA_TOP, sizeof top);
	set((char *)(uintptr_t)top + 8, (UINT64_C(1) << 46) | 1);
}

int
main(int argc, char **argv)
{
	static char out[4096];
	char byte;

	setvbuf(stdout, out, _IOFBF, sizeof out);
	if (argc > 2 && strcmp(argv[1], "fuse") == 0)
		fuse(argv[2]);
	else if (argc > 1 && strcmp(argv[1], "uffd") == 0)
		uffd();
	else if (argc > 1 && strcmp(argv[1], "cycles") == 0)
		cycles();
	else if (argc > 1 && strcmp(argv[1], "holes") == 0)
		holes();
	else if (argc > 1 && strcmp(argv[1], "sizes") == 0)
		sizes();
	else
		return 2;
	printf("ready\n");
	fflush(stdout);
	return read(0, &byte, 1) != 0;
}
