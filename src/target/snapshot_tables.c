/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/snapshot_tables.h"
#include "base/xalloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fixed point to objects; sums may dip below zero for an instant. */
static double
objects(uint64_t fixed)
{
	return (double)(int64_t)fixed / ULL_OBJECT_ONE;
}

char *
snapshot_text(const char *field, size_t size)
{
	size_t n = strnlen(field, size);
	char *s = xmalloc(n + 1);

	memcpy(s, field, n);
	s[n] = '\0';
	return s;
}

static void
copy_modules(struct snapshot *s, const struct ull_module *m, uint32_t used)
{
	s->modules = xcalloc(used, sizeof *s->modules);
	/* Numbers count: a stack says how many there were in its time. */
	s->n_modules = used;
	for (uint32_t i = 0; i < used; i++) {
		struct snapshot_module *o = &s->modules[i];

		o->path = snapshot_text(m[i].path, sizeof m[i].path);
		if (m[i].ready != 1 || m[i].end <= m[i].start ||
		    m[i].build_id_len > sizeof m[i].build_id) {
			s->invalid += m[i].ready != 0;
			continue; /* covers nothing */
		}
		o->start = m[i].start;
		o->end = m[i].end;
		o->bias = m[i].bias;
		for (uint32_t b = 0; b < m[i].build_id_len; b++)
			snprintf(o->build_id + 2 * b, 3, "%02x",
			    m[i].build_id[b]);
	}
}

static void
copy_stack(struct snapshot *s, struct snapshot_stack *o,
    const struct ull_stack *r, uint64_t epoch)
{
	bool kept = r->peak_epoch == epoch;
	uint64_t variance = r->alloc_variance;

	o->modules = r->modules < s->n_modules ? r->modules :
						 (uint32_t)s->n_modules;
	if (r->cut != 0 && r->cut <= ULL_LOSS_COUNT)
		o->cut = s->losses[r->cut - 1].text;
	if (r->depth <= ULL_DEPTH_MAX &&
	    (uint64_t)r->frames + r->depth <= ULL_FRAMES) {
		o->frames = s->words + r->frames;
		o->depth = r->depth;
	} else {
		s->invalid++;
	}
	o->alloc_objects = objects(r->alloc_objects);
	o->alloc_bytes = (double)r->alloc_bytes;
	memcpy(&o->alloc_variance, &variance, sizeof variance);
	if (!isfinite(o->alloc_variance) || o->alloc_variance < 0) {
		o->alloc_variance = 0;
		s->invalid++;
	}
	o->samples = r->samples;
	o->opened_fds = r->opened_fds;
	o->created_threads = r->created_threads;
	/* A sum that a hostile or racing target made negative is nothing. */
	o->peak_objects = objects(kept ? r->peak_objects : r->live_objects);
	o->peak_bytes = (double)(int64_t)(kept ? r->peak_bytes :
						 r->live_bytes);
	if (o->peak_objects < 0 || o->peak_bytes < 0)
		o->peak_objects = o->peak_bytes = 0;
}

static void
copy_stacks(struct snapshot *s, const struct ull_stack *r, uint32_t used,
    uint64_t epoch)
{
	s->stacks = xcalloc(used ? used : 1, sizeof *s->stacks);
	s->n_stacks = used ? used : 1;
	for (uint32_t i = 0; i < used; i++)
		if (i == ULL_STACK_LOST || r[i].hash != 0)
			copy_stack(s, &s->stacks[i], &r[i], epoch);
	s->stacks[0].frames = s->words;
	s->stacks[0].depth = 0;
}

static void
copy_live(struct snapshot *s, const uint64_t *keys, const struct ull_live *r,
    uint64_t elapsed)
{
	size_t cap = 0;

	for (uint32_t i = 0; i < ULL_LIVE; i++) {
		uint64_t addr = keys[i] & ~ULL_KEY_HELD, born;
		struct snapshot_live *o;
		uint32_t bits;

		if (addr <= 16 || addr & ULL_KEY_STATE)
			continue; /* free, being filled, or an orphan */
		memcpy(&bits, &r[i].weight, sizeof bits);
		if (ull_live_check(addr, r[i].size, r[i].usable, bits,
			r[i].stack, r[i].birth) != r[i].check) {
			s->torn++;
			continue;
		}
		if (r[i].stack >= s->n_stacks || !isfinite(r[i].weight) ||
		    r[i].weight < 1 || r[i].usable > INT64_MAX ||
		    r[i].usable < r[i].size) {
			s->invalid++;
			continue;
		}
		s->live = xgrow(s->live, s->n_live, &cap, sizeof *s->live);
		o = &s->live[s->n_live++];
		born = r[i].birth * UINT64_C(62500000);
		*o = (struct snapshot_live){ addr, r[i].size, r[i].usable,
			r[i].weight, elapsed > born ? elapsed - born : 0,
			r[i].stack };
	}
}

static uint64_t
age_of(uint32_t birth, uint64_t elapsed)
{
	uint64_t born = birth * UINT64_C(62500000);

	return elapsed > born ? elapsed - born : 0;
}

static int
by_fd(const void *a, const void *b)
{
	const struct snapshot_fd *x = a, *y = b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

static void
copy_fds(struct snapshot *s, const uint64_t *words, uint64_t elapsed)
{
	size_t cap = 0;

	for (uint32_t i = 0; i < ULL_FDS; i++) {
		uint64_t w = words[i], fd;
		struct snapshot_fd *o;

		if (ull_fd_turn(w) == 0) {
			s->invalid += w != 0;
			continue;
		}
		fd = i + (uint64_t)(ull_fd_turn(w) - 1) * ULL_FDS;
		if (ull_fd_stack(w) >= s->n_stacks || fd > INT32_MAX ||
		    ull_fd_kind(w) >= ULL_FD_KINDS) {
			s->invalid++;
			continue;
		}
		s->fds = xgrow(s->fds, s->n_fds, &cap, sizeof *s->fds);
		o = &s->fds[s->n_fds++];
		*o = (struct snapshot_fd){ .fd = (int32_t)fd,
			.stack = ull_fd_stack(w),
			.opened = ull_fd_kind(w),
			.birth = (uint32_t)(w >> 32) };
		o->age = age_of(o->birth, elapsed);
	}
	if (s->n_fds != 0)
		qsort(s->fds, s->n_fds, sizeof *s->fds, by_fd);
	s->fill[4].used = s->n_fds;
}

static int
by_handle(const void *a, const void *b)
{
	const struct snapshot_thread *x = a, *y = b;

	return (x->handle > y->handle) - (x->handle < y->handle);
}

static void
copy_threads(struct snapshot *s, const uint64_t *keys,
    const struct ull_thread *r, uint64_t elapsed)
{
	size_t cap = 0;

	for (uint32_t i = 0; i < ULL_THREADS; i++) {
		uint64_t handle = keys[i] & ~ULL_THREAD_STATE;
		uint64_t flags = keys[i] & ULL_THREAD_STATE;
		struct snapshot_thread *o;

		if (handle == 0 || r[i].start == 0)
			continue; /* free, being filled, or a name alone */
		s->fill[5].used++;
		if (ull_thread_check(handle, r[i].start, r[i].birth,
			r[i].stack) != r[i].check) {
			s->torn++;
			continue;
		}
		if (r[i].stack >= s->n_stacks || handle >> 47 != 0 ||
		    flags & ~ULL_THREAD_DETACHED) {
			s->invalid++;
			continue;
		}
		s->threads = xgrow(s->threads, s->n_threads, &cap,
		    sizeof *s->threads);
		o = &s->threads[s->n_threads++];
		*o = (struct snapshot_thread){ .handle = handle,
			.start = r[i].start,
			.age = age_of(r[i].birth, elapsed),
			.stack = r[i].stack,
			.detached = flags != 0 };
		memcpy(o->name, r[i].name, sizeof o->name);
		o->name[sizeof o->name - 1] = '\0';
	}
	if (s->n_threads != 0)
		qsort(s->threads, s->n_threads, sizeof *s->threads, by_handle);
}

void
snapshot_copy_tables(struct snapshot *s, const char *at, uint64_t peak_epoch,
    uint64_t elapsed, uint64_t lived)
{
	s->words = xmalloc(ULL_FRAMES * 8);
	memcpy(s->words, at + ULL_FRAMES_OFF, ULL_FRAMES * 8);
	copy_modules(s, (const void *)(at + ULL_MODULES_OFF),
	    (uint32_t)s->fill[0].used);
	copy_stacks(s, (const void *)(at + ULL_STACKS_OFF),
	    (uint32_t)s->fill[1].used, peak_epoch);
	copy_live(s, (const void *)(at + ULL_KEYS_OFF),
	    (const void *)(at + ULL_LIVE_OFF), elapsed);
	copy_fds(s, (const void *)(at + ULL_FDS_OFF), lived);
	copy_threads(s, (const void *)(at + ULL_THREADS_OFF),
	    (const void *)(at + ULL_THREADS_OFF + ULL_THREADS * 8), lived);
}

/* The agent does not note when it last opened something. */
uint64_t
snapshot_last_event(uint64_t sampled, const uint64_t *words)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < ULL_FDS; i++)
		if (ull_fd_turn(words[i]) != 0 && words[i] >> 32 > last)
			last = words[i] >> 32;
	last *= UINT64_C(62500000);
	return last > sampled ? last : sampled;
}
