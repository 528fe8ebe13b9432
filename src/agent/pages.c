/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/pages.h"
#include "agent/mini.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE UINT64_C(4096)
#define RANGES 65536 /* mappings; vm.max_map_count is 65530 */

static bool
parse_hex(const char **text, uint64_t *value)
{
	const char *s = *text;

	for (*value = 0;; s++) {
		unsigned digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			digit = (unsigned)(*s - 'a') + 10;
		else
			break;
		*value = *value << 4 | digit;
	}
	if (s == *text)
		return false;
	*text = s;
	return true;
}

/* "7f0000000000-7f0000001000 r-xp ..." */
HIDDEN bool
pages_parse(const char **text, struct pages_range *r)
{
	const char *s = *text;

	if (!parse_hex(&s, &r->start) || *s++ != '-' ||
	    !parse_hex(&s, &r->end) || *s++ != ' ' || r->end <= r->start)
		return false;
	r->protection = 0;
	for (unsigned i = 0; i < 3; i++, s++) {
		if (*s != "rwx"[i] && *s != '-')
			return false;
		if (*s != '-')
			r->protection |=
			    (uint64_t[]){ PROT_READ, PROT_WRITE,
				PROT_EXEC }[i];
	}
	while (*s != '\0' && *s != '\n')
		s++;
	*text = s;
	return true;
}

/* Takes the whole lines out of text, which ends in NUL; what is left over. */
static const char *
take_lines(struct pages *p, const char *text)
{
	for (;;) {
		const char *s = text;
		struct pages_range r;

		while (*s != '\0' && *s != '\n')
			s++;
		if (*s == '\0')
			return text;
		if (pages_parse(&text, &r) && p->n < RANGES)
			p->ranges[p->n++] = r;
		text = s + 1;
	}
}

static bool
read_all(struct pages *p, int fd, char *text, size_t size)
{
	size_t have = 0;
	long n;

	while ((n = mini_call3(SYS_read, fd, text + have, size - 1 - have)) >
	    0) {
		const char *rest;

		have += (size_t)n;
		text[have] = '\0';
		rest = take_lines(p, text);
		have -= (size_t)(rest - text);
		for (size_t i = 0; i < have; i++)
			text[i] = rest[i];
		if (have >= size - 1)
			have = 0; /* no such line */
	}
	return n == 0 && p->n != 0;
}

HIDDEN bool
pages_read(struct pages *p)
{
	/* A thread of our own, but its stack may be small; and one at a time. */
	static char text[8192];
	long at;
	bool ok;
	int fd;

	*p = (struct pages){ NULL, 0 };
	at = mini_syscall(SYS_mmap, 0, RANGES * sizeof *p->ranges,
	    PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at < 0 && at > -4096)
		return false;
	p->ranges = (struct pages_range *)at;
	fd = (int)mini_call4(SYS_openat, AT_FDCWD, "/proc/self/maps",
	    O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ok = read_all(p, fd, text, sizeof text);
	mini_call1(SYS_close, fd);
	return ok;
}

HIDDEN void
pages_free(struct pages *p)
{
	if (p->ranges != NULL)
		mini_call2(SYS_munmap, p->ranges, RANGES * sizeof *p->ranges);
	p->ranges = NULL;
	p->n = 0;
}

HIDDEN bool
pages_find(const struct pages *p, uint64_t address, uint64_t *protection)
{
	uint32_t low = 0, high = p->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (p->ranges[mid].end <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == p->n || p->ranges[low].start > address)
		return false;
	*protection = p->ranges[low].protection;
	return true;
}

HIDDEN bool
page_open(struct page *p, uint64_t address, uint64_t protection)
{
	uint64_t at = address & ~(PAGE - 1);

	if (protection & PROT_WRITE)
		return true;
	if (p->at == at)
		return true;
	page_close(p);
	if (mini_call3(SYS_mprotect, at, PAGE, protection | PROT_WRITE) != 0)
		return false;
	*p = (struct page){ at, protection };
	return true;
}

HIDDEN void
page_close(struct page *p)
{
	if (p->at != 0)
		mini_call3(SYS_mprotect, p->at, PAGE, p->protection);
	p->at = 0;
}
