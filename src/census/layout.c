/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/layout.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* malloc/malloc.c, struct malloc_state: the same from 2.27 to 2.41. */
#define STATE_FLAGS 4
#define STATE_FASTBINS 16
#define STATE_BINS 112
#define STATE_NEXT 2160
#define STATE_SYSTEM 2184
#define BINS 127

/* How often a busy arena is read until it makes sense. */
#define TRIES 32
#define TORN 2

/* So many bins of a heap in use are empty at the least. */
#define BINS_EMPTY 4

/* The library's own data; a static program's may be larger. */
#define DATA_MAX (UINT64_C(16) << 20)
#define OLDEST 31
#define NEWEST 41

static uint64_t
word_at(const unsigned char *bytes, size_t at)
{
	uint64_t word;

	memcpy(&word, bytes + at, sizeof word);
	return word;
}

static uint32_t
half_at(const unsigned char *bytes, size_t at)
{
	uint32_t half;

	memcpy(&half, bytes + at, sizeof half);
	return half;
}

/* ---- an arena ------------------------------------------------------------- */

/*
 * A thread that is in the middle of putting a chunk into a bin leaves one that
 * leads to the chunk on one side and to itself on the other, and may be away
 * from its CPU just then: so many are `torn` at most.
 */
static bool
is_state(const unsigned char *b, uint64_t address, int torn)
{
	int empty = 0;

	if (half_at(b, 0) > 2 || half_at(b, STATE_FLAGS) > 3 ||
	    word_at(b, STATE_NEXT) == 0 || word_at(b, STATE_NEXT) % 8 != 0)
		return false;
	for (size_t i = 0; i < BINS; i++) {
		uint64_t self = address + STATE_BINS - 16 + 16 * i;
		uint64_t fd = word_at(b, STATE_BINS + 16 * i);
		uint64_t bk = word_at(b, STATE_BINS + 16 * i + 8);

		if (fd == self && bk == self)
			empty++;
		else if (((fd == self || bk == self) && torn-- <= 0) ||
		    fd == 0 || bk == 0 || fd % 16 != 0 || bk % 16 != 0 || fd >= CENSUS_USER_END ||
		    bk >= CENSUS_USER_END)
			return false;
	}
	return empty >= BINS_EMPTY;
}

static void
state_from(const unsigned char *b, uint64_t address, struct census_state *s)
{
	s->address = address;
	s->top = word_at(b, STATE_TOP);
	s->next = word_at(b, STATE_NEXT);
	s->system = word_at(b, STATE_SYSTEM);
	for (size_t i = 0; i < CENSUS_FAST_BINS; i++)
		s->fast[i] = word_at(b, STATE_FASTBINS + 8 * i);
}

/* Its owner may be in the middle of a change, and often if it is busy. */
static size_t
read_state(const struct census_reader *r, const void *in, void *out,
    size_t room)
{
	unsigned char b[STATE_SIZE];
	uint64_t address;

	memcpy(&address, in, sizeof address);
	for (int i = 0; i < TRIES && room >= sizeof(struct census_state); i++)
		if (census_read(r, address, b, sizeof b) &&
		    is_state(b, address, i < TRIES / 2 ? 0 : TORN)) {
			state_from(b, address, out);
			return sizeof(struct census_state);
		}
	return 0;
}

bool
census_state_read(const struct census_reader *r, uint64_t address,
    struct census_state *s)
{
	return census_call(r, read_state, &address, sizeof address, s,
	    sizeof *s) == sizeof *s;
}

/* ---- in the library's data ------------------------------------------------- */

/*
 * struct malloc_par ends in n_mmaps, n_mmaps_max, max_n_mmaps and
 * no_dyn_threshold, four bytes each, mmapped_mem, max_mmapped_mem, sbrk_base
 * and the limits of the thread caches. What is before it has grown over the
 * versions: since 2.35 four bytes of flags, thus as many of a gap.
 */
#define PAR_SIZE 56
#define PAR_MMAPPED 24

static size_t
par_count_at(int minor)
{
	return PAR_MMAPPED - (minor >= 35 ? 20 : 16);
}

static bool
is_par(const unsigned char *b, const struct census_layout *l)
{
	uint64_t mapped = word_at(b, PAR_MMAPPED);
	uint64_t base = word_at(b, PAR_MMAPPED + 16);
	size_t at = par_count_at(l->minor);

	return base >= l->heap_start && base < l->heap_end &&
	    base <= l->main.top && mapped <= word_at(b, PAR_MMAPPED + 8) &&
	    mapped % CENSUS_PAGE == 0 && half_at(b, at) <= half_at(b, at + 8) &&
	    half_at(b, at + 12) <= 1 &&
	    (half_at(b, at) == 0) == (mapped == 0) &&
	    word_at(b, PAR_MMAPPED + 24) <= 4096;
}

static void
find_par(struct census_layout *l, const unsigned char *b, size_t size)
{
	for (size_t at = 0; at + PAR_SIZE <= size; at += 8)
		if (is_par(b + at, l)) {
			l->par = true;
			l->mmapped_count = half_at(b,
			    at + par_count_at(l->minor));
			l->mmapped = word_at(b, at + PAR_MMAPPED);
			l->brk_start = word_at(b, at + PAR_MMAPPED + 16);
			return;
		}
}

static bool
search_data(const struct census_reader *r, const struct mapping *m,
    int torn, struct census_layout *l)
{
	size_t size = (size_t)(m->end - m->start);
	unsigned char *b;
	bool found = false;

	if (m->end - m->start > DATA_MAX)
		return false;
	b = xcalloc(1, size);
	for (size_t at = 0; at < size; at += CENSUS_PAGE)
		census_read(r, m->start + at, b + at, CENSUS_PAGE);
	for (size_t at = 0; !found && at + STATE_SIZE <= size; at += 8)
		if (is_state(b + at, m->start + at, torn)) {
			state_from(b + at, m->start + at, &l->main);
			find_par(l, b, size);
			found = true;
		}
	free(b);
	return found;
}

/* ---- which library --------------------------------------------------------- */

/* What takes malloc away from libc, by the beginning of a file's name. */
static const char *const others[][2] = {
	{ "libjemalloc.", "jemalloc" },
	{ "libtcmalloc", "tcmalloc" },
	{ "libmimalloc", "mimalloc" },
	{ "librpmalloc", "rpmalloc" },
	{ "libsnmalloc", "snmalloc" },
	{ "libhoard", "Hoard" },
	{ "libtbbmalloc_proxy", "tbbmalloc" },
	{ "libasan.", "the address sanitizer" },
	{ "libc_malloc_debug.", "libc_malloc_debug" },
	{ "vgpreload_", "valgrind" },
	{ "ld-musl-", "musl" },
};

static int
refuse_others(const struct mappings *maps, struct err *e)
{
	for (size_t i = 0; i < maps->n; i++) {
		const char *name = mapping_name(&maps->list[i]);

		for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
			if (strncmp(name, others[k][0],
				strlen(others[k][0])) == 0)
				return err_set(e, ERR_FAILED,
				    "the heap of this process is kept by %s; "
				    "a census can be taken of glibc's alone",
				    others[k][1]);
	}
	return 0;
}

static bool
is_libc(const struct mapping *m)
{
	const char *name = mapping_name(m);

	return m->inode != 0 && (strncmp(name, "libc.so.6", 9) == 0 ||
				    strncmp(name, "libc-2.", 7) == 0);
}

/* "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36." */
static bool
find_release(const struct census_reader *r, const struct mapping *m,
    bool all, struct census_layout *l)
{
	static const char before[] = "GNU C Library (";
	static const char version[] = "release version 2.";
	unsigned char *b = xmalloc(CENSUS_PAGE * 2 + 1);
	bool found = false;

	for (uint64_t at = m->start; !found && at < m->end;
	     at += CENSUS_PAGE) {
		size_t want = m->end - at > CENSUS_PAGE ? 2 * CENSUS_PAGE :
							  CENSUS_PAGE;
		ssize_t got;
		char *text, *number;

		if (all)
			got = r->read(r->arg, at, b, want);
		else
			got = census_read(r, at, b, want) ? (ssize_t)want : 0;
		if (got <= 0)
			continue;
		b[got] = '\0';
		text = memmem(b, (size_t)got, before, sizeof before - 1);
		if (text == NULL ||
		    (number = strstr(text, version)) == NULL)
			continue;
		snprintf(l->release, sizeof l->release, "%.*s",
		    (int)strcspn(text, ")\n") + 1, text);
		l->minor = atoi(number + sizeof version - 1);
		found = true;
	}
	free(b);
	return found;
}

/* Each mapping of the library, or of the program itself if it is static. */
static bool
is_home(const struct mapping *m, const struct mapping *first)
{
	return m->inode == first->inode && strcmp(m->path, first->path) == 0;
}

static const struct mapping *
find_home(const struct mappings *maps, struct census_layout *l)
{
	for (size_t i = 0; i < maps->n; i++)
		if (is_libc(&maps->list[i]))
			return &maps->list[i];
	l->is_static = true;
	for (size_t i = 0; i < maps->n; i++)
		if (maps->list[i].inode != 0)
			return &maps->list[i];
	return NULL;
}

static int
check_release(const struct census_reader *r, const struct mappings *maps,
    const struct mapping *home, struct census_layout *l, struct err *e)
{
	/* What is in memory first: a page that is read is the target's. */
	for (size_t k = 0; k < 2 * maps->n && l->minor == 0; k++) {
		const struct mapping *m = &maps->list[k % maps->n];

		if (is_home(m, home) && m->readable && !m->writable &&
		    !m->shared)
			find_release(r, m, k >= maps->n, l);
	}
	if (l->minor == 0)
		return err_set(e, ERR_FAILED,
		    l->is_static ?
			"this process has no libc.so.6: it is static, or its "
			"libc is another; a census needs glibc's" :
			"the glibc of this process does not say its version; "
			"a census needs to know it");
	if (l->minor < OLDEST || l->minor > NEWEST)
		return err_set(e, ERR_FAILED,
		    "the heap of glibc 2.%d is not known to this version of "
		    "ullage: 2.%d to 2.%d are", l->minor, OLDEST, NEWEST);
	return 0;
}

/* The file's own first bytes; a page of it may be read, it is a program's. */
static int
refuse_32_bit(const struct census_reader *r, const struct mapping *home,
    struct err *e)
{
	unsigned char ident[5];

	if (r->read(r->arg, home->start, ident, sizeof ident) ==
		sizeof ident &&
	    memcmp(ident, "\177ELF", 4) == 0 && ident[4] == 1)
		return err_set(e, ERR_FAILED,
		    "this is a program of 32 bits; a census knows the heaps "
		    "of 64-bit ones alone");
	return 0;
}

static void
find_brk(const struct mappings *maps, struct census_layout *l)
{
	for (size_t i = 0; i < maps->n; i++)
		if (strcmp(maps->list[i].path, "[heap]") == 0) {
			if (l->heap_start == 0)
				l->heap_start = maps->list[i].start;
			l->heap_end = maps->list[i].end;
		}
}

int
census_layout_find(const struct census_reader *r, const struct mappings *maps,
    struct census_layout *l, struct err *e)
{
	const struct mapping *home;
	bool found = false;

	memset(l, 0, sizeof *l);
	if (refuse_others(maps, e) < 0)
		return -1;
	home = find_home(maps, l);
	if (home == NULL)
		return err_set(e, ERR_FAILED,
		    "this process has no program, or its mappings may not be "
		    "read");
	if (refuse_32_bit(r, home, e) < 0 ||
	    check_release(r, maps, home, l, e) < 0)
		return -1;
	find_brk(maps, l);
	/* A change in the middle of a read spoils it; look again. */
	for (int k = 0; k < 16 && !found; k++)
		for (size_t i = 0; i < maps->n && !found; i++) {
			const struct mapping *m = &maps->list[i];

			found = is_home(m, home) && m->writable &&
			    !m->shared &&
			    search_data(r, m, k < 8 ? 0 : TORN, l);
		}
	if (!found)
		return err_set(e, ERR_FAILED,
		    "the heap of this process was not found: nothing in the "
		    "data of its glibc 2.%d looks like the main arena",
		    l->minor);
	if (l->main.system == 0 && l->main.next == l->main.address)
		return err_set(e, ERR_FAILED,
		    "glibc's heap is empty in this process: it has not "
		    "allocated, or by another allocator in its program");
	if (!l->par)
		l->brk_start = l->heap_start;
	return 0;
}
