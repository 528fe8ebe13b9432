/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/encode.h"
#include "encode/gzip.h"

/* A file, and what it unpacks to. */
#define BYTES_MAX ((size_t)256 << 20)

extern const struct decoder decode_jemalloc, decode_gperftools, decode_json,
    decode_pprof, decode_collapsed;

/*
 * Tried in this order: formats with a magic line first. Any line that ends in
 * a number is a collapsed stack, so that one is last.
 */
const struct decoder *const decoders[] = {
	&decode_jemalloc,
	&decode_gperftools,
	&decode_json,
	&decode_pprof,
	&decode_collapsed,
	NULL,
};

static struct profile *
decode(const char *bytes, size_t len, struct err *e)
{
	struct profile *p;

	if (len == 0) {
		err_set(e, ERR_FAILED, "it is empty");
		return NULL;
	}
	for (size_t i = 0; decoders[i] != NULL; i++) {
		if (!decoders[i]->sniff(bytes, len))
			continue;
		p = decoders[i]->read(bytes, len, e);
		if (p != NULL && profile_valid(p, e))
			return p;
		profile_free(p);
		return NULL;
	}
	err_set(e, ERR_FAILED,
	    "it is no profile that can be read; pprof, jemalloc and gperftools "
	    "heap files, JSON and collapsed stacks can");
	return NULL;
}

struct profile *
profile_decode(const char *bytes, size_t len, const char *name, struct err *e)
{
	struct buf plain = BUF_INIT;
	struct profile *p = NULL;

	if (!gzip_sniff(bytes, len))
		p = decode(bytes, len, e);
	else if (gzip_unpack(&plain, bytes, len, BYTES_MAX, e) == 0)
		p = decode(buf_text(&plain), plain.len, e);
	buf_free(&plain);
	if (p == NULL)
		err_prefix(e, "cannot read %s", name);
	return p;
}

struct profile *
profile_decode_file(const char *path, struct err *e)
{
	struct buf b = BUF_INIT;
	struct profile *p = NULL;

	if (buf_read_file(&b, path, BYTES_MAX, e) == 0)
		p = profile_decode(buf_text(&b), b.len, path, e);
	buf_free(&b);
	return p;
}
