/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "census/census.h"
#include "base/xalloc.h"
#include "census/taking.h"
#include "proc/stat.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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

	if (state == CHUNK_IN_USE && !t->o->plain)
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

/* ---- the whole ---------------------------------------------------------------- */

static void
take(struct taking *t)
{
	struct census *c = t->c;

	taking_list(t);
	for (size_t i = 0; i < t->n; i++) {
		census_caches_key(&t->caches, &c->reader, c->layout.minor,
		    taking_first(t, i));
		census_caches_fast(&t->caches, &c->reader, c->layout.minor,
		    &t->states[i]);
		t->all += t->states[i].system;
	}
	census_process_pace(c->process, t->all / c->times);
	census_caches_settle(&t->caches, c->layout.minor);
	c->cached_known = t->caches.n_keys > 0;
	for (size_t i = 0; i < t->n; i++)
		taking_arena(t, i);
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
