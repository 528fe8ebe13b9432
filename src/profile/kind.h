/* SPDX-License-Identifier: MIT */
/*
 * Kinds of profiles that a snapshot holds. To add one: a builder and a row in
 * kind.c; commands, HTTP routes and tabs find it by name.
 */
#ifndef ULLAGE_PROFILE_KIND_H
#define ULLAGE_PROFILE_KIND_H

#include "profile/profile.h"
#include "target/snapshot.h"

struct kind {
	const char *name;    /* "heap": the command and the route */
	const char *summary; /* one sentence, small initial, no full stop */
	bool needs_fds; /* the snapshot must be one of snapshot_take_fds */
	/* Addresses only; symbolize afterwards. Owned by the caller. */
	struct profile *(*build)(const struct snapshot *s);
};

/* NULL-terminated. */
extern const struct kind *const kinds[];

/* A snapshot that has what the kind needs. */
struct snapshot *kind_snapshot(const struct kind *kind,
    const struct target *t, struct err *e);

/* NULL if there is none of that name. */
const struct kind *kind_find(const char *name);

#endif
