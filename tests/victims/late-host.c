/* SPDX-License-Identifier: MIT */
/*
 * Does what it is told on its input, a line each, and answers "WORD RESULT":
 *
 *   arm INTERVAL   disarm   state     the agent, by late.h
 *   other PATH     arms another copy of the library
 *   rearm INTERVAL  a hundred times from four threads at once: how many won
 *   allocate N     N objects of 997 bytes at site_objects
 *   pointers N     the same through a table of function pointers
 *   early N        the same of 991 bytes at site_early (no two sites may be
 *                  alike, or the compiler makes them one)
 *   release        frees all, whoever allocated them, in any of three ways
 *   open N         opens /dev/null at site_open
 *   threads N      creates threads that wait, at site_threads
 *   load PATH      dlopen; plugin N: its plugin_allocate(N); unload
 *   deep PATH      the same with RTLD_DEEPBIND, bound lazily
 *   stuck, unstuck  a thread that stays inside of a hook
 *   fork           a child that allocates 10 at site_child and waits
 *   exec PATH      becomes that
 */
#include "config.h"

#include "late.h"
#include "abi/arm.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SITE __attribute__((noinline))
#define OBJECTS 100000

static void *objects[OBJECTS];
static size_t n_objects;

/* Read before it is called, so that the compiler cannot see through it. */
static struct {
	void *(*allocate)(size_t);
	void (*release)(void *);
} table = { malloc, free };

static void (*volatile release)(void *) = free;

static void
keep(void *p)
{
	if (p == NULL || n_objects == OBJECTS)
		abort();
	memset(p, 1, 900);
	objects[n_objects++] = p;
}

SITE static void
site_objects(int n)
{
	for (int i = 0; i < n; i++)
		keep(malloc(997));
}

SITE static void
site_early(int n)
{
	for (int i = 0; i < n; i++)
		keep(malloc(991));
}

SITE static void
site_pointers(int n)
{
	for (int i = 0; i < n; i++)
		keep(table.allocate(997));
}

SITE static void
site_child(int n)
{
	for (int i = 0; i < n; i++)
		keep(malloc(1009));
}

static int
release_all(void)
{
	int n = (int)n_objects;

	while (n_objects > 0) {
		void *p = objects[--n_objects];

		if (n_objects % 3 == 0)
			free(p);
		else if (n_objects % 3 == 1)
			release(p);
		else
			table.release(p);
	}
	return n;
}

SITE static int
site_open(int n)
{
	int last = -1;

	for (int i = 0; i < n; i++)
		last = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return last;
}

static void *
wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

SITE static int
site_threads(int n)
{
	pthread_t thread;
	int rc = 0;

	for (int i = 0; i < n; i++)
		rc |= pthread_create(&thread, NULL, wait_for_ever, NULL);
	return rc;
}

/* ---- the agent ------------------------------------------------------------------ */

static const char *library;
static uint64_t interval;
static int won;

static void *
arm_often(void *arg)
{
	for (int i = 0; i < 25; i++)
		if (late_arm(library, interval) == 0) {
			__atomic_fetch_add(&won, 1, __ATOMIC_RELAXED);
			while (late_disarm(library) == ULL_ARM_BUSY)
				sched_yield();
		}
	return arg;
}

static int
rearm(void)
{
	pthread_t threads[4];

	won = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, arm_often, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return won;
}

/* ---- a thread that stays inside of a hook -------------------------------------- */

static pthread_t busy;
static int door[2];
static volatile int busy_ends, staying;
static volatile unsigned long busy_rounds;

static void
stay(int number)
{
	char c;

	(void)number;
	staying = 1;
	if (read(door[0], &c, 1) != 1)
		abort();
	staying = 0;
}

static void *
allocate_always(void *arg)
{
	while (!busy_ends) {
		free(malloc(64));
		busy_rounds++;
	}
	return arg;
}

/*
 * A handler keeps it where it just was, which with interval 1 is mostly in a
 * hook. Says how disarming went then. Each step is waited for: a byte too many
 * in the pipe, and no later handler would stay.
 */
static int
stuck(void)
{
	struct sigaction act = { .sa_handler = stay };
	int rc = 0;

	if (pipe(door) != 0 || sigaction(SIGUSR1, &act, NULL) != 0 ||
	    pthread_create(&busy, NULL, allocate_always, NULL) != 0)
		return -1;
	for (int i = 0; i < 100; i++) {
		unsigned long from;

		late_arm(library, 1);
		for (from = busy_rounds; busy_rounds - from < 100;)
			sched_yield();
		pthread_kill(busy, SIGUSR1);
		while (!staying)
			sched_yield();
		rc = late_disarm(library);
		if (rc != ULL_ARM_OK || write(door[1], "x", 1) != 1)
			return rc;
		while (staying)
			sched_yield();
	}
	return rc;
}

static int
unstuck(void)
{
	busy_ends = 1;
	return write(door[1], "x", 1) == 1 ? pthread_join(busy, NULL) : -1;
}

static int
make_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		site_child(10);
		for (;;)
			pause();
	}
	return pid;
}

/* ---- libraries ------------------------------------------------------------------- */

static void *plugin;

static int
load(const char *path, int flags)
{
	plugin = dlopen(path, flags);
	if (plugin == NULL)
		fprintf(stderr, "%s\n", dlerror());
	return plugin != NULL ? 0 : -1;
}

static int
run_plugin(int n)
{
	void (*allocate)(void (*)(void *), int) =
	    (void (*)(void (*)(void *), int))dlsym(plugin, "plugin_keep");

	if (allocate == NULL)
		return -1;
	allocate(keep, n);
	return n;
}

/* ---- orders ------------------------------------------------------------------------- */

static int
obey(const char *word, const char *arg)
{
	int n = atoi(arg);

	if (strcmp(word, "arm") == 0)
		return late_arm(library, (uint64_t)n);
	if (strcmp(word, "disarm") == 0)
		return late_disarm(library);
	if (strcmp(word, "state") == 0)
		return late_state(library);
	if (strcmp(word, "other") == 0)
		return late_arm(arg, 1);
	interval = (uint64_t)n;
	if (strcmp(word, "rearm") == 0)
		return rearm();
	if (strcmp(word, "allocate") == 0)
		return site_objects(n), n;
	if (strcmp(word, "pointers") == 0)
		return site_pointers(n), n;
	if (strcmp(word, "early") == 0)
		return site_early(n), n;
	if (strcmp(word, "release") == 0)
		return release_all();
	if (strcmp(word, "open") == 0)
		return site_open(n);
	if (strcmp(word, "threads") == 0)
		return site_threads(n);
	if (strcmp(word, "load") == 0)
		return load(arg, RTLD_NOW);
	if (strcmp(word, "deep") == 0)
		return load(arg, RTLD_LAZY | RTLD_DEEPBIND);
	if (strcmp(word, "plugin") == 0)
		return run_plugin(n);
	if (strcmp(word, "unload") == 0)
		return dlclose(plugin);
	if (strcmp(word, "stuck") == 0)
		return stuck();
	if (strcmp(word, "unstuck") == 0)
		return unstuck();
	if (strcmp(word, "fork") == 0)
		return make_child();
	if (strcmp(word, "exec") == 0)
		return execl(arg, arg, (char *)NULL);
	return -1;
}

int
main(int argc, char **argv)
{
	char line[512], word[32], arg[480];

	library = argc > 1 ? argv[1] : "libullage.so";
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	while (fgets(line, sizeof line, stdin) != NULL) {
		arg[0] = '\0';
		if (sscanf(line, "%31s %479s", word, arg) < 1)
			continue;
		printf("%s %d\n", word, obey(word, arg));
	}
	return 0;
}
