/* SPDX-License-Identifier: MIT */
/*
 * A census as a profile: arena, content and size are its frames; sizes by
 * powers of two first, since a thousand different ones cannot be drawn.
 */
#include "config.h"

#include "cmd/census_view.h"
#include "base/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OBJECTS, SPACE, PINNED, VALUES };

static uint32_t
frame(struct profile *p, const char *name)
{
	struct profile_line line = { .line = 0 };

	line.function = profile_function(p, name, name, "", 0);
	return profile_location_lines(p, 0, 0, &line, 1);
}

static void
add_row(struct profile *p, const struct census *c,
    const struct census_row *row)
{
	char arena[24], text[48];
	char *content = census_content_name(c, row->kind);
	int64_t values[VALUES] = {
		[OBJECTS] = (int64_t)row->count,
		[SPACE] = (int64_t)row->bytes,
		[PINNED] = (int64_t)(row->pages * CENSUS_PAGE),
	};
	uint32_t ids[4];
	uint64_t least = CHUNK_MIN;

	snprintf(text, sizeof text, "%" PRIu64 " bytes", row->size);
	ids[0] = frame(p, row->size != 0 ? text : "any size");
	while (least * 2 <= row->size)
		least *= 2;
	snprintf(text, sizeof text, "%" PRIu64 " to %" PRIu64 " bytes", least,
	    2 * least - 1);
	ids[1] = frame(p, row->size != 0 ? text : "various sizes");
	ids[2] = frame(p, content);
	census_arena_name(c, row->arena, arena);
	if (row->arena == 0)
		snprintf(text, sizeof text, "main arena");
	else if (c->arenas[row->arena].address == 0)
		snprintf(text, sizeof text, "mmapped chunks");
	else
		snprintf(text, sizeof text, "arena %s", arena);
	ids[3] = frame(p, text);
	profile_add_sample(p, ids, 4, NULL, 0, values);
	free(content);
}

static void
set_errors(struct profile *p, const struct census *c)
{
	uint64_t bytes[CENSUS_PARTS], count[CENSUS_PARTS];
	uint64_t pinned[CENSUS_PARTS];

	for (int i = 0; i < CENSUS_PARTS; i++) {
		bytes[i] = c->parts[i].bytes[CHUNK_IN_USE];
		count[i] = c->parts[i].count[CHUNK_IN_USE];
		pinned[i] = c->parts[i].pinned * CENSUS_PAGE;
	}
	p->stderror[OBJECTS] = census_parts_error(count, c->part_cells,
	    c->times);
	p->stderror[SPACE] = census_parts_error(bytes, c->part_cells,
	    c->times);
	p->stderror[PINNED] = census_parts_error(pinned, c->part_cells,
	    c->times);
}

struct profile *
census_profile(const struct census *c, int32_t pid)
{
	struct profile *p = profile_new();
	struct census_counts n;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	p->time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	p->period_type.type = profile_string(p, "space");
	p->period_type.unit = profile_string(p, "bytes");
	p->period = 1;
	p->symbolized = true;
	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	profile_add_type(p, "pinned_space", "bytes");
	p->default_type = SPACE;
	census_total(c, &n);
	profile_add_comment(p, "census of process %d, glibc 2.%d", pid,
	    c->layout.minor);
	profile_add_comment(p, "free: %" PRIu64 " bytes, at the top %" PRIu64
			       ", in thread caches %" PRIu64,
	    n.bytes[CHUNK_FREE] + n.bytes[CHUNK_FAST], n.top,
	    n.bytes[CHUNK_CACHED]);
	if (n.uncovered > 0)
		profile_add_comment(p, "not understood: %" PRIu64 " bytes",
		    n.uncovered);
	if (c->times > 1)
		profile_add_comment(p, "a sample: one of %" PRIu64
				       " stretches was read", c->times);
	for (size_t i = 0; i < c->tally.n; i++)
		add_row(p, c, &c->tally.rows[i]);
	set_errors(p, c);
	return p;
}
