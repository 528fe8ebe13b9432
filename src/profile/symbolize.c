/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/symbolize.h"
#include "base/xalloc.h"

#include <stdlib.h>

/* What an answer is written to; the last location asked for. */
struct target {
	struct profile *p;
	uint32_t location;
};

static void
set_lines(void *arg, const struct symbol_frame *frames, size_t n)
{
	const struct target *t = arg;
	struct profile_line lines[SYMBOL_FRAMES_MAX];
	size_t i;

	if (n == 0)
		return;
	for (i = 0; i < n && i < SYMBOL_FRAMES_MAX; i++) {
		lines[i].function = profile_function(t->p, frames[i].name,
		    frames[i].system_name, frames[i].file,
		    frames[i].start_line);
		lines[i].line = frames[i].line;
	}
	profile_set_lines(t->p, t->location, lines, i);
}

static void
name_location(struct profile *p, struct symbolizer *s, uint32_t location)
{
	const struct profile_location *l = &p->locations[location - 1];
	struct target t = { p, location };
	const struct profile_mapping *m;
	struct symbol_module module;

	if (l->mapping == 0) {
		symbolizer_lookup(s, NULL, l->address, set_lines, &t);
		return;
	}
	m = &p->mappings[l->mapping - 1];
	module = (struct symbol_module){
		.path = profile_text(p, m->file),
		.build_id = profile_text(p, m->build_id),
		.bias = m->bias,
		.start = m->start,
		.limit = m->limit,
		.deleted = m->deleted,
	};
	symbolizer_lookup(s, &module, l->address, set_lines, &t);
}

/* Takes away from the mapping what this location does not have. */
static void
judge(struct profile *p, const struct profile_location *l,
    struct profile_mapping *m)
{
	const struct profile_line *line;
	uint32_t i;

	if (l->n_lines == 0)
		m->has_functions = false;
	for (i = 0; i < l->n_lines; i++) {
		line = &p->lines[l->line + i];
		if (p->functions[line->function - 1].file == 0)
			m->has_filenames = false;
		if (line->line == 0)
			m->has_lines = false;
	}
}

/*
 * Readers look up what a mapping does not claim to have, so a claim must hold
 * for every one of its locations.
 */
static void
set_flags(struct profile *p)
{
	const struct profile_location *l;
	struct profile_mapping *m;
	bool *used;
	size_t i;

	used = xcalloc(p->n_mappings, sizeof *used);
	for (i = 0; i < p->n_locations; i++) {
		l = &p->locations[i];
		if (l->mapping == 0)
			continue;
		m = &p->mappings[l->mapping - 1];
		if (!used[l->mapping - 1])
			m->has_functions = m->has_filenames =
			    m->has_lines = true;
		used[l->mapping - 1] = true;
		judge(p, l, m);
	}
	for (i = 0; i < p->n_mappings; i++) {
		if (!used[i])
			continue;
		m = &p->mappings[i];
		m->has_filenames = m->has_filenames && m->has_functions;
		m->has_lines = m->has_lines && m->has_functions;
		/* Lines come from DWARF, and so do inlined calls. */
		m->has_inline_frames = m->has_lines;
	}
	free(used);
}

void
profile_symbolize(struct profile *p, struct symbolizer *s)
{
	uint32_t i;

	for (i = 1; i <= p->n_locations; i++)
		if (p->locations[i - 1].n_lines == 0)
			name_location(p, s, i);
	set_flags(p);
	p->symbolized = true;
}
