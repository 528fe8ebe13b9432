/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/maps.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A process may have 65,530 mappings unless somebody raised that; a line has
 * at most some 4,200 bytes. */
#define MAPS_MAX ((size_t)512 << 20)

/* ---- one line --------------------------------------------------------------- */

struct cursor {
	const char *at, *end;
};

/* Digits of that base, at least one and no more than 64 bits of them. */
static bool
number(struct cursor *c, unsigned base, uint64_t *value)
{
	const char *begin = c->at;
	unsigned digit;

	*value = 0;
	for (; c->at < c->end; c->at++) {
		char ch = *c->at;

		if (ch >= '0' && ch <= '9')
			digit = (unsigned)(ch - '0');
		else if (base == 16 && ch >= 'a' && ch <= 'f')
			digit = (unsigned)(ch - 'a') + 10;
		else
			break;
		if (*value > (UINT64_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	return c->at > begin;
}

static bool
literal(struct cursor *c, char ch)
{
	if (c->at == c->end || *c->at != ch)
		return false;
	c->at++;
	return true;
}

static bool
flags(struct cursor *c, unsigned *value)
{
	static const char letters[] = "rwxs";
	static const unsigned bits[] = { MAP_READ, MAP_WRITE, MAP_EXECUTE,
		MAP_SHARED_FILE };

	*value = 0;
	if (c->end - c->at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		char ch = *c->at++;

		if (ch == letters[i])
			*value |= bits[i];
		else if (ch != (i == 3 ? 'p' : '-'))
			return false;
	}
	return true;
}

/* The kernel writes a newline in a path as \012, and nothing else so. */
static char *
unescaped(const char *text, size_t len)
{
	char *path = xmalloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (len - i >= 4 && memcmp(text + i, "\\012", 4) == 0) {
			path[n++] = '\n';
			i += 3;
		} else {
			path[n++] = text[i] != '\0' ? text[i] : '?';
		}
	}
	path[n] = '\0';
	return path;
}

static void
take_path(struct map *r, const struct cursor *c)
{
	static const char gone[] = " (deleted)";
	size_t len = (size_t)(c->end - c->at), tail = sizeof gone - 1;

	r->deleted = len > tail && *c->at == '/' &&
	    memcmp(c->end - tail, gone, tail) == 0;
	r->path = unescaped(c->at, r->deleted ? len - tail : len);
}

/* "start-limit rwxp offset major:minor inode      path" */
static bool
parse_line(struct map *r, const char *line, size_t len)
{
	struct cursor c = { line, line + len };
	uint64_t major, minor;

	memset(r, 0, sizeof *r);
	if (!number(&c, 16, &r->start) || !literal(&c, '-') ||
	    !number(&c, 16, &r->limit) || !literal(&c, ' ') ||
	    !flags(&c, &r->flags) || !literal(&c, ' ') ||
	    !number(&c, 16, &r->offset) || !literal(&c, ' ') ||
	    !number(&c, 16, &major) || !literal(&c, ':') ||
	    !number(&c, 16, &minor) || !literal(&c, ' ') ||
	    !number(&c, 10, &r->inode))
		return false;
	if (r->start >= r->limit || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	r->major = (uint32_t)major;
	r->minor = (uint32_t)minor;
	while (literal(&c, ' '))
		;
	take_path(r, &c);
	return true;
}

/* ---- all of them ------------------------------------------------------------- */

void
maps_parse(struct maps *m, const char *text, size_t len)
{
	const char *end = text + len, *line = text, *next;
	struct map row;

	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			next = end;
		if (next == line)
			continue;
		if (!parse_line(&row, line, (size_t)(next - line))) {
			m->invalid++;
			continue;
		}
		/* Out of order, a look-up by halves would go astray. */
		if (m->n > 0 && row.start < m->rows[m->n - 1].limit) {
			m->invalid++;
			free(row.path);
			continue;
		}
		m->rows = xgrow(m->rows, m->n, &m->cap, sizeof *m->rows);
		m->rows[m->n++] = row;
		if (next == end)
			break;
	}
}

int
maps_read(int32_t pid, struct maps *m, struct err *e)
{
	struct buf text = BUF_INIT;
	char path[64];
	int rc;

	*m = (struct maps)MAPS_INIT;
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	rc = buf_read_file(&text, path, MAPS_MAX, e);
	if (rc < 0 && (errno == ENOENT || errno == ESRCH))
		err_set(e, ERR_GONE, "there is no process %d", pid);
	if (rc == 0)
		maps_parse(m, buf_text(&text), text.len);
	buf_free(&text);
	return rc;
}

void
maps_free(struct maps *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->rows[i].path);
	free(m->rows);
	*m = (struct maps)MAPS_INIT;
}

const struct map *
maps_find(const struct maps *m, uint64_t address)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->rows[middle].limit <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->n && m->rows[low].start <= address ? &m->rows[low] :
							     NULL;
}
