/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/sites.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "profile/stacks.h"
#include "profile/symbolize.h"

#include <stdlib.h>
#include <string.h>

struct site {
	uint32_t first, n; /* in ids; n is 0: not wanted */
};

struct address {
	uint64_t address;
	uint32_t location;
};

struct sites {
	const struct snapshot *s;
	struct profile *p; /* of locations alone */
	struct stacks *stacks;
	struct site *sites;  /* by stack */
	uint32_t *ids;
	size_t n_ids, cap_ids;
	struct address *addresses; /* in the order in which they were wanted */
	size_t n_addresses, cap_addresses;
	struct hash index;
};

struct sites *
sites_new(const struct snapshot *s)
{
	struct sites *t = xcalloc(1, sizeof *t);

	t->s = s;
	t->p = profile_new();
	t->stacks = stacks_new(t->p, s);
	t->sites = xcalloc(s->n_stacks, sizeof *t->sites);
	return t;
}

void
sites_free(struct sites *t)
{
	if (t == NULL)
		return;
	stacks_free(t->stacks);
	profile_free(t->p);
	hash_free(&t->index);
	free(t->addresses);
	free(t->ids);
	free(t->sites);
	free(t);
}

void
sites_want_stack(struct sites *t, uint32_t stack)
{
	uint32_t locations[STACKS_DEPTH_MAX];
	size_t n;

	if (stack >= t->s->n_stacks || t->sites[stack].n != 0)
		return;
	n = stacks_locations(t->stacks, stack, locations);
	t->sites[stack] = (struct site){ (uint32_t)t->n_ids, (uint32_t)n };
	for (size_t i = 0; i < n; i++) {
		t->ids = xgrow(t->ids, t->n_ids, &t->cap_ids, sizeof *t->ids);
		t->ids[t->n_ids++] = locations[i];
	}
}

static uint32_t
find_address(const struct sites *t, uint64_t address)
{
	uint32_t id;

	for (size_t at = hash_start(&t->index, hash_mix(0, address));
	     t->n_addresses != 0 &&
	     (id = hash_next(&t->index, hash_mix(0, address), &at)) != 0;)
		if (t->addresses[id - 1].address == address)
			return t->addresses[id - 1].location;
	return 0;
}

void
sites_want_address(struct sites *t, uint64_t address)
{
	if (find_address(t, address) != 0)
		return;
	t->addresses = xgrow(t->addresses, t->n_addresses, &t->cap_addresses,
	    sizeof *t->addresses);
	t->addresses[t->n_addresses++] = (struct address){ address,
		stacks_location(t->stacks, address) };
	hash_put(&t->index, hash_mix(0, address), (uint32_t)t->n_addresses);
}

void
sites_resolve(struct sites *t, struct symbolizer *names)
{
	if (names != NULL)
		profile_symbolize(t->p, names);
}

/* What stands between a program and a system call. */
static bool
is_plumbing(const struct profile *p, uint32_t location)
{
	static const char *const libraries[] = { "libc.so", "libc-",
		"ld-linux", "libpthread", "libstdc++.so", "libgcc_s.so",
		"libullage.so" };
	uint32_t mapping = p->locations[location - 1].mapping;
	const char *path, *base;

	if (mapping == 0)
		return false;
	path = profile_text(p, p->mappings[mapping - 1].file);
	base = strrchr(path, '/');
	base = base != NULL ? base + 1 : path;
	for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
		if (strncmp(base, libraries[i], strlen(libraries[i])) == 0)
			return true;
	return false;
}

static void
add_name(const struct profile *p, uint32_t location, uint32_t line,
    struct buf *out)
{
	char room[512];

	buf_puts(out, profile_location_name(p, location, line, room,
		sizeof room));
}

/* " server.c:42", if that is known. */
static void
add_line(const struct profile *p, uint32_t location, struct buf *out)
{
	const struct profile_location *l = &p->locations[location - 1];
	const struct profile_line *line;
	const char *file, *base;

	if (l->n_lines == 0)
		return;
	line = &p->lines[l->line];
	file = profile_text(p, p->functions[line->function - 1].file);
	base = strrchr(file, '/');
	base = base != NULL ? base + 1 : file;
	if (*base != '\0' && line->line > 0)
		buf_printf(out, " %s:%lld", base, (long long)line->line);
}

/* Index in ids of the first frame that says something. */
static uint32_t
first_own(const struct sites *t, const struct site *site)
{
	for (uint32_t i = 0; i < site->n; i++)
		if (!is_plumbing(t->p, t->ids[site->first + i]))
			return i;
	return 0;
}

static uint32_t
add_where(const struct sites *t, uint32_t stack, struct buf *out)
{
	const struct site *site;
	uint32_t at, location;

	if (stack >= t->s->n_stacks || t->sites[stack].n == 0) {
		buf_puts(out, "[opener not seen]");
		return UINT32_MAX;
	}
	site = &t->sites[stack];
	at = first_own(t, site);
	location = t->ids[site->first + at];
	add_name(t->p, location, 0, out);
	add_line(t->p, location, out);
	return at;
}

void
sites_where(const struct sites *t, uint32_t stack, struct buf *out)
{
	add_where(t, stack, out);
}

/* " < serve:90", with all that was inlined there from line k on. */
static void
add_caller(const struct profile *p, uint32_t location, uint32_t k,
    struct buf *out)
{
	const struct profile_location *l = &p->locations[location - 1];

	do {
		int64_t line = k < l->n_lines ? p->lines[l->line + k].line : 0;

		if (k < l->n_lines || l->n_lines == 0) {
			buf_puts(out, " < ");
			add_name(p, location, k, out);
		}
		if (line > 0)
			buf_printf(out, ":%lld", (long long)line);
	} while (++k < l->n_lines);
}

/* What calls main is the same everywhere. */
static bool
is_start(const struct profile *p, uint32_t location)
{
	char room[64];

	return strcmp(profile_location_name(p, location, 0, room, sizeof room),
		   "_start") == 0;
}

void
sites_chain(const struct sites *t, uint32_t stack, struct buf *out)
{
	uint32_t at = add_where(t, stack, out);
	const struct site *site;

	if (at == UINT32_MAX)
		return;
	site = &t->sites[stack];
	if (t->p->locations[t->ids[site->first + at] - 1].n_lines > 1)
		add_caller(t->p, t->ids[site->first + at], 1, out);
	for (uint32_t i = at + 1; i < site->n; i++) {
		uint32_t location = t->ids[site->first + i];

		if (!is_plumbing(t->p, location) && !is_start(t->p, location))
			add_caller(t->p, location, 0, out);
	}
}

void
sites_function(const struct sites *t, uint64_t address, struct buf *out)
{
	uint32_t location = find_address(t, address);

	if (location != 0)
		add_name(t->p, location, 0, out);
}
