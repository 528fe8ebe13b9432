/* SPDX-License-Identifier: MIT */
#ifndef ULLAGE_ENCODE_GZIP_H
#define ULLAGE_ENCODE_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the bytes as one gzip member, without a time, so that equal profiles
 * give equal files. */
int gzip_pack(struct buf *out, const void *bytes, size_t len, struct err *e);

bool gzip_sniff(const char *bytes, size_t len);

/* Appends what the members hold; more than `max` bytes is an error. */
int gzip_unpack(struct buf *out, const char *bytes, size_t len, size_t max,
    struct err *e);

#endif
