/* SPDX-License-Identifier: MIT */
/*
 * Arms and disarms the agent again and again while eight threads allocate,
 * open and close. Whatever can be compared must be as it was before: every
 * slot, the protection of every page of every file that is mapped,
 * descriptors, threads, signal masks; and memory must not grow.
 *
 *   cycles AGENT COUNT [lazy | PLUGIN]
 *
 * With PLUGIN a ninth thread loads and unloads that all the time, and what is
 * mapped is no longer compared.
 */
#include "config.h"

#include "late.h"
#include "abi/arm.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 8
#define HELD 64

static volatile bool stop;
static uint64_t rounds, loads;

static void
die(const char *what)
{
	printf("%s\n", what);
	fflush(stdout);
	_exit(1);
}

/* ---- the hammer --------------------------------------------------------------- */

static void
check(const unsigned char *p, size_t size, unsigned char canary)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != canary)
			die("a canary is dead");
}

static void
open_one(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), both[2];

	if (fd < 0 || close(fd) != 0 || pipe(both) != 0 ||
	    close(both[0]) != 0 || close(both[1]) != 0)
		die("a descriptor is not what it was");
}

static void *
hammer(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg * 7919;
	unsigned char *held[HELD] = { NULL };
	size_t size[HELD] = { 0 };

	while (!stop) {
		unsigned k;

		seed = seed * 1103515245 + 12345;
		k = seed >> 16 & (HELD - 1);
		if (held[k] != NULL)
			check(held[k], size[k], (unsigned char)(k + 1));
		/* All of one class, or the arenas grow by themselves. */
		size[k] = 97 + (seed >> 8) % 8;
		if (seed >> 24 & 1) {
			free(held[k]);
			held[k] = malloc(size[k]);
		} else {
			held[k] = realloc(held[k], size[k]);
		}
		memset(held[k], (int)k + 1, size[k]);
		if (k == 0)
			open_one();
		__atomic_fetch_add(&rounds, 1, __ATOMIC_RELAXED);
	}
	for (unsigned k = 0; k < HELD; k++)
		free(held[k]);
	return NULL;
}

/* Loads a library, calls it, unloads it. */
static void
keep(void *p)
{
	free(p);
}

static void *
load_always(void *arg)
{
	while (!stop) {
		void *handle = dlopen(arg, RTLD_NOW);
		void (*call)(void (*)(void *), int);

		if (handle == NULL)
			die(dlerror());
		call = (void (*)(void (*)(void *), int))dlsym(handle,
		    "plugin_keep");
		call(keep, 100);
		dlclose(handle);
		/* Or nobody else ever gets the loader's lock. */
		for (int i = 0; i < 20; i++)
			sched_yield();
		__atomic_fetch_add(&loads, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* ---- what is compared ----------------------------------------------------------- */

static char text[1 << 20];
static size_t length;

static void
put(const char *s)
{
	size_t n = strlen(s);

	if (length + n + 1 >= sizeof text)
		die("too much to compare");
	memcpy(text + length, s, n + 1);
	length += n;
}

/* Slots that are bound meanwhile, by whom they belong to, are no difference:
 * then only whether one leads to the agent is compared. */
static bool lazy;

static unsigned long long
value_of(uint64_t value)
{
	Dl_info info;

	if (!lazy)
		return value;
	return dladdr((void *)value, &info) != 0 &&
	    strstr(info.dli_fname, "libullage") != NULL;
}

/* The value of each slot that a function's address was put into. */
static void
put_slots(const struct dl_phdr_info *info, const Elf64_Rela *r, uint64_t size)
{
	for (uint64_t i = 0; i < size / sizeof *r; i++) {
		uint32_t type = ELF64_R_TYPE(r[i].r_info);
		char line[64];

		if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)
			continue;
		snprintf(line, sizeof line, "%llx %llx\n",
		    (unsigned long long)r[i].r_offset,
		    value_of(*(uint64_t *)(info->dlpi_addr + r[i].r_offset)));
		put(line);
	}
}

static int
put_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const Elf64_Rela *rela = NULL, *jump = NULL;
	uint64_t rela_size = 0, jump_size = 0;
	const Elf64_Dyn *d = NULL;

	(void)size, (void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			d = (void *)(info->dlpi_addr +
			    info->dlpi_phdr[i].p_vaddr);
	if (d == NULL || strstr(info->dlpi_name, "vdso") != NULL)
		return 0;
	for (; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_RELA)
			rela = (void *)d->d_un.d_ptr;
		if (d->d_tag == DT_RELASZ)
			rela_size = d->d_un.d_val;
		if (d->d_tag == DT_JMPREL)
			jump = (void *)d->d_un.d_ptr;
		if (d->d_tag == DT_PLTRELSZ)
			jump_size = d->d_un.d_val;
	}
	put(info->dlpi_name);
	put("\n");
	put_slots(info, rela, rela_size);
	put_slots(info, jump, jump_size);
	return 0;
}

/* Files that are mapped, but not the agent's segment, and how. */
static void
put_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strchr(line, '/') != NULL && strstr(line, ".seg") == NULL)
			put(line);
	if (f != NULL)
		fclose(f);
}

static void
put_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char name[512], line[512] = "";
		FILE *f;

		if (e->d_name[0] == '.' || atoi(e->d_name) == dirfd(d))
			continue;
		snprintf(name, sizeof name, "%s/%s/status", path, e->d_name);
		put(e->d_name);
		put("\n");
		f = fopen(name, "re");
		while (f != NULL && fgets(line, sizeof line, f) != NULL)
			if (strncmp(line, "Sig", 3) == 0 &&
			    line[3] != 'Q')
				put(line);
		if (f != NULL)
			fclose(f);
	}
	if (d != NULL)
		closedir(d);
}

/* A thread that was joined is still listed for a moment. */
static unsigned
count_tasks(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n - 2;
}

static unsigned tasks = THREADS + 1;

static uint64_t
hash_state(bool to_file)
{
	uint64_t h = 14695981039346656037u;

	for (int i = 0; i < 100000 && count_tasks() > tasks; i++)
		sched_yield();
	length = 0;
	dl_iterate_phdr(put_object, NULL);
	put_maps();
	put_folder("/proc/self/task");
	/* The hammer opens and closes all the time: not here. */
	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211u;
	if (to_file) {
		FILE *f = fopen("state", "we");

		if (f != NULL) {
			fwrite(text, 1, length, f);
			fclose(f);
		}
	}
	return h;
}

static long
kib_of(const char *what)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			kib = atol(line + strlen(what));
	if (f != NULL)
		fclose(f);
	return kib;
}

/* ---- cycles ------------------------------------------------------------------------ */

static unsigned kept, inside;

static void
cycle(const char *library)
{
	uint64_t before = __atomic_load_n(&rounds, __ATOMIC_RELAXED);
	int rc = late_arm(library, 512);

	if (rc != 0) {
		printf("armed with result %d\n", rc);
		die("could not be armed");
	}
	while (__atomic_load_n(&rounds, __ATOMIC_RELAXED) < before + 200)
		sched_yield();
	rc = late_disarm(library);
	kept += rc == ULL_ARM_KEPT;
	inside += rc == ULL_ARM_INSIDE;
	if (rc != 0 && rc != ULL_ARM_KEPT && rc != ULL_ARM_INSIDE) {
		printf("disarmed with result %d\n", rc);
		die("could not be disarmed");
	}
}

int
main(int argc, char **argv)
{
	pthread_t threads[THREADS], loader;
	bool loading = false;
	int count = argc > 2 ? atoi(argv[2]) : 10;
	uint64_t first, differ = 0;
	long size, rss;

	lazy = argc > 3;
	if (lazy && strchr(argv[3], '/') != NULL) {
		pthread_create(&loader, NULL, load_always, argv[3]);
		loading = true;
		tasks++;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, hammer, (void *)(i + 1));
	while (__atomic_load_n(&rounds, __ATOMIC_RELAXED) < 1000000)
		sched_yield();
	/* Loads it; arms nothing. */
	printf("state %d\n", late_state(argv[1]));
	/* dladdr below dl_iterate_phdr waits for who loads, and he for us. */
	first = loading ? 0 : (hash_state(false), hash_state(true));
	for (int i = 0; i < 20; i++)
		cycle(argv[1]);
	size = kib_of("VmSize:");
	rss = kib_of("RssAnon:");
	for (int i = 20; i < count; i++) {
		cycle(argv[1]);
		if (i % 50 == 49 && !loading)
			differ += hash_state(false) != first;
	}
	if (!loading)
		differ += hash_state(false) != first;
	if (differ != 0)
		rename("state", "state.before"), hash_state(true);
	printf("differ %llu\n", (unsigned long long)differ);
	printf("kept %u\n", kept);
	printf("inside %u\n", inside);
	printf("size grew %ld\n", kib_of("VmSize:") - size);
	printf("rss grew %ld\n", kib_of("RssAnon:") - rss);
	stop = true;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (loading)
		pthread_join(loader, NULL);
	printf("loads %llu\n", (unsigned long long)loads);
	printf("state %d\n", late_state(argv[1]));
	printf("cycles %d\n", count);
	return 0;
}
