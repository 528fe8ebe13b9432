/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/ops.h"

struct profile *
profile_copy_head(const struct profile *p)
{
	struct profile *r = profile_new();

	/* In order, so that every string and function keeps its id. */
	for (size_t i = 0; i < p->n_strings; i++)
		profile_string(r, p->strings[i]);
	for (size_t i = 0; i < p->n_functions; i++) {
		const struct profile_function *f = &p->functions[i];

		profile_function(r, profile_text(p, f->name),
		    profile_text(p, f->system_name), profile_text(p, f->file),
		    f->start_line);
	}
	for (size_t i = 0; i < p->n_mappings; i++)
		profile_add_mapping(r, &p->mappings[i]);
	for (size_t i = 0; i < p->n_types; i++) {
		r->types[i] = p->types[i];
		r->stderror[i] = p->stderror[i];
	}
	r->n_types = p->n_types;
	r->default_type = p->default_type;
	for (size_t i = 0; i < p->n_comments; i++)
		profile_add_comment(r, "%s", profile_text(p, p->comments[i]));
	r->period_type = p->period_type;
	r->period = p->period;
	r->time_ns = p->time_ns;
	r->duration_ns = p->duration_ns;
	r->drop_frames = p->drop_frames;
	r->symbolized = p->symbolized;
	return r;
}
