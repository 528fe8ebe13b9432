/* SPDX-License-Identifier: MIT */
/* A census as tables: by arena, by size, by content. */
#ifndef ULLAGE_CMD_CENSUS_VIEW_H
#define ULLAGE_CMD_CENSUS_VIEW_H

#include "census/census.h"
#include "table/table.h"

enum census_by {
	CENSUS_BY_ARENA,
	CENSUS_BY_CONTENT,
	CENSUS_BY_SIZE,
	CENSUS_VIEWS,
};

/* "arena", "content", "size": also the keys in JSON, with an s. */
extern const char *const census_by_names[CENSUS_VIEWS];

/* An older census, for growth; see census_base.c. */
struct census_base;

/* NULL base: no growth. Owned by the caller; sorted, largest first. */
struct table *census_table(const struct census *c, enum census_by by,
    const struct census_base *base);

/* Columns that text leaves out. */
uint64_t census_hidden(enum census_by by, const struct census_base *base);

/* From a file that --json wrote; owned by the caller. */
struct census_base *census_base_read(const char *path, struct err *e);
void census_base_free(struct census_base *b);

/* What it had of a name: bytes and count, 0 if nothing. */
void census_base_find(const struct census_base *b, enum census_by by,
    const char *name, int64_t *count, int64_t *bytes);

#endif
