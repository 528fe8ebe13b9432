/* SPDX-License-Identifier: MIT */
/*
 * Chunks with a mapping of their own. Nobody lists them: they are looked for
 * at the beginnings of pages of anonymous memory, where glibc says how many
 * bytes of them there are.
 */
#include "config.h"

#include "census/taking.h"

#include <string.h>

/* What a search looks at before it comes back, so that it can be ended. */
#define WINDOWS 16

struct search {
	uint64_t from, end; /* whole pages */
};

struct found {
	uint64_t next; /* where it goes on */
	uint64_t chunk, size; /* size 0: none */
};

static bool
is_mapped(const struct search *in, uint64_t page, const uint64_t word[2])
{
	uint64_t size = word[1] & ~CHUNK_FLAGS;

	return (word[1] & CHUNK_FLAGS) == CHUNK_MMAPPED && word[0] == 0 &&
	    size >= CENSUS_PAGE && size % CENSUS_PAGE == 0 &&
	    size <= in->end - page;
}

/* The first one from there on. */
static size_t
search(const struct census_reader *r, const void *arg, void *out, size_t room)
{
	const struct search *in = arg;
	uint8_t there[CENSUS_WINDOW_PAGES];
	struct found *f = out;
	uint64_t word[2];

	(void)room;
	memset(f, 0, sizeof *f);
	f->next = in->from;
	for (int i = 0; i < WINDOWS && f->next < in->end; i++) {
		uint64_t start = f->next, n = (in->end - start) / CENSUS_PAGE;

		if (n > CENSUS_WINDOW_PAGES)
			n = CENSUS_WINDOW_PAGES;
		r->pages(r->arg, start, (size_t)n, there);
		for (uint64_t k = 0; k < n; k++) {
			uint64_t at = start + k * CENSUS_PAGE;

			if (!there[k] ||
			    r->read(r->arg, at, word, sizeof word) !=
				sizeof word ||
			    !is_mapped(in, at, word))
				continue;
			f->chunk = at;
			f->size = word[1] & ~CHUNK_FLAGS;
			f->next = at + f->size;
			return sizeof *f;
		}
		f->next = start + n * CENSUS_PAGE;
	}
	return sizeof *f;
}

static void
count_mapped(struct taking *t, struct census_arena *a, uint64_t p,
    uint64_t size)
{
	const struct census_reader *r = &t->c->reader;
	struct census_chunk c = { .address = p, .size = size };

	if (!t->o->plain &&
	    census_read(r, p + CHUNK_HEADER, c.seen, sizeof c.seen))
		c.n = sizeof c.seen;
	a->counts.count[CHUNK_IN_USE]++;
	a->counts.bytes[CHUNK_IN_USE] += size;
	a->counts.in_memory += census_resident(r, p, p + size);
	census_tally_add(&t->c->tally, t->arena, census_kind(t->c->kinds, &c),
	    size, 1, CENSUS_PARTS);
}

static void
search_mapping(struct taking *t, struct census_arena *a,
    const struct mapping *m)
{
	struct search in = { m->start, m->end };
	struct found f;

	while (in.from < in.end && !taking_enough(t, in.from)) {
		if (census_call(&t->c->reader, search, &in, sizeof in, &f,
			sizeof f) != sizeof f || f.next <= in.from)
			break;
		if (f.size != 0)
			count_mapped(t, a, f.chunk, f.size);
		in.from = f.next;
	}
}

static bool
is_heap(const struct taking *t, const struct mapping *m)
{
	for (size_t i = 1; i < t->n; i++)
		if (t->heap_max[i] != 0 &&
		    (t->states[i].address & ~(t->heap_max[i] - 1)) ==
			m->start)
			return true;
	return false;
}

void
taking_mapped(struct taking *t, struct census_arena *a)
{
	const struct census_layout *l = &t->c->layout;
	uint64_t found;

	a->system = l->mmapped;
	if (l->par && l->mmapped_count == 0)
		return;
	for (size_t i = 0; i < t->c->maps.n; i++) {
		const struct mapping *m = &t->c->maps.list[i];

		if (m->inode == 0 && *m->path == '\0' && m->readable &&
		    m->writable && !m->shared && !is_heap(t, m))
			search_mapping(t, a, m);
	}
	found = a->counts.bytes[CHUNK_IN_USE];
	if (l->par && found < l->mmapped)
		a->counts.uncovered = l->mmapped - found;
}
