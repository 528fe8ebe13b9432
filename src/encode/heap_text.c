/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/heap_text.h"
#include "base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Frames of allocators. */
static const char drop_frames[] =
    "malloc|calloc|realloc|reallocarray|memalign|posix_memalign|aligned_alloc|"
    "valloc|pvalloc|strdup|strndup|operator new.*|tcmalloc::.*|tc_.*|je_.*|"
    "prof_backtrace.*|prof_alloc_prep.*|prof_tctx_create.*";

bool
scan_line(struct scan *text, struct scan *line)
{
	const char *nl;

	if (text->s == text->end)
		return false;
	nl = memchr(text->s, '\n', (size_t)(text->end - text->s));
	line->s = text->s;
	line->end = nl != NULL ? nl : text->end;
	text->s = nl != NULL ? nl + 1 : text->end;
	while (line->s < line->end && (*line->s == ' ' || *line->s == '\t'))
		line->s++;
	while (line->s < line->end && (line->end[-1] == ' ' ||
	    line->end[-1] == '\t' || line->end[-1] == '\r'))
		line->end--;
	return true;
}

static void
skip_blanks(struct scan *l)
{
	while (l->s < l->end && (*l->s == ' ' || *l->s == '\t'))
		l->s++;
}

bool
scan_word(struct scan *l, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(l);
	if ((size_t)(l->end - l->s) < len || memcmp(l->s, word, len) != 0)
		return false;
	l->s += len;
	return true;
}

bool
scan_number(struct scan *l, int64_t *value)
{
	const char *s;
	bool minus;

	skip_blanks(l);
	s = l->s;
	minus = s < l->end && *s == '-';
	s += minus;
	if (s == l->end || *s < '0' || *s > '9')
		return false;
	for (*value = 0; s < l->end && *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *s - '0', value))
			return false;
	if (minus)
		*value = -*value;
	l->s = s;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
scan_hex(struct scan *l, uint64_t *value)
{
	const char *s, *first;

	skip_blanks(l);
	s = l->s;
	if (l->end - s > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	first = s;
	for (*value = 0; s < l->end && hex_digit(*s) >= 0; s++) {
		if (*value >> 60 != 0)
			return false;
		*value = *value << 4 | (uint64_t)hex_digit(*s);
	}
	if (s == first)
		return false;
	l->s = s;
	return true;
}

bool
scan_counts(struct scan *l, struct heap_counts *c)
{
	return scan_number(l, &c->objects) && scan_word(l, ":") &&
	    scan_number(l, &c->bytes) && scan_word(l, "[") &&
	    scan_number(l, &c->alloc_objects) && scan_word(l, ":") &&
	    scan_number(l, &c->alloc_bytes) && scan_word(l, "]");
}

static int64_t
rounded(double v)
{
	return v >= 9.2e18 ? INT64_MAX : v <= -9.2e18 ? INT64_MIN : llround(v);
}

void
heap_unsample(int64_t *objects, int64_t *bytes, int64_t rate)
{
	double scale;

	if (rate <= 1)
		return;
	if (*objects == 0 || *bytes == 0) {
		*objects = *bytes = 0;
		return;
	}
	scale = 1 / -expm1(-((double)*bytes / (double)*objects) / (double)rate);
	*objects = rounded((double)*objects * scale);
	*bytes = rounded((double)*bytes * scale);
}

bool
heap_maps_begin(const struct scan *line)
{
	struct scan l = *line;

	return scan_word(&l, "MAPPED_LIBRARIES:") ||
	    scan_word(&l, "--- Memory map: ---");
}

/* "start-limit perms offset device inode path"; false if it is no such line
 * or not executable. */
static bool
read_mapping(struct heap_text *h, struct scan *l, struct profile_mapping *m)
{
	static const char deleted[] = " (deleted)";
	size_t gone = strlen(deleted);
	char *path;
	bool code;

	*m = (struct profile_mapping){ 0 };
	if (!scan_hex(l, &m->start) || !scan_word(l, "-") ||
	    !scan_hex(l, &m->limit) || m->start >= m->limit)
		return false;
	skip_blanks(l);
	if (l->end - l->s < 4)
		return false;
	code = l->s[2] == 'x';
	l->s += 4;
	if (!code || !scan_hex(l, &m->offset))
		return false;
	/* Device and inode say nothing later on. */
	for (int i = 0; i < 2; i++) {
		skip_blanks(l);
		while (l->s < l->end && *l->s != ' ' && *l->s != '\t')
			l->s++;
	}
	skip_blanks(l);
	if ((size_t)(l->end - l->s) > gone &&
	    memcmp(l->end - gone, deleted, gone) == 0) {
		l->end -= gone;
		m->deleted = true;
	}
	path = xmalloc((size_t)(l->end - l->s) + 1);
	memcpy(path, l->s, (size_t)(l->end - l->s));
	path[l->end - l->s] = '\0';
	m->file = profile_string(h->p, path);
	free(path);
	/* A guess: right where the file's offsets are its link addresses. Who
	 * symbolizes looks into the ELF. */
	m->bias = m->start - m->offset;
	return true;
}

static int
by_start(const void *a, const void *b)
{
	const struct heap_mapping *x = a, *y = b;

	return x->m.start < y->m.start ? -1 : x->m.start > y->m.start;
}

static const char *
base_name(const struct heap_text *h, const struct profile_mapping *m)
{
	const char *file = profile_text(h->p, m->file);
	const char *slash = strrchr(file, '/');

	return slash != NULL ? slash + 1 : file;
}

static void
add_program(struct heap_text *h)
{
	for (size_t i = 0; i < h->n_maps; i++) {
		const char *name = base_name(h, &h->maps[i].m);

		if (*name == '\0' || *name == '[' || strstr(name, ".so") != NULL)
			continue;
		h->maps[i].id = profile_add_mapping(h->p, &h->maps[i].m);
		return;
	}
}

/* Reads the maps in what follows that line in text, and adds the program. */
static void
read_maps(struct heap_text *h, struct scan text)
{
	struct profile_mapping m;
	struct scan line;

	while (scan_line(&text, &line)) {
		if (!read_mapping(h, &line, &m))
			continue;
		h->maps = xgrow(h->maps, h->n_maps, &h->cap_maps,
		    sizeof *h->maps);
		h->maps[h->n_maps++] = (struct heap_mapping){ m, 0 };
	}
	if (h->n_maps != 0)
		qsort(h->maps, h->n_maps, sizeof *h->maps, by_start);
	add_program(h);
}

static struct heap_mapping *
mapping_of(struct heap_text *h, uint64_t address)
{
	size_t low = 0, high = h->n_maps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct heap_mapping *m = &h->maps[mid];

		if (address < m->m.start)
			high = mid;
		else if (address >= m->m.limit)
			low = mid + 1;
		else
			return m;
	}
	return NULL;
}

static bool
is_own(const struct heap_text *h, const struct heap_mapping *m)
{
	return h->own != NULL && m != NULL &&
	    strncmp(base_name(h, &m->m), h->own, strlen(h->own)) == 0;
}

/* Leaf frames of the allocator itself, unless there is nothing else. */
static size_t
own_frames(struct heap_text *h)
{
	size_t n = 0;

	while (n < h->n_stack && is_own(h, mapping_of(h, h->addresses[n])))
		n++;
	return n < h->n_stack ? n : 0;
}

bool
heap_read_stack(struct heap_text *h, struct scan *line)
{
	struct heap_mapping *m;
	uint64_t address;
	size_t own;

	h->n_stack = 0;
	for (skip_blanks(line); line->s < line->end; skip_blanks(line)) {
		if (!scan_hex(line, &address))
			return false;
		h->stack = xgrow(h->stack, h->n_stack, &h->cap_stack,
		    sizeof *h->stack);
		h->addresses = xgrow(h->addresses, h->n_stack,
		    &h->cap_addresses, sizeof *h->addresses);
		/* Return addresses: the call is before them. */
		h->addresses[h->n_stack++] = address - (address != 0);
	}
	own = own_frames(h);
	h->n_stack -= own;
	for (size_t i = 0; i < h->n_stack; i++) {
		address = h->addresses[i + own];
		m = mapping_of(h, address);
		if (m != NULL && m->id == 0)
			m->id = profile_add_mapping(h->p, &m->m);
		h->stack[i] = profile_location(h->p, m != NULL ? m->id : 0,
		    address);
	}
	return true;
}

void
heap_add(struct heap_text *h, const struct heap_counts *c, int64_t rate)
{
	struct profile_label size = { .key = profile_string(h->p, "bytes"),
		.unit = profile_string(h->p, "bytes") };
	struct heap_counts v = *c;
	int64_t values[4], *at = values;

	if (c->objects != 0)
		size.number = c->bytes / c->objects;
	else if (c->alloc_objects != 0)
		size.number = c->alloc_bytes / c->alloc_objects;
	heap_unsample(&v.objects, &v.bytes, rate);
	heap_unsample(&v.alloc_objects, &v.alloc_bytes, rate);
	if (h->four) {
		*at++ = v.alloc_objects;
		*at++ = v.alloc_bytes;
	}
	*at++ = v.objects;
	*at = v.bytes;
	profile_add_sample(h->p, h->stack, h->n_stack, &size, 1, values);
}

struct profile *
heap_read(struct heap_text *h, struct scan text, int64_t rate,
    int (*samples)(struct heap_text *, struct scan, int64_t, struct err *),
    struct err *e)
{
	struct profile *p = h->p;
	struct scan rest = text, line;
	int rc;

	p->period = rate;
	p->period_type.type = profile_string(p, "space");
	p->period_type.unit = profile_string(p, "bytes");
	p->drop_frames = profile_string(p, drop_frames);
	while (scan_line(&rest, &line))
		if (heap_maps_begin(&line))
			read_maps(h, rest);
	rc = samples(h, text, rate, e);
	free(h->maps);
	free(h->stack);
	free(h->addresses);
	if (rc == 0)
		return p;
	profile_free(p);
	return NULL;
}
