/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/maps.h"
#include "base/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A process may have 65,530 mappings, or what vm.max_map_count says; ours has
 * to hold them. */
#define MAPS_MAX (UINT64_C(24) << 20)

static bool
parse_line(char *line, struct mapping *m)
{
	char perms[5];
	int used = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %" SCNu64
			 "%n",
		&m->start, &m->end, perms, &m->inode, &used) < 4 ||
	    used == 0 || m->end <= m->start || strlen(perms) != 4)
		return false;
	m->readable = perms[0] == 'r';
	m->writable = perms[1] == 'w';
	m->executable = perms[2] == 'x';
	m->shared = perms[3] == 's';
	m->path = line + used + strspn(line + used, " ");
	return true;
}

void
mappings_parse(struct mappings *m)
{
	char *line = m->text.bytes, *next;

	for (; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		m->list = xgrow(m->list, m->n, &m->cap, sizeof *m->list);
		if (parse_line(line, &m->list[m->n]) &&
		    (m->n == 0 ||
			m->list[m->n].start >= m->list[m->n - 1].end))
			m->n++;
	}
}

int
mappings_read(struct mappings *m, int32_t pid, struct err *e)
{
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	if (buf_read_file(&m->text, path, MAPS_MAX, e) < 0)
		return -1;
	mappings_parse(m);
	return 0;
}

void
mappings_free(struct mappings *m)
{
	free(m->list);
	buf_free(&m->text);
}

const struct mapping *
mappings_find(const struct mappings *m, uint64_t address)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (address >= m->list[mid].end)
			low = mid + 1;
		else if (address < m->list[mid].start)
			high = mid;
		else
			return &m->list[mid];
	}
	return NULL;
}

const char *
mapping_name(const struct mapping *m)
{
	const char *slash = strrchr(m->path, '/');

	return slash != NULL ? slash + 1 : m->path;
}
