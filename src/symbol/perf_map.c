/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/perf_map.h"
#include "base/xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	uint64_t low, high;
	const char *name; /* into the text */
	size_t line;
};

struct perf_map {
	char *text;
	struct entry *entries;
	size_t n, cap;
};

static bool
hex(const char **at, uint64_t *value)
{
	const char *p = *at;
	int digits, v;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	*value = 0;
	for (digits = 0;; digits++, p++) {
		if (*p >= '0' && *p <= '9')
			v = *p - '0';
		else if (*p >= 'a' && *p <= 'f')
			v = *p - 'a' + 10;
		else if (*p >= 'A' && *p <= 'F')
			v = *p - 'A' + 10;
		else
			break;
		*value = *value << 4 | (uint64_t)v;
	}
	if (digits == 0 || digits > 16 || *p != ' ')
		return false;
	*at = p + 1;
	return true;
}

static void
take_line(struct perf_map *m, const char *text, size_t line)
{
	struct entry e = { .line = line };
	uint64_t size;

	if (!hex(&text, &e.low) || !hex(&text, &size) || text[0] == '\0' ||
	    size == 0 || e.low + size < e.low)
		return;
	e.high = e.low + size;
	e.name = text;
	m->entries = xgrow(m->entries, m->n, &m->cap, sizeof *m->entries);
	m->entries[m->n++] = e;
}

static int
by_start(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

/* Keeps of overlapping entries the later ones. */
static void
drop_stale(struct perf_map *m)
{
	size_t i, kept = 0;
	bool stale;

	for (i = 0; i < m->n; i++) {
		stale = false;
		while (kept > 0 &&
		    m->entries[kept - 1].high > m->entries[i].low) {
			if (m->entries[kept - 1].line > m->entries[i].line) {
				stale = true;
				break;
			}
			kept--;
		}
		if (!stale)
			m->entries[kept++] = m->entries[i];
	}
	m->n = kept;
}

struct perf_map *
perf_map_parse(char *text, size_t len)
{
	struct perf_map *m = xcalloc(1, sizeof *m);
	char *at = text, *end;
	size_t line = 0;

	m->text = text;
	/* A last line without its newline is still being written. */
	while (len > 0 && (end = memchr(at, '\n', len)) != NULL) {
		len -= (size_t)(end - at) + 1;
		*end = '\0';
		if (end > at && end[-1] == '\r')
			end[-1] = '\0';
		take_line(m, at, line++);
		at = end + 1;
	}
	if (m->n > 0)
		qsort(m->entries, m->n, sizeof *m->entries, by_start);
	drop_stale(m);
	return m;
}

void
perf_map_free(struct perf_map *m)
{
	if (m == NULL)
		return;
	free(m->entries);
	free(m->text);
	free(m);
}

const char *
perf_map_find(const struct perf_map *m, uint64_t address)
{
	size_t low = 0, high = m->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (m->entries[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || m->entries[low - 1].high <= address)
		return NULL;
	return m->entries[low - 1].name;
}
