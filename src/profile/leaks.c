/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/leaks.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define TICK UINT64_C(62500000) /* ns, of a birth */

static int
by_identity(const void *a, const void *b)
{
	const struct leak_fd *x = a, *y = b;

	if (x->fd != y->fd)
		return x->fd < y->fd ? -1 : 1;
	if (x->birth != y->birth)
		return x->birth < y->birth ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

void
leak_look_take(struct leak_look *look, const struct snapshot *s)
{
	look->time = s->time_ns - s->start_ns;
	look->fds = xcalloc(s->n_open + 1, sizeof *look->fds);
	look->n = 0;
	for (size_t i = 0; i < s->n_open; i++)
		if (s->open[i].stack != SNAPSHOT_NO_STACK)
			look->fds[look->n++] =
			    (struct leak_fd){ s->open[i].stack,
				    s->open[i].fd, s->open[i].birth };
	qsort(look->fds, look->n, sizeof *look->fds, by_identity);
}

void
leak_look_free(struct leak_look *look)
{
	free(look->fds);
}

static uint64_t
age_at(const struct leak_look *look, const struct leak_fd *f)
{
	uint64_t born = f->birth * TICK;

	return look->time > born ? look->time - born : 0;
}

/* How long those of a that b lacks can have lived: until b. */
static void
note_closed(struct leak *all, size_t n_stacks, const struct leak_look *a,
    const struct leak_look *b)
{
	for (size_t i = 0, k = 0; i < a->n; i++) {
		const struct leak_fd *f = &a->fds[i];
		uint64_t life;

		while (k < b->n && by_identity(&b->fds[k], f) < 0)
			k++;
		if (f->stack >= n_stacks ||
		    (k < b->n && by_identity(&b->fds[k], f) == 0))
			continue;
		life = age_at(b, f);
		all[f->stack].closed++;
		if (life > all[f->stack].lived)
			all[f->stack].lived = life;
	}
}

/* Adds to count, by stack, those that had been open for long. */
static void
count_long(const struct leak *all, size_t n_stacks,
    const struct leak_look *look, uint64_t *count)
{
	for (size_t i = 0; i < look->n; i++) {
		const struct leak_fd *f = &look->fds[i];

		if (f->stack < n_stacks &&
		    age_at(look, f) > all[f->stack].limit)
			count[f->stack]++;
	}
}

static void
note_open(struct leak *all, size_t n_stacks, const struct leak_look *look)
{
	for (size_t i = 0; i < look->n; i++) {
		const struct leak_fd *f = &look->fds[i];

		if (f->stack >= n_stacks)
			continue;
		all[f->stack].open++;
		if (age_at(look, f) > all[f->stack].oldest)
			all[f->stack].oldest = age_at(look, f);
	}
}

static int
by_growth(const void *a, const void *b)
{
	const struct leak *x = a, *y = b;
	uint64_t gx = x->long_last - x->long_first;
	uint64_t gy = y->long_last - y->long_first;

	if (gx != gy)
		return gx < gy ? 1 : -1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

struct leak *
leaks_find(const struct leak_look *looks, size_t n, size_t n_stacks,
    size_t *n_found)
{
	struct leak *all = xcalloc(n_stacks + 1, sizeof *all);
	uint64_t *first = xcalloc(n_stacks + 1, sizeof *first);
	uint64_t *middle = xcalloc(n_stacks + 1, sizeof *middle);
	uint64_t *last = xcalloc(n_stacks + 1, sizeof *last);
	uint64_t step = n < 2 ? 0 :
				(looks[n - 1].time - looks[0].time) / (n - 1);

	*n_found = 0;
	for (size_t i = 0; i + 1 < n; i++)
		note_closed(all, n_stacks, &looks[i], &looks[i + 1]);
	for (size_t i = 0; i < n_stacks; i++)
		all[i].limit = all[i].lived * 2 > step ? all[i].lived * 2 :
							 step;
	if (n >= 3) {
		count_long(all, n_stacks, &looks[0], first);
		count_long(all, n_stacks, &looks[n / 2], middle);
		count_long(all, n_stacks, &looks[n - 1], last);
		note_open(all, n_stacks, &looks[n - 1]);
	}
	for (uint32_t i = 0; i < n_stacks; i++) {
		/* None of them was closed: they would have raised the limit. */
		if (middle[i] <= first[i] || last[i] <= middle[i] ||
		    last[i] - first[i] < LEAKS_MIN)
			continue;
		all[*n_found] = all[i];
		all[*n_found].stack = i;
		all[*n_found].long_first = first[i];
		all[(*n_found)++].long_last = last[i];
	}
	free(first);
	free(middle);
	free(last);
	qsort(all, *n_found, sizeof *all, by_growth);
	return all;
}
