/* SPDX-License-Identifier: MIT */
/*
 * The heap as profiles: what is held now (heap), what was allocated since the
 * start (allocs), what was held at the high-water mark (peak). The types and
 * their order are those of Go's runtime, so its tools feel at home.
 */
#include "config.h"

#include "profile/kind.h"
#include "base/xalloc.h"
#include "profile/stacks.h"

#include <math.h>
#include <stdlib.h>

/* Frames of allocators, cut off by readers: what is asked is who called. */
#define DROP_FRAMES                                                            \
	"malloc|calloc|realloc|reallocarray|free|memalign|posix_memalign|"     \
	"aligned_alloc|valloc|pvalloc|strdup|strndup|__strdup|__strndup|"      \
	"operator new(\\[\\])?|operator delete(\\[\\])?|"                      \
	"tcmalloc::.*|je_.*|mi_.*|ullage_.*"

enum value {
	ALLOC_OBJECTS,
	ALLOC_SPACE,
	INUSE_OBJECTS,
	INUSE_SPACE,
	VALUES,
};

static struct profile *
begin(const struct snapshot *s)
{
	struct profile *p = profile_new();

	p->period_type.type = profile_string(p, "space");
	p->period_type.unit = profile_string(p, "bytes");
	p->period = (int64_t)s->interval;
	p->time_ns = (int64_t)s->time_ns;
	p->drop_frames = profile_string(p, DROP_FRAMES);
	stacks_comments(p, s, true);
	return p;
}

static void
comment_error(struct profile *p, const char *what, size_t type)
{
	int64_t total = profile_total(p, type);

	if (p->stderror[type] > 0)
		profile_add_comment(p, "%s: %lld bytes, standard error %.0f",
		    what, (long long)total, p->stderror[type]);
	else
		profile_add_comment(p, "%s: %lld bytes, exact", what,
		    (long long)total);
}

/* ---- held now --------------------------------------------------------------------- */

static int
by_group(const void *a, const void *b)
{
	const struct snapshot_live *x = a, *y = b;
	int64_t ax, ay;

	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	ax = stacks_age_class(x->age);
	ay = stacks_age_class(y->age);
	return (ax > ay) - (ax < ay);
}

/*
 * One sample for each stack, size and age class. The label is the size asked
 * for, which one looks for in the source; the value is what it costs.
 */
static void
add_live(struct profile *p, struct stacks *m, const struct snapshot *s)
{
	struct profile_label labels[2] = {
		{ .key = profile_string(p, "bytes"),
		    .unit = profile_string(p, "bytes") },
		{ .key = profile_string(p, "age"),
		    .unit = profile_string(p, "seconds") },
	};
	double variance[VALUES] = { 0 };
	struct snapshot_live *sorted = xcalloc(s->n_live, sizeof *sorted);

	for (size_t i = 0; i < s->n_live; i++)
		sorted[i] = s->live[i];
	qsort(sorted, s->n_live, sizeof *sorted, by_group);
	for (size_t i = 0, next; i < s->n_live; i = next) {
		int64_t values[VALUES] = { 0 };
		double objects = 0, bytes = 0;

		for (next = i; next < s->n_live &&
		     by_group(&sorted[i], &sorted[next]) == 0;
		     next++) {
			double w = sorted[next].weight;
			double v = w * w * (1.0 - 1.0 / w);

			double b = (double)sorted[next].usable;

			objects += w;
			bytes += w * b;
			variance[INUSE_OBJECTS] += v;
			variance[INUSE_SPACE] += v * b * b;
		}
		values[INUSE_OBJECTS] = llround(objects);
		values[INUSE_SPACE] = llround(bytes);
		labels[0].number = (int64_t)sorted[i].size;
		labels[1].number = stacks_age_class(sorted[i].age);
		stacks_add(m, sorted[i].stack, labels, 2, values);
	}
	free(sorted);
	p->stderror[INUSE_OBJECTS] = sqrt(variance[INUSE_OBJECTS]);
	p->stderror[INUSE_SPACE] = sqrt(variance[INUSE_SPACE]);
}

/* ---- allocated since the start ------------------------------------------------------ */

static void
add_allocated(struct profile *p, struct stacks *m, const struct snapshot *s)
{
	double variance = 0, of_objects = 0;

	for (uint32_t i = 0; i < s->n_stacks; i++) {
		const struct snapshot_stack *k = &s->stacks[i];
		int64_t values[VALUES] = { 0 };

		if (k->samples == 0)
			continue;
		values[ALLOC_OBJECTS] = llround(k->alloc_objects);
		values[ALLOC_SPACE] = llround(k->alloc_bytes);
		stacks_add(m, i, NULL, 0, values);
		variance += k->alloc_variance;
		/* As if all of a stack's objects were of the mean size. */
		if (k->alloc_bytes > 0)
			of_objects += k->alloc_variance *
			    pow(k->alloc_objects / k->alloc_bytes, 2);
	}
	p->stderror[ALLOC_SPACE] = sqrt(variance);
	p->stderror[ALLOC_OBJECTS] = sqrt(of_objects);
}

static struct profile *
build_both(const struct snapshot *s)
{
	struct profile *p = begin(s);
	struct stacks *m = stacks_new(p, s);

	profile_add_type(p, "alloc_objects", "count");
	profile_add_type(p, "alloc_space", "bytes");
	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	add_allocated(p, m, s);
	add_live(p, m, s);
	stacks_free(m);
	return p;
}

static struct profile *
build_heap(const struct snapshot *s)
{
	struct profile *p = build_both(s);

	comment_error(p, "held", INUSE_SPACE);
	return p;
}

static struct profile *
build_allocs(const struct snapshot *s)
{
	struct profile *p = build_both(s);

	p->default_type = ALLOC_SPACE;
	comment_error(p, "allocated", ALLOC_SPACE);
	return p;
}

/* ---- held at the high-water mark ------------------------------------------------------- */

static struct profile *
build_peak(const struct snapshot *s)
{
	struct profile *p = begin(s);
	struct stacks *m = stacks_new(p, s);
	double variance = 0, of_objects = 0;

	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	for (uint32_t i = 0; i < s->n_stacks; i++) {
		const struct snapshot_stack *k = &s->stacks[i];
		int64_t values[2] = { llround(k->peak_objects),
			llround(k->peak_bytes) };

		if (values[0] == 0 && values[1] == 0)
			continue;
		stacks_add(m, i, NULL, 0, values);
		/* The share of the stack's error that was held then. */
		if (k->alloc_bytes > 0) {
			double v = k->alloc_variance *
			    (k->peak_bytes / k->alloc_bytes);

			variance += v;
			of_objects += v *
			    pow(k->alloc_objects / k->alloc_bytes, 2);
		}
	}
	stacks_free(m);
	p->stderror[0] = sqrt(of_objects);
	p->stderror[1] = sqrt(variance);
	if (s->peak_ns != 0)
		profile_add_comment(p, "high-water mark %.1f s after the start",
		    (double)(s->peak_ns - s->start_ns) / 1e9);
	comment_error(p, "held at the mark", 1);
	return p;
}

const struct kind kind_heap = {
	.name = "heap",
	.summary = "show which call sites hold heap memory now",
	.build = build_heap,
};

const struct kind kind_allocs = {
	.name = "allocs",
	.summary = "show which call sites allocated heap memory since the start",
	.build = build_allocs,
};

const struct kind kind_peak = {
	.name = "peak",
	.summary =
	    "show which call sites held heap memory at the high-water mark",
	.build = build_peak,
};
