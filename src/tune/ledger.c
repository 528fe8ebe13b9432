/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/ledger.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* An arena of glibc other than the main one begins at a multiple of this, and
 * what it has not used yet is mapped without access up to the next. */
#define ARENA (UINT64_C(64) << 20)

/* Where Go's heap begins: 0xc000000000, and looks like an arena. */
#define GO_HEAP 0xc0

/* Larger regions before a stack are no guard. */
#define GUARD_MOST (UINT64_C(1) << 20)
#define STACK_MOST (UINT64_C(64) << 20)

/* A chunk's size word, which usable bytes do not count. */
#define GLIBC_HEADER 8

static const struct {
	const char *key, *title;
} parts[LEDGER_PARTS] = {
	[LEDGER_LIVE] = { "live", "live heap" },
	[LEDGER_RETAINED] = { "retained", "retained by the allocator" },
	[LEDGER_OVERHEAD] = { "overhead", "overhead of the allocator" },
	[LEDGER_HEAP] = { "heap", "heap, live and free" },
	[LEDGER_DATA] = { "data", "data of program and libraries" },
	[LEDGER_ANONYMOUS] = { "anonymous", "other anonymous memory" },
	[LEDGER_STACKS] = { "stacks", "stacks" },
	[LEDGER_SHARED] = { "shared", "shared memory" },
	[LEDGER_FILE] = { "file", "files" },
	[LEDGER_AGENT] = { "agent", "ullage's agent" },
	[LEDGER_UNKNOWN] = { "unknown", "unknown" },
};

const char *
ledger_title(enum ledger_part part)
{
	return parts[part].title;
}

const char *
ledger_key(enum ledger_part part)
{
	return parts[part].key;
}

static bool
starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* ---- where a mapping belongs --------------------------------------------------------- */

static bool
is_agent(const char *name)
{
	const char *at = strstr(name, "/ullage-");

	return strstr(name, "/libullage.so") != NULL ||
	    (at != NULL && strstr(at, ".seg") != NULL);
}

static bool
is_shared_memory(const struct smap *m)
{
	static const char *const places[] = { "/SYSV", "/memfd:", "/dev/shm/",
		"/dev/zero", "/anon_hugepage", "[shmem]", "[anon_shmem:" };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (starts(m->name, places[i]))
			return true;
	return m->name[0] == '\0' && m->perms[3] == 's';
}

static bool
is_file(const char *name)
{
	return name[0] == '/' || starts(name, "[v"); /* vdso, vvar, vsyscall */
}

/* glibc's arena: [rw, from the boundary][no access, to the next boundary]. */
static bool
is_arena(const struct smap *m, const struct smap *next)
{
	if (m->start % ARENA != 0 || strncmp(m->perms, "rw-p", 4) != 0 ||
	    m->start >> 32 == GO_HEAP)
		return false;
	if (m->end % ARENA == 0)
		return true;
	return next != NULL && next->start == m->end &&
	    strncmp(next->perms, "---p", 4) == 0 && next->end >= m->start +
		ARENA;
}

static bool
is_guard(const struct smap *m, const struct smap *of)
{
	return m != NULL && m->end == of->start &&
	    strncmp(m->perms, "---p", 4) == 0 &&
	    m->end - m->start <= GUARD_MOST;
}

static bool
holds_stack(const struct ledger_input *in, const struct smap *m)
{
	for (size_t i = 0; i < in->n_stack_pointers; i++)
		if (in->stack_pointers[i] >= m->start &&
		    in->stack_pointers[i] < m->end)
			return true;
	return false;
}

static bool
is_stack(const struct ledger_input *in, const struct smap *m,
    const struct smap *before)
{
	if (starts(m->name, "[stack"))
		return true;
	if (m->name[0] != '\0' || strncmp(m->perms, "rw-", 3) != 0 ||
	    m->end - m->start > STACK_MOST)
		return false;
	return holds_stack(in, m) ||
	    (in->status->threads > 1 && is_guard(before, m));
}

/* .bss: no file, and right behind the data of one. */
static bool
is_bss(const struct smap *m, const struct smap *before)
{
	return before != NULL && before->end == m->start &&
	    before->name[0] == '/' && strncmp(m->perms, "rw-p", 4) == 0 &&
	    !is_shared_memory(before);
}

static enum ledger_part
classify(const struct ledger_input *in, const struct smap *m,
    const struct smap *before, const struct smap *next, double live)
{
	if (is_agent(m->name))
		return LEDGER_AGENT;
	if (is_shared_memory(m))
		return LEDGER_SHARED;
	if (is_file(m->name))
		return LEDGER_FILE;
	if (live > 0 || starts(m->name, "[anon:jemalloc") ||
	    starts(m->name, "[anon: glibc: malloc") ||
	    strcmp(m->name, "[heap]") == 0 ||
	    ((in->glibc || !in->watched) && m->name[0] == '\0' &&
		is_arena(m, next)))
		return LEDGER_HEAP;
	if (is_stack(in, m, before))
		return LEDGER_STACKS;
	if (m->name[0] == '\0' && is_bss(m, before))
		return is_agent(before->name) ? LEDGER_AGENT : LEDGER_DATA;
	return LEDGER_ANONYMOUS;
}

static int
by_address(const void *a, const void *b)
{
	const struct ledger_object *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* A chunk of glibc's that is a mapping of its own begins behind two words. */
static bool
is_mapped_chunk(const struct ledger_object *o)
{
	return o->address % 4096 == 16;
}

/*
 * Which bytes of the live heap are where, and how many of them are not
 * resident: an object that makes up most of its mapping is as resident as
 * that; others were written when they were made, unless there are more of
 * them than the mapping has in memory, by more than the estimate may err.
 */
static double
place_objects(const struct ledger_input *in, struct ledger *l)
{
	struct ledger_object *o = xcalloc(in->n_objects + 1, sizeof *o);
	double absent = 0;
	size_t k = 0;

	memcpy(o, in->objects, in->n_objects * sizeof *o);
	if (in->n_objects > 0)
		qsort(o, in->n_objects, sizeof *o, by_address);
	for (size_t i = 0; i < l->n_maps; i++) {
		struct ledger_map *m = &l->maps[i];
		uint64_t size = m->map->end - m->map->start;

		while (k < in->n_objects && o[k].address < m->map->start)
			k++;
		for (; k < in->n_objects && o[k].address < m->map->end; k++) {
			double bytes = o[k].weight * (double)o[k].usable;

			m->live += bytes;
			m->scattered |= !is_mapped_chunk(&o[k]);
			if (o[k].usable >= size / 2 && m->map->rss < size)
				m->absent += bytes *
				    (1.0 - (double)m->map->rss / (double)size);
		}
		if (m->live - m->absent >
		    (double)m->map->rss + 2 * in->live_error)
			m->absent = m->live - (double)m->map->rss;
		absent += m->absent;
	}
	free(o);
	return absent;
}

/*
 * Mappings that stand side by side are one to the kernel. So where glibc has
 * but chunks that are mappings of their own, what is not theirs is somebody
 * else's: glibc keeps none of it.
 */
static bool
is_shared_with_others(const struct ledger_input *in, const struct ledger_map *at,
    const struct smap *next)
{
	return in->glibc && at->part == LEDGER_HEAP && !at->scattered &&
	    at->map->name[0] == '\0' && !is_arena(at->map, next);
}

static void
add_shared(struct ledger *l, const struct ledger_map *at)
{
	double here = at->live - at->absent;
	uint64_t heap = here <= 0		   ? 0 :
	    here < (double)at->map->rss ? (uint64_t)here :
						  at->map->rss;

	l->bytes[LEDGER_HEAP] += heap;
	l->bytes[LEDGER_ANONYMOUS] += at->map->rss - heap;
}

/* ---- the sum ------------------------------------------------------------------------- */

static void
sum_maps(const struct ledger_input *in, struct ledger *l)
{
	const struct smaps *s = in->maps;
	double absent;

	l->n_maps = s->n;
	l->maps = xcalloc(s->n + 1, sizeof *l->maps);
	for (size_t i = 0; i < s->n; i++)
		l->maps[i].map = &s->list[i];
	absent = in->watched ? place_objects(in, l) : 0;
	l->live_absent += (uint64_t)absent;
	for (size_t i = 0; i < s->n; i++) {
		const struct smap *m = &s->list[i];
		struct ledger_map *at = &l->maps[i];
		uint64_t own = m->anonymous < m->rss ? m->anonymous : m->rss;

		at->part = classify(in, m, i > 0 ? m - 1 : NULL,
		    i + 1 < s->n ? m + 1 : NULL, at->live);
		l->swap += m->swap;
		if (at->part == LEDGER_FILE && m->name[0] == '/') {
			/* Pages that were written are the process's own. */
			l->bytes[LEDGER_DATA] += own;
			l->bytes[LEDGER_FILE] += m->rss - own;
		} else if (is_shared_with_others(in, at,
			       i + 1 < s->n ? m + 1 : NULL)) {
			add_shared(l, at);
		} else {
			l->bytes[at->part] += m->rss;
		}
	}
}

/* Takes up to `bytes` out of one part for another. */
static void
move(struct ledger *l, enum ledger_part from, enum ledger_part to,
    double bytes)
{
	uint64_t n = bytes <= 0			  ? 0 :
	    bytes >= (double)l->bytes[from] ? l->bytes[from] :
						    (uint64_t)bytes;

	l->bytes[from] -= n;
	l->bytes[to] += n;
	l->known[to] = true;
}

static void
divide_heap(const struct ledger_input *in, struct ledger *l,
    enum ledger_part whole, enum ledger_part rest)
{
	double live = in->live - (double)l->live_absent, objects = 0;

	if (live > (double)l->bytes[whole])
		l->excess = live - (double)l->bytes[whole];
	move(l, whole, LEDGER_LIVE, live);
	for (size_t i = 0; i < in->n_objects; i++)
		objects += in->objects[i].weight;
	if (in->metadata != UINT64_MAX)
		move(l, whole, LEDGER_OVERHEAD, (double)in->metadata);
	else if (in->glibc)
		move(l, whole, LEDGER_OVERHEAD, objects * GLIBC_HEADER);
	if (rest != whole)
		move(l, whole, rest, (double)l->bytes[whole]);
	l->error = (uint64_t)in->live_error;
}

void
ledger_make(const struct ledger_input *in, struct ledger *l)
{
	*l = (struct ledger){ .page_tables = in->status->page_tables,
		.live_absent = in->absent,
		.swap = in->maps == NULL ? in->status->swap : 0 };
	l->known[LEDGER_FILE] = l->known[LEDGER_SHARED] =
	    l->known[LEDGER_UNKNOWN] = true;
	if (in->maps != NULL) {
		for (int i = LEDGER_DATA; i < LEDGER_PARTS; i++)
			l->known[i] = true;
		sum_maps(in, l);
		/* They may share a mapping with what is not the heap's. */
		move(l, LEDGER_ANONYMOUS, LEDGER_HEAP, (double)in->mapped);
		l->known[LEDGER_HEAP] = !in->watched;
		if (in->watched)
			divide_heap(in, l, LEDGER_HEAP, LEDGER_RETAINED);
	} else {
		l->bytes[LEDGER_FILE] = in->status->rss_file;
		l->bytes[LEDGER_SHARED] = in->status->rss_shmem;
		l->bytes[LEDGER_UNKNOWN] = in->status->rss_anon;
		if (in->watched)
			divide_heap(in, l, LEDGER_UNKNOWN, LEDGER_UNKNOWN);
	}
	for (int i = 0; i < LEDGER_PARTS; i++)
		l->rss += l->bytes[i];
}

uint64_t
ledger_return(const struct ledger *l, const struct ledger_trim *t,
    const char **why)
{
	uint64_t kept = l->bytes[LEDGER_RETAINED];

	if (!l->known[LEDGER_RETAINED]) {
		*why = "what is free in the heap is not known";
		return UINT64_MAX;
	}
	if (strcmp(t->allocator, "mimalloc") == 0) {
		*why = "mimalloc's threads give back their own pages; another "
		       "cannot (ullage trim now --full makes them)";
		return 0;
	}
	if (t->releasable != UINT64_MAX && t->counted) {
		*why = "whole free pages in memory, counted by the census";
		return t->releasable;
	}
	if (t->releasable != UINT64_MAX) {
		*why = "the allocator says that so much is free and whole";
		return t->releasable < kept ? t->releasable : kept;
	}
	if (t->base != 0) {
		uint64_t rest = t->base + t->live;

		*why = "anonymous memory beyond what the last trim left";
		return t->anonymous > rest ? t->anonymous - rest : 0;
	}
	if (strcmp(t->allocator, "glibc") == 0) {
		*why = "of a heap of scattered objects, half of what is free "
		       "is in whole pages";
		return kept / 2;
	}
	*why = "the allocator's own numbers were not asked for (--ask)";
	return UINT64_MAX;
}

void
ledger_free(struct ledger *l)
{
	free(l->maps);
	*l = (struct ledger){ 0 };
}
