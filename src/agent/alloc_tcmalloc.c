/* SPDX-License-Identifier: MIT */
/*
 * gperftools' tcmalloc, by its C interface.
 *
 * Only free spans of the page heap can be released; what the central lists,
 * the transfer cache and the threads' caches hold stays. The page heap's lock
 * is held while the kernel takes a span, so it is asked for a little at a
 * time; but one span goes as a whole, however large it is.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/alloc.h"
#include "agent/mini.h"
#include "agent/real.h"

#define SLICE ((size_t)1 << 20)

static int (*get_property)(const char *, size_t *);
static int (*set_property)(const char *, size_t);
static void (*release_to_system)(size_t);
static void *(*instance)(void);
static double (*get_rate)(void *);
static void (*set_rate)(void *, double);
static const char *(*tc_version)(int *, int *, const char **);

static bool
find(const struct link_map *owner)
{
	get_property = (int (*)(const char *, size_t *))real_in(owner,
	    "MallocExtension_GetNumericProperty");
	set_property = (int (*)(const char *, size_t))real_in(owner,
	    "MallocExtension_SetNumericProperty");
	release_to_system = (void (*)(size_t))real_in(owner,
	    "MallocExtension_ReleaseToSystem");
	/* The one setting that the C interface lacks. */
	instance = (void *(*)(void))real_in(owner,
	    "_ZN15MallocExtension8instanceEv");
	get_rate = (double (*)(void *))real_in(owner,
	    "_ZN22TCMallocImplementation20GetMemoryReleaseRateEv");
	set_rate = (void (*)(void *, double))real_in(owner,
	    "_ZN22TCMallocImplementation20SetMemoryReleaseRateEd");
	tc_version = (const char *(*)(int *, int *, const char **))real_in(
	    owner, "tc_version");
	return get_property != NULL && release_to_system != NULL;
}

static void
version(char *out, size_t size)
{
	const char *patch = "";
	const char *text;
	int major, minor;

	if (tc_version != NULL &&
	    (text = tc_version(&major, &minor, &patch)) != NULL)
		mini_copy(out, size, text);
}

static uint64_t
property(const char *name)
{
	size_t value = 0;

	return get_property(name, &value) ? value : UINT64_MAX;
}

static void
statistics(struct ull_statistics *s, struct ull_arena *arenas,
    uint64_t *n_arenas)
{
	static const char *const caches[] = {
		"tcmalloc.central_cache_free_bytes",
		"tcmalloc.transfer_cache_free_bytes",
		"tcmalloc.thread_cache_free_bytes",
	};
	uint64_t cached = 0;

	(void)arenas;
	*n_arenas = 0;
	s->allocated = property("generic.current_allocated_bytes");
	s->resident = property("generic.total_physical_bytes");
	s->releasable = property("tcmalloc.pageheap_free_bytes");
	s->unmapped = property("tcmalloc.pageheap_unmapped_bytes");
	for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++) {
		uint64_t n = property(caches[i]);

		cached = n == UINT64_MAX ? cached : cached + n;
	}
	s->cached = cached;
	if (s->releasable != UINT64_MAX)
		s->free = s->releasable + cached;
}

static void
release_spans(struct alloc_pass *p)
{
	uint64_t left = property("tcmalloc.pageheap_free_bytes");
	unsigned in_vain = 0;
	bool more = true;

	p->arenas = 1;
	p->flags |= ULL_TRIM_LOCKS;
	if (left == UINT64_MAX)
		return;
	/* It owes what an earlier call released beyond its share: a call that
	 * does nothing has paid some of that. 64 GiB of debt is enough. */
	while (more && left > 0 && in_vain < 65536) {
		uint64_t began = alloc_began(p), now;

		release_to_system(SLICE);
		now = property("tcmalloc.pageheap_free_bytes");
		in_vain = now < left ? 0 : in_vain + 1;
		p->released += now < left ? left - now : 0;
		p->chunks++;
		left = now;
		more = alloc_ended(p, began);
	}
	if (more)
		p->flags |= ULL_TRIM_EXHAUSTED;
}

/* 0, never, to 10; 1 at first. A fraction of it is cut. */
static bool
change_rate(int64_t value, int64_t *old)
{
	void *one = instance != NULL ? instance() : NULL;

	if (one == NULL || get_rate == NULL || set_rate == NULL ||
	    value < 0 || value > 10)
		return false;
	*old = (int64_t)get_rate(one);
	set_rate(one, (double)value);
	return true;
}

static bool
set(unsigned setting, int64_t value, int64_t *old)
{
	const char *name = setting == ULL_SETTING_THREAD_CACHE ?
	    "tcmalloc.max_total_thread_cache_bytes" :
	    setting == ULL_SETTING_DECOMMIT ?
	    "tcmalloc.aggressive_memory_decommit" :
	    NULL;
	uint64_t was;

	if (setting == ULL_SETTING_RELEASE_RATE)
		return change_rate(value, old);
	if (name == NULL || set_property == NULL || value < 0)
		return false;
	if ((was = property(name)) != UINT64_MAX)
		*old = (int64_t)was;
	return set_property(name, (size_t)value) != 0;
}

HIDDEN const struct alloc alloc_tcmalloc = {
	.id = ULL_ALLOCATOR_TCMALLOC,
	.find = find,
	.version = version,
	.statistics = statistics,
	.shrink = release_spans,
	.set = set,
};
