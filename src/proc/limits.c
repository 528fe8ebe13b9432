/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/limits.h"
#include "proc/stat.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

const struct resource resources[LIMIT_RESOURCES] = {
#define RESOURCE(id, rlimit, label, unit, use, enforced, help) \
	[LIMIT_##id] = { #id, rlimit, label, LIMIT_##unit, LIMIT_##use, \
	    enforced, help },
#include "proc/resources.def"
#undef RESOURCE
};

_Static_assert((int)LIMIT_RESOURCES == (int)RLIM_NLIMITS,
    "the system has other resource limits than proc/resources.def");

int
resource_find(const char *name)
{
	for (int i = 0; i < LIMIT_RESOURCES; i++)
		if (strcmp(resources[i].name, name) == 0)
			return i;
	return -1;
}

#define WORD_MAX 24

/* Levenshtein's distance, of the first WORD_MAX letters. */
static unsigned
distance(const char *a, const char *b)
{
	size_t n = strnlen(a, WORD_MAX), m = strnlen(b, WORD_MAX);
	unsigned row[WORD_MAX + 1];

	for (size_t k = 0; k <= m; k++)
		row[k] = (unsigned)k;
	for (size_t i = 1; i <= n; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= m; k++) {
			unsigned least = corner +
			    (tolower((unsigned char)a[i - 1]) != b[k - 1]);

			if (row[k] + 1 < least)
				least = row[k] + 1;
			if (row[k - 1] + 1 < least)
				least = row[k - 1] + 1;
			corner = row[k];
			row[k] = least;
		}
	}
	return row[m];
}

const char *
resource_nearest(const char *name)
{
	const char *nearest = resources[0].name;
	unsigned least = ~0u;

	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		unsigned d = 2 * distance(name, resources[i].name);

		/* Of equals one that begins or ends alike: "files", "mem". */
		if (strncmp(name, resources[i].name, 2) == 0)
			d--;
		if (d < least) {
			least = d;
			nearest = resources[i].name;
		}
	}
	return nearest;
}

const char *
limit_unit_name(enum limit_unit unit)
{
	static const char *const names[] = {
		[LIMIT_COUNT] = "count",
		[LIMIT_BYTES] = "bytes",
		[LIMIT_SECONDS] = "seconds",
		[LIMIT_MICROS] = "microseconds",
	};

	return names[unit];
}

/* One number or "unlimited", and where it ends. */
static bool
parse_value(const char **text, uint64_t *value)
{
	static const char unlimited[] = "unlimited";
	const char *s = *text + strspn(*text, " ");
	char *end;

	if (strncmp(s, unlimited, sizeof unlimited - 1) == 0) {
		*value = LIMIT_INFINITY;
		*text = s + sizeof unlimited - 1;
	} else {
		if (!isdigit((unsigned char)*s))
			return false;
		errno = 0;
		*value = strtoull(s, &end, 10);
		if (errno != 0)
			return false;
		*text = end;
	}
	return **text == ' ' || **text == '\n' || **text == '\0';
}

static bool
parse_line(const char *line, struct limits *l)
{
	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		size_t len = strlen(resources[i].label);
		struct limit *one = &l->of[i];
		const char *s = line + len;

		/* "Max open files" is no "Max open files again". */
		if (strncmp(line, resources[i].label, len) != 0 ||
		    strncmp(s, "  ", 2) != 0)
			continue;
		one->known = parse_value(&s, &one->soft) &&
		    parse_value(&s, &one->hard);
		return one->known;
	}
	return false;
}

size_t
limits_parse(const char *text, struct limits *l)
{
	size_t n = 0;

	memset(l, 0, sizeof *l);
	while (*text != '\0') {
		n += parse_line(text, l);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return n;
}

int
limits_read(int32_t pid, struct limits *l, struct err *e)
{
	char text[4096];

	if (proc_read(pid, "limits", text, sizeof text) < 0) {
		if (errno == ENOENT || errno == ESRCH)
			return err_set(e, ERR_GONE, "there is no process %d",
			    pid);
		return err_errno(e, "cannot read the limits of process %d",
		    pid);
	}
	if (limits_parse(text, l) == 0)
		return err_set(e, ERR_FAILED,
		    "/proc/%d/limits has no line that is understood", pid);
	return 0;
}

int
limits_read_quick(int32_t pid, struct limits *l, struct err *e)
{
	struct rlimit64 r;

	memset(l, 0, sizeof *l);
	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		if (resources[i].use != LIMIT_STOCK || !resources[i].enforced)
			continue;
		/* Another user's: everybody may read the text. */
		if (prlimit64(pid, (enum __rlimit_resource)resources[i].rlimit,
			NULL, &r) < 0)
			return limits_read(pid, l, e);
		l->of[i] = (struct limit){ r.rlim_cur, r.rlim_max, true };
	}
	return 0;
}
