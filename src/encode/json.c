/* SPDX-License-Identifier: MIT */
/*
 * A profile as JSON, for scripts. Everything of the profile is there and
 * nothing is hidden by drop_frames; what is not known is null.
 *
 *	{
 *	"types": [{"type": "inuse_space", "unit": "bytes", "total": 364000,
 *	           "stderror": 14000.0}, ...],
 *	"default_type": "inuse_space",
 *	"period_type": {"type": "space", "unit": "bytes"},
 *	"period": 524288,		bytes between samples
 *	"time": 1700000000000000000,	nanoseconds since the epoch
 *	"duration": null,		nanoseconds, of a profile over time
 *	"drop_frames": "malloc|calloc",	of the views for people
 *	"comments": ["..."],
 *	"mappings": [{"file": "/usr/sbin/nginx", "build_id": "abcd",
 *	              "start": "0x400000", "limit": "0x500000",
 *	              "offset": "0x0"}, ...],	the program first
 *	"samples": [
 *	{"stack": [{"name": "main", "file": "main.c", "line": 12,
 *	            "module": "/usr/sbin/nginx", "address": "0x401000",
 *	            "inlined": false}, ...],	leaf first
 *	 "values": [3, 300000],		in the order of types
 *	 "labels": [{"key": "bytes", "number": 64, "unit": "bytes"},
 *	            {"key": "thread", "text": "worker"}]},
 *	...]}
 *
 * Addresses are texts because a double does not hold them. "inlined" is true
 * for a frame that is part of the next one. Text that is not UTF-8 has its
 * bytes as \xHH. One sample is one line.
 */
#include "config.h"

#include "base/json.h"
#include "base/xalloc.h"
#include "encode/encode.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* A text or null if it is empty. */
static json_t *
text(const struct profile *p, string_id id)
{
	const char *s = profile_text(p, id);
	return *s != '\0' ? json_text(s) : json_null();
}

/* A number or null if it is zero. */
static json_t *
number(int64_t v)
{
	return v != 0 ? json_integer(v) : json_null();
}

static int
append(const char *bytes, size_t len, void *out)
{
	buf_add(out, bytes, len);
	return 0;
}

/* Writes and lets go of a value. */
static void
dump(struct buf *out, const char *before, json_t *j)
{
	buf_puts(out, before);
	json_dump_callback(j, append, out, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(j);
}

static json_t *
types(const struct profile *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_types; i++) {
		double error = p->stderror[i];
		json_t *t = json_object();

		json_object_set_new(t, "type", text(p, p->types[i].type));
		json_object_set_new(t, "unit", text(p, p->types[i].unit));
		json_object_set_new(t, "total",
		    json_integer(profile_total(p, i)));
		json_object_set_new(t, "stderror", error >= 0 &&
		    isfinite(error) ? json_real(error) : json_null());
		json_array_append_new(list, t);
	}
	return list;
}

static json_t *
period_type(const struct profile *p)
{
	json_t *t = json_object();

	json_object_set_new(t, "type", text(p, p->period_type.type));
	json_object_set_new(t, "unit", text(p, p->period_type.unit));
	return t;
}

static json_t *
comments(const struct profile *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_comments; i++)
		json_array_append_new(list, text(p, p->comments[i]));
	return list;
}

static json_t *
mappings(const struct profile *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_mappings; i++) {
		const struct profile_mapping *own = &p->mappings[i];
		json_t *m = json_object();

		json_object_set_new(m, "file", text(p, own->file));
		json_object_set_new(m, "build_id", text(p, own->build_id));
		json_object_set_new(m, "start", json_address(own->start));
		json_object_set_new(m, "limit", json_address(own->limit));
		json_object_set_new(m, "offset", json_address(own->offset));
		json_array_append_new(list, m);
	}
	return list;
}

static json_t *
frame(const struct profile *p, const struct profile_location *l, uint32_t k)
{
	const struct profile_function *f = NULL;
	int64_t line = 0;
	json_t *j = json_object();

	if (k < l->n_lines) {
		line = p->lines[l->line + k].line;
		f = &p->functions[p->lines[l->line + k].function - 1];
	}
	json_object_set_new(j, "name", f ? text(p, f->name) : json_null());
	json_object_set_new(j, "file", f ? text(p, f->file) : json_null());
	json_object_set_new(j, "line", number(line));
	json_object_set_new(j, "module", l->mapping != 0 ?
	    text(p, p->mappings[l->mapping - 1].file) : json_null());
	json_object_set_new(j, "address",
	    l->address != 0 ? json_address(l->address) :
		json_null());
	json_object_set_new(j, "inlined", json_boolean(k + 1 < l->n_lines));
	return j;
}

/* The frames of each location, written once: stacks share them. */
static char **
frames(const struct profile *p)
{
	char **texts = xcalloc(p->n_locations, sizeof *texts);

	for (size_t i = 0; i < p->n_locations; i++) {
		const struct profile_location *l = &p->locations[i];
		struct buf b = BUF_INIT;

		for (uint32_t k = 0; k == 0 || k < l->n_lines; k++)
			dump(&b, k != 0 ? "," : "", frame(p, l, k));
		texts[i] = b.bytes;
	}
	return texts;
}

static json_t *
labels(const struct profile *p, const struct profile_sample *s)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < s->n_labels; i++) {
		const struct profile_label *own = &p->labels[s->label + i];
		json_t *l = json_object();

		json_object_set_new(l, "key", text(p, own->key));
		if (own->text != 0) {
			json_object_set_new(l, "text", text(p, own->text));
		} else {
			json_object_set_new(l, "number",
			    json_integer(own->number));
			json_object_set_new(l, "unit", text(p, own->unit));
		}
		json_array_append_new(list, l);
	}
	return list;
}

static void
put_sample(struct buf *out, const struct profile *p,
    const struct profile_sample *s, char **frame_texts)
{
	buf_puts(out, "{\"stack\":[");
	for (uint32_t i = 0; i < s->n_locations; i++) {
		if (i != 0)
			buf_puts(out, ",");
		buf_puts(out, frame_texts[p->stack_ids[s->location + i] - 1]);
	}
	buf_puts(out, "],\"values\":[");
	for (size_t i = 0; i < p->n_types; i++)
		buf_printf(out, "%s%lld", i != 0 ? "," : "",
		    (long long)s->values[i]);
	buf_puts(out, "]");
	dump(out, ",\"labels\":", labels(p, s));
	buf_puts(out, "}");
}

static int
write_json(struct buf *out, const struct profile *p,
    const struct encode_options *o, struct err *e)
{
	char **frame_texts = frames(p);

	(void)o;
	(void)e;
	dump(out, "{\n\"types\":", types(p));
	dump(out, ",\n\"default_type\":",
	    text(p, p->types[p->default_type].type));
	dump(out, ",\n\"period_type\":", period_type(p));
	dump(out, ",\n\"period\":", number(p->period));
	dump(out, ",\n\"time\":", number(p->time_ns));
	dump(out, ",\n\"duration\":", number(p->duration_ns));
	dump(out, ",\n\"drop_frames\":", text(p, p->drop_frames));
	dump(out, ",\n\"comments\":", comments(p));
	dump(out, ",\n\"mappings\":", mappings(p));
	buf_puts(out, ",\n\"samples\":[");
	for (size_t i = 0; i < p->n_samples; i++) {
		buf_puts(out, i != 0 ? ",\n" : "\n");
		put_sample(out, p, &p->samples[i], frame_texts);
	}
	buf_puts(out, "]}\n");
	for (size_t i = 0; i < p->n_locations; i++)
		free(frame_texts[i]);
	free(frame_texts);
	return 0;
}

const struct encoder encode_json = {
	.name = "json",
	.extensions = " .json ",
	.content_type = "application/json",
	.help = "everything of the profile, for scripts",
	.write = write_json,
};
