/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "profile/symbolize.h"
#include "symbol-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BIAS UINT64_C(0x7f0000000000)

static struct profile *
new_profile(void)
{
	struct profile *p = profile_new();

	profile_add_type(p, "inuse_space", "bytes");
	return p;
}

static uint32_t
add_module(struct profile *p, const char *file, uint64_t bias)
{
	struct profile_mapping m = { .start = bias, .limit = bias + 0x100000,
		.bias = bias, .file = profile_string(p, at(file)),
		.build_id = profile_string(p, id_of(file)) };

	return profile_add_mapping(p, &m);
}

static const char *
name_at(const struct profile *p, uint32_t location, uint32_t line)
{
	const struct profile_location *l = &p->locations[location - 1];
	uint32_t function;

	assert_in_range(line, 0, l->n_lines - 1);
	function = p->lines[l->line + line].function;
	return profile_text(p, p->functions[function - 1].name);
}

static void
symbolize(struct profile *p)
{
	struct symbolizer *s = symbolizer_new("", "/nonexistent", 0, 0);
	struct err e;

	profile_symbolize(p, s);
	symbolizer_free(s);
	assert_true(p->symbolized);
	if (!profile_valid(p, &e))
		fail_msg("%s", e.text);
}

static void
locations_get_their_lines(void **state)
{
	struct profile *p = new_profile();
	const struct profile_location *l;
	uint64_t last = value_of("lib.so", "last"), i;
	uint32_t lib, id = 0, known, line;
	struct profile_line given;

	(void)state;
	lib = add_module(p, "lib.so", BIAS);
	given.function = profile_function(p, "given", "given", "x.c", 1);
	given.line = 2;
	known = profile_location(p, lib, BIAS + last - 1);
	profile_set_lines(p, known, &given, 1);
	for (i = 0; i < size_of("lib.so", "last"); i++)
		id = profile_location(p, lib, BIAS + last + i);
	symbolize(p);
	assert_string_equal(name_at(p, known, 0), "given");
	for (i = 2; i <= id; i++) {
		l = &p->locations[i - 1];
		assert_in_range(l->n_lines, 1, 3);
		line = l->n_lines - 1;
		assert_string_equal(name_at(p, (uint32_t)i, line), "last");
		if (line == 2)
			assert_string_equal(name_at(p, (uint32_t)i, 0),
			    "innermost");
	}
	assert_true(p->mappings[lib - 1].has_functions);
	assert_true(p->mappings[lib - 1].has_filenames);
	assert_true(p->mappings[lib - 1].has_lines);
	assert_true(p->mappings[lib - 1].has_inline_frames);
	profile_free(p);
}

static void
a_mapping_claims_only_what_all_its_locations_have(void **state)
{
	struct profile *p = new_profile();
	uint32_t whole, symbols, partial, unused;
	uint64_t first = value_of("lib.so", "first");
	uint64_t hidden = value_of("lib.so", "hidden");

	(void)state;
	shell("strip -g -o symbols.so lib.so && strip -o partial.so lib.so");
	whole = add_module(p, "lib.so", BIAS);
	symbols = add_module(p, "symbols.so", 2 * BIAS);
	partial = add_module(p, "partial.so", 3 * BIAS);
	unused = add_module(p, "lib.so", 4 * BIAS);
	profile_location(p, whole, BIAS + first);
	profile_location(p, symbols, 2 * BIAS + first);
	profile_location(p, symbols, 2 * BIAS + hidden);
	profile_location(p, partial, 3 * BIAS + first);
	profile_location(p, partial, 3 * BIAS + hidden);
	profile_location(p, 0, 0x1234);
	symbolize(p);
	assert_true(p->mappings[whole - 1].has_lines);
	assert_true(p->mappings[symbols - 1].has_functions);
	assert_false(p->mappings[symbols - 1].has_filenames);
	assert_false(p->mappings[symbols - 1].has_lines);
	assert_false(p->mappings[symbols - 1].has_inline_frames);
	assert_false(p->mappings[partial - 1].has_functions);
	assert_false(p->mappings[partial - 1].has_lines);
	assert_false(p->mappings[unused - 1].has_functions);
	assert_string_equal(name_at(p, 4, 0), "first");
	assert_int_equal(p->locations[4].n_lines, 0);
	assert_int_equal(p->locations[5].n_lines, 0);
	profile_free(p);
}

static void
an_empty_profile_is_symbolized_at_once(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	symbolize(p);
	profile_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locations_get_their_lines),
		cmocka_unit_test(
		    a_mapping_claims_only_what_all_its_locations_have),
		cmocka_unit_test(an_empty_profile_is_symbolized_at_once),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
