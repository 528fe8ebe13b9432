/* SPDX-License-Identifier: MIT */
/*
 * glibc's malloc. malloc_trim holds an arena's lock while it walks all of it
 * (0.15 s per GiB); mallinfo2 likewise (0.04 s per GiB). So neither is called
 * unless somebody asked for exactly that, or nobody runs who could wait.
 *
 * The trim in slices is in alloc_glibc_pass.c.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/alloc.h"
#include "agent/alloc_glibc.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <malloc.h>

static int (*trim)(size_t);
static struct mallinfo2 (*info)(void);
static int (*option)(int, int);
static const char *(*libc_version)(void);

static bool
find(const struct link_map *owner)
{
	trim = (int (*)(size_t))real_in(owner, "malloc_trim");
	info = (struct mallinfo2(*)(void))real_in(owner, "mallinfo2");
	option = (int (*)(int, int))real_in(owner, "mallopt");
	libc_version =
	    (const char *(*)(void))real_in(owner, "gnu_get_libc_version");
	return trim != NULL && libc_version != NULL;
}

static void
version(char *out, size_t size)
{
	mini_copy(out, size, libc_version());
}

static void
statistics(struct ull_statistics *s, struct ull_arena *arenas,
    uint64_t *n_arenas)
{
	struct mallinfo2 m;

	(void)arenas;
	*n_arenas = 0;
	if (info == NULL)
		return;
	m = info();
	s->allocated = m.uordblks + m.hblkhd;
	s->free = m.fordblks;
}

/* Nobody was held up who idles: that it was long is no overrun. */
static void
release_all(struct alloc_pass *p)
{
	uint64_t began = alloc_began(p), took;

	trim(0);
	p->flags |= ULL_TRIM_EXHAUSTED;
	if (!p->idle) {
		alloc_ended(p, began);
		return;
	}
	took = alloc_clock() - began;
	p->longest = took > p->longest ? took : p->longest;
}

static void
release_slices(struct alloc_pass *p)
{
	static size_t turn; /* not always the same arena first */
	struct seed *seeds;
	size_t n = lend_collect(&seeds), done = 0;

	p->flags |= ULL_TRIM_LOCKS;
	if (p->full) {
		release_all(p);
		return;
	}
	pass_begin(p);
	for (size_t i = 0; i < n && p->released < p->want &&
	     !(p->flags & (ULL_TRIM_GREW | ULL_TRIM_STOPPED));
	     i++) {
		struct seed *s = &seeds[(turn + i) % n];

		if (s->p == NULL)
			continue;
		p->arenas++;
		done += pass_arena(p, s);
	}
	turn++;
	pass_end(p);
	/* Arenas whose threads are idle never hand anything over. */
	if (p->idle && p->released < p->want &&
	    !(p->flags & (ULL_TRIM_GREW | ULL_TRIM_STOPPED)))
		release_all(p);
	else if (p->arenas == 0)
		p->flags |= ULL_TRIM_NO_SEED;
	else if (done == p->arenas)
		p->flags |= ULL_TRIM_EXHAUSTED;
}

/* ---- the rest --------------------------------------------------------------------- */

/* mallopt takes them but cannot tell them. */
static bool
set(unsigned setting, int64_t value, int64_t *old)
{
	static const struct {
		unsigned setting;
		int option;
	} options[] = {
		{ ULL_SETTING_ARENA_MAX, M_ARENA_MAX },
		{ ULL_SETTING_MMAP_THRESHOLD, M_MMAP_THRESHOLD },
		{ ULL_SETTING_TRIM_THRESHOLD, M_TRIM_THRESHOLD },
		{ ULL_SETTING_TOP_PAD, M_TOP_PAD },
	};
	static int64_t known[sizeof options / sizeof options[0]];
	static bool is_known[sizeof options / sizeof options[0]];

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (options[i].setting != setting)
			continue;
		if (is_known[i])
			*old = known[i];
		if (option == NULL || value < 0 || value > INT32_MAX ||
		    option(options[i].option, (int)value) != 1)
			return false;
		known[i] = value;
		is_known[i] = true;
		return true;
	}
	return false;
}

/* In a forked child. The seeds may have been in the middle of growing; they
 * are left alone. */
static void
recover(bool was_trimming)
{
	lend_inherit();
	if (was_trimming)
		lend_forget();
	pass_forget();
}

HIDDEN const struct alloc alloc_glibc = {
	.id = ULL_ALLOCATOR_GLIBC,
	.find = find,
	.version = version,
	.statistics = statistics,
	.shrink = release_slices,
	.set = set,
	.begin = lend_begin,
	.offer = lend_offer,
	.freed = lend_freed,
	.reach = lend_reach,
	.leave = lend_leave,
	.recover = recover,
};
