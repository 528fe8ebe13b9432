/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/census.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "census/taking.h"
#include "proc/stat.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool
taking_enough(void *arg, uint64_t at)
{
	struct taking *t = arg;

	if (t->o->progress != NULL)
		t->o->progress(t->o->arg,
		    t->done + (at > t->from ? at - t->from : 0), t->all);
	if (now_ns() < t->end_ns)
		return false;
	t->c->cut = true;
	return true;
}

static enum chunk_state
state_of(void *arg, struct census_chunk *chunk)
{
	struct taking *t = arg;
	enum chunk_state state = census_caches_state(&t->caches, chunk);

	if (state == CHUNK_IN_USE)
		chunk->kind = census_kind(t->c->kinds, chunk);
	return state;
}

static void
on_use(void *arg, const struct census_chunk *chunk)
{
	struct taking *t = arg;

	census_tally_add(&t->c->tally, t->arena, chunk->kind, chunk->size,
	    t->times, t->part);
}

static void
on_pin(void *arg, const struct census_chunk *chunk, enum chunk_state state)
{
	struct taking *t = arg;

	if (state != CHUNK_IN_USE) {
		t->c->arenas[t->arena].pinned_cached += t->times;
		return;
	}
	census_tally_pin(&t->c->tally, t->arena, chunk->kind, chunk->size,
	    t->times);
	if (t->o->pins != NULL)
		t->o->pins(t->o->arg, chunk->address + CHUNK_HEADER,
		    t->times);
}

/* ---- arenas ------------------------------------------------------------------ */

/* A list that leads back to its middle has been tampered with. */
static bool
is_listed(const struct taking *t, uint64_t address)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->states[i].address == address)
			return true;
	return false;
}

static void
list_arenas(struct taking *t)
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

static uint64_t
first_of_arena(const struct taking *t, size_t i)
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
			s.start = first_of_arena(t, i);
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
		t->all += t->states[i].system;
		t->heap_max[i] = heap_max(t, &t->states[i]);
	}
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
	t->from = UINT64_MAX;
	taking_mapped(t, &c->arenas[t->n]);
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

/* With another program its mappings are elsewhere. */
static bool
is_another(const struct census *c, int32_t pid)
{
	struct mappings now = MAPPINGS_INIT;
	struct err e;
	bool other = c->maps.n > 0 && mappings_read(&now, pid, &e) == 0 &&
	    now.n > 0 &&
	    (now.list[0].start != c->maps.list[0].start ||
		now.list[0].inode != c->maps.list[0].inode);

	mappings_free(&now);
	return other;
}

struct census *
census_take(int32_t pid, const struct census_options *o, struct err *e)
{
	struct census *c = xcalloc(1, sizeof *c);
	uint64_t began = now_ns();
	struct taking t = { .c = c, .o = o, .times = 1,
		.random = o->seed != 0 ? o->seed : 1 };

	t.end_ns = began + o->seconds * UINT64_C(1000000000);
	c->times = o->times > 1 ? o->times : 1;
	c->process = census_process_open(pid, e);
	if (c->process == NULL || mappings_read(&c->maps, pid, e) < 0)
		goto failed;
	c->reader = census_process_reader(c->process);
	if (census_process_check(c->process, &c->maps, e) < 0 ||
	    census_layout_find(&c->reader, &c->maps, &c->layout, e) < 0)
		goto failed;
	c->kinds = census_kinds_new(&c->reader, &c->maps);
	t.walk = (struct census_walk){ &c->reader, state_of, on_use, on_pin,
		&t, taking_enough };
	take(&t);
	census_caches_free(&t.caches);
	free(t.states);
	free(t.heap_max);
	c->cpu_ns = census_process_cost(c->process);
	c->wall_ns = now_ns() - began;
	c->stuck = census_process_stuck(c->process);
	if (check_alive(c, pid, e) == 0)
		return c;
failed:
	if (is_ending(pid))
		err_set(e, ERR_GONE, "process %d has ended", pid);
	else if (is_another(c, pid))
		err_set(e, ERR_GONE, "process %d runs another program now",
		    pid);
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
	for (size_t i = 0; i < c->n_arenas; i++)
		census_counts_add(total, &c->arenas[i].counts, 1);
}

uint64_t
census_trim(const struct census *c)
{
	struct census_counts n;

	census_total(c, &n);
	return n.resident + c->arenas[0].counts.top_resident;
}
