/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/top.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "profile/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_OUT 256

struct row_key {
	string_id name; /* 0: by mapping and address */
	string_id file;
	uint64_t line; /* or the address */
};

struct builder {
	const struct profile *p;
	struct top *t;
	struct row_key *keys; /* of the rows */
	size_t cap_keys, cap_rows;
	struct hash index;
	bool by_line;

	/* Rows of a location's lines, callee first; one if it has none. */
	uint32_t *rows;
	uint32_t *first; /* by location id - 1 */
	uint32_t no_stack; /* row + 1 of samples without a stack */
	uint32_t *stamp; /* by row: sample + 1 that was counted last */
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* The row of that key, and whether it is new and wants its texts. */
static uint32_t
row_find(struct builder *b, struct row_key k, bool *added)
{
	uint64_t v = hash_mix(hash_mix(0, (uint64_t)k.name << 32 | k.file),
	    k.line);
	struct top *t = b->t;
	uint32_t id;
	size_t at;

	*added = false;
	for (at = hash_start(&b->index, v);
	     (id = hash_next(&b->index, v, &at)) != 0;) {
		const struct row_key *o = &b->keys[id - 1];

		if (o->name == k.name && o->file == k.file && o->line == k.line)
			return id - 1;
	}
	*added = true;
	b->keys = xgrow(b->keys, t->n, &b->cap_keys, sizeof *b->keys);
	b->keys[t->n] = k;
	t->rows = xgrow(t->rows, t->n, &b->cap_rows, sizeof *t->rows);
	memset(&t->rows[t->n], 0, sizeof *t->rows);
	t->n++;
	hash_put(&b->index, v, (uint32_t)t->n);
	return (uint32_t)(t->n - 1);
}

/* "file.c:12", "file.c" or "". */
static char *
where(const char *file, int64_t line)
{
	if (*file == '\0' || line <= 0)
		return xstrdup(base_name(file));
	return xasprintf("%s:%lld", base_name(file), (long long)line);
}

static const char *
module(const struct profile *p, const struct profile_location *l)
{
	if (l->mapping == 0)
		return "";
	return base_name(profile_text(p, p->mappings[l->mapping - 1].file));
}

static uint32_t
row_of(struct builder *b, uint32_t location, uint32_t line)
{
	const struct profile *p = b->p;
	const struct profile_location *l = &p->locations[location - 1];
	const struct profile_function *f = NULL;
	char name[NAME_MAX_OUT];
	struct row_key k = { 0, l->mapping, l->address };
	int64_t number = 0;
	struct top_row *row;
	uint32_t at;
	bool added;

	if (line < l->n_lines) {
		const struct profile_line *pl = &p->lines[l->line + line];

		f = &p->functions[pl->function - 1];
		number = b->by_line ? pl->line : f->start_line;
		if (f->name != 0)
			k = (struct row_key){ f->name, f->file,
				b->by_line ? (uint64_t)pl->line : 0 };
	}
	at = row_find(b, k, &added);
	row = &b->t->rows[at];
	if (added) {
		row->name = xstrdup(profile_location_name(p, location, line,
		    name, sizeof name));
		row->where = where(f != NULL ? profile_text(p, f->file) : "",
		    number);
		row->module = xstrdup(module(p, l));
	}
	return at;
}

static void
find_rows(struct builder *b)
{
	const struct profile *p = b->p;
	uint32_t n = 0;

	b->first = xcalloc(p->n_locations + 1, sizeof *b->first);
	for (size_t i = 0; i < p->n_locations; i++) {
		uint32_t lines = p->locations[i].n_lines;

		b->first[i] = n;
		n += lines != 0 ? lines : 1;
	}
	b->first[p->n_locations] = n;
	b->rows = xcalloc(n, sizeof *b->rows);
	for (size_t i = 0; i < p->n_locations; i++)
		for (uint32_t k = b->first[i]; k < b->first[i + 1]; k++)
			b->rows[k] = row_of(b, (uint32_t)i + 1,
			    k - b->first[i]);
}

static void
add(int64_t *to, const int64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = profile_sum(to[i], values[i]);
}

static uint32_t
row_without_stack(struct builder *b)
{
	struct top *t = b->t;

	if (b->no_stack == 0) {
		t->rows = xgrow(t->rows, t->n, &b->cap_rows, sizeof *t->rows);
		memset(&t->rows[t->n], 0, sizeof *t->rows);
		t->rows[t->n].name = xstrdup("(no stack)");
		t->rows[t->n].where = xstrdup("");
		t->rows[t->n].module = xstrdup("");
		b->no_stack = (uint32_t)++t->n;
	}
	return b->no_stack - 1;
}

static void
count_sample(struct builder *b, size_t i)
{
	const struct profile_sample *s = &b->p->samples[i];
	const uint32_t *stack = b->p->stack_ids + s->location;
	size_t n_types = b->p->n_types;
	uint32_t row;

	add(b->t->total, s->values, n_types);
	if (s->n_locations == 0) {
		row = row_without_stack(b);
		add(b->t->rows[row].flat, s->values, n_types);
		add(b->t->rows[row].cum, s->values, n_types);
		return;
	}
	row = b->rows[b->first[stack[0] - 1]];
	add(b->t->rows[row].flat, s->values, n_types);
	for (uint32_t k = 0; k < s->n_locations; k++) {
		uint32_t id = stack[k];

		for (uint32_t j = b->first[id - 1]; j < b->first[id]; j++) {
			row = b->rows[j];
			/* Recursion: once for each sample. */
			if (b->stamp[row] == i + 1)
				continue;
			b->stamp[row] = (uint32_t)i + 1;
			add(b->t->rows[row].cum, s->values, n_types);
		}
	}
}

static uint64_t
magnitude(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct top_row *x = a, *y = b;
	size_t sort = *(const size_t *)arg;
	uint64_t fx = magnitude(x->flat[sort]), fy = magnitude(y->flat[sort]);
	uint64_t cx = magnitude(x->cum[sort]), cy = magnitude(y->cum[sort]);
	int order;

	if (fx != fy)
		return fx < fy ? 1 : -1;
	if (cx != cy)
		return cx < cy ? 1 : -1;
	order = strcmp(x->name, y->name);
	return order != 0 ? order : strcmp(x->where, y->where);
}

struct top *
top_build(const struct profile *p, size_t sort, bool by_line)
{
	struct err ignored;
	struct profile *shown = profile_drop_frames(p, &ignored);
	struct builder b = { .by_line = by_line };

	/* An expression that cannot be used hides nothing. */
	b.p = shown != NULL ? shown : p;
	b.t = xcalloc(1, sizeof *b.t);
	find_rows(&b);
	b.stamp = xcalloc(b.t->n, sizeof *b.stamp);
	for (size_t i = 0; i < b.p->n_samples; i++)
		count_sample(&b, i);
	if (b.t->n > 1)
		qsort_r(b.t->rows, b.t->n, sizeof *b.t->rows, compare, &sort);
	free(b.keys);
	free(b.rows);
	free(b.first);
	free(b.stamp);
	hash_free(&b.index);
	profile_free(shown);
	return b.t;
}

void
top_free(struct top *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->rows[i].name);
		free(t->rows[i].where);
		free(t->rows[i].module);
	}
	free(t->rows);
	free(t);
}
