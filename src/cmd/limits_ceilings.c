/* SPDX-License-Identifier: MIT */
/* ullage limits --ceilings: what bounds the whole machine, or the cgroup. */
#include "config.h"

#include "cmd/limits_view.h"
#include "cmd/table_fit.h"
#include "table/table.h"

#include <stdio.h>

enum {
	COL_NAME,
	COL_UNIT,
	COL_USED,
	COL_LIMIT,
	COL_PERCENT,
	COL_ABOUT,
	COL_COUNT,
};

static const struct column columns[COL_COUNT] = {
	[COL_NAME] = { "ceiling", "CEILING", CELL_TEXT,
	    "sysctl, or file of the cgroup", true, false },
	[COL_UNIT] = { "unit", "UNIT", CELL_TEXT, "count or bytes", true,
	    false },
	[COL_USED] = { "used", "USED", CELL_COUNT, "what is in use", false,
	    false },
	[COL_LIMIT] = { "limit", "LIMIT", CELL_LIMIT, "how far it goes",
	    false, false },
	[COL_PERCENT] = { "percent", "%", CELL_PERCENT, "used of limit", false,
	    false },
	[COL_ABOUT] = { "about", "OF WHAT", CELL_TEXT, "what it bounds", true,
	    true },
};

static const size_t spare[] = { COL_ABOUT };

static void
add(struct table *t, const char *name, enum limit_unit unit, uint64_t limit,
    uint64_t used, const char *about)
{
	enum cell_kind kind = unit == LIMIT_BYTES ? CELL_SIZE_LIMIT :
						    CELL_LIMIT;

	table_row(t);
	table_text(t, COL_NAME, name);
	table_text(t, COL_UNIT, limit_unit_name(unit));
	table_text(t, COL_ABOUT, about);
	if (used != CEILING_UNKNOWN)
		table_u64_as(t, COL_USED, kind, used);
	if (limit == CEILING_UNKNOWN)
		return;
	table_u64_as(t, COL_LIMIT, kind, limit);
	if (used != CEILING_UNKNOWN && limit != 0)
		table_double(t, COL_PERCENT, (double)used / (double)limit);
}

static void
add_group(struct table *t, const struct cgroup_limit *l, enum limit_unit unit,
    const char *what)
{
	char about[CGROUP_PATH_MAX + 64], name[64];

	if (!l->known)
		return;
	snprintf(name, sizeof name, "cgroup %s", l->file);
	snprintf(about, sizeof about, "%s, %s", what, l->path);
	add(t, name, unit, l->limit,
	    l->used_known ? l->used : CEILING_UNKNOWN, about);
	/* No limit is known to be none, and not unknown. */
	if (l->limit == CGROUP_NO_LIMIT)
		table_u64_as(t, COL_LIMIT, CELL_LIMIT, CELL_UNLIMITED);
}

void
limits_view_ceilings(const struct limits_view *v, bool json, size_t width,
    struct buf *out)
{
	struct table *t = table_new(columns, COL_COUNT);
	struct table_options how = {
		.columns = width,
		.headings = true,
		.hidden = UINT64_C(1) << COL_UNIT,
	};

	for (int i = 0; i < CEILINGS; i++) {
		const struct ceiling *c = &v->ceilings.of[i];
		uint64_t used = c->used;

		if (i == CEILING_max_map_count && v->usage.maps_known)
			used = v->usage.maps;
		add(t, ceiling_rows[i].name, ceiling_rows[i].unit, c->limit,
		    used, ceiling_rows[i].help);
	}
	add_group(t, &v->cgroups.memory, LIMIT_BYTES, "memory of the cgroup");
	add_group(t, &v->cgroups.high, LIMIT_BYTES,
	    "memory above which the cgroup is slowed down");
	add_group(t, &v->cgroups.pids, LIMIT_COUNT, "threads of the cgroup");
	if (json)
		table_json(t, out);
	else
		table_fit(t, &how, spare, 1, out);
	table_free(t);
}
