/* SPDX-License-Identifier: MIT */
/*
 * profile.proto, read. The bytes are a stranger's: unpacking may take only so
 * much memory, and every id is looked up before it is followed. Ids of the
 * file may be any numbers; ours are in order of appearance.
 */
#include "config.h"

#include "base/hash.h"
#include "base/xalloc.h"
#include "encode/arena.h"
#include "encode/encode.h"
#include "encode/profile.pb-c.h"

#include <stdlib.h>

/* What the unpacked messages may take. They are larger than their bytes: an
 * empty one of two bytes becomes eighty. */
#define MEMORY_MAX ((size_t)512 << 20)

typedef Perftools__Profiles__Profile pb_profile;
typedef Perftools__Profiles__Sample pb_sample;
typedef Perftools__Profiles__Location pb_location;

/* Ids of the file → ours. */
struct ids {
	struct hash hash;
	struct pair {
		uint64_t theirs;
		uint32_t ours;
	} *pairs;
	size_t n, cap;
};

struct reading {
	const pb_profile *pb;
	struct profile *p;
	struct ids mappings, functions, locations;
	uint32_t *stack;
	size_t cap_stack;
	struct profile_label *labels;
	size_t cap_labels;
	struct err *e;
};

static void *
allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void
release(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

static uint32_t
ids_find(const struct ids *ids, uint64_t theirs)
{
	uint64_t v = hash_mix(0, theirs);
	size_t at = hash_start(&ids->hash, v);
	uint32_t i;

	while ((i = hash_next(&ids->hash, v, &at)) != 0)
		if (ids->pairs[i - 1].theirs == theirs)
			return ids->pairs[i - 1].ours;
	return 0;
}

static int
ids_add(struct ids *ids, const char *what, uint64_t theirs, uint32_t ours,
    struct err *e)
{
	if (theirs == 0)
		return err_set(e, ERR_FAILED, "a %s has the id 0", what);
	if (ids_find(ids, theirs) != 0)
		return err_set(e, ERR_FAILED, "two %ss have the id %llu", what,
		    (unsigned long long)theirs);
	ids->pairs = xgrow(ids->pairs, ids->n, &ids->cap, sizeof *ids->pairs);
	ids->pairs[ids->n++] = (struct pair){ theirs, ours };
	hash_put(&ids->hash, hash_mix(0, theirs), (uint32_t)ids->n);
	return 0;
}

static void
ids_free(struct ids *ids)
{
	hash_free(&ids->hash);
	free(ids->pairs);
}

/* The text of a string index; "" for one out of range. */
static const char *
text(const struct reading *r, int64_t i)
{
	if (i < 0 || (uint64_t)i >= r->pb->n_string_table)
		return "";
	return r->pb->string_table[i];
}

static string_id
string(struct reading *r, int64_t i)
{
	return profile_string(r->p, text(r, i));
}

static int
read_head(struct reading *r)
{
	const pb_profile *pb = r->pb;
	struct profile *p = r->p;
	int type;

	if (pb->n_sample_type == 0 || pb->n_sample_type > PROFILE_VALUES_MAX)
		return err_set(r->e, ERR_FAILED,
		    "it has %zu value types; 1 to %d can be read",
		    pb->n_sample_type, PROFILE_VALUES_MAX);
	for (size_t i = 0; i < pb->n_sample_type; i++)
		profile_add_type(p, text(r, pb->sample_type[i]->type),
		    text(r, pb->sample_type[i]->unit));
	type = pb->default_sample_type == 0 ? -1 :
	    profile_type_find(p, text(r, pb->default_sample_type));
	if (type >= 0)
		p->default_type = (size_t)type;
	if (pb->period_type != NULL) {
		p->period_type.type = string(r, pb->period_type->type);
		p->period_type.unit = string(r, pb->period_type->unit);
	}
	p->period = pb->period;
	p->time_ns = pb->time_nanos;
	p->duration_ns = pb->duration_nanos;
	p->drop_frames = string(r, pb->drop_frames);
	for (size_t i = 0; i < pb->n_comment; i++)
		profile_add_comment(p, "%s", text(r, pb->comment[i]));
	return 0;
}

static int
read_mappings(struct reading *r)
{
	for (size_t i = 0; i < r->pb->n_mapping; i++) {
		const Perftools__Profiles__Mapping *pm = r->pb->mapping[i];
		struct profile_mapping m = {
			.start = pm->memory_start,
			.limit = pm->memory_limit,
			.offset = pm->file_offset,
			/* A guess: right where the file's offsets are its
			 * link addresses. Who symbolizes looks into the ELF. */
			.bias = pm->memory_start - pm->file_offset,
			.file = string(r, pm->filename),
			.build_id = string(r, pm->build_id),
			.has_functions = pm->has_functions,
			.has_filenames = pm->has_filenames,
			.has_lines = pm->has_line_numbers,
			.has_inline_frames = pm->has_inline_frames,
		};

		/* Go writes 0 for "to the end". */
		if (m.limit < m.start)
			m.limit = m.start;
		if (ids_add(&r->mappings, "mapping", pm->id,
			profile_add_mapping(r->p, &m), r->e) < 0)
			return -1;
	}
	return 0;
}

static int
read_functions(struct reading *r)
{
	for (size_t i = 0; i < r->pb->n_function; i++) {
		const Perftools__Profiles__Function *f = r->pb->function[i];
		uint32_t id = profile_function(r->p, text(r, f->name),
		    text(r, f->system_name), text(r, f->filename),
		    f->start_line);

		if (ids_add(&r->functions, "function", f->id, id, r->e) < 0)
			return -1;
	}
	return 0;
}

static int
read_location(struct reading *r, const pb_location *l,
    struct profile_line *lines)
{
	uint32_t mapping = 0;

	if (l->mapping_id != 0) {
		mapping = ids_find(&r->mappings, l->mapping_id);
		if (mapping == 0)
			return err_set(r->e, ERR_FAILED,
			    "location %llu names mapping %llu, which is not "
			    "there", (unsigned long long)l->id,
			    (unsigned long long)l->mapping_id);
	}
	for (size_t i = 0; i < l->n_line; i++) {
		lines[i].line = l->line[i]->line;
		lines[i].function = ids_find(&r->functions,
		    l->line[i]->function_id);
		if (lines[i].function == 0)
			return err_set(r->e, ERR_FAILED,
			    "location %llu names function %llu, which is not "
			    "there", (unsigned long long)l->id,
			    (unsigned long long)l->line[i]->function_id);
	}
	return ids_add(&r->locations, "location", l->id,
	    profile_location_lines(r->p, mapping, l->address, lines,
		l->n_line), r->e);
}

static int
read_locations(struct reading *r)
{
	struct profile_line *lines;
	size_t most = 0;
	int rc = 0;

	r->p->symbolized = r->pb->n_location != 0;
	for (size_t i = 0; i < r->pb->n_location; i++) {
		size_t n = r->pb->location[i]->n_line;

		if (n == 0)
			r->p->symbolized = false;
		if (n > most)
			most = n;
	}
	lines = xcalloc(most, sizeof *lines);
	for (size_t i = 0; rc == 0 && i < r->pb->n_location; i++)
		rc = read_location(r, r->pb->location[i], lines);
	free(lines);
	return rc;
}

static size_t
read_labels(struct reading *r, const pb_sample *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_label; i++) {
		const Perftools__Profiles__Label *from = s->label[i];
		struct profile_label l = {
			.key = string(r, from->key),
			.text = string(r, from->str),
		};

		if (l.key == 0)
			continue;
		if (l.text == 0) {
			l.number = from->num;
			l.unit = string(r, from->num_unit);
		}
		r->labels = xgrow(r->labels, n, &r->cap_labels,
		    sizeof *r->labels);
		r->labels[n++] = l;
	}
	return n;
}

static int
read_sample(struct reading *r, const pb_sample *s)
{
	size_t n_labels;

	if (s->n_value != r->p->n_types)
		return err_set(r->e, ERR_FAILED,
		    "a sample has %zu values instead of %zu", s->n_value,
		    r->p->n_types);
	for (size_t i = 0; i < s->n_location_id; i++) {
		uint32_t id = ids_find(&r->locations, s->location_id[i]);

		if (id == 0)
			return err_set(r->e, ERR_FAILED,
			    "a sample names location %llu, which is not there",
			    (unsigned long long)s->location_id[i]);
		r->stack = xgrow(r->stack, i, &r->cap_stack, sizeof *r->stack);
		r->stack[i] = id;
	}
	n_labels = read_labels(r, s);
	profile_add_sample(r->p, r->stack, s->n_location_id, r->labels,
	    n_labels, s->value);
	return 0;
}

static int
read_all(struct reading *r)
{
	if (r->pb->n_string_table != 0 && r->pb->string_table[0][0] != '\0')
		return err_set(r->e, ERR_FAILED,
		    "its string table does not begin with the empty string");
	if (read_head(r) < 0 || read_mappings(r) < 0 || read_functions(r) < 0 ||
	    read_locations(r) < 0)
		return -1;
	for (size_t i = 0; i < r->pb->n_sample; i++)
		if (read_sample(r, r->pb->sample[i]) < 0)
			return -1;
	return 0;
}

static struct profile *
read_pprof(const char *bytes, size_t len, struct err *e)
{
	struct reading r = { .e = e };
	struct arena arena;
	ProtobufCAllocator a = { allocate, release, &arena };

	arena_init(&arena, MEMORY_MAX);
	r.pb = perftools__profiles__profile__unpack(&a, len,
	    (const uint8_t *)bytes);
	if (r.pb == NULL) {
		err_set(e, ERR_FAILED,
		    "it is not a well-formed profile.proto, or needs more than "
		    "%zu MiB to read", MEMORY_MAX >> 20);
	} else {
		r.p = profile_new();
		if (read_all(&r) < 0) {
			profile_free(r.p);
			r.p = NULL;
		}
	}
	ids_free(&r.mappings);
	ids_free(&r.functions);
	ids_free(&r.locations);
	free(r.stack);
	free(r.labels);
	arena_fini(&arena);
	return r.p;
}

static bool
varint(const char **s, const char *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; *s < end && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*(*s)++;

		*value |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return true;
	}
	return false;
}

/* True if the bytes are, to the last, fields that a Profile has. */
static bool
sniff_pprof(const char *bytes, size_t len)
{
	/* Wire type by field: 2 is a run of bytes, 0 a number. */
	static const char wire[] = "-222222000020200";
	const char *s = bytes, *end = bytes + len;
	uint64_t tag, value;

	while (s < end) {
		if (!varint(&s, end, &tag) || tag >> 3 == 0 || tag >> 3 > 15 ||
		    !varint(&s, end, &value))
			return false;
		/* Comments may be written one by one. */
		if ((tag & 7) != (uint64_t)(wire[tag >> 3] - '0') &&
		    !(tag >> 3 == 13 && (tag & 7) == 0))
			return false;
		if ((tag & 7) == 2) {
			if (value > (uint64_t)(end - s))
				return false;
			s += value;
		}
	}
	return len != 0;
}

const struct decoder decode_pprof = {
	.name = "pprof",
	.help = "profile.proto, compressed or not",
	.sniff = sniff_pprof,
	.read = read_pprof,
};
