/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/smaps.h"
#include "base/buf.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SMAPS_MAX ((size_t)1 << 30)

/* "7f12-7f34 rw-p 00000000 08:01 1234     /path with blanks" */
static bool
parse_head(char *line, struct smap *m)
{
	char *at, *end;

	*m = (struct smap){ .name = "" };
	m->start = strtoull(line, &at, 16);
	if (at == line || *at != '-')
		return false;
	m->end = strtoull(at + 1, &end, 16);
	if (end == at + 1 || *end != ' ' || m->end <= m->start ||
	    strlen(end) < 6)
		return false;
	memcpy(m->perms, end + 1, 4);
	at = end + 5;
	for (int field = 0; field < 2; field++) { /* offset, device */
		at += strspn(at, " ");
		at += strcspn(at, " ");
	}
	m->inode = strtoull(at, &end, 10);
	m->name = end + strspn(end, " ");
	return true;
}

static void
parse_value(const char *line, struct smap *m)
{
	static const struct {
		const char *key;
		size_t offset;
	} keys[] = {
		{ "Rss:", offsetof(struct smap, rss) },
		{ "Anonymous:", offsetof(struct smap, anonymous) },
		{ "Swap:", offsetof(struct smap, swap) },
		{ "Locked:", offsetof(struct smap, locked) },
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		size_t n = strlen(keys[i].key);
		uint64_t kb;

		if (strncmp(line, keys[i].key, n) != 0)
			continue;
		kb = strtoull(line + n, NULL, 10);
		*(uint64_t *)((char *)m + keys[i].offset) =
		    kb > UINT64_MAX >> 10 ? 0 : kb << 10;
		return;
	}
}

void
smaps_parse(char *text, struct smaps *s)
{
	struct smap head;
	size_t cap = 0;
	char *save = NULL;

	*s = (struct smaps){ .text = text };
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		/* Heads begin with a hexadecimal digit in lower case, values
		 * with a capital. */
		if (!isupper((unsigned char)*line)) {
			if (!parse_head(line, &head))
				continue;
			s->list = xgrow(s->list, s->n, &cap, sizeof head);
			s->list[s->n++] = head;
		} else if (s->n > 0) {
			parse_value(line, &s->list[s->n - 1]);
		}
	}
}

static uint64_t
monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int
smaps_read(int32_t pid, struct smaps *s, struct err *e)
{
	struct buf text = BUF_INIT;
	uint64_t began = monotonic();
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/smaps", pid);
	if (buf_read_file(&text, path, SMAPS_MAX, e) < 0) {
		buf_free(&text);
		return -1;
	}
	if (text.len == 0) {
		buf_free(&text);
		return err_set(e, ERR_FAILED,
		    "process %d has no memory to account for: it is a kernel "
		    "thread, a zombie, or has just ended",
		    pid);
	}
	smaps_parse(text.bytes, s);
	s->cost_ns = monotonic() - began;
	return 0;
}

void
smaps_free(struct smaps *s)
{
	free(s->list);
	free(s->text);
	*s = (struct smaps){ .list = NULL };
}

/* "NR arg1 ... arg6 SP PC", "-1 SP PC" or "running". */
static bool
parse_syscall(const char *text, uint64_t *sp)
{
	const char *fields[10];
	size_t n = 0;

	for (const char *s = text; *s != '\0' && *s != '\n' && n < 10; n++) {
		fields[n] = s;
		s += strcspn(s, " \n");
		s += *s == ' ';
	}
	if (n != 9 && n != 3)
		return false;
	*sp = strtoull(fields[n - 2], NULL, 16);
	return *sp != 0;
}

size_t
stack_pointers_read(int32_t pid, uint64_t *list, size_t max)
{
	struct dirent *d;
	char path[300];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if ((dir = opendir(path)) == NULL)
		return 0;
	while (n < max && (d = readdir(dir)) != NULL) {
		struct buf text = BUF_INIT;
		struct err ignored;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%s/syscall", pid,
		    d->d_name);
		if (buf_read_file(&text, path, 4096, &ignored) == 0 &&
		    parse_syscall(buf_text(&text), &list[n]))
			n++;
		buf_free(&text);
	}
	closedir(dir);
	return n;
}
