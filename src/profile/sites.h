/* SPDX-License-Identifier: MIT */
/*
 * Names of stacks for tables: the place in the program that a call came from,
 * and how it got there. All that is wanted is told first, so that each address
 * is looked up once.
 */
#ifndef ULLAGE_PROFILE_SITES_H
#define ULLAGE_PROFILE_SITES_H

#include "base/buf.h"
#include "symbol/symbol.h"
#include "target/snapshot.h"

struct sites;

/* The snapshot must outlive it. */
struct sites *sites_new(const struct snapshot *s);
void sites_free(struct sites *t);

/* A stack, or the entry of a function. */
void sites_want_stack(struct sites *t, uint32_t stack);
void sites_want_address(struct sites *t, uint64_t address);

/* Then the look-up; names may be NULL, for addresses alone. */
void sites_resolve(struct sites *t, struct symbolizer *names);

/*
 * "accept_one server.c:42": the first frame that is not libc's or its like.
 * Appends to out; not escaped.
 */
void sites_where(const struct sites *t, uint32_t stack, struct buf *out);

/* The same, then its callers: " < serve < main". */
void sites_chain(const struct sites *t, uint32_t stack, struct buf *out);

/* The name of the function at an address. */
void sites_function(const struct sites *t, uint64_t address, struct buf *out);

#endif
