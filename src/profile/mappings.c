/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/mappings.h"

/* Readers take the first mapping for the program, so it comes first; the rest
 * follow in the order of their addresses. */
static uint32_t
mapping_id(const struct modules *list, const struct module *m)
{
	size_t i = (size_t)(m - list->list), first = list->program;

	if (i == first)
		return 1;
	return (uint32_t)(i < first && first < list->n ? i + 2 : i + 1);
}

static void
add_mapping(struct profile *p, const struct module *m)
{
	struct profile_mapping map = {
		.start = m->start,
		.limit = m->limit,
		.bias = m->bias,
		.file = profile_string(p, m->path),
		.build_id = profile_string(p, m->build_id),
		.deleted = m->deleted,
	};

	profile_add_mapping(p, &map);
}

void
modules_mappings(struct profile *p, const struct modules *list)
{
	if (list->program < list->n)
		add_mapping(p, &list->list[list->program]);
	for (size_t i = 0; i < list->n; i++)
		if (i != list->program)
			add_mapping(p, &list->list[i]);
}

uint32_t
modules_location(struct profile *p, const struct modules *list,
    uint64_t address)
{
	const struct module *m = modules_at(list, address);

	return profile_location(p, m != NULL ? mapping_id(list, m) : 0,
	    address);
}

uint32_t
modules_nowhere(struct profile *p)
{
	struct profile_line line = { profile_function(p, "[no stack]",
		"[no stack]", "", 0), 0 };

	return profile_location_lines(p, 0, 0, &line, 1);
}
