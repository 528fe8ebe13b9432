/* SPDX-License-Identifier: MIT */
/*
 * The texts of /proc about limits, and the grammar of limits, on arbitrary
 * bytes. The first byte says which.
 * With libFuzzer:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Isrc \
 *	-Ibuild tests/fuzz/limits-fuzz.c src/proc/{limits,stat,status,cgroup}.c \
 *	src/tune/assignment.c src/base/{buf,err,escape,units,xalloc}.c -lm
 */
#include "config.h"

#include "proc/cgroup.h"
#include "proc/limits.h"
#include "proc/stat.h"
#include "proc/status.h"
#include "tune/assignment.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
check_limits(const char *text)
{
	struct limits l;
	size_t n = limits_parse(text, &l), known = 0;

	for (int i = 0; i < LIMIT_RESOURCES; i++)
		known += l.of[i].known;
	/* A line may come twice; what is known came at least once. */
	if (known > n)
		abort();
}

static void
check_names(const char *text)
{
	struct status s;
	struct proc_stat p;
	char *copy = strdup(text);

	if (status_parse(text, &s) &&
	    (s.pid <= 0 || memchr(s.name, '\0', sizeof s.name) == NULL))
		abort();
	if (proc_stat_parse(text, &p) &&
	    memchr(p.name, '\0', sizeof p.name) == NULL)
		abort();
	if (copy != NULL) {
		proc_unescape(copy);
		if (strlen(copy) > strlen(text))
			abort();
	}
	free(copy);
}

static void
check_cgroups(const char *text)
{
	char path[CGROUP_PATH_MAX], root[CGROUP_PATH_MAX];

	if (cgroup_path_parse(text, "memory", path) && path[0] != '/')
		abort();
	if (cgroup_path_parse(text, NULL, path) &&
	    (path[0] != '/' || strstr(path, "/../") != NULL))
		abort();
	if (cgroup_mount_parse(text, NULL, path, root) &&
	    (path[0] != '/' || root[0] != '/'))
		abort();
	cgroup_mount_parse(text, "memory", path, root);
}

static void
check_assignment(const char *text)
{
	struct limit old = { 100, 1000, true }, new;
	struct assignment a;
	struct err e;

	if (assignment_parse(text, &a, &e) < 0) {
		if (e.status != ERR_USAGE || e.text[0] == '\0')
			abort();
		/* Nothing of it reaches a terminal as it is. */
		for (const char *s = e.text; *s != '\0'; s++)
			if ((unsigned char)*s < ' ' || *s == 0x7f)
				abort();
		return;
	}
	if (assignment_apply(&a, &old, &new, &e) == 0 && new.soft > new.hard)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *text;

	if (size < 1 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, input + 1, size - 1);
	text[size - 1] = '\0';
	switch (input[0] % 4) {
	case 0:
		check_limits(text);
		break;
	case 1:
		check_names(text);
		break;
	case 2:
		check_cgroups(text);
		break;
	default:
		check_assignment(text);
		resource_nearest(text);
	}
	free(text);
	return 0;
}
