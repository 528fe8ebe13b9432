/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "fake_profile.h"
#include "profile/ops.h"
#include "profile/top.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct profile *
two_values(void)
{
	struct profile *p = profile_new();

	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	return p;
}

static void
add(struct profile *p, uint32_t *stack, size_t n, int64_t objects,
    int64_t bytes)
{
	profile_add_sample(p, stack, n, NULL, 0,
	    (int64_t[]){ objects, bytes });
}

static void
equal_things_get_equal_ids(void **state)
{
	struct profile *p = two_values();
	string_id a = profile_string(p, "a");
	uint32_t f = profile_function(p, "f", "_f", "f.c", 1);
	uint32_t l = profile_location(p, 0, 42);

	(void)state;
	assert_int_equal(profile_string(p, ""), 0);
	assert_int_equal(profile_string(p, NULL), 0);
	assert_int_equal(profile_string(p, "a"), a);
	assert_int_not_equal(profile_string(p, "b"), a);
	assert_int_equal(profile_function(p, "f", "_f", "f.c", 1), f);
	assert_int_not_equal(profile_function(p, "f", "_f", "f.c", 2), f);
	assert_int_not_equal(profile_function(p, "f", "_g", "f.c", 1), f);
	assert_int_equal(profile_location(p, 0, 42), l);
	assert_int_not_equal(profile_location(p, 0, 43), l);
	assert_string_equal(profile_text(p, a), "a");
	assert_string_equal(profile_text(p, 1000), "");
	profile_free(p);
}

static void
ids_are_one_to_n_in_order(void **state)
{
	struct profile *p = two_values();
	char name[32];

	(void)state;
	for (uint32_t i = 1; i <= 5000; i++) {
		snprintf(name, sizeof name, "f%u", i);
		assert_int_equal(profile_function(p, name, name, "", 0), i);
		assert_int_equal(profile_location(p, 0, i * 16), i);
	}
	profile_free(p);
}

static void
the_same_address_may_have_other_lines(void **state)
{
	struct profile *p = two_values();
	struct profile_line a = { profile_function(p, "a", "a", "", 0), 1 };
	struct profile_line b = { profile_function(p, "b", "b", "", 0), 1 };
	uint32_t la = profile_location_lines(p, 0, 7, &a, 1);
	uint32_t lb = profile_location_lines(p, 0, 7, &b, 1);

	(void)state;
	assert_int_not_equal(la, lb);
	assert_int_equal(profile_location_lines(p, 0, 7, &a, 1), la);
	assert_int_equal(profile_location_lines(p, 0, 7, &b, 1), lb);
	assert_int_equal(profile_location(p, 0, 7), la);
	profile_free(p);
}

static void
equal_stacks_become_one_sample(void **state)
{
	struct profile *p = two_values();
	uint32_t stack[3] = { profile_location(p, 0, 1),
		profile_location(p, 0, 2), profile_location(p, 0, 3) };
	struct profile_label label = { .key = profile_string(p, "bytes"),
		.number = 8 };

	(void)state;
	add(p, stack, 3, 1, 100);
	add(p, stack, 3, 2, 200);
	add(p, stack, 2, 1, 1);
	profile_add_sample(p, stack, 3, &label, 1, (int64_t[]){ 5, 5 });
	label.number = 16;
	profile_add_sample(p, stack, 3, &label, 1, (int64_t[]){ 5, 5 });
	assert_int_equal(p->n_samples, 4);
	assert_int_equal(p->samples[0].values[1], 300);
	assert_int_equal(profile_total(p, 0), 14);
	assert_int_equal(profile_total(p, 1), 311);
	profile_free(p);
}

static void
sums_stop_at_the_ends_of_the_range(void **state)
{
	struct profile *p = two_values();
	uint32_t a = profile_location(p, 0, 1);

	(void)state;
	add(p, &a, 1, INT64_MAX, INT64_MIN);
	add(p, &a, 1, 1, -1);
	assert_true(p->samples[0].values[0] == INT64_MAX);
	assert_true(p->samples[0].values[1] == INT64_MIN);
	assert_true(profile_sum(INT64_MAX, INT64_MIN) == -1);
	profile_free(p);
}

static void
types_are_found_by_their_short_names(void **state)
{
	struct profile *p = two_values();

	(void)state;
	assert_int_equal(profile_type_find(p, "inuse_space"), 1);
	assert_int_equal(profile_type_find(p, "space"), 1);
	assert_int_equal(profile_type_find(p, "objects"), 0);
	assert_int_equal(profile_type_find(p, "alloc_space"), -1);
	profile_add_type(p, "space", "bytes");
	assert_int_equal(profile_type_find(p, "space"), 2);
	assert_int_equal(profile_type_find(p, "inuse_space"), 1);
	assert_int_equal(p->default_type, 2);
	profile_free(p);
}

static void
more_types_than_there_is_room_for_are_left_out(void **state)
{
	struct profile *p = profile_new();

	(void)state;
	for (int i = 0; i < PROFILE_VALUES_MAX + 3; i++)
		profile_add_type(p, "samples", "count");
	assert_int_equal(p->n_types, PROFILE_VALUES_MAX);
	assert_int_equal(p->default_type, PROFILE_VALUES_MAX - 1);
	profile_free(p);
}

static void
locations_are_named_by_what_is_known(void **state)
{
	struct profile *p = fake_heap();
	uint32_t nowhere = profile_location(p, 0, 0xabc);
	char out[64], small[8];

	(void)state;
	assert_string_equal(profile_location_name(p, 3, 0, out, sizeof out),
	    "push_inline");
	assert_string_equal(profile_location_name(p, 3, 1, out, sizeof out),
	    "http::Server::accept(int)");
	assert_string_equal(profile_location_name(p, 5, 0, out, sizeof out),
	    "nginx+0xfff00");
	assert_string_equal(profile_location_name(p, nowhere, 0, out,
	    sizeof out), "0xabc");
	assert_string_equal(profile_location_name(p, 5, 0, small,
	    sizeof small), "nginx+0");
	profile_free(p);
}

static void
made_up_profiles_are_valid(void **state)
{
	struct profile *p = fake_heap();
	struct err e;

	(void)state;
	assert_true(profile_valid(p, &e));
	profile_free(p);
}

/* Each breaks one thing that profile_valid looks at. */
#define BREAKERS(X)                                                           \
	X(p->default_type = p->n_types)                                       \
	X(p->n_types = 0)                                                     \
	X(p->n_types = PROFILE_VALUES_MAX + 1)                                \
	X(p->types[1].unit = (string_id)p->n_strings)                         \
	X(p->stderror[0] = NAN)                                               \
	X(p->period_type.type = (string_id)p->n_strings)                      \
	X(p->drop_frames = (string_id)p->n_strings)                           \
	X(p->comments[1] = (string_id)p->n_strings)                           \
	X(p->mappings[0].file = (string_id)p->n_strings)                      \
	X(p->mappings[1].build_id = (string_id)p->n_strings)                  \
	X(p->mappings[0].limit = p->mappings[0].start - 1)                    \
	X(p->functions[0].name = (string_id)p->n_strings)                     \
	X(p->functions[1].system_name = (string_id)p->n_strings)              \
	X(p->functions[2].file = (string_id)p->n_strings)                     \
	X(p->lines[0].function = 0)                                           \
	X(p->lines[1].function = (uint32_t)p->n_functions + 1)                \
	X(p->locations[0].mapping = (uint32_t)p->n_mappings + 1)              \
	X(p->locations[1].line = (uint32_t)p->n_lines)                        \
	X(p->locations[1].n_lines = UINT32_MAX)                               \
	X(p->stack_ids[0] = 0)                                                \
	X(p->stack_ids[1] = (uint32_t)p->n_locations + 1)                     \
	X(p->labels[0].key = 0)                                               \
	X(p->labels[0].unit = (string_id)p->n_strings)                        \
	X(p->labels[1].text = (string_id)p->n_strings)                        \
	X(p->labels[1].number = 1)                                            \
	X(p->samples[0].location = (uint32_t)p->n_stack_ids)                  \
	X(p->samples[0].n_locations = UINT32_MAX)                             \
	X(p->samples[1].label = (uint32_t)p->n_labels)                        \
	X(p->samples[1].n_labels = UINT32_MAX)

static void
every_broken_invariant_is_noticed(void **state)
{
	struct profile *p;
	struct err e;

	(void)state;
#define X(statement)                                                          \
	p = fake_heap();                                                      \
	statement;                                                            \
	e.text[0] = '\0';                                                     \
	if (profile_valid(p, &e))                                             \
		fail_msg("not noticed: %s", #statement);                      \
	assert_string_not_equal(e.text, "");                                  \
	profile_free(p);
	BREAKERS(X)
#undef X
}

static size_t
sample_depth(const struct profile *p, size_t i)
{
	return p->samples[i].n_locations;
}

static const char *
leaf_name(const struct profile *p, size_t i, char out[64])
{
	return profile_location_name(p, p->stack_ids[p->samples[i].location],
	    0, out, 64);
}

static void
dropped_frames_take_what_they_call_with_them(void **state)
{
	struct profile *p = two_values(), *r;
	uint32_t stack[4] = { fake_frame(p, "helper", "", 0),
		fake_frame(p, "operator new[](unsigned long)", "", 0),
		fake_frame(p, "work(int)", "", 0),
		fake_frame(p, "main", "", 0) };
	struct err e;
	char name[64];

	(void)state;
	p->drop_frames = profile_string(p, "malloc|operator new(\\[\\])?");
	add(p, stack, 4, 1, 10);
	r = profile_drop_frames(p, &e);
	assert_true(profile_valid(r, &e));
	assert_int_equal(sample_depth(r, 0), 2);
	assert_string_equal(leaf_name(r, 0, name), "work(int)");
	profile_free(r);
	profile_free(p);
}

static void
nothing_is_dropped_before_the_first_frame_of_the_program(void **state)
{
	struct profile *p = two_values(), *r;
	uint32_t stack[3] = { fake_frame(p, "malloc", "", 0),
		fake_frame(p, "malloc", "m.c", 3),
		fake_frame(p, "main", "", 0) };
	struct err e;
	char name[64];

	(void)state;
	p->drop_frames = profile_string(p, "malloc");
	add(p, stack, 2, 1, 10);
	add(p, (uint32_t[]){ stack[2], stack[0] }, 2, 1, 5);
	r = profile_drop_frames(p, &e);
	assert_int_equal(sample_depth(r, 0), 2);
	assert_string_equal(leaf_name(r, 0, name), "malloc");
	assert_int_equal(sample_depth(r, 1), 2);
	assert_int_equal(profile_total(r, 1), 15);
	profile_free(r);
	profile_free(p);
}

static void
an_inlined_frame_is_dropped_out_of_its_location(void **state)
{
	struct profile *p = two_values(), *r;
	struct profile_line lines[2];
	uint32_t stack[2];
	struct err e;
	char name[64];

	(void)state;
	p->drop_frames = profile_string(p, "allocate");
	lines[0].function = profile_function(p, "allocate", "", "", 0);
	lines[0].line = 1;
	lines[1].function = profile_function(p, "caller", "", "", 0);
	lines[1].line = 2;
	stack[0] = profile_location_lines(p, 0, 99, lines, 2);
	stack[1] = fake_frame(p, "main", "", 0);
	add(p, stack, 2, 1, 10);
	r = profile_drop_frames(p, &e);
	assert_int_equal(sample_depth(r, 0), 2);
	assert_string_equal(leaf_name(r, 0, name), "caller");
	profile_free(r);
	profile_free(p);
}

static void
names_match_whole_and_without_their_arguments(void **state)
{
	static const struct {
		const char *name;
		bool dropped;
	} cases[] = {
		{ "alloc", true },
		{ "alloc(int)", true },
		{ "alloc_more", false },
		{ "my_alloc", false },
		{ "(anonymous namespace)::take(int)", true },
		{ "Pool::operator()(int)", true },
		{ "", false },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct profile *p = two_values(), *r;
		uint32_t stack[2] = { fake_frame(p, cases[i].name, "x.c", 1),
			fake_frame(p, "main", "", 0) };

		p->drop_frames = profile_string(p,
		    "alloc|\\(anonymous namespace\\)::take|"
		    "Pool::operator\\(\\)");
		add(p, stack, 2, 1, 1);
		r = profile_drop_frames(p, &e);
		assert_int_equal(sample_depth(r, 0), cases[i].dropped ? 1 : 2);
		profile_free(r);
		profile_free(p);
	}
}

static void
expressions_that_could_hang_are_refused(void **state)
{
	static const char *const bad[] = { "(", "(a{255}){255}", "(a*)*\\1",
		"[" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct profile *p = fake_heap();
		struct top *t;

		p->drop_frames = profile_string(p, bad[i]);
		assert_null(profile_drop_frames(p, &e));
		assert_non_null(strstr(e.text, "drop_frames"));
		t = top_build(p, 3, true);
		assert_int_not_equal(t->n, 0);
		top_free(t);
		profile_free(p);
	}
}

static const struct top_row *
row_named(const struct top *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void
the_top_counts_flat_and_cumulative(void **state)
{
	struct profile *p = fake_heap();
	struct top *t = top_build(p, 3, false);

	(void)state;
	assert_int_equal(t->total[3], 220200960 + 49152 + 171966464 + 812);
	assert_string_equal(t->rows[0].name, "ngx_create_pool");
	assert_int_equal(t->rows[0].flat[3], 220200960 + 49152);
	assert_string_equal(t->rows[0].module, "nginx");
	assert_int_equal(row_named(t, "push_inline")->flat[3], 171966464);
	assert_int_equal(row_named(t, "main")->flat[3], 0);
	assert_int_equal(row_named(t, "main")->cum[3],
	    220200960 + 49152 + 171966464);
	assert_string_equal(row_named(t, "main")->where, "nginx.c:10");
	assert_int_equal(row_named(t, "nginx+0xfff00")->flat[1], 1512);
	top_free(t);
	profile_free(p);
}

static void
recursion_counts_once_for_each_sample(void **state)
{
	struct profile *p = two_values();
	uint32_t a = fake_frame(p, "again", "a.c", 1);
	uint32_t b = fake_frame(p, "again", "a.c", 2);
	struct top *t;

	(void)state;
	add(p, (uint32_t[]){ a, b, a, b, a }, 5, 1, 10);
	t = top_build(p, 1, false);
	assert_int_equal(t->n, 1);
	assert_int_equal(t->rows[0].cum[1], 10);
	assert_int_equal(t->rows[0].flat[1], 10);
	top_free(t);
	t = top_build(p, 1, true);
	assert_int_equal(t->n, 2);
	assert_string_equal(t->rows[0].where, "a.c:1");
	assert_int_equal(t->rows[1].cum[1], 10);
	assert_int_equal(t->rows[1].flat[1], 0);
	top_free(t);
	profile_free(p);
}

static void
negative_rows_sort_by_their_size(void **state)
{
	struct profile *p = two_values();
	uint32_t a = fake_frame(p, "a", "", 0), b = fake_frame(p, "b", "", 0);
	struct top *t;

	(void)state;
	add(p, &a, 1, 1, 10);
	add(p, &b, 1, 1, INT64_MIN);
	t = top_build(p, 1, true);
	assert_string_equal(t->rows[0].name, "b");
	top_free(t);
	profile_free(p);
}

static void
a_sample_without_a_stack_is_not_lost(void **state)
{
	struct profile *p = two_values();
	struct top *t;

	(void)state;
	add(p, NULL, 0, 1, 10);
	t = top_build(p, 1, true);
	assert_int_equal(t->n, 1);
	assert_string_equal(t->rows[0].name, "(no stack)");
	assert_int_equal(t->rows[0].flat[1], 10);
	top_free(t);
	profile_free(p);
}

static void
a_profile_minus_itself_is_empty(void **state)
{
	struct profile *p = fake_heap(), *r;
	struct err e;

	(void)state;
	r = profile_diff(p, p, &e);
	assert_non_null(r);
	assert_true(profile_valid(r, &e));
	assert_int_equal(r->n_samples, 0);
	assert_true(fabs(r->stderror[3] - p->stderror[3] * sqrt(2)) < 1);
	profile_free(r);
	profile_free(p);
}

/* A run of the same program at another place, maybe another build. */
static struct profile *
run_at(uint64_t shift, const char *build_id, bool named, int64_t bytes)
{
	struct profile *p = two_values();
	struct profile_mapping m = { .start = 0x1000 + shift,
		.limit = 0x9000 + shift, .offset = 0x1000, .bias = shift,
		.file = profile_string(p, "/srv/app"),
		.build_id = profile_string(p, build_id) };
	uint32_t stack[2];

	profile_add_mapping(p, &m);
	for (int i = 0; i < 2; i++) {
		struct profile_line l = { profile_function(p,
		    i ? "main" : "leaf", "", "/build/app.c", 1), 10 + i };

		stack[i] = profile_location_lines(p, 1,
		    0x2000 + shift + (uint64_t)i * 16, &l, named);
	}
	p->symbolized = named;
	add(p, stack, 2, 1, bytes);
	return p;
}

static void
assert_one_difference(struct profile *after, struct profile *base,
    int64_t bytes)
{
	struct err e;
	struct profile *r = profile_diff(after, base, &e);

	assert_non_null(r);
	assert_true(profile_valid(r, &e));
	assert_int_equal(r->n_samples, 1);
	assert_int_equal(r->samples[0].values[1], bytes);
	assert_int_equal(r->locations[r->stack_ids[
	    r->samples[0].location] - 1].address,
	    after->locations[after->stack_ids[0] - 1].address);
	profile_free(r);
	profile_free(after);
	profile_free(base);
}

static void
two_runs_are_compared_by_name_and_line(void **state)
{
	(void)state;
	assert_one_difference(run_at(0x555500000000, "aa", true, 150),
	    run_at(0x777700000000, "bb", true, 100), 50);
}

static void
two_runs_without_names_are_compared_by_file_and_offset(void **state)
{
	(void)state;
	assert_one_difference(run_at(0x555500000000, "aa", false, 150),
	    run_at(0x777700000000, "aa", false, 100), 50);
	assert_one_difference(run_at(0x555500000000, "", false, 50),
	    run_at(0x777700000000, "", false, 100), -50);
	assert_one_difference(run_at(0x555500000000, "aa", true, 150),
	    run_at(0x777700000000, "aa", false, 100), 50);
}

static void
other_builds_without_names_do_not_match(void **state)
{
	struct profile *after = run_at(0, "aa", false, 150);
	struct profile *base = run_at(0, "bb", false, 100), *r;
	struct err e;

	(void)state;
	r = profile_diff(after, base, &e);
	assert_int_equal(r->n_samples, 2);
	assert_int_equal(profile_total(r, 1), 50);
	profile_free(r);
	profile_free(after);
	profile_free(base);
}

static void
profiles_of_other_kinds_are_not_compared(void **state)
{
	struct profile *a = two_values(), *b = profile_new();
	struct err e;

	(void)state;
	profile_add_type(b, "thread", "count");
	assert_null(profile_diff(a, b, &e));
	assert_non_null(strstr(e.text, "inuse_space"));
	assert_non_null(strstr(e.text, "thread"));
	profile_free(a);
	profile_free(b);
}

static void
samples_can_be_added_after_zeros_were_dropped(void **state)
{
	struct profile *p = two_values();
	uint32_t a = profile_location(p, 0, 1), b = profile_location(p, 0, 2);

	(void)state;
	add(p, &a, 1, 0, 0);
	add(p, &b, 1, 1, 1);
	profile_drop_zeros(p);
	assert_int_equal(p->n_samples, 1);
	add(p, &b, 1, 1, 1);
	add(p, &a, 1, 4, 4);
	assert_int_equal(p->n_samples, 2);
	assert_int_equal(p->samples[0].values[0], 2);
	assert_int_equal(p->samples[1].values[0], 4);
	profile_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_things_get_equal_ids),
		cmocka_unit_test(ids_are_one_to_n_in_order),
		cmocka_unit_test(the_same_address_may_have_other_lines),
		cmocka_unit_test(equal_stacks_become_one_sample),
		cmocka_unit_test(sums_stop_at_the_ends_of_the_range),
		cmocka_unit_test(types_are_found_by_their_short_names),
		cmocka_unit_test(more_types_than_there_is_room_for_are_left_out),
		cmocka_unit_test(locations_are_named_by_what_is_known),
		cmocka_unit_test(made_up_profiles_are_valid),
		cmocka_unit_test(every_broken_invariant_is_noticed),
		cmocka_unit_test(dropped_frames_take_what_they_call_with_them),
		cmocka_unit_test(
		    nothing_is_dropped_before_the_first_frame_of_the_program),
		cmocka_unit_test(
		    an_inlined_frame_is_dropped_out_of_its_location),
		cmocka_unit_test(names_match_whole_and_without_their_arguments),
		cmocka_unit_test(expressions_that_could_hang_are_refused),
		cmocka_unit_test(the_top_counts_flat_and_cumulative),
		cmocka_unit_test(recursion_counts_once_for_each_sample),
		cmocka_unit_test(negative_rows_sort_by_their_size),
		cmocka_unit_test(a_sample_without_a_stack_is_not_lost),
		cmocka_unit_test(a_profile_minus_itself_is_empty),
		cmocka_unit_test(two_runs_are_compared_by_name_and_line),
		cmocka_unit_test(
		    two_runs_without_names_are_compared_by_file_and_offset),
		cmocka_unit_test(other_builds_without_names_do_not_match),
		cmocka_unit_test(profiles_of_other_kinds_are_not_compared),
		cmocka_unit_test(samples_can_be_added_after_zeros_were_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
