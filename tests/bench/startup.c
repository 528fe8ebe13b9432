/* SPDX-License-Identifier: MIT */
/*
 * How long a short command takes under several environments, in turn.
 *
 * startup ROUNDS NAME=LIBRARY... -- COMMAND [ARG...]: runs the command with
 * LD_PRELOAD=LIBRARY (unset if empty) for each name, ROUNDS times in rotated
 * order. Prints "NAME MEDIAN-US RATIO DIFFERENCE-US": the last two are the
 * medians over the rounds of what it is against the first name.
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define NAMES_MAX 16
#define ROUNDS_MAX 10000

extern char **environ;

static struct variant {
	const char *name;
	const char *library;
	double us[ROUNDS_MAX];
} variants[NAMES_MAX];

static double
run(const struct variant *v, char **argv)
{
	struct timespec from, to;
	int status;
	pid_t pid;

	if (v->library[0] != '\0')
		setenv("LD_PRELOAD", v->library, 1);
	else
		unsetenv("LD_PRELOAD");
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "startup: %s failed under %s\n", argv[0],
		    v->name);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from.tv_sec) * 1e6 +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e3;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const double *values, unsigned n)
{
	static double sorted[ROUNDS_MAX];

	memcpy(sorted, values, n * sizeof *values);
	qsort(sorted, n, sizeof *sorted, ascending);
	return sorted[n / 2];
}

static void
report(unsigned names, unsigned rounds)
{
	static double ratio[ROUNDS_MAX], difference[ROUNDS_MAX];

	for (unsigned i = 0; i < names; i++) {
		for (unsigned r = 0; r < rounds; r++) {
			ratio[r] = variants[i].us[r] / variants[0].us[r];
			difference[r] = variants[i].us[r] - variants[0].us[r];
		}
		printf("%s %.1f %.3f %.1f\n", variants[i].name,
		    median(variants[i].us, rounds), median(ratio, rounds),
		    median(difference, rounds));
	}
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 0, names = 0;
	int i;

	for (i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		char *equals = strchr(argv[i], '=');

		if (equals == NULL || names == NAMES_MAX)
			break;
		*equals = '\0';
		variants[names].name = argv[i];
		variants[names++].library = equals + 1;
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || names == 0 || i + 1 >= argc) {
		fprintf(stderr, "usage: startup ROUNDS NAME=LIBRARY... -- "
				"COMMAND [ARG...]\n");
		return 2;
	}
	for (unsigned r = 0; r < rounds; r++)
		for (unsigned k = 0; k < names; k++) {
			struct variant *v = &variants[(r + k) % names];

			v->us[r] = run(v, argv + i + 1);
		}
	report(names, rounds);
	return 0;
}
