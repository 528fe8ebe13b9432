/* SPDX-License-Identifier: MIT */
/*
 * mimalloc. mi_collect serves the thread that calls it, and segments that
 * threads left behind when they ended: from the keeper that is little, since
 * every other thread keeps its own pages and gives them back itself, after
 * the purge delay, when it allocates or frees in the same segment. In a thread
 * itself it gives back whole free pages of 64 KiB and more, all in one go: half
 * a second per GiB was measured. So that is for those who ask for `--full`.
 *
 * mi_process_info is not asked: its current_commit has been seen to go below
 * zero, and the rest comes from the kernel.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/alloc.h"
#include "agent/keeper.h"
#include "agent/mini.h"
#include "agent/real.h"

#include <time.h>

static void (*collect)(bool);
static int (*mi_version)(void);
static long (*option_get)(int);
static void (*option_set)(int, long);

static bool
find(const struct link_map *owner)
{
	collect = (void (*)(bool))real_in(owner, "mi_collect");
	mi_version = (int (*)(void))real_in(owner, "mi_version");
	option_get = (long (*)(int))real_in(owner, "mi_option_get");
	option_set = (void (*)(int, long))real_in(owner, "mi_option_set");
	return collect != NULL;
}

/* 209 is 2.0.9. */
static void
version(char *out, size_t size)
{
	int v = mi_version != NULL ? mi_version() : 0;

	if (v < 100 || v > 999)
		return;
	mini_append_number(out, size, (uint64_t)v / 100);
	mini_append(out, size, ".");
	mini_append_number(out, size, (uint64_t)v / 10 % 10);
	mini_append(out, size, ".");
	mini_append_number(out, size, (uint64_t)v % 10);
}

static void
statistics(struct ull_statistics *s, struct ull_arena *arenas,
    uint64_t *n_arenas)
{
	(void)s, (void)arenas;
	*n_arenas = 0;
}

/* Threads that come by while this is set collect. */
static uint32_t collecting;
static uint64_t collected;	   /* by how many */
static uint64_t longest_collected; /* ns */

/* In a thread of the target. */
static bool
collect_own(void)
{
	uint64_t began, took, longest = load(&longest_collected);

	if (load(&collecting) == 0)
		return true;
	began = alloc_clock();
	collect(true);
	took = alloc_clock() - began;
	while (took > longest &&
	    !__atomic_compare_exchange_n(&longest_collected, &longest, took,
		false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	add(&collected, 1);
	return true;
}

static void
let_threads_collect(struct alloc_pass *p)
{
	struct timespec t = { 0, 20000000 };

	store(&collected, 0);
	store(&longest_collected, 0);
	release(&collecting, 1);
	keeper_call_threads();
	for (int i = 0; i < 50 && !agent_sandboxed; i++)
		mini_call2(SYS_nanosleep, &t, NULL);
	store(&collecting, 0);
	p->arenas += load(&collected);
	p->longest = load(&longest_collected);
}

static void
release_own(struct alloc_pass *p)
{
	uint64_t began;

	if (p->full)
		let_threads_collect(p);
	began = alloc_began(p);
	collect(true);
	p->arenas++;
	if (alloc_ended(p, began))
		p->flags |= ULL_TRIM_EXHAUSTED;
}

/* Numbers of options are not promised. This one is called reset_delay in 2.0.9
 * and purge_delay in 2.1; milliseconds in both. */
static bool
set(unsigned setting, int64_t value, int64_t *old)
{
	const int option = 15;
	int v = mi_version != NULL ? mi_version() : 0;

	if (setting != ULL_SETTING_PURGE_DELAY || option_get == NULL ||
	    option_set == NULL || value < -1 || value > INT32_MAX)
		return false;
	if (v != 209 && (v < 211 || v > 218))
		return false;
	*old = option_get(option);
	option_set(option, (long)value);
	return option_get(option) == value;
}

HIDDEN const struct alloc alloc_mimalloc = {
	.id = ULL_ALLOCATOR_MIMALLOC,
	.find = find,
	.version = version,
	.statistics = statistics,
	.shrink = release_own,
	.set = set,
	.offer = collect_own,
};
