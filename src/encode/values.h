/* SPDX-License-Identifier: MIT */
/*
 * What encoders for people ask of a profile's value types. Private to this
 * folder.
 */
#ifndef ULLAGE_ENCODE_VALUES_H
#define ULLAGE_ENCODE_VALUES_H

#include "base/buf.h"
#include "base/units.h"
#include "encode/encode.h"

/* The value that the options ask for; error if the profile lacks it. */
int value_type(const struct profile *p, const struct encode_options *o,
    size_t *type, struct err *e);

/* Index of the count that belongs to a size or time ("inuse_objects" to
 * "inuse_space"), or -1. */
int value_objects(const struct profile *p, size_t type);

/* A value in the words of its unit: "612M", "18.2k", "3m 20s". Returns out. */
const char *value_text(char out[UNITS_MAX], int64_t value, const char *unit);

/* Appends what a total of that value is called: "live", "allocated". */
void value_words(struct buf *out, const struct profile *p, size_t type);

#endif
