/* SPDX-License-Identifier: MIT */
/*
 * Encoders: a profile → bytes; decoders: bytes → a profile.
 *
 * To add one: a file with a `const struct encoder encode_NAME` (or decoder)
 * and a row in encode.c. Options, help, file extensions, HTTP content types
 * and the man-page check come from the row.
 */
#ifndef ULLAGE_ENCODE_ENCODE_H
#define ULLAGE_ENCODE_ENCODE_H

#include "base/buf.h"
#include "profile/profile.h"

struct encode_options {
	size_t rows;	/* most rows of a table; 0 is all */
	size_t columns; /* width to fit; 0 does not fit */
	int type;	/* index of the value to sort by and show; -1 default */
	bool color;
};

struct encoder {
	const char *name;	  /* for -F */
	const char *extensions;	  /* " .pb.gz .pprof ": blanks around each */
	const char *content_type; /* for HTTP */
	const char *help;	  /* one sentence */
	int (*write)(struct buf *out, const struct profile *p,
	    const struct encode_options *o, struct err *e);
};

struct decoder {
	const char *name;
	const char *help;
	/* True if the bytes look like this format. */
	bool (*sniff)(const char *bytes, size_t len);
	/* NULL on malformed input; never reads out of bounds, bounded memory. */
	struct profile *(*read)(const char *bytes, size_t len, struct err *e);
};

/* NULL-terminated. */
extern const struct encoder *const encoders[];
extern const struct decoder *const decoders[];

/* By -F name; NULL if there is none. */
const struct encoder *encoder_find(const char *name);

/* By file name; NULL if the extension says nothing. */
const struct encoder *encoder_for_file(const char *path);

/* Sniffs and decodes; `name` is for error sentences. The result is valid. */
struct profile *profile_decode(const char *bytes, size_t len,
    const char *name, struct err *e);
struct profile *profile_decode_file(const char *path, struct err *e);

#endif
