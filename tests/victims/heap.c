/* SPDX-License-Identifier: MIT */
/*
 * A heap with phases, told by lines on standard input; each is answered by a
 * line. Objects of 64 to 2,063 bytes whose bytes say which object it is, so
 * that memory which a trim took from a live object is seen.
 *
 *   grow MIB     allocate so much more
 *   shrink N     free all but every Nth object
 *   churn MIB    allocate and free in a thread's way, so much
 *   threads N    N threads that churn until "threads 0"
 *   check        all live objects hold what was written
 *   setresuid N  to the user N, 0: that we are
 *   unshare      a user namespace: fails if there is another thread
 *   quit
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct object {
	uint32_t size;
	uint32_t seed;
};

static struct object **objects;
static size_t n_objects, cap;
static uint32_t state = 1;
static int stop;
static unsigned long wrong;

static uint32_t
next(uint32_t *s)
{
	*s = *s * 1664525u + 1013904223u;
	return *s >> 8;
}

static struct object *
make(uint32_t *s)
{
	uint32_t size = 64 + next(s) % 2000, seed = next(s);
	struct object *o = malloc(size);

	if (o == NULL)
		abort();
	memset(o, (int)(seed & 255), size);
	o->size = size;
	o->seed = seed;
	return o;
}

static int
intact(const struct object *o)
{
	const unsigned char *b = (const unsigned char *)o;

	for (uint32_t i = sizeof *o; i < o->size; i++)
		if (b[i] != (o->seed & 255))
			return 0;
	return 1;
}

static void
grow(unsigned long mib)
{
	uint64_t bytes = 0;

	while (bytes < (uint64_t)mib << 20) {
		if (n_objects == cap) {
			cap = cap ? cap * 2 : 1024;
			objects = realloc(objects, cap * sizeof *objects);
			if (objects == NULL)
				abort();
		}
		objects[n_objects] = make(&state);
		bytes += objects[n_objects++]->size;
	}
}

static void
shrink(unsigned long n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n_objects; i++)
		if (n != 0 && next(&state) % n == 0)
			objects[kept++] = objects[i];
		else
			free(objects[i]);
	n_objects = kept;
}

static void
churn(uint32_t *s, uint64_t bytes, const int *until)
{
	struct object *window[64] = { NULL };
	unsigned long bad = 0;

	while (until != NULL ? !__atomic_load_n(until, __ATOMIC_RELAXED) :
			       bytes > 0) {
		unsigned i = next(s) % 64;
		uint64_t size;

		if (window[i] != NULL && !intact(window[i]))
			bad++;
		free(window[i]);
		window[i] = make(s);
		size = window[i]->size;
		bytes -= bytes < size ? bytes : size;
	}
	for (unsigned i = 0; i < 64; i++)
		free(window[i]);
	__atomic_fetch_add(&wrong, bad, __ATOMIC_RELAXED);
}

static void *
churner(void *arg)
{
	uint32_t s = (uint32_t)(uintptr_t)arg;

	churn(&s, 0, &stop);
	return NULL;
}

static void
threads(unsigned long n)
{
	static pthread_t list[64];
	static unsigned long running;

	if (n == 0) {
		__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
		while (running > 0)
			pthread_join(list[--running], NULL);
		__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	}
	while (running < n && running < 64) {
		if (pthread_create(&list[running], NULL, churner,
			(void *)(uintptr_t)(running + 7)) != 0)
			abort();
		running++;
	}
}

static unsigned long
bad_objects(void)
{
	unsigned long bad = __atomic_load_n(&wrong, __ATOMIC_RELAXED);

	for (size_t i = 0; i < n_objects; i++)
		bad += !intact(objects[i]);
	return bad;
}

/* 0 if all of the process is that user: a system call changes one thread, and
 * libc makes the others follow. */
static int
become(uid_t u)
{
	char path[64], line[256];
	struct dirent *d;
	unsigned r, e;
	DIR *tasks;
	int bad = setresuid(u, u, u);

	if (bad != 0 || (tasks = opendir("/proc/self/task")) == NULL)
		return -1;
	while ((d = readdir(tasks)) != NULL) {
		FILE *f;

		snprintf(path, sizeof path, "/proc/self/task/%.20s/status",
		    d->d_name);
		if (d->d_name[0] == '.' || (f = fopen(path, "r")) == NULL)
			continue;
		while (fgets(line, sizeof line, f) != NULL)
			if (sscanf(line, "Uid: %u %u", &r, &e) == 2)
				bad += r != u || e != u;
		fclose(f);
	}
	closedir(tasks);
	return bad;
}

int
main(void)
{
	char line[64], word[32];
	unsigned long n;
	uid_t u = geteuid();

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof line, stdin) != NULL) {
		n = 0;
		if (sscanf(line, "%31s %lu", word, &n) < 1)
			continue;
		if (strcmp(word, "grow") == 0)
			grow(n);
		else if (strcmp(word, "shrink") == 0)
			shrink(n);
		else if (strcmp(word, "churn") == 0)
			churn(&state, (uint64_t)n << 20, NULL);
		else if (strcmp(word, "threads") == 0)
			threads(n);
		else if (strcmp(word, "quit") == 0)
			break;
		if (strcmp(word, "check") == 0)
			printf("check %lu wrong\n", bad_objects());
		else if (strcmp(word, "setresuid") == 0)
			printf("setresuid %d\n", become(n ? (uid_t)n : u));
		else if (strcmp(word, "unshare") == 0)
			printf("unshare %s\n", unshare(CLONE_NEWUSER) == 0 ?
				"done" :
				strerror(errno));
		else
			printf("%s done\n", word);
	}
	threads(0);
	return 0;
}
