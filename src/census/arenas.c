/* SPDX-License-Identifier: MIT */
/* The arenas of glibc, and the heaps of each. */
#include "config.h"

#include "census/taking.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/*
 * malloc/arena.c: heaps other than the main one are aligned to this; to four
 * huge pages where glibc.malloc.hugetlb has it use those.
 */
static const uint64_t heap_sizes[] = {
	UINT64_C(64) << 20, UINT64_C(8) << 20, UINT64_C(4) << 30,
};

#define ARENAS_MAX 4096
#define HEAPS_MAX 65536

/* heap_info: four words to 2.34, five and a gap since. */
#define HEAP_INFO_OLD 32
#define HEAP_INFO 48

/* A list that leads back to its middle has been tampered with. */
static bool
is_listed(const struct taking *t, uint64_t address)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->states[i].address == address)
			return true;
	return false;
}

void
taking_list(struct taking *t)
{
	const struct census_reader *r = &t->c->reader;
	struct census_state s = t->c->layout.main;

	for (;;) {
		t->states = xgrow(t->states, t->n, &t->cap,
		    sizeof *t->states);
		t->states[t->n++] = s;
		if (s.next == t->states[0].address)
			break;
		if (t->n >= ARENAS_MAX || is_listed(t, s.next) ||
		    !census_state_read(r, s.next, &s)) {
			t->c->arenas_lost = true;
			break;
		}
	}
	t->heap_max = xcalloc(t->n, sizeof *t->heap_max);
	t->c->arenas = xcalloc(t->n + 1, sizeof *t->c->arenas);
	t->c->n_arenas = t->n + 1;
}

/* Chunks begin where the caller's pointer is aligned to 16. */
static uint64_t
first_chunk(uint64_t after)
{
	return (after + 15) & ~UINT64_C(15);
}

uint64_t
taking_first(const struct taking *t, size_t i)
{
	if (i == 0)
		return first_chunk(t->c->layout.brk_start);
	return first_chunk(t->states[i].address + STATE_SIZE);
}

/* Heaps of other arenas name theirs in their first word, and mmapped chunks
 * have a flag in their second. */
static bool
is_main(const struct taking *t, const struct mapping *m)
{
	uint64_t top = t->states[0].top, word[2];

	if (!m->writable || !m->readable || m->shared)
		return false;
	if (top >= m->start && top < m->end)
		return true;
	return strncmp(m->path, "/anon_hugepage", 14) == 0 &&
	    census_read(&t->c->reader, m->start, word, sizeof word) &&
	    !is_listed(t, word[0]) && !(word[1] & CHUNK_MMAPPED);
}

/*
 * Where brk cannot, or huge pages were asked for, the main arena goes on in
 * mappings: that of its top, and those of huge pages. Returns their bytes.
 */
static uint64_t
walk_main_mappings(struct taking *t, struct census_arena *a)
{
	uint64_t top = t->states[0].top, seen = 0;

	for (size_t i = 0; i < t->c->maps.n; i++) {
		const struct mapping *m = &t->c->maps.list[i];
		struct census_segment s = { .start = m->start, .end = m->end,
			.main = true };

		if (!is_main(t, m))
			continue;
		if (top >= s.start && top < s.end) {
			s.top = top;
			s.top_at = t->states[0].address + STATE_TOP;
		}
		a->heaps++;
		seen += s.end - s.start;
		taking_walk(t, &s, a);
	}
	return seen;
}

static void
walk_main(struct taking *t, struct census_arena *a)
{
	const struct census_layout *l = &t->c->layout;
	struct census_segment s = {
		.start = first_chunk(l->brk_start),
		.end = l->heap_end,
		.top = t->states[0].top,
		.top_at = t->states[0].address + STATE_TOP,
		.main = true,
	};
	uint64_t seen = 0;
	bool has_top = s.top >= s.start && s.top < s.end;

	if (!has_top) {
		s.top = s.top_at = 0;
		seen = walk_main_mappings(t, a);
	}
	/* Without a sign of it the program's own brk is not glibc's. */
	if ((has_top || l->par) && s.start < s.end) {
		a->heaps++;
		seen += s.end - s.start;
		taking_walk(t, &s, a);
	}
	if (!has_top && a->system > seen)
		a->counts.uncovered += a->system - seen;
}

/* That which holds for the heap of the arena and for the one of its top. */
static uint64_t
heap_max(const struct taking *t, const struct census_state *state)
{
	uint64_t owner, info;

	for (size_t i = 0; i < sizeof heap_sizes / sizeof heap_sizes[0]; i++) {
		uint64_t in = heap_sizes[i] - 1;

		info = state->address & in;
		if ((info == HEAP_INFO_OLD || info == HEAP_INFO) &&
		    census_word(&t->c->reader, state->top & ~in, &owner) &&
		    owner == state->address)
			return heap_sizes[i];
	}
	return 0;
}

/* Heaps of one arena, each once: a forged chain may lead back. */
struct visited {
	uint64_t *list;
	size_t n, cap;
	struct hash index;
};

static bool
once(struct visited *v, uint64_t address)
{
	uint64_t h = hash_mix(0, address);
	size_t at = hash_start(&v->index, h);
	uint32_t id;

	while ((id = hash_next(&v->index, h, &at)) != 0)
		if (v->list[id - 1] == address)
			return false;
	v->list = xgrow(v->list, v->n, &v->cap, sizeof *v->list);
	v->list[v->n++] = address;
	hash_put(&v->index, h, (uint32_t)v->n);
	return true;
}

/* From the heap that has the top back to the one that has the arena. */
static void
walk_heaps(struct taking *t, size_t i, struct census_arena *a)
{
	const struct census_state *state = &t->states[i];
	uint64_t max = t->heap_max[i], home, info, heap, word[3], seen = 0;
	struct visited visited = { .list = NULL };

	if (max == 0) {
		a->counts.uncovered = state->system;
		return;
	}
	home = state->address & ~(max - 1);
	info = state->address - home;
	for (heap = state->top & ~(max - 1); a->heaps < HEAPS_MAX;
	     heap = word[1]) {
		struct census_segment s = { .start = heap + info };

		if (!once(&visited, heap) ||
		    !census_read(&t->c->reader, heap, word, sizeof word) ||
		    word[0] != state->address || word[2] > max ||
		    word[2] < info || (t->c->cut && a->heaps > 0))
			break;
		if (heap == home)
			s.start = taking_first(t, i);
		s.end = heap + word[2];
		if (a->heaps++ == 0) {
			s.top = state->top;
			s.top_at = state->address + STATE_TOP;
		}
		a->overhead += s.start - heap;
		seen += word[2];
		taking_walk(t, &s, a);
		if (heap == home || word[1] % max != 0)
			break;
	}
	hash_free(&visited.index);
	free(visited.list);
	if (seen < state->system)
		a->counts.uncovered += state->system - seen;
}

void
taking_arena(struct taking *t, size_t i)
{
	struct census_arena *a = &t->c->arenas[i];

	t->arena = (uint32_t)i;
	a->address = t->states[i].address;
	a->system = t->states[i].system;
	t->heap_max[i] = heap_max(t, &t->states[i]);
	if (i == 0)
		walk_main(t, a);
	else
		walk_heaps(t, i, a);
}
