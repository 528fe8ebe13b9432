/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/values.h"
#include "base/escape.h"

#include <string.h>

int
value_type(const struct profile *p, const struct encode_options *o,
    size_t *type, struct err *e)
{
	if (o->type >= (int)p->n_types)
		return err_set(e, ERR_USAGE,
		    "the profile has no value %d; it has %zu, counted from 0",
		    o->type, p->n_types);
	*type = o->type < 0 ? p->default_type : (size_t)o->type;
	return 0;
}

int
value_objects(const struct profile *p, size_t type)
{
	static const struct {
		const char *value, *count;
	} pairs[] = {
		{ "inuse_space", "inuse_objects" },
		{ "alloc_space", "alloc_objects" },
		{ "peak_space", "peak_objects" },
		{ "space", "objects" },
		{ "delay", "contentions" },
		{ "cpu", "samples" },
	};
	const char *name = profile_text(p, p->types[type].type);

	for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
		if (strcmp(name, pairs[k].value) != 0)
			continue;
		for (size_t i = 0; i < p->n_types; i++)
			if (strcmp(profile_text(p, p->types[i].type),
				pairs[k].count) == 0)
				return (int)i;
	}
	return -1;
}

const char *
value_text(char out[UNITS_MAX], int64_t value, const char *unit)
{
	int64_t ns;

	if (strcmp(unit, "bytes") == 0)
		return units_bytes(out, value);
	if (strcmp(unit, "nanoseconds") == 0)
		return units_duration(out, value);
	if (strcmp(unit, "seconds") == 0 &&
	    !__builtin_mul_overflow(value, INT64_C(1000000000), &ns))
		return units_duration(out, ns);
	return units_count(out, value);
}

void
value_words(struct buf *out, const struct profile *p, size_t type)
{
	static const struct {
		const char *type, *words;
	} known[] = {
		{ "inuse_space", "live" },
		{ "inuse_objects", "live objects" },
		{ "space", "live" },
		{ "objects", "live objects" },
		{ "alloc_space", "allocated" },
		{ "alloc_objects", "allocated objects" },
		{ "peak_space", "at the peak" },
		{ "peak_objects", "objects at the peak" },
		{ "cpu", "CPU time" },
		{ "delay", "waiting" },
		{ "thread", "threads" },
		{ "threadcreate", "threads created" },
		{ "open_fds", "open descriptors" },
		{ "opened_fds", "opened descriptors" },
	};
	const char *name = profile_text(p, p->types[type].type);
	size_t start = out->len;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(name, known[i].type) == 0) {
			buf_puts(out, known[i].words);
			return;
		}
	escape_terminal(out, name, strlen(name));
	for (; start < out->len; start++)
		if (out->bytes[start] == '_')
			out->bytes[start] = ' ';
}
