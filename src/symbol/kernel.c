/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/kernel.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is beyond this much is not read: the kernel's is some 10 MB. */
#define TEXT_MAX ((size_t)64 << 20)

struct function {
	uint64_t address;
	const char *name; /* into the text */
};

struct kernel_map {
	char *text;
	struct function *functions; /* ascending */
	size_t n, cap;
};

static int
by_address(const void *left, const void *right)
{
	const struct function *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

static void
take_line(struct kernel_map *m, char *line)
{
	char *end, *tab;
	uint64_t address = strtoull(line, &end, 16);

	/* Code is t, T, w or W; addresses that are hidden from us are 0. */
	if (address < KERNEL_FIRST || end[0] != ' ' || end[1] == '\0' ||
	    strchr("tTwW", end[1]) == NULL || end[2] != ' ' || end[3] == '\0')
		return;
	/* "name\t[module]" */
	if ((tab = strchr(end + 3, '\t')) != NULL)
		*tab = '\0';
	m->functions = xgrow(m->functions, m->n, &m->cap, sizeof *m->functions);
	m->functions[m->n++] = (struct function){ address, end + 3 };
}

struct kernel_map *
kernel_map_parse(char *text, size_t len)
{
	struct kernel_map *m = xcalloc(1, sizeof *m);
	char *at = text, *end;

	m->text = text;
	while (len > 0 && (end = memchr(at, '\n', len)) != NULL) {
		len -= (size_t)(end - at) + 1;
		*end = '\0';
		take_line(m, at);
		at = end + 1;
	}
	if (m->n > 0)
		qsort(m->functions, m->n, sizeof *m->functions, by_address);
	return m;
}

struct kernel_map *
kernel_map_open(void)
{
	struct buf text = BUF_INIT;
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	char *chunk = xmalloc(1 << 16);
	ssize_t n;

	while (fd >= 0 && text.len < TEXT_MAX &&
	    (n = read(fd, chunk, 1 << 16)) > 0)
		buf_add(&text, chunk, (size_t)n);
	free(chunk);
	if (fd >= 0)
		close(fd);
	return kernel_map_parse(text.bytes, text.len);
}

void
kernel_map_free(struct kernel_map *m)
{
	if (m == NULL)
		return;
	free(m->functions);
	free(m->text);
	free(m);
}

const char *
kernel_map_find(const struct kernel_map *m, uint64_t address)
{
	size_t low = 0, high = m->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (m->functions[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? m->functions[low - 1].name : NULL;
}
