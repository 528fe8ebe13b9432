/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/calls.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "profile/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define ROWS_MAX 20000
#define AGES_MAX 12

struct frame {
	string_id name, file;
	uint64_t line; /* or the address, without a name */
	char *shown;   /* owned */
	const char *module;
	int64_t flat[PROFILE_VALUES_MAX], cum[PROFILE_VALUES_MAX];
	int64_t ages[AGES_MAX]; /* cum of the default type by class of age */
	uint32_t seen; /* sample + 1 that was counted last */
};

struct calls {
	const struct profile *p;
	struct profile *shown; /* without drop_frames; owned; or NULL */
	struct frame *frames;
	size_t n, cap;
	struct hash index;
	uint32_t *of;	/* frames of all samples, callee first */
	size_t n_of, cap_of;
	uint32_t *first; /* of each sample in `of`; n_samples + 1 */
	int64_t total[PROFILE_VALUES_MAX];
	int64_t ages[AGES_MAX]; /* classes, in the order they came; seconds */
	size_t n_ages;
};

/* ---- which rows are open -------------------------------------------------------- */

bool
calls_is_open(const struct calls_open *o, uint64_t id)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->ids[i] == id)
			return true;
	return false;
}

void
calls_toggle(struct calls_open *o, uint64_t id)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->ids[i] == id) {
			o->ids[i] = o->ids[--o->n];
			return;
		}
	o->ids = xgrow(o->ids, o->n, &o->cap, sizeof *o->ids);
	o->ids[o->n++] = id;
}

void
calls_open_free(struct calls_open *o)
{
	free(o->ids);
	memset(o, 0, sizeof *o);
}

/* ---- flattening -------------------------------------------------------------------- */

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static uint32_t
frame_of(struct calls *c, string_id name, string_id file, uint64_t line)
{
	uint64_t h = hash_mix(hash_mix(0, (uint64_t)name << 32 | file), line);
	uint32_t id;

	for (size_t at = hash_start(&c->index, h);
	     c->n != 0 && (id = hash_next(&c->index, h, &at)) != 0;) {
		const struct frame *f = &c->frames[id - 1];

		if (f->name == name && f->file == file && f->line == line)
			return id - 1;
	}
	c->frames = xgrow(c->frames, c->n, &c->cap, sizeof *c->frames);
	c->frames[c->n] = (struct frame){ .name = name, .file = file,
		.line = line, .module = "" };
	hash_put(&c->index, h, (uint32_t)++c->n);
	return (uint32_t)c->n - 1;
}

static uint32_t
frame_at(struct calls *c, uint32_t location, uint32_t k)
{
	const struct profile *p = c->shown;
	const struct profile_location *l = &p->locations[location - 1];
	const struct profile_function *f = NULL;
	char name[256];
	int64_t line = 0;
	uint32_t at;

	if (k < l->n_lines) {
		f = &p->functions[p->lines[l->line + k].function - 1];
		line = p->lines[l->line + k].line;
	}
	if (f != NULL && f->name != 0)
		at = frame_of(c, f->name, f->file, (uint64_t)line);
	else
		at = frame_of(c, 0, l->mapping, l->address);
	if (c->frames[at].shown == NULL) {
		c->frames[at].shown = xstrdup(profile_location_name(p,
		    location, k, name, sizeof name));
		if (l->mapping != 0)
			c->frames[at].module = base_name(profile_text(p,
			    p->mappings[l->mapping - 1].file));
	}
	return at;
}

static void
push(struct calls *c, uint32_t frame)
{
	c->of = xgrow(c->of, c->n_of, &c->cap_of, sizeof *c->of);
	c->of[c->n_of++] = frame;
}

static void
add(int64_t *to, const int64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = profile_sum(to[i], values[i]);
}

/* The class of age of a sample, an index; AGES_MAX if it has none. */
static size_t
age_of(struct calls *c, const struct profile_sample *s)
{
	const struct profile *p = c->shown;
	size_t i;

	for (uint32_t k = 0; k < s->n_labels; k++) {
		const struct profile_label *l = &p->labels[s->label + k];

		if (l->text != 0 || strcmp(profile_text(p, l->key), "age") != 0)
			continue;
		for (i = 0; i < c->n_ages; i++)
			if (c->ages[i] == l->number)
				return i;
		if (i < AGES_MAX)
			c->ages[c->n_ages++] = l->number;
		return i;
	}
	return AGES_MAX;
}

/* The highest class that, with all above it, has half of the whole. */
static int64_t
median_age(const struct calls *c, const struct frame *f)
{
	int64_t whole = 0, found = -1;

	for (size_t i = 0; i < c->n_ages; i++)
		whole = profile_sum(whole, f->ages[i] > 0 ? f->ages[i] : 0);
	for (size_t i = 0; i < c->n_ages && whole > 0; i++) {
		int64_t above = 0;

		for (size_t k = 0; k < c->n_ages; k++)
			if (c->ages[k] >= c->ages[i] && f->ages[k] > 0)
				above = profile_sum(above, f->ages[k]);
		if (above >= whole - whole / 2 && c->ages[i] > found)
			found = c->ages[i];
	}
	return found;
}

static void
flatten(struct calls *c, size_t i)
{
	const struct profile *p = c->shown;
	const struct profile_sample *s = &p->samples[i];
	size_t age = age_of(c, s);

	c->first[i] = (uint32_t)c->n_of;
	for (uint32_t k = 0; k < s->n_locations; k++) {
		uint32_t location = p->stack_ids[s->location + k];
		uint32_t lines = p->locations[location - 1].n_lines;

		for (uint32_t j = 0; j < (lines != 0 ? lines : 1); j++)
			push(c, frame_at(c, location, j));
	}
	if (s->n_locations == 0) {
		uint32_t none = frame_of(c, 0, 0, UINT64_MAX);

		if (c->frames[none].shown == NULL)
			c->frames[none].shown = xstrdup("(no stack)");
		push(c, none);
	}
	add(c->total, s->values, p->n_types);
	add(c->frames[c->of[c->first[i]]].flat, s->values, p->n_types);
	for (size_t k = c->first[i]; k < c->n_of; k++) {
		struct frame *f = &c->frames[c->of[k]];

		/* Recursion: once for each sample. */
		if (f->seen == i + 1)
			continue;
		f->seen = (uint32_t)i + 1;
		add(f->cum, s->values, p->n_types);
		if (age < AGES_MAX)
			f->ages[age] = profile_sum(f->ages[age],
			    s->values[p->default_type]);
	}
}

struct calls *
calls_new(const struct profile *p)
{
	struct calls *c = xcalloc(1, sizeof *c);
	struct err ignored;

	c->p = p;
	c->shown = profile_drop_frames(p, &ignored);
	if (c->shown == NULL)
		c->shown = profile_copy_head(p);
	c->first = xcalloc(c->shown->n_samples + 1, sizeof *c->first);
	for (size_t i = 0; i < c->shown->n_samples; i++)
		flatten(c, i);
	c->first[c->shown->n_samples] = (uint32_t)c->n_of;
	return c;
}

void
calls_free(struct calls *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->frames[i].shown);
	free(c->frames);
	free(c->of);
	free(c->first);
	hash_free(&c->index);
	profile_free(c->shown);
	free(c);
}

size_t
calls_sites(const struct calls *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->shown->n_types; k++)
			if (c->frames[i].flat[k] != 0) {
				n++;
				break;
			}
	return n;
}

int
calls_type(const struct profile *p, bool objects)
{
	const char *unit = objects ? "count" : "bytes";
	const char *main_type = profile_text(p,
	    p->types[p->default_type].type);
	size_t len = strcspn(main_type, "_");
	int found = -1;

	/* Of a kind with the default one: inuse_space, inuse_objects. */
	for (size_t i = 0; i < p->n_types; i++) {
		if (strcmp(profile_text(p, p->types[i].unit), unit) != 0)
			continue;
		if (strncmp(profile_text(p, p->types[i].type), main_type,
			len) == 0)
			return (int)i;
		if (found < 0)
			found = (int)i;
	}
	if (found < 0 && !objects)
		return (int)p->default_type;
	return found;
}

/* ---- rows --------------------------------------------------------------------------- */

struct place {
	uint32_t sample, at; /* at: in c->of */
};

struct rows {
	struct calls *c;
	int type, objects;
	const struct calls_open *open;
	struct calls_row *rows;
	size_t n, cap;
};

static uint64_t
id_of(const struct calls *c, uint32_t frame, uint64_t parent)
{
	const struct frame *f = &c->frames[frame];
	const char *file = f->name != 0 ? profile_text(c->shown, f->file) : "";
	uint64_t h = hash_bytes(f->shown, strlen(f->shown));

	h = hash_mix(h, hash_bytes(file, strlen(file)));
	return hash_mix(hash_mix(h, f->name != 0 ? f->line : 0), parent);
}

static struct calls_row *
add_row(struct rows *r, uint32_t frame, uint64_t parent, int depth)
{
	const struct frame *f = &r->c->frames[frame];
	struct calls_row *row;

	r->rows = xgrow(r->rows, r->n, &r->cap, sizeof *r->rows);
	row = &r->rows[r->n++];
	memset(row, 0, sizeof *row);
	row->name = f->shown;
	row->module = f->module;
	if (f->name != 0 && f->file != 0)
		snprintf(row->where, sizeof row->where, "%s:%lld",
		    base_name(profile_text(r->c->shown, f->file)),
		    (long long)f->line);
	row->depth = depth;
	row->age = depth == 0 ? median_age(r->c, f) : -1;
	row->id = id_of(r->c, frame, parent);
	return row;
}

static uint64_t
magnitude(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

struct caller {
	uint32_t frame; /* UINT32_MAX: nobody */
	int64_t value, objects;
	struct place *places;
	size_t n, cap;
};

static int
by_value(const void *a, const void *b)
{
	const struct caller *x = a, *y = b;
	uint64_t vx = magnitude(x->value), vy = magnitude(y->value);

	if (vx != vy)
		return vx < vy ? 1 : -1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

static struct caller *
caller_of(struct caller **list, size_t *n, size_t *cap, uint32_t frame)
{
	for (size_t i = 0; i < *n; i++)
		if ((*list)[i].frame == frame)
			return &(*list)[i];
	*list = xgrow(*list, *n, cap, sizeof **list);
	(*list)[*n] = (struct caller){ .frame = frame };
	return &(*list)[(*n)++];
}

static void add_callers(struct rows *r, const struct place *places, size_t n,
    uint64_t id, int depth);

static void
add_caller(struct rows *r, struct caller *one, uint64_t parent, int depth,
    bool alone)
{
	struct calls_row *row = add_row(r, one->frame, parent, depth);
	uint64_t id = row->id;
	bool more = false;

	row->cum = one->value;
	row->objects = one->objects;
	for (size_t i = 0; i < one->n && !more; i++)
		more = one->places[i].at + 1 <
		    r->c->first[one->places[i].sample + 1];
	/* A single caller is no choice: it is open by itself. */
	row->expandable = more && !alone;
	row->expanded = more && (alone || calls_is_open(r->open, id));
	/* Only a branch is worth an indent. */
	if (row->expanded)
		add_callers(r, one->places, one->n, id,
		    alone ? depth : depth + 1);
}

static void
add_callers(struct rows *r, const struct place *places, size_t n, uint64_t id,
    int depth)
{
	const struct calls *c = r->c;
	struct caller *list = NULL;
	size_t n_list = 0, cap = 0;

	if (depth > DEPTH_MAX || r->n > ROWS_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		struct place up = { places[i].sample, places[i].at + 1 };
		const int64_t *values = c->shown->samples[up.sample].values;
		struct caller *one;

		if (up.at >= c->first[up.sample + 1])
			continue;
		one = caller_of(&list, &n_list, &cap, c->of[up.at]);
		one->value = profile_sum(one->value, values[r->type]);
		if (r->objects >= 0)
			one->objects = profile_sum(one->objects,
			    values[r->objects]);
		one->places = xgrow(one->places, one->n, &one->cap,
		    sizeof *one->places);
		one->places[one->n++] = up;
	}
	if (n_list > 1)
		qsort(list, n_list, sizeof *list, by_value);
	for (size_t i = 0; i < n_list; i++) {
		add_caller(r, &list[i], id, depth, n_list == 1);
		free(list[i].places);
	}
	free(list);
}

/* Where a frame is the nearest to the leaf in each sample. */
static void
open_site(struct rows *r, uint32_t frame, uint64_t id)
{
	const struct calls *c = r->c;
	struct place *places = NULL;
	size_t n = 0, cap = 0;

	for (uint32_t s = 0; s < c->shown->n_samples; s++)
		for (uint32_t k = c->first[s]; k < c->first[s + 1]; k++) {
			if (c->of[k] != frame)
				continue;
			places = xgrow(places, n, &cap, sizeof *places);
			places[n++] = (struct place){ s, k };
			break;
		}
	add_callers(r, places, n, id, 1);
	free(places);
}

struct site {
	uint32_t frame;
	int64_t first, second;
	const char *name;
};

static int
by_site(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	if (magnitude(x->first) != magnitude(y->first))
		return magnitude(x->first) < magnitude(y->first) ? 1 : -1;
	if (magnitude(x->second) != magnitude(y->second))
		return magnitude(x->second) < magnitude(y->second) ? 1 : -1;
	return strcmp(x->name, y->name);
}

static bool
matches(const struct calls *c, const struct frame *f, const char *filter)
{
	return filter == NULL || *filter == '\0' ||
	    strcasestr(f->shown, filter) != NULL ||
	    strcasestr(f->module, filter) != NULL ||
	    (f->name != 0 &&
		strcasestr(profile_text(c->shown, f->file), filter) != NULL);
}

struct calls_row *
calls_rows(struct calls *c, int type, bool by_cum,
    const struct calls_open *open, const char *filter, size_t max, size_t *n,
    int64_t *total)
{
	struct rows r = { c, type, calls_type(c->shown, true), open, NULL, 0,
		0 };
	struct site *sites = xcalloc(c->n, sizeof *sites);
	size_t n_sites = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct frame *f = &c->frames[i];

		if ((f->flat[type] == 0 && f->cum[type] == 0) ||
		    !matches(c, f, filter))
			continue;
		sites[n_sites++] = (struct site){ (uint32_t)i,
			by_cum ? f->cum[type] : f->flat[type],
			by_cum ? f->flat[type] : f->cum[type], f->shown };
	}
	if (n_sites > 1)
		qsort(sites, n_sites, sizeof *sites, by_site);
	for (size_t i = 0; i < n_sites && i < max; i++) {
		const struct frame *f = &c->frames[sites[i].frame];
		struct calls_row *row = add_row(&r, sites[i].frame, 0, 0);
		uint64_t id = row->id;

		row->flat = f->flat[type];
		row->cum = f->cum[type];
		row->objects = r.objects >= 0 ? f->flat[r.objects] : 0;
		row->expandable = true;
		row->expanded = calls_is_open(open, id);
		if (row->expanded)
			open_site(&r, sites[i].frame, id);
	}
	free(sites);
	*n = r.n;
	*total = c->total[type];
	return r.rows;
}
