/* SPDX-License-Identifier: MIT */
/*
 * Call sites of a profile and who called them: the rows of the heap screen.
 * The same functions, lines and sums as `ullage heap` prints; below each, on
 * demand, its callers with the part of the value that came through them.
 */
#ifndef ULLAGE_TOP_CALLS_H
#define ULLAGE_TOP_CALLS_H

#include "profile/profile.h"

struct calls;

struct calls_row {
	const char *name;    /* function, or file+0xoffset; borrowed */
	char where[160];     /* "file.c:12", or "" */
	const char *module;  /* borrowed */
	int64_t flat, cum;   /* of the value asked for */
	int64_t objects;     /* flat, of the value that counts; 0 if none */
	int64_t age; /* s: half of what came through it is in a class of ages
		      * that begins there, or older; -1: not known */
	uint64_t id;	     /* of the row and how it was reached */
	int depth;	     /* 0: a call site */
	bool expanded, expandable;
};

/* Which rows are open; ids live longer than a profile. */
struct calls_open {
	uint64_t *ids; /* owned */
	size_t n, cap;
};

bool calls_is_open(const struct calls_open *o, uint64_t id);
void calls_toggle(struct calls_open *o, uint64_t id);
void calls_open_free(struct calls_open *o);

/* The profile must outlive it. */
struct calls *calls_new(const struct profile *p);
void calls_free(struct calls *c);

/* Indices of value types: bytes (or the default one) and counts (or -1). */
int calls_type(const struct profile *p, bool objects);

/*
 * The rows to be shown, at most `max` call sites, by |flat| or |cum|, those
 * whose name or place has `filter` in it. Owned by the caller; their texts
 * stay good until the calls are freed. total: of all samples.
 */
struct calls_row *calls_rows(struct calls *c, int type, bool by_cum,
    const struct calls_open *open, const char *filter, size_t max, size_t *n,
    int64_t *total);

/* How many call sites there are. */
size_t calls_sites(const struct calls *c);

#endif
