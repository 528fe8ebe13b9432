/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "hub.h"
#include "sites.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cached_session {
	struct cached_session *older; /* in the same hash chain */
	struct cached_session *newer; /* in the order of their coming */
	char user[64];
	char ballast[];
};

struct record {
	struct record *next;
	size_t length;
	char text[];
};

_Static_assert(sizeof(struct cached_session) < SIZE_session_cache_put, "size");

#define CHAINS 16384

static struct cached_session *chains[CHAINS];
static struct cached_session *oldest, *newest;
static size_t cached, cache_limit = 20000;

static struct record *broadcasts[BROADCAST_DEPTH];
static size_t broadcast_at;

static struct record *trail;

static struct record *
record_fill(struct record *r, size_t size, const char *text, size_t length)
{
	if (length > size - sizeof(*r))
		length = size - sizeof(*r);
	memcpy(r->text, text, length);
	r->length = length;
	return r;
}

/* FNV-1a. */
static struct cached_session **
chain_of(const char *user)
{
	uint32_t h = 2166136261u;

	for (; *user != '\0'; user++)
		h = (h ^ (unsigned char)*user) * 16777619u;
	return &chains[h % CHAINS];
}

static void
forget_oldest(void)
{
	struct cached_session *s = oldest, **at = chain_of(s->user);

	while (*at != s)
		at = &(*at)->older;
	*at = s->older;
	oldest = s->newer;
	cached--;
	site_free(SITE_session_cache_put, s);
}

void
session_cache_limit(size_t users)
{
	cache_limit = users;
}

SITE void
session_cache_put(const char *user)
{
	struct cached_session **chain, *s;
	char name[sizeof(s->user)];

	snprintf(name, sizeof(name), "%s", user);
	chain = chain_of(name);
	for (s = *chain; s != NULL; s = s->older)
		if (strcmp(s->user, name) == 0)
			return;
	if (cached == cache_limit)
		forget_oldest();
	s = site_keep(SITE_session_cache_put, malloc(SIZE_session_cache_put));
	memcpy(s->user, name, sizeof(name));
	s->older = *chain;
	*chain = s;
	if (cached++ == 0)
		oldest = s;
	else
		newest->newer = s;
	newest = s;
}

SITE void
broadcast_enqueue(const char *text, size_t length)
{
	struct record **slot = &broadcasts[broadcast_at++ % BROADCAST_DEPTH];
	struct record *r =
	    site_keep(SITE_broadcast_enqueue, malloc(SIZE_broadcast_enqueue));

	site_free(SITE_broadcast_enqueue, *slot);
	*slot = record_fill(r, SIZE_broadcast_enqueue, text, length);
}

SITE void
audit_trail_append(const char *text, size_t length)
{
	struct record *r =
	    site_keep(SITE_audit_trail_append, malloc(SIZE_audit_trail_append));

	record_fill(r, SIZE_audit_trail_append, text, length);
	r->next = trail;
	trail = r;
}
