/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "fake_profile.h"
#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

uint32_t
fake_frame(struct profile *p, const char *name, const char *file, int64_t line)
{
	struct profile_line l = { profile_function(p, name, name, file, 0),
		line };

	return profile_location_lines(p, 0, 0, &l, 1);
}

static void
add_mappings(struct profile *p)
{
	struct profile_mapping program = {
		.start = 0x400000,
		.limit = 0x500000,
		.bias = 0x400000,
		.file = profile_string(p, "/usr/sbin/nginx"),
		.build_id = profile_string(p, "0123456789abcdef"),
	};
	struct profile_mapping libc = {
		.start = 0x7f0000026000,
		.limit = 0x7f0000180000,
		.offset = 0x26000,
		.bias = 0x7f0000000000,
		.file = profile_string(p, "/usr/lib/libc.so.6"),
		.has_functions = true,
		.has_filenames = true,
		.has_lines = true,
		.has_inline_frames = true,
	};

	profile_add_mapping(p, &program);
	profile_add_mapping(p, &libc);
}

static uint32_t
frame(struct profile *p, uint32_t mapping, uint64_t address, const char *name,
    const char *file, int64_t line)
{
	struct profile_line l = { profile_function(p, name, name, file, 10),
		line };

	return profile_location_lines(p, mapping, address, &l, 1);
}

struct profile *
fake_heap(void)
{
	struct profile *p = profile_new();
	struct profile_line inlined[2];
	uint32_t malloc_, pool, conn, main_, bare, stack[4];
	struct profile_label labels[2];

	profile_add_type(p, "alloc_objects", "count");
	profile_add_type(p, "alloc_space", "bytes");
	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	p->stderror[3] = 14.0 * 1024 * 1024;
	p->period_type.type = profile_string(p, "space");
	p->period_type.unit = profile_string(p, "bytes");
	p->period = 524288;
	p->time_ns = INT64_C(1700000000123456789);
	p->drop_frames = profile_string(p, "malloc|calloc|operator new(\\[\\])?");
	profile_add_comment(p, "ullage 0.1");
	profile_add_comment(p, "lost: 0");
	add_mappings(p);

	inlined[0] = (struct profile_line){ profile_function(p, "push_inline",
	    "push_inline", "/src/core/ngx_array.h", 3), 5 };
	inlined[1] = (struct profile_line){ profile_function(p,
	    "http::Server::accept(int)", "_ZN4http6Server6acceptEi",
	    "/src/http/server.cc", 40), 44 };
	malloc_ = frame(p, 2, 0x7f0000030000, "malloc", "malloc.c", 3300);
	pool = frame(p, 1, 0x401000, "ngx_create_pool", "/src/core/ngx_palloc.c",
	    22);
	conn = profile_location_lines(p, 1, 0x402000, inlined, 2);
	main_ = frame(p, 1, 0x403000, "main", "/src/core/nginx.c", 384);
	bare = profile_location(p, 1, 0x4fff00);

	labels[0] = (struct profile_label){ .key = profile_string(p, "bytes"),
		.number = 16384, .unit = profile_string(p, "bytes") };
	labels[1] = (struct profile_label){ .key = profile_string(p, "thread"),
		.text = profile_string(p, "worker/1") };

	stack[0] = malloc_;
	stack[1] = pool;
	stack[2] = conn;
	stack[3] = main_;
	profile_add_sample(p, stack, 4, labels, 2,
	    (int64_t[]){ 50000, 819200000, 13440, 220200960 });
	profile_add_sample(p, stack + 1, 3, labels, 1,
	    (int64_t[]){ 3, 49152, 3, 49152 });
	profile_add_sample(p, stack + 2, 2, NULL, 0,
	    (int64_t[]){ 18000, 172000000, 18000, 171966464 });
	stack[1] = bare;
	profile_add_sample(p, stack, 2, NULL, 0,
	    (int64_t[]){ 7, 700, 0, 0 });
	profile_add_sample(p, stack + 1, 1, NULL, 0,
	    (int64_t[]){ 1, 812, 1, 812 });
	return p;
}

struct profile *
fake_large(size_t n, size_t depth)
{
	struct profile *p = profile_new();
	uint32_t *stack = xcalloc(depth, sizeof *stack);
	uint64_t random = 1;
	char name[64];

	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	add_mappings(p);
	for (size_t i = 0; i < n; i++) {
		int64_t values[2] = { 1, (int64_t)i };

		for (size_t k = 0; k < depth; k++) {
			random = random * UINT64_C(6364136223846793005) + 1;
			snprintf(name, sizeof name, "function_%u",
			    (unsigned)((random >> 33) % 4000));
			stack[k] = frame(p, 1, 0x400000 + (random >> 33) % 4000,
			    name, "large.c", (int64_t)((random >> 33) % 4000));
		}
		profile_add_sample(p, stack, depth, NULL, 0, values);
	}
	free(stack);
	return p;
}

#define same_text(a, x, b, y) \
	assert_string_equal(profile_text(a, x), profile_text(b, y))

static void
assert_same_head(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->n_types, b->n_types);
	for (size_t i = 0; i < a->n_types; i++) {
		same_text(a, a->types[i].type, b, b->types[i].type);
		same_text(a, a->types[i].unit, b, b->types[i].unit);
	}
	assert_int_equal(a->default_type, b->default_type);
	same_text(a, a->period_type.type, b, b->period_type.type);
	same_text(a, a->period_type.unit, b, b->period_type.unit);
	assert_int_equal(a->period, b->period);
	assert_int_equal(a->time_ns, b->time_ns);
	assert_int_equal(a->duration_ns, b->duration_ns);
	same_text(a, a->drop_frames, b, b->drop_frames);
	assert_int_equal(a->n_comments, b->n_comments);
	for (size_t i = 0; i < a->n_comments; i++)
		same_text(a, a->comments[i], b, b->comments[i]);
}

static void
assert_same_mapping(const struct profile *a, uint32_t x,
    const struct profile *b, uint32_t y)
{
	const struct profile_mapping *m = &a->mappings[x - 1];
	const struct profile_mapping *o = &b->mappings[y - 1];

	assert_int_equal(m->start, o->start);
	assert_int_equal(m->limit, o->limit);
	assert_int_equal(m->offset, o->offset);
	same_text(a, m->file, b, o->file);
	same_text(a, m->build_id, b, o->build_id);
}

static void
assert_same_location(const struct profile *a, uint32_t x,
    const struct profile *b, uint32_t y)
{
	const struct profile_location *l = &a->locations[x - 1];
	const struct profile_location *o = &b->locations[y - 1];

	assert_int_equal(l->address, o->address);
	assert_int_equal(l->mapping == 0, o->mapping == 0);
	if (l->mapping != 0)
		assert_same_mapping(a, l->mapping, b, o->mapping);
	assert_int_equal(l->n_lines, o->n_lines);
	for (uint32_t i = 0; i < l->n_lines; i++) {
		const struct profile_line *p = &a->lines[l->line + i];
		const struct profile_line *q = &b->lines[o->line + i];
		const struct profile_function *f, *g;

		f = &a->functions[p->function - 1];
		g = &b->functions[q->function - 1];
		assert_int_equal(p->line, q->line);
		same_text(a, f->name, b, g->name);
		same_text(a, f->file, b, g->file);
	}
}

static void
assert_same_labels(const struct profile *a, const struct profile_sample *s,
    const struct profile *b, const struct profile_sample *t)
{
	assert_int_equal(s->n_labels, t->n_labels);
	for (uint32_t i = 0; i < s->n_labels; i++) {
		const struct profile_label *l = &a->labels[s->label + i];
		const struct profile_label *m = &b->labels[t->label + i];

		same_text(a, l->key, b, m->key);
		same_text(a, l->text, b, m->text);
		same_text(a, l->unit, b, m->unit);
		assert_int_equal(l->number, m->number);
	}
}

void
assert_same_profile(const struct profile *a, const struct profile *b)
{
	assert_same_head(a, b);
	assert_int_equal(a->n_samples, b->n_samples);
	for (size_t i = 0; i < a->n_samples; i++) {
		const struct profile_sample *s = &a->samples[i];
		const struct profile_sample *t = &b->samples[i];

		assert_int_equal(s->n_locations, t->n_locations);
		for (uint32_t k = 0; k < s->n_locations; k++)
			assert_same_location(a, a->stack_ids[s->location + k],
			    b, b->stack_ids[t->location + k]);
		for (size_t k = 0; k < a->n_types; k++)
			assert_int_equal(s->values[k], t->values[k]);
		assert_same_labels(a, s, b, t);
	}
}
