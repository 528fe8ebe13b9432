/* SPDX-License-Identifier: MIT */
/*
 * The invariant of a profile. Every index that any other code follows is
 * looked at here, in the order in which they lead to one another.
 */
#include "config.h"

#include "profile/profile.h"

#include <math.h>

static bool
wrong(struct err *e, const char *what, size_t i, const char *why)
{
	err_set(e, ERR_FAILED, "the profile is malformed: %s %zu %s", what, i,
	    why);
	return false;
}

static bool
has(const struct profile *p, string_id id)
{
	return id < p->n_strings;
}

static bool
valid_head(const struct profile *p, struct err *e)
{
	if (p->n_strings == 0)
		return wrong(e, "string", 0, "is missing");
	for (size_t i = 0; i < p->n_strings; i++)
		if (p->strings[i] == NULL)
			return wrong(e, "string", i, "has no text");
	if (p->strings[0][0] != '\0')
		return wrong(e, "string", 0, "is not empty");
	if (p->n_types == 0 || p->n_types > PROFILE_VALUES_MAX)
		return wrong(e, "a number of value types of", p->n_types,
		    "is out of range");
	if (p->default_type >= p->n_types)
		return wrong(e, "default value type", p->default_type,
		    "is out of range");
	for (size_t i = 0; i < p->n_types; i++) {
		if (!has(p, p->types[i].type) || !has(p, p->types[i].unit))
			return wrong(e, "value type", i, "has no name");
		if (isnan(p->stderror[i]))
			return wrong(e, "standard error", i, "is no number");
	}
	if (!has(p, p->period_type.type) || !has(p, p->period_type.unit))
		return wrong(e, "period type", 0, "has no name");
	if (!has(p, p->drop_frames))
		return wrong(e, "drop_frames", 0, "is out of range");
	for (size_t i = 0; i < p->n_comments; i++)
		if (!has(p, p->comments[i]))
			return wrong(e, "comment", i, "is out of range");
	return true;
}

static bool
valid_places(const struct profile *p, struct err *e)
{
	for (size_t i = 0; i < p->n_mappings; i++) {
		const struct profile_mapping *m = &p->mappings[i];

		if (!has(p, m->file) || !has(p, m->build_id))
			return wrong(e, "mapping", i + 1, "has no name");
		if (m->start > m->limit)
			return wrong(e, "mapping", i + 1,
			    "ends before it starts");
	}
	for (size_t i = 0; i < p->n_functions; i++) {
		const struct profile_function *f = &p->functions[i];

		if (!has(p, f->name) || !has(p, f->system_name) ||
		    !has(p, f->file))
			return wrong(e, "function", i + 1, "has no name");
	}
	for (size_t i = 0; i < p->n_lines; i++)
		if (p->lines[i].function == 0 ||
		    p->lines[i].function > p->n_functions)
			return wrong(e, "line", i, "has no function");
	for (size_t i = 0; i < p->n_locations; i++) {
		const struct profile_location *l = &p->locations[i];

		if (l->mapping > p->n_mappings)
			return wrong(e, "location", i + 1, "has no mapping");
		if ((uint64_t)l->line + l->n_lines > p->n_lines)
			return wrong(e, "location", i + 1,
			    "has lines that are not there");
	}
	return true;
}

static bool
valid_label(const struct profile *p, const struct profile_label *l)
{
	return l->key != 0 && has(p, l->key) && has(p, l->text) &&
	    has(p, l->unit) &&
	    (l->text == 0 || (l->number == 0 && l->unit == 0));
}

static bool
valid_samples(const struct profile *p, struct err *e)
{
	for (size_t i = 0; i < p->n_stack_ids; i++)
		if (p->stack_ids[i] == 0 || p->stack_ids[i] > p->n_locations)
			return wrong(e, "stack entry", i, "has no location");
	for (size_t i = 0; i < p->n_labels; i++)
		if (!valid_label(p, &p->labels[i]))
			return wrong(e, "label", i, "is malformed");
	for (size_t i = 0; i < p->n_samples; i++) {
		const struct profile_sample *s = &p->samples[i];

		if ((uint64_t)s->location + s->n_locations > p->n_stack_ids)
			return wrong(e, "sample", i,
			    "has a stack that is not there");
		if ((uint64_t)s->label + s->n_labels > p->n_labels)
			return wrong(e, "sample", i,
			    "has labels that are not there");
	}
	return true;
}

bool
profile_valid(const struct profile *p, struct err *e)
{
	return valid_head(p, e) && valid_places(p, e) && valid_samples(p, e);
}
