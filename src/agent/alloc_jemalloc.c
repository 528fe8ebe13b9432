/* SPDX-License-Identifier: MIT */
/*
 * jemalloc, also with its symbols prefixed by je_. Everything goes through
 * mallctl, which allocates nothing of the target's.
 *
 * A purge gives the dirty pages of one arena back and lets go of the arena's
 * lock while the kernel works, so others go on. What other threads hold in
 * their caches stays. `retained` is address space without memory.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/alloc.h"
#include "agent/mini.h"
#include "agent/real.h"

static int (*mallctl)(const char *, void *, size_t *, void *, size_t);

static bool
find(const struct link_map *owner)
{
	void *f = real_in(owner, "mallctl");

	if (f == NULL)
		f = real_in(owner, "je_mallctl");
	mallctl = (int (*)(const char *, void *, size_t *, void *, size_t))f;
	return f != NULL;
}

static void
version(char *out, size_t size)
{
	const char *text = NULL;
	size_t n = sizeof text;

	if (mallctl("version", &text, &n, NULL, 0) == 0 && text != NULL)
		mini_copy(out, size, text);
}

static uint64_t
number(const char *name)
{
	size_t value = 0, n = sizeof value;

	return mallctl(name, &value, &n, NULL, 0) == 0 ? value : UINT64_MAX;
}

/* "stats.arenas.7.pdirty" */
static void
arena_name(char out[64], const char *before, uint64_t arena,
    const char *after)
{
	mini_copy(out, 64, before);
	mini_append_number(out, 64, arena);
	mini_append(out, 64, after);
}

static uint64_t
arena_number(uint64_t arena, const char *what)
{
	char name[64];

	arena_name(name, "stats.arenas.", arena, what);
	return number(name);
}

static unsigned
arenas_count(void)
{
	unsigned count = 0;
	size_t n = sizeof count;

	return mallctl("arenas.narenas", &count, &n, NULL, 0) == 0 ? count : 0;
}

static uint32_t
arena_threads(uint64_t arena)
{
	char name[64];
	unsigned threads = 0;
	size_t n = sizeof threads;

	arena_name(name, "stats.arenas.", arena, ".nthreads");
	return mallctl(name, &threads, &n, NULL, 0) == 0 ? threads : 0;
}

static uint64_t
plus(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

static void
statistics(struct ull_statistics *s, struct ull_arena *arenas,
    uint64_t *n_arenas)
{
	uint64_t epoch = 1, page = number("arenas.page"), dirty = 0, k = 0;
	unsigned count = arenas_count();
	uint64_t active;

	mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
	s->allocated = number("stats.allocated");
	s->resident = number("stats.resident");
	s->metadata = number("stats.metadata");
	s->unmapped = number("stats.retained");
	active = number("stats.active");
	/* Slots of pages that are in use: in slabs and thread caches. */
	if (active != UINT64_MAX && s->allocated != UINT64_MAX &&
	    active >= s->allocated)
		s->cached = active - s->allocated;
	for (unsigned i = 0; i < count; i++) {
		uint64_t pages = arena_number(i, ".pdirty");
		struct ull_arena a = { .id = i };

		if (pages == UINT64_MAX || page == UINT64_MAX)
			continue; /* not in use */
		a.dirty = pages * page;
		a.allocated = plus(arena_number(i, ".small.allocated"),
		    arena_number(i, ".large.allocated"));
		a.threads = arena_threads(i);
		dirty += a.dirty;
		if (k < ULL_ARENAS && (a.allocated != 0 || a.dirty != 0))
			arenas[k++] = a;
	}
	*n_arenas = k;
	s->releasable = dirty;
	s->free = plus(s->releasable, s->cached);
}

/* With a static name per arena there is nothing to measure what was released:
 * dirty pages before and after tell. */
static uint64_t
dirty_of(uint64_t arena, uint64_t page)
{
	uint64_t epoch = 1, pages;

	mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
	pages = arena_number(arena, ".pdirty");
	return pages == UINT64_MAX ? 0 : pages * page;
}

static void
release_pages(struct alloc_pass *p)
{
	uint64_t page = number("arenas.page");
	unsigned count = arenas_count();
	char name[64];
	bool more = true;

	if (page == UINT64_MAX)
		page = 4096;
	for (unsigned i = 0; i < count && more; i++) {
		uint64_t before = dirty_of(i, page), after, began;

		if (before == 0)
			continue;
		arena_name(name, "arena.", i, ".purge");
		began = alloc_began(p);
		if (mallctl(name, NULL, NULL, NULL, 0) == 0) {
			after = dirty_of(i, page);
			p->released += before > after ? before - after : 0;
			p->arenas++;
		}
		more = alloc_ended(p, began);
	}
	if (more)
		p->flags |= ULL_TRIM_EXHAUSTED;
}

/*
 * The decay time of new arenas, and of all that are there. Signed: -1 never.
 */
static bool
set_decay(const char *what, int64_t value, int64_t *old)
{
	ssize_t was = 0, now = (ssize_t)value;
	size_t n = sizeof was;
	unsigned count = arenas_count();
	char name[64];

	mini_copy(name, sizeof name, "arenas.");
	mini_append(name, sizeof name, what + 1);
	if (mallctl(name, &was, &n, &now, sizeof now) != 0)
		return false;
	*old = was;
	for (unsigned i = 0; i < count; i++) {
		arena_name(name, "arena.", i, what);
		mallctl(name, NULL, NULL, &now, sizeof now);
	}
	return true;
}

static bool
set(unsigned setting, int64_t value, int64_t *old)
{
	bool was = false, now = value != 0;
	size_t n = sizeof was;

	switch (setting) {
	case ULL_SETTING_DIRTY_DECAY:
		return set_decay(".dirty_decay_ms", value, old);
	case ULL_SETTING_MUZZY_DECAY:
		return set_decay(".muzzy_decay_ms", value, old);
	case ULL_SETTING_BACKGROUND:
		if (mallctl("background_thread", &was, &n, &now,
			sizeof now) != 0)
			return false;
		*old = was;
		return true;
	default:
		return false;
	}
}

HIDDEN const struct alloc alloc_jemalloc = {
	.id = ULL_ALLOCATOR_JEMALLOC,
	.find = find,
	.version = version,
	.statistics = statistics,
	.shrink = release_pages,
	.set = set,
};
