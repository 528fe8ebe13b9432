/* SPDX-License-Identifier: MIT */
/* A census as tables, and as a profile. */
#ifndef ULLAGE_CMD_CENSUS_VIEW_H
#define ULLAGE_CMD_CENSUS_VIEW_H

#include "census/census.h"
#include "cmd/cmd.h"
#include "profile/profile.h"
#include "table/table.h"

enum census_by {
	CENSUS_BY_ARENA,
	CENSUS_BY_CONTENT,
	CENSUS_BY_SIZE,
	CENSUS_BY_RANGE, /* of sizes */
	CENSUS_BY_RUN, /* of free chunks */
	CENSUS_BY_PIN, /* who keeps pages from being free */
	CENSUS_VIEWS,
};

/* "arena", "content", ...: also the keys in JSON, with an s. */
extern const char *const census_by_names[CENSUS_VIEWS];

/* An older census, for growth of the first three; see census_base.c. */
#define CENSUS_GROW (CENSUS_BY_SIZE + 1)
struct census_base;

/* NULL base: no growth. Owned by the caller; sorted, largest first. */
struct table *census_table(const struct census *c, enum census_by by,
    const struct census_base *base);
struct table *census_run_table(const struct census *c);
struct table *census_pin_table(const struct census *c);

/* Columns that text leaves out. */
uint64_t census_hidden(const struct census *c, enum census_by by,
    const struct census_base *base);

/* "main", "mmapped", or an address, which is written into name. */
const char *census_arena_name(const struct census *c, size_t i,
    char name[24]);

/* "_ZN3FooE[]" as "Foo[]". Owned by the caller; not escaped. */
char *census_content_name(const struct census *c, uint32_t kind);

/* Frames are arena, content, size. Owned by the caller. */
struct profile *census_profile(const struct census *c, int32_t pid);

/* ---- a run of the command --------------------------------------------------------- */

struct census_sites;
struct census_run {
	const struct options *o;
	int32_t pid;
	int only; /* a view, or -1 */
	bool space;
	struct census *c;
	struct census_base *base;   /* or NULL */
	struct census_sites *sites; /* or NULL */
	uint64_t shown_ns, began_ns; /* of the progress; 0: not yet */
};

void census_view_json(const struct census_run *r, struct buf *out);
void census_view_text(const struct census_run *r, struct buf *out);

/* ---- growth ------------------------------------------------------------------- */

/* From a file that --json wrote; owned by the caller. */
struct census_base *census_base_read(const char *path, struct err *e);
void census_base_free(struct census_base *b);

/* What it had of a name: bytes and count, 0 if nothing. */
void census_base_find(const struct census_base *b, enum census_by by,
    const char *name, int64_t *count, int64_t *bytes);

/* ---- with an agent ---------------------------------------------------------------- */

/*
 * Who allocated what pins pages, as far as the agent has sampled it: begin
 * before the census, whose `pins` and `arg` then are census_sites_pin and the
 * result. NULL if there is no agent that samples; *why tells.
 */
struct census_sites *census_sites_new(const char *pid, const char **why);
void census_sites_pin(void *arg, uint64_t address, uint64_t pages);
struct table *census_sites_table(const struct census_sites *s);
void census_sites_free(struct census_sites *s);

#endif
