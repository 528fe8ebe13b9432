/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/census.h"
#include "base/xalloc.h"
#include "census/caches.h"
#include "proc/stat.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* malloc/arena.c: heaps other than the main one are aligned to this. */
#define HEAP_MAX (UINT64_C(64) << 20)
#define ARENAS_MAX 4096
#define HEAPS_MAX 65536

/* heap_info: four words to 2.34, five and a gap since. */
#define HEAP_INFO_OLD 32
#define HEAP_INFO 48

struct taking {
	struct census *c;
	struct census_caches caches;
	struct census_walk walk;
	struct census_state *states; /* owned; of arenas */
	size_t n, cap;
	uint32_t arena; /* being walked */
	time_t end;
};

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static bool
enough(void *arg)
{
	struct taking *t = arg;

	if (now() < t->end)
		return false;
	t->c->cut = true;
	return true;
}

static enum chunk_state
on_chunk(void *arg, const struct census_chunk *chunk)
{
	struct taking *t = arg;
	enum chunk_state state = census_caches_state(&t->caches, chunk);

	if (state == CHUNK_IN_USE)
		census_tally_add(&t->c->tally, t->arena,
		    census_kind(t->c->kinds, chunk), chunk->size);
	return state;
}

/* ---- arenas ------------------------------------------------------------------ */

static void
list_arenas(struct taking *t)
{
	const struct census_reader *r = &t->c->reader;
	struct census_state s = t->c->layout.main;

	do {
		t->states = xgrow(t->states, t->n, &t->cap,
		    sizeof *t->states);
		t->states[t->n++] = s;
	} while (t->n < ARENAS_MAX && s.next != t->states[0].address &&
	    census_state_read(r, s.next, &s));
	t->c->arenas = xcalloc(t->n + 1, sizeof *t->c->arenas);
	t->c->n_arenas = t->n + 1;
}

/* Chunks begin where the caller's pointer is aligned to 16. */
static uint64_t
first_chunk(uint64_t after)
{
	return (after + 15) & ~UINT64_C(15);
}

static uint64_t
first_of_arena(const struct taking *t, size_t i)
{
	if (i == 0)
		return first_chunk(t->c->layout.brk_start);
	return first_chunk(t->states[i].address + STATE_SIZE);
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

	a->heaps = 1;
	if (l->heap_start == 0 || s.start >= s.end) {
		a->counts.uncovered = a->system;
		return;
	}
	/* Elsewhere when brk failed, and mappings are used instead. */
	if (s.top < s.start || s.top >= s.end) {
		s.top = s.top_at = 0;
		if (a->system > s.end - s.start)
			a->counts.uncovered = a->system - (s.end - s.start);
	}
	census_walk(&t->walk, &s, &a->counts);
}

/* From the heap that has the top back to the one that has the arena. */
static void
walk_heaps(struct taking *t, size_t i, struct census_arena *a)
{
	const struct census_state *state = &t->states[i];
	uint64_t home = state->address & ~(HEAP_MAX - 1);
	uint64_t info = state->address - home;
	uint64_t heap = state->top & ~(HEAP_MAX - 1);
	uint64_t word[3], seen = 0;

	if (info != HEAP_INFO_OLD && info != HEAP_INFO) {
		a->counts.uncovered = state->system;
		return;
	}
	for (; a->heaps < HEAPS_MAX; heap = word[1]) {
		struct census_segment s = { .start = heap + info };

		if (!census_read(&t->c->reader, heap, word, sizeof word) ||
		    word[0] != state->address || word[2] > HEAP_MAX ||
		    word[2] < info || (t->c->cut && a->heaps > 0))
			break;
		if (heap == home)
			s.start = first_of_arena(t, i);
		s.end = heap + word[2];
		if (a->heaps++ == 0) {
			s.top = state->top;
			s.top_at = state->address + STATE_TOP;
		}
		a->overhead += s.start - heap;
		seen += word[2];
		census_walk(&t->walk, &s, &a->counts);
		if (heap == home || word[1] % HEAP_MAX != 0)
			break;
	}
	if (seen < state->system)
		a->counts.uncovered += state->system - seen;
}

/* ---- chunks with a mapping of their own --------------------------------------- */

static void
count_mmapped(struct taking *t, struct census_arena *a, uint64_t p,
    uint64_t size)
{
	struct census_chunk c = { .address = p, .size = size };
	uint64_t seen = p + CHUNK_HEADER;

	if (census_read(&t->c->reader, seen, c.seen, sizeof c.seen))
		c.n = sizeof c.seen;
	a->counts.count[CHUNK_IN_USE]++;
	a->counts.bytes[CHUNK_IN_USE] += size;
	census_tally_add(&t->c->tally, t->arena, census_kind(t->c->kinds, &c),
	    size);
}

static bool
is_mmapped(const struct mapping *m, uint64_t page, const uint64_t word[2],
    uint64_t *start, uint64_t *size)
{
	*start = page + (word[0] < CENSUS_PAGE ? 0 : word[0]);
	*size = word[1] & ~CHUNK_FLAGS;
	return (word[1] & CHUNK_FLAGS) == CHUNK_MMAPPED && word[0] == 0 &&
	    *size >= CENSUS_PAGE && *size % CENSUS_PAGE == 0 &&
	    *size <= m->end - page;
}

static void
search_mmapped(struct taking *t, struct census_arena *a,
    const struct mapping *m)
{
	uint8_t there[CENSUS_WINDOW_PAGES];
	uint64_t p = m->start, start, size, word[2];

	while (p < m->end && !enough(t)) {
		uint64_t n = (m->end - p) / CENSUS_PAGE, next;

		if (n > CENSUS_WINDOW_PAGES)
			n = CENSUS_WINDOW_PAGES;
		t->c->reader.pages(t->c->reader.arg, p, (size_t)n, there);
		next = p + n * CENSUS_PAGE;
		for (uint64_t at = p; at < next; at += CENSUS_PAGE) {
			if (!there[(at - p) / CENSUS_PAGE] ||
			    t->c->reader.read(t->c->reader.arg, at, word,
				sizeof word) != sizeof word ||
			    !is_mmapped(m, at, word, &start, &size))
				continue;
			count_mmapped(t, a, start, size);
			next = start + size;
			break;
		}
		p = next;
	}
}

static bool
is_heap(const struct taking *t, const struct mapping *m)
{
	for (size_t i = 1; i < t->n; i++)
		if ((t->states[i].address & ~(HEAP_MAX - 1)) == m->start)
			return true;
	return false;
}

static void
walk_mmapped(struct taking *t, struct census_arena *a)
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
			search_mmapped(t, a, m);
	}
	found = a->counts.bytes[CHUNK_IN_USE];
	if (l->par && found < l->mmapped)
		a->counts.uncovered = l->mmapped - found;
}

/* ---- the whole ---------------------------------------------------------------- */

static void
take(struct taking *t)
{
	struct census *c = t->c;
	struct census_arena *a;

	list_arenas(t);
	for (size_t i = 0; i < t->n; i++) {
		census_caches_key(&t->caches, &c->reader, c->layout.minor,
		    first_of_arena(t, i));
		census_caches_fast(&t->caches, &c->reader, c->layout.minor,
		    &t->states[i]);
	}
	census_caches_settle(&t->caches, c->layout.minor);
	c->cached_known = t->caches.n_keys > 0;
	for (size_t i = 0; i < t->n; i++) {
		a = &c->arenas[i];
		t->arena = (uint32_t)i;
		a->address = t->states[i].address;
		a->system = t->states[i].system;
		if (i == 0)
			walk_main(t, a);
		else
			walk_heaps(t, i, a);
	}
	t->arena = (uint32_t)t->n;
	walk_mmapped(t, &c->arenas[t->n]);
}

/* A process that ended or became another program has its arena no more. */
static int
check_alive(const struct census *c, int32_t pid, struct err *e)
{
	struct census_state s;

	if (census_state_read(&c->reader, c->layout.main.address, &s))
		return 0;
	return err_set(e, ERR_GONE,
	    "process %d ended during the census, or runs another program now",
	    pid);
}

/* Why it failed may be that it was ending: memory goes first, then the rest.
 * Threads of the kernel, which have none, descend from process 2. */
static bool
is_ending(int32_t pid)
{
	struct proc_stat stat;
	struct err e;

	if (proc_stat_read(pid, &stat, &e) < 0)
		return e.status == ERR_GONE;
	return stat.state == 'Z' || stat.state == 'X' ||
	    (stat.vm_size == 0 && pid != 2 && stat.ppid != 2);
}

struct census *
census_take(int32_t pid, unsigned seconds, struct err *e)
{
	struct census *c = xcalloc(1, sizeof *c);
	struct taking t = { .c = c, .end = now() + (time_t)seconds };

	c->process = census_process_open(pid, e);
	if (c->process == NULL || mappings_read(&c->maps, pid, e) < 0)
		goto failed;
	c->reader = census_process_reader(c->process);
	if (census_process_check(c->process, &c->maps, e) < 0 ||
	    census_layout_find(&c->reader, &c->maps, &c->layout, e) < 0)
		goto failed;
	c->kinds = census_kinds_new(&c->reader, &c->maps);
	t.walk = (struct census_walk){ &c->reader, on_chunk, &t, enough };
	take(&t);
	census_caches_free(&t.caches);
	free(t.states);
	if (check_alive(c, pid, e) == 0)
		return c;
failed:
	if (is_ending(pid))
		err_set(e, ERR_GONE, "process %d has ended", pid);
	census_free(c);
	return NULL;
}

void
census_free(struct census *c)
{
	if (c == NULL)
		return;
	census_kinds_free(c->kinds);
	census_tally_free(&c->tally);
	free(c->arenas);
	mappings_free(&c->maps);
	census_process_close(c->process);
	free(c);
}

void
census_total(const struct census *c, struct census_counts *total)
{
	memset(total, 0, sizeof *total);
	for (size_t i = 0; i < c->n_arenas; i++) {
		const struct census_counts *a = &c->arenas[i].counts;

		for (int s = 0; s < CHUNK_STATES; s++) {
			total->count[s] += a->count[s];
			total->bytes[s] += a->bytes[s];
		}
		total->top += a->top;
		total->pages += a->pages;
		total->resident += a->resident;
		total->top_resident += a->top_resident;
		total->uncovered += a->uncovered;
		total->derailed += a->derailed;
		if (total->derailed_at == 0)
			total->derailed_at = a->derailed_at;
		total->odd += a->odd;
	}
}
