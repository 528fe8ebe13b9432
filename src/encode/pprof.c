/* SPDX-License-Identifier: MIT */
/*
 * profile.proto, written. Our tables have its shape: ids of strings, functions
 * and locations are written as they are, so they are 1..n in order, which some
 * readers insist on. Reading is in pprof_read.c.
 */
#include "config.h"

#include "base/escape.h"
#include "base/xalloc.h"
#include "encode/arena.h"
#include "encode/encode.h"
#include "encode/gzip.h"
#include "encode/profile.pb-c.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef Perftools__Profiles__ValueType pb_type;
typedef Perftools__Profiles__Sample pb_sample;
typedef Perftools__Profiles__Label pb_label;
typedef Perftools__Profiles__Mapping pb_mapping;
typedef Perftools__Profiles__Location pb_location;
typedef Perftools__Profiles__Line pb_line;
typedef Perftools__Profiles__Function pb_function;
typedef Perftools__Profiles__Profile pb_profile;

/* Strings of the format are UTF-8; readers may refuse the file otherwise. */
static void
put_strings(pb_profile *out, const struct profile *p, struct arena *a)
{
	struct buf clean = BUF_INIT;

	out->n_string_table = p->n_strings;
	out->string_table = arena_array(a, p->n_strings, sizeof(char *));
	for (size_t i = 0; i < p->n_strings; i++) {
		out->string_table[i] = p->strings[i];
		if (escape_is_utf8(p->strings[i]))
			continue;
		clean.len = 0;
		escape_utf8(&clean, p->strings[i]);
		out->string_table[i] = arena_alloc(a, clean.len + 1);
		memcpy(out->string_table[i], clean.bytes, clean.len + 1);
	}
	buf_free(&clean);
}

static void
put_types(pb_profile *out, const struct profile *p, struct arena *a)
{
	pb_type *types = arena_array(a, p->n_types + 1, sizeof *types);

	out->n_sample_type = p->n_types;
	out->sample_type = arena_array(a, p->n_types, sizeof(pb_type *));
	for (size_t i = 0; i < p->n_types; i++) {
		out->sample_type[i] = &types[i];
		perftools__profiles__value_type__init(&types[i]);
		types[i].type = p->types[i].type;
		types[i].unit = p->types[i].unit;
	}
	out->period_type = &types[p->n_types];
	perftools__profiles__value_type__init(out->period_type);
	out->period_type->type = p->period_type.type;
	out->period_type->unit = p->period_type.unit;
	out->default_sample_type = p->types[p->default_type].type;
}

static void
put_mappings(pb_profile *out, const struct profile *p, struct arena *a)
{
	pb_mapping *m = arena_array(a, p->n_mappings, sizeof *m);

	out->n_mapping = p->n_mappings;
	out->mapping = arena_array(a, p->n_mappings, sizeof(pb_mapping *));
	for (size_t i = 0; i < p->n_mappings; i++, m++) {
		const struct profile_mapping *own = &p->mappings[i];

		out->mapping[i] = m;
		perftools__profiles__mapping__init(m);
		m->id = i + 1;
		m->memory_start = own->start;
		m->memory_limit = own->limit;
		m->file_offset = own->offset;
		m->filename = own->file;
		m->build_id = own->build_id;
		m->has_functions = own->has_functions;
		m->has_filenames = own->has_filenames;
		m->has_line_numbers = own->has_lines;
		m->has_inline_frames = own->has_inline_frames;
	}
}

static void
put_functions(pb_profile *out, const struct profile *p, struct arena *a)
{
	pb_function *f = arena_array(a, p->n_functions, sizeof *f);

	out->n_function = p->n_functions;
	out->function = arena_array(a, p->n_functions, sizeof(pb_function *));
	for (size_t i = 0; i < p->n_functions; i++, f++) {
		const struct profile_function *own = &p->functions[i];

		out->function[i] = f;
		perftools__profiles__function__init(f);
		f->id = i + 1;
		f->name = own->name;
		f->system_name = own->system_name;
		f->filename = own->file;
		f->start_line = own->start_line;
	}
}

static void
put_locations(pb_profile *out, const struct profile *p, struct arena *a)
{
	pb_location *l = arena_array(a, p->n_locations, sizeof *l);
	pb_line *lines = arena_array(a, p->n_lines, sizeof *lines);
	pb_line **refs = arena_array(a, p->n_lines, sizeof *refs);

	for (size_t i = 0; i < p->n_lines; i++) {
		refs[i] = &lines[i];
		perftools__profiles__line__init(&lines[i]);
		lines[i].function_id = p->lines[i].function;
		lines[i].line = p->lines[i].line;
	}
	out->n_location = p->n_locations;
	out->location = arena_array(a, p->n_locations, sizeof(pb_location *));
	for (size_t i = 0; i < p->n_locations; i++, l++) {
		const struct profile_location *own = &p->locations[i];

		out->location[i] = l;
		perftools__profiles__location__init(l);
		l->id = i + 1;
		l->mapping_id = own->mapping;
		l->address = own->address;
		l->n_line = own->n_lines;
		l->line = refs + own->line;
	}
}

static pb_label **
make_labels(const struct profile *p, struct arena *a)
{
	pb_label *labels = arena_array(a, p->n_labels, sizeof *labels);
	pb_label **refs = arena_array(a, p->n_labels, sizeof *refs);

	for (size_t i = 0; i < p->n_labels; i++) {
		refs[i] = &labels[i];
		perftools__profiles__label__init(&labels[i]);
		labels[i].key = p->labels[i].key;
		labels[i].str = p->labels[i].text;
		labels[i].num = p->labels[i].number;
		labels[i].num_unit = p->labels[i].unit;
	}
	return refs;
}

static void
put_samples(pb_profile *out, const struct profile *p, struct arena *a)
{
	pb_sample *s = arena_array(a, p->n_samples, sizeof *s);
	uint64_t *ids = arena_array(a, p->n_stack_ids, sizeof *ids);
	pb_label **labels = make_labels(p, a);

	for (size_t i = 0; i < p->n_stack_ids; i++)
		ids[i] = p->stack_ids[i];
	out->n_sample = p->n_samples;
	out->sample = arena_array(a, p->n_samples, sizeof(pb_sample *));
	for (size_t i = 0; i < p->n_samples; i++, s++) {
		struct profile_sample *own = &p->samples[i];

		out->sample[i] = s;
		perftools__profiles__sample__init(s);
		s->n_location_id = own->n_locations;
		s->location_id = ids + own->location;
		s->n_value = p->n_types;
		s->value = own->values;
		s->n_label = own->n_labels;
		s->label = labels + own->label;
	}
}

static int
write_pprof(struct buf *out, const struct profile *p,
    const struct encode_options *o, struct err *e)
{
	pb_profile pb = PERFTOOLS__PROFILES__PROFILE__INIT;
	struct arena a;
	uint8_t *packed;
	size_t len;
	int rc;

	(void)o;
	arena_init(&a, SIZE_MAX);
	put_strings(&pb, p, &a);
	put_types(&pb, p, &a);
	put_mappings(&pb, p, &a);
	put_functions(&pb, p, &a);
	put_locations(&pb, p, &a);
	put_samples(&pb, p, &a);
	pb.drop_frames = p->drop_frames;
	pb.time_nanos = p->time_ns;
	pb.duration_nanos = p->duration_ns;
	pb.period = p->period;
	pb.n_comment = p->n_comments;
	pb.comment = arena_array(&a, p->n_comments, sizeof(int64_t));
	for (size_t i = 0; i < p->n_comments; i++)
		pb.comment[i] = p->comments[i];

	len = perftools__profiles__profile__get_packed_size(&pb);
	packed = xmalloc(len);
	perftools__profiles__profile__pack(&pb, packed);
	rc = gzip_pack(out, packed, len, e);
	free(packed);
	arena_fini(&a);
	return rc;
}

const struct encoder encode_pprof = {
	.name = "pprof",
	.extensions = " .pb.gz .pprof .pprof.gz .prof ",
	.content_type = "application/octet-stream",
	.help = "profile.proto, compressed, for go tool pprof and what reads "
		"its files",
	.write = write_pprof,
};
