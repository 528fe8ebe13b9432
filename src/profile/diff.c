/* SPDX-License-Identifier: MIT */
/*
 * The difference of two profiles. The two may be of different runs, so
 * addresses say nothing: places are matched by the names and lines that a
 * person would read, or without names by build id and offset in the file.
 */
#include "config.h"

#include "base/hash.h"
#include "base/xalloc.h"
#include "profile/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct diff {
	struct profile *r;
	bool by_name; /* both have names to match by */
	struct hash functions; /* of r, by name */
	struct hash places;    /* locations of r, by what is matched */

	/* Of the profile that is being added. */
	const struct profile *from;
	uint32_t *function; /* by id - 1: the one in r */
	uint32_t *location; /* by id - 1: the one in r */
	size_t type[PROFILE_VALUES_MAX]; /* in r's order */
	bool subtract;
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/*
 * Functions are the same if their names and the last parts of their files are:
 * a new build moves lines and may stand in another folder.
 */
static uint32_t
function_in_r(struct diff *d, const struct profile_function *f)
{
	const char *file = base_name(profile_text(d->from, f->file));
	string_id name = profile_string(d->r, profile_text(d->from, f->name));
	uint64_t v = hash_mix(hash_bytes(file, strlen(file)), name);
	size_t at = hash_start(&d->functions, v);
	uint32_t id;

	while ((id = hash_next(&d->functions, v, &at)) != 0) {
		const struct profile_function *o = &d->r->functions[id - 1];

		if (o->name == name && strcmp(base_name(profile_text(d->r,
			o->file)), file) == 0)
			return id;
	}
	id = profile_function(d->r, profile_text(d->from, f->name),
	    profile_text(d->from, f->system_name),
	    profile_text(d->from, f->file), f->start_line);
	hash_put(&d->functions, v, id);
	return id;
}

/* Whether a mapping of r is of the same file and covers that offset. */
static bool
same_file(const struct diff *d, const struct profile_mapping *in_r,
    const struct profile_mapping *m, uint64_t offset)
{
	const char *a = profile_text(d->r, in_r->build_id);
	const char *b = profile_text(d->from, m->build_id);

	if (*a == '\0' || *b == '\0') {
		a = profile_text(d->r, in_r->file);
		b = profile_text(d->from, m->file);
	}
	return strcmp(a, b) == 0 && offset >= in_r->offset &&
	    offset - in_r->offset < in_r->limit - in_r->start;
}

static uint32_t
mapping_in_r(struct diff *d, uint32_t id, uint64_t offset)
{
	const struct profile_mapping *m = &d->from->mappings[id - 1];
	struct profile_mapping copy = *m;

	for (size_t i = 0; i < d->r->n_mappings; i++)
		if (same_file(d, &d->r->mappings[i], m, offset))
			return (uint32_t)i + 1;
	copy.file = profile_string(d->r, profile_text(d->from, m->file));
	copy.build_id = profile_string(d->r,
	    profile_text(d->from, m->build_id));
	return profile_add_mapping(d->r, &copy);
}

/* The location of r that has the same names and lines. */
static uint32_t
find_named(struct diff *d, const struct profile_line *lines, uint32_t n,
    uint64_t *hash)
{
	uint64_t v = hash_mix(0, n);
	uint32_t id, k;
	size_t at;

	for (k = 0; k < n; k++)
		v = hash_mix(hash_mix(v, lines[k].function),
		    (uint64_t)lines[k].line);
	*hash = v;
	for (at = hash_start(&d->places, v);
	     (id = hash_next(&d->places, v, &at)) != 0;) {
		const struct profile_location *l = &d->r->locations[id - 1];
		const struct profile_line *own = d->r->lines + l->line;

		for (k = 0; l->n_lines == n && k < n; k++)
			if (own[k].function != lines[k].function ||
			    own[k].line != lines[k].line)
				break;
		if (l->n_lines == n && k == n)
			return id;
	}
	return 0;
}

/* The location of r at that address, which is one of r's. */
static uint32_t
find_address(struct diff *d, uint32_t mapping, uint64_t address,
    uint64_t *hash)
{
	uint64_t v = hash_mix(hash_mix(1, mapping), address);
	uint32_t id;
	size_t at;

	*hash = v;
	for (at = hash_start(&d->places, v);
	     (id = hash_next(&d->places, v, &at)) != 0;) {
		const struct profile_location *l = &d->r->locations[id - 1];

		if (l->mapping == mapping && l->address == address &&
		    !(d->by_name && l->n_lines != 0))
			return id;
	}
	return 0;
}

static uint32_t
location_in_r(struct diff *d, const struct profile_location *l)
{
	struct profile_line *lines = xcalloc(l->n_lines, sizeof *lines);
	uint64_t address = l->address, v, offset;
	uint32_t mapping = 0, id;

	if (l->mapping != 0) {
		const struct profile_mapping *m =
		    &d->from->mappings[l->mapping - 1];

		offset = address - m->start + m->offset;
		mapping = mapping_in_r(d, l->mapping, offset);
		m = &d->r->mappings[mapping - 1];
		address = m->start + offset - m->offset;
	}
	for (uint32_t k = 0; k < l->n_lines; k++) {
		lines[k] = d->from->lines[l->line + k];
		lines[k].function = d->function[lines[k].function - 1];
	}
	if (d->by_name && l->n_lines != 0)
		id = find_named(d, lines, l->n_lines, &v);
	else
		id = find_address(d, mapping, address, &v);
	if (id == 0) {
		id = profile_location_lines(d->r, mapping, address, lines,
		    l->n_lines);
		hash_put(&d->places, v, id);
	}
	free(lines);
	return id;
}

static void
add_samples(struct diff *d)
{
	const struct profile *p = d->from;
	struct profile_label *labels = NULL;
	uint32_t *stack = NULL;
	int64_t values[PROFILE_VALUES_MAX], v;

	for (size_t i = 0; i < p->n_samples; i++) {
		const struct profile_sample *s = &p->samples[i];

		stack = xrealloc(stack, s->n_locations, sizeof *stack);
		for (uint32_t k = 0; k < s->n_locations; k++)
			stack[k] = d->location[
			    p->stack_ids[s->location + k] - 1];
		labels = xrealloc(labels, s->n_labels, sizeof *labels);
		for (uint32_t k = 0; k < s->n_labels; k++) {
			labels[k] = p->labels[s->label + k];
			labels[k].key = profile_string(d->r,
			    profile_text(p, labels[k].key));
			labels[k].text = profile_string(d->r,
			    profile_text(p, labels[k].text));
			labels[k].unit = profile_string(d->r,
			    profile_text(p, labels[k].unit));
		}
		for (size_t k = 0; k < d->r->n_types; k++) {
			v = s->values[d->type[k]];
			if (d->subtract)
				v = v == INT64_MIN ? INT64_MAX : -v;
			values[k] = v;
		}
		profile_add_sample(d->r, stack, s->n_locations, labels,
		    s->n_labels, values);
	}
	free(labels);
	free(stack);
}

static void
add_profile(struct diff *d, const struct profile *from, bool subtract)
{
	d->from = from;
	d->subtract = subtract;
	d->function = xcalloc(from->n_functions, sizeof *d->function);
	d->location = xcalloc(from->n_locations, sizeof *d->location);
	for (size_t i = 0; i < from->n_functions; i++)
		d->function[i] = function_in_r(d, &from->functions[i]);
	for (size_t i = 0; i < from->n_locations; i++)
		d->location[i] = location_in_r(d, &from->locations[i]);
	add_samples(d);
	free(d->function);
	free(d->location);
}

static bool
same_type(const struct profile *a, size_t i, const struct profile *b, size_t k)
{
	return strcmp(profile_text(a, a->types[i].type),
		   profile_text(b, b->types[k].type)) == 0 &&
	    strcmp(profile_text(a, a->types[i].unit),
		profile_text(b, b->types[k].unit)) == 0;
}

/* Finds after's types in base; false if they are not the same ones. */
static bool
match_types(struct diff *d, const struct profile *after,
    const struct profile *base)
{
	for (size_t i = 0; i < after->n_types; i++) {
		for (d->type[i] = 0; d->type[i] < base->n_types; d->type[i]++)
			if (same_type(after, i, base, d->type[i]))
				break;
		if (d->type[i] == base->n_types)
			return false;
	}
	return after->n_types == base->n_types;
}

static void
set_head(struct diff *d, const struct profile *after,
    const struct profile *base)
{
	struct profile *r = d->r;

	for (size_t i = 0; i < r->n_types; i++) {
		double a = after->stderror[i], b = base->stderror[d->type[i]];

		r->stderror[i] = a < 0 ? b : b < 0 ? a : hypot(a, b);
	}
	for (size_t i = 0; i < base->n_comments; i++)
		profile_add_comment(r, "base: %s",
		    profile_text(base, base->comments[i]));
	if (after->duration_ns == 0 && base->time_ns > 0 &&
	    after->time_ns > base->time_ns)
		r->duration_ns = after->time_ns - base->time_ns;
	r->symbolized = after->symbolized && base->symbolized;
}

struct profile *
profile_diff(const struct profile *after, const struct profile *base,
    struct err *e)
{
	size_t of_base[PROFILE_VALUES_MAX];
	struct diff d = { 0 };

	if (!match_types(&d, after, base)) {
		err_set(e, ERR_FAILED,
		    "cannot compare the two profiles: one holds %s (%zu "
		    "values), the other %s (%zu values); compare profiles of "
		    "the same kind",
		    profile_text(after, after->types[after->default_type].type),
		    after->n_types,
		    profile_text(base, base->types[base->default_type].type),
		    base->n_types);
		return NULL;
	}
	d.by_name = after->n_lines != 0 && base->n_lines != 0;
	d.r = profile_copy_head(after);
	set_head(&d, after, base);
	/* after first: where both have a place, its address is kept. */
	memcpy(of_base, d.type, sizeof of_base);
	for (size_t i = 0; i < after->n_types; i++)
		d.type[i] = i;
	add_profile(&d, after, false);
	memcpy(d.type, of_base, sizeof of_base);
	add_profile(&d, base, true);
	profile_drop_zeros(d.r);
	hash_free(&d.functions);
	hash_free(&d.places);
	return d.r;
}
