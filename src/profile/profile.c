/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/profile.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is there already: hash → id (of strings and samples: index + 1). */
struct profile_index {
	struct hash strings;
	struct hash functions;
	struct hash addresses; /* locations by mapping and address */
	struct hash named;     /* locations by mapping, address and lines */
	struct hash samples;
};

struct profile *
profile_new(void)
{
	struct profile *p = xcalloc(1, sizeof *p);

	p->index = xcalloc(1, sizeof *p->index);
	for (size_t i = 0; i < PROFILE_VALUES_MAX; i++)
		p->stderror[i] = -1;
	/* Never NULL, so that a pointer to none of them may be formed. */
	p->lines = xgrow(NULL, 0, &p->cap_lines, sizeof *p->lines);
	p->stack_ids = xgrow(NULL, 0, &p->cap_stack_ids, sizeof *p->stack_ids);
	p->labels = xgrow(NULL, 0, &p->cap_labels, sizeof *p->labels);
	profile_string(p, "");
	return p;
}

void
profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_strings; i++)
		free(p->strings[i]);
	free(p->strings);
	free(p->mappings);
	free(p->functions);
	free(p->locations);
	free(p->lines);
	free(p->samples);
	free(p->stack_ids);
	free(p->labels);
	free(p->comments);
	hash_free(&p->index->strings);
	hash_free(&p->index->functions);
	hash_free(&p->index->addresses);
	hash_free(&p->index->named);
	hash_free(&p->index->samples);
	free(p->index);
	free(p);
}

string_id
profile_string(struct profile *p, const char *text)
{
	struct hash *h = &p->index->strings;
	const char *s = text != NULL ? text : "";
	size_t len = strlen(s), at;
	uint64_t v = hash_bytes(s, len);
	uint32_t id;

	for (at = hash_start(h, v); (id = hash_next(h, v, &at)) != 0;)
		if (strcmp(p->strings[id - 1], s) == 0)
			return id - 1;
	p->strings = xgrow(p->strings, p->n_strings, &p->cap_strings,
	    sizeof *p->strings);
	p->strings[p->n_strings++] = xstrdup(s);
	hash_put(h, v, (uint32_t)p->n_strings);
	return (string_id)(p->n_strings - 1);
}

const char *
profile_text(const struct profile *p, string_id id)
{
	return id < p->n_strings ? p->strings[id] : "";
}

void
profile_add_type(struct profile *p, const char *type, const char *unit)
{
	if (p->n_types == PROFILE_VALUES_MAX)
		return;
	p->types[p->n_types].type = profile_string(p, type);
	p->types[p->n_types].unit = profile_string(p, unit);
	p->default_type = p->n_types++;
}

static const char *
without_inuse(const char *type)
{
	return strncmp(type, "inuse_", 6) == 0 ? type + 6 : type;
}

int
profile_type_find(const struct profile *p, const char *type)
{
	for (size_t i = 0; i < p->n_types; i++)
		if (strcmp(profile_text(p, p->types[i].type), type) == 0)
			return (int)i;
	for (size_t i = 0; i < p->n_types; i++)
		if (strcmp(without_inuse(profile_text(p, p->types[i].type)),
			without_inuse(type)) == 0)
			return (int)i;
	return -1;
}

uint32_t
profile_add_mapping(struct profile *p, const struct profile_mapping *m)
{
	p->mappings = xgrow(p->mappings, p->n_mappings, &p->cap_mappings,
	    sizeof *p->mappings);
	p->mappings[p->n_mappings++] = *m;
	return (uint32_t)p->n_mappings;
}

static uint32_t
append_location(struct profile *p, uint32_t mapping, uint64_t address)
{
	struct profile_location *l;

	p->locations = xgrow(p->locations, p->n_locations, &p->cap_locations,
	    sizeof *p->locations);
	l = &p->locations[p->n_locations++];
	*l = (struct profile_location){ mapping, address, 0, 0 };
	return (uint32_t)p->n_locations;
}

static uint64_t
hash_address(uint32_t mapping, uint64_t address)
{
	return hash_mix(hash_mix(0, mapping), address);
}

/* The first location at that address, or 0. */
static uint32_t
find_address(const struct profile *p, uint32_t mapping, uint64_t address)
{
	const struct hash *h = &p->index->addresses;
	uint64_t v = hash_address(mapping, address);
	size_t at = hash_start(h, v);
	uint32_t id;

	while ((id = hash_next(h, v, &at)) != 0) {
		const struct profile_location *l = &p->locations[id - 1];

		if (l->mapping == mapping && l->address == address)
			break;
	}
	return id;
}

uint32_t
profile_location(struct profile *p, uint32_t mapping, uint64_t address)
{
	uint32_t id = find_address(p, mapping, address);

	if (id == 0) {
		id = append_location(p, mapping, address);
		hash_put(&p->index->addresses, hash_address(mapping, address),
		    id);
	}
	return id;
}

static bool
same_lines(const struct profile *p, const struct profile_location *l,
    const struct profile_line *lines, size_t n)
{
	if (l->n_lines != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct profile_line *own = &p->lines[l->line + i];

		if (own->function != lines[i].function ||
		    own->line != lines[i].line)
			return false;
	}
	return true;
}

uint32_t
profile_location_lines(struct profile *p, uint32_t mapping, uint64_t address,
    const struct profile_line *lines, size_t n)
{
	struct hash *h = &p->index->named;
	uint64_t v = hash_address(mapping, address);
	uint32_t id;
	size_t at;

	for (size_t i = 0; i < n; i++)
		v = hash_mix(hash_mix(v, lines[i].function),
		    (uint64_t)lines[i].line);
	for (at = hash_start(h, v); (id = hash_next(h, v, &at)) != 0;) {
		const struct profile_location *l = &p->locations[id - 1];

		if (l->mapping == mapping && l->address == address &&
		    same_lines(p, l, lines, n))
			return id;
	}
	id = append_location(p, mapping, address);
	profile_set_lines(p, id, lines, n);
	hash_put(h, v, id);
	if (find_address(p, mapping, address) == 0)
		hash_put(&p->index->addresses, hash_address(mapping, address),
		    id);
	return id;
}

uint32_t
profile_function(struct profile *p, const char *name, const char *system_name,
    const char *file, int64_t start_line)
{
	struct profile_function f = {
		.name = profile_string(p, name),
		.system_name = profile_string(p, system_name),
		.file = profile_string(p, file),
		.start_line = start_line,
	};
	struct hash *h = &p->index->functions;
	uint64_t v = hash_mix(0, (uint64_t)f.name << 32 | f.system_name);
	uint32_t id;
	size_t at;

	v = hash_mix(hash_mix(v, f.file), (uint64_t)start_line);
	for (at = hash_start(h, v); (id = hash_next(h, v, &at)) != 0;) {
		const struct profile_function *o = &p->functions[id - 1];

		if (o->name == f.name && o->system_name == f.system_name &&
		    o->file == f.file && o->start_line == start_line)
			return id;
	}
	p->functions = xgrow(p->functions, p->n_functions, &p->cap_functions,
	    sizeof *p->functions);
	p->functions[p->n_functions++] = f;
	hash_put(h, v, (uint32_t)p->n_functions);
	return (uint32_t)p->n_functions;
}

void
profile_set_lines(struct profile *p, uint32_t location,
    const struct profile_line *lines, size_t n)
{
	struct profile_location *l = &p->locations[location - 1];

	l->line = (uint32_t)p->n_lines;
	l->n_lines = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		p->lines = xgrow(p->lines, p->n_lines, &p->cap_lines,
		    sizeof *p->lines);
		p->lines[p->n_lines++] = lines[i];
	}
}

static bool
same_label(const struct profile_label *a, const struct profile_label *b)
{
	return a->key == b->key && a->text == b->text &&
	    a->number == b->number && a->unit == b->unit;
}

static bool
same_sample(const struct profile *p, const struct profile_sample *s,
    const uint32_t *locations, size_t n_locations,
    const struct profile_label *labels, size_t n_labels)
{
	if (s->n_locations != n_locations || s->n_labels != n_labels)
		return false;
	for (size_t i = 0; i < n_locations; i++)
		if (p->stack_ids[s->location + i] != locations[i])
			return false;
	for (size_t i = 0; i < n_labels; i++)
		if (!same_label(&p->labels[s->label + i], &labels[i]))
			return false;
	return true;
}

static uint64_t
hash_sample(const uint32_t *locations, size_t n_locations,
    const struct profile_label *labels, size_t n_labels)
{
	uint64_t v = hash_bytes(locations, n_locations * sizeof *locations);

	for (size_t i = 0; i < n_labels; i++) {
		v = hash_mix(v, (uint64_t)labels[i].key << 32 | labels[i].text);
		v = hash_mix(v, (uint64_t)labels[i].number);
		v = hash_mix(v, labels[i].unit);
	}
	return v;
}

static struct profile_sample *
append_sample(struct profile *p, const uint32_t *locations,
    size_t n_locations, const struct profile_label *labels, size_t n_labels)
{
	struct profile_sample s = {
		.location = (uint32_t)p->n_stack_ids,
		.n_locations = (uint32_t)n_locations,
		.label = (uint32_t)p->n_labels,
		.n_labels = (uint32_t)n_labels,
	};

	for (size_t i = 0; i < n_locations; i++) {
		p->stack_ids = xgrow(p->stack_ids, p->n_stack_ids,
		    &p->cap_stack_ids, sizeof *p->stack_ids);
		p->stack_ids[p->n_stack_ids++] = locations[i];
	}
	for (size_t i = 0; i < n_labels; i++) {
		p->labels = xgrow(p->labels, p->n_labels, &p->cap_labels,
		    sizeof *p->labels);
		p->labels[p->n_labels++] = labels[i];
	}
	p->samples = xgrow(p->samples, p->n_samples, &p->cap_samples,
	    sizeof *p->samples);
	p->samples[p->n_samples++] = s;
	return &p->samples[p->n_samples - 1];
}

void
profile_add_sample(struct profile *p, const uint32_t *locations,
    size_t n_locations, const struct profile_label *labels, size_t n_labels,
    const int64_t *values)
{
	struct hash *h = &p->index->samples;
	uint64_t v = hash_sample(locations, n_locations, labels, n_labels);
	struct profile_sample *s = NULL;
	uint32_t id;
	size_t at;

	for (at = hash_start(h, v); (id = hash_next(h, v, &at)) != 0;) {
		s = &p->samples[id - 1];
		if (same_sample(p, s, locations, n_locations, labels, n_labels))
			break;
	}
	if (id == 0) {
		s = append_sample(p, locations, n_locations, labels, n_labels);
		hash_put(h, v, (uint32_t)p->n_samples);
	}
	for (size_t i = 0; i < p->n_types; i++)
		s->values[i] = profile_sum(s->values[i], values[i]);
}

void
profile_drop_zeros(struct profile *p)
{
	struct hash *h = &p->index->samples;
	size_t n = 0, k;

	hash_free(h);
	for (size_t i = 0; i < p->n_samples; i++) {
		struct profile_sample s = p->samples[i];

		for (k = 0; k < p->n_types && s.values[k] == 0; k++)
			;
		if (k == p->n_types)
			continue;
		p->samples[n++] = s;
		hash_put(h, hash_sample(p->stack_ids + s.location,
		    s.n_locations, p->labels + s.label, s.n_labels),
		    (uint32_t)n);
	}
	p->n_samples = n;
}

void
profile_add_comment(struct profile *p, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	p->comments = xgrow(p->comments, p->n_comments, &p->cap_comments,
	    sizeof *p->comments);
	p->comments[p->n_comments++] = profile_string(p, text);
	free(text);
}

int64_t
profile_sum(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

int64_t
profile_total(const struct profile *p, size_t type)
{
	int64_t total = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		total = profile_sum(total, p->samples[i].values[type]);
	return total;
}

const char *
profile_location_name(const struct profile *p, uint32_t location,
    uint32_t line, char *out, size_t size)
{
	const struct profile_location *l = &p->locations[location - 1];
	const struct profile_mapping *m;
	const char *file, *slash, *name;

	if (line < l->n_lines) {
		uint32_t f = p->lines[l->line + line].function;

		name = profile_text(p, p->functions[f - 1].name);
		if (*name == '\0')
			name = profile_text(p, p->functions[f - 1].system_name);
		if (*name != '\0')
			return name;
	}
	if (l->mapping != 0) {
		m = &p->mappings[l->mapping - 1];
		file = profile_text(p, m->file);
		slash = strrchr(file, '/');
		if (slash != NULL && slash[1] != '\0')
			file = slash + 1;
		if (*file != '\0' && l->address >= m->bias) {
			snprintf(out, size, "%s+0x%llx", file,
			    (unsigned long long)(l->address - m->bias));
			return out;
		}
	}
	snprintf(out, size, "0x%llx", (unsigned long long)l->address);
	return out;
}
