/* SPDX-License-Identifier: MIT */
/*
 * What a chunk holds, by its first words: an object of a C++ class (its
 * vtable leads to type information, which must itself be valid), text,
 * zeros, a pointer into a file. Only what is beyond doubt gets a name.
 */
#ifndef ULLAGE_CENSUS_KINDS_H
#define ULLAGE_CENSUS_KINDS_H

#include "census/maps.h"
#include "census/walk.h"

enum {
	KIND_OTHER,
	KIND_ZEROS,
	KIND_TEXT,
	KIND_HEAP, /* a pointer to anonymous memory */
	KIND_FIRST_NAMED,
};

struct census_kinds;

/* Both must outlive it. */
struct census_kinds *census_kinds_new(const struct census_reader *r,
    const struct mappings *maps) __attribute__((returns_nonnull));
void census_kinds_free(struct census_kinds *k);

uint32_t census_kind(struct census_kinds *k, const struct census_chunk *c);

/*
 * Its name: a mangled one (_Z…, with "[]" after it for an array) if it is a
 * class. Bytes of the target: to be escaped. Lives as long as k.
 */
const char *census_kind_name(const struct census_kinds *k, uint32_t kind);
bool census_kind_is_class(const struct census_kinds *k, uint32_t kind);
size_t census_kind_count(const struct census_kinds *k);

#endif
