/* SPDX-License-Identifier: MIT */
/* Our own JSON, read back; json.c says what is in it. */
#include "config.h"

#include "base/xalloc.h"
#include "encode/encode.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)512 << 20)

struct reading {
	struct profile *p;
	struct err *e;
	struct profile_line *lines; /* of the location being read */
	size_t cap_lines;
	uint32_t *stack;
	size_t cap_stack;
	struct profile_label *labels;
	size_t cap_labels;
};

/* A text; "" for null, a missing key or something else. */
static const char *
text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "";
}

static int64_t
number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static uint64_t
hex(const json_t *object, const char *key)
{
	return strtoull(text(object, key), NULL, 16);
}

static int
read_types(struct reading *r, const json_t *root)
{
	const json_t *list = json_object_get(root, "types"), *error;
	size_t n = json_array_size(list);
	int type;

	if (n == 0 || n > PROFILE_VALUES_MAX)
		return err_set(r->e, ERR_FAILED,
		    "it has %zu value types; 1 to %d can be read", n,
		    PROFILE_VALUES_MAX);
	for (size_t i = 0; i < n; i++) {
		const json_t *t = json_array_get(list, i);

		profile_add_type(r->p, text(t, "type"), text(t, "unit"));
		error = json_object_get(t, "stderror");
		if (json_is_number(error))
			r->p->stderror[i] = json_number_value(error);
	}
	type = profile_type_find(r->p, text(root, "default_type"));
	if (type >= 0)
		r->p->default_type = (size_t)type;
	return 0;
}

static void
read_head(struct reading *r, const json_t *root)
{
	const json_t *type = json_object_get(root, "period_type"), *list;
	struct profile *p = r->p;

	p->period_type.type = profile_string(p, text(type, "type"));
	p->period_type.unit = profile_string(p, text(type, "unit"));
	p->period = number(root, "period");
	p->time_ns = number(root, "time");
	p->duration_ns = number(root, "duration");
	p->drop_frames = profile_string(p, text(root, "drop_frames"));
	list = json_object_get(root, "comments");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		profile_add_comment(p, "%s", s != NULL ? s : "");
	}
	list = json_object_get(root, "mappings");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *m = json_array_get(list, i);
		struct profile_mapping own = {
			.start = hex(m, "start"),
			.limit = hex(m, "limit"),
			.offset = hex(m, "offset"),
			.bias = hex(m, "start") - hex(m, "offset"),
			.file = profile_string(p, text(m, "file")),
			.build_id = profile_string(p, text(m, "build_id")),
		};

		profile_add_mapping(p, &own);
	}
}

/* By address; a frame without one belongs to the first of its file. */
static uint32_t
mapping_of(const struct profile *p, const char *module, uint64_t address)
{
	uint32_t named = 0;

	if (*module == '\0')
		return 0;
	for (size_t i = p->n_mappings; i > 0; i--) {
		const struct profile_mapping *m = &p->mappings[i - 1];

		if (strcmp(profile_text(p, m->file), module) != 0)
			continue;
		named = (uint32_t)i;
		if (address >= m->start && address < m->limit)
			return named;
	}
	return named;
}

static size_t
read_stack(struct reading *r, const json_t *list)
{
	struct profile *p = r->p;
	size_t n = 0, n_lines = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *f = json_array_get(list, i);
		uint64_t address = hex(f, "address");
		const char *name = text(f, "name");
		struct profile_line l = { 0, number(f, "line") };

		if (*name != '\0' || *text(f, "file") != '\0') {
			l.function = profile_function(p, name, name,
			    text(f, "file"), 0);
			r->lines = xgrow(r->lines, n_lines, &r->cap_lines,
			    sizeof *r->lines);
			r->lines[n_lines++] = l;
		}
		if (json_is_true(json_object_get(f, "inlined")))
			continue;
		r->stack = xgrow(r->stack, n, &r->cap_stack, sizeof *r->stack);
		r->stack[n++] = profile_location_lines(p,
		    mapping_of(p, text(f, "module"), address), address,
		    r->lines, n_lines);
		n_lines = 0;
	}
	return n;
}

static size_t
read_labels(struct reading *r, const json_t *list)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);
		struct profile_label l = {
			.key = profile_string(r->p, text(from, "key")),
			.text = profile_string(r->p, text(from, "text")),
		};

		if (l.key == 0)
			continue;
		if (l.text == 0) {
			l.number = number(from, "number");
			l.unit = profile_string(r->p, text(from, "unit"));
		}
		r->labels = xgrow(r->labels, n, &r->cap_labels,
		    sizeof *r->labels);
		r->labels[n++] = l;
	}
	return n;
}

static int
read_samples(struct reading *r, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);
		const json_t *from = json_object_get(s, "values");
		int64_t values[PROFILE_VALUES_MAX] = { 0 };
		size_t n, n_labels;

		if (json_array_size(from) != r->p->n_types)
			return err_set(r->e, ERR_FAILED,
			    "sample %zu has %zu values instead of %zu", i,
			    json_array_size(from), r->p->n_types);
		for (size_t k = 0; k < r->p->n_types; k++)
			values[k] = json_integer_value(json_array_get(from, k));
		n = read_stack(r, json_object_get(s, "stack"));
		n_labels = read_labels(r, json_object_get(s, "labels"));
		profile_add_sample(r->p, r->stack, n, r->labels, n_labels,
		    values);
	}
	return 0;
}

static bool
all_named(const struct profile *p)
{
	for (size_t i = 0; i < p->n_locations; i++)
		if (p->locations[i].n_lines == 0)
			return false;
	return p->n_locations != 0;
}

/*
 * Three bytes of a stranger's JSON can become three hundred in memory. jansson
 * lets its allocator be replaced, for the whole process, so this lasts for one
 * call; what was asked for in all is a good enough measure.
 */
static size_t memory_left;

static void *
allocate(size_t size)
{
	if (size > memory_left)
		return NULL;
	memory_left -= size;
	return malloc(size);
}

static json_t *
load(const char *bytes, size_t len, struct err *e)
{
	json_malloc_t usual_malloc;
	json_free_t usual_free;
	json_error_t why;
	json_t *root;

	json_get_alloc_funcs(&usual_malloc, &usual_free);
	memory_left = MEMORY_MAX;
	json_set_alloc_funcs(allocate, free);
	root = json_loadb(bytes, len, 0, &why);
	json_set_alloc_funcs(usual_malloc, usual_free);
	if (root == NULL)
		err_set(e, ERR_FAILED,
		    "it is not well-formed JSON, or needs more than %zu MiB: "
		    "line %d: %s", MEMORY_MAX >> 20, why.line, why.text);
	return root;
}

static struct profile *
read_json(const char *bytes, size_t len, struct err *e)
{
	struct reading r = { .e = e };
	json_t *root = load(bytes, len, e);

	if (root == NULL)
		return NULL;
	r.p = profile_new();
	if (read_types(&r, root) == 0) {
		read_head(&r, root);
		if (read_samples(&r, json_object_get(root, "samples")) == 0) {
			r.p->symbolized = all_named(r.p);
			json_decref(root);
			root = NULL;
		}
	}
	free(r.lines);
	free(r.stack);
	free(r.labels);
	if (root != NULL) {
		json_decref(root);
		profile_free(r.p);
		return NULL;
	}
	return r.p;
}

static bool
sniff_json(const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(" \t\r\n", bytes[i]) != NULL && bytes[i] != 0)
		i++;
	return i < len && bytes[i] == '{';
}

const struct decoder decode_json = {
	.name = "json",
	.help = "the JSON that ullage writes",
	.sniff = sniff_json,
	.read = read_json,
};
