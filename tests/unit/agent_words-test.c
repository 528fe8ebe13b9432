/* SPDX-License-Identifier: MIT */
/* The agent's own strings, and what it does to the environment. */
#include "config.h"

#include "agent_fake.h"
#include "agent/real.h"

#include "agent/environment.c"

const struct link_map *
real_self(void)
{
	return NULL;
}

void *
real_in(const struct link_map *object, const char *name)
{
	(void)object, (void)name;
	return NULL;
}

static void
sizes_have_a_suffix_or_none(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "0", 0 }, { "1", 1 }, { "100", 100 }, { "1k", 1024 },
		{ "512K", 524288 }, { "1m", 1 << 20 }, { "4G", 4ull << 30 },
		{ "3t", 3ull << 40 }, { "007", 7 },
		{ "999999999999999999", 999999999999999999ull },
		{ "16777215t", 16777215ull << 40 },
	};
	static const char *const bad[] = { "", "k", "-1", "1x", "1kk", "1 k",
		"1k ", " 1", "1.5k", "0x10", "16777216t", "1000000000000000000",
		"99999999999999999999", "999999999999999999k" };
	uint64_t v;

	(void)state;
	for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
		v = 12345;
		assert_true(mini_parse_size(good[i].text, &v));
		assert_true(v == good[i].value);
	}
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		v = 12345;
		assert_false(mini_parse_size(bad[i], &v));
		assert_int_equal(v, 12345);
	}
}

static void
texts_are_cut_to_their_room(void **state)
{
	char out[8] = "????????";

	(void)state;
	assert_int_equal(mini_copy(out, sizeof out, "abcdefghij"), 10);
	assert_string_equal(out, "abcdefg");
	assert_int_equal(mini_copy(out, sizeof out, ""), 0);
	mini_append(out, sizeof out, "abc");
	mini_append_number(out, sizeof out, 0);
	mini_append_number(out, sizeof out, 98765);
	assert_string_equal(out, "abc0987");
	assert_true(mini_equal("", ""));
	assert_false(mini_equal("ab", "a"));
	assert_false(mini_equal("a", "ab"));
	assert_true(mini_starts("abc", "ab"));
	assert_false(mini_starts("a", "ab"));
}

static void
check_removal(const char *list, const char *want)
{
	char text[200];
	bool empty;

	assert_true(strlen(list) < sizeof text);
	strcpy(text, list);
	empty = remove_path(text, "/a/libullage.so");
	assert_string_equal(text, want);
	assert_int_equal(empty, *want == '\0');
}

static void
only_the_agent_leaves_a_list_of_libraries(void **state)
{
	(void)state;
	check_removal("/a/libullage.so", "");
	check_removal("/a/libullage.so:", "");
	check_removal("/a/libullage.so:/b/libjemalloc.so", "/b/libjemalloc.so");
	check_removal("/b/x.so:/a/libullage.so", "/b/x.so");
	check_removal("/b/x.so /a/libullage.so /c/y.so", "/b/x.so:/c/y.so");
	check_removal("/a/libullage.so:/a/libullage.so", "");
	check_removal("/a/libullage.so.1:/x/a/libullage.so",
	    "/a/libullage.so.1:/x/a/libullage.so");
	check_removal("/b/x.so", "/b/x.so");
	check_removal("", "");
}

static void
an_empty_preload_leaves_the_environment(void **state)
{
	char a[] = "A=1", list[] = "LD_PRELOAD=/a/libullage.so", b[] = "B=2";
	char other[] = "LD_PRELOAD=/x.so:/a/libullage.so";
	char *env[] = { a, list, b, NULL }, *kept[] = { other, NULL };

	(void)state;
	leave_preload(env, "/a/libullage.so");
	assert_ptr_equal(env[0], a);
	assert_ptr_equal(env[1], b);
	assert_null(env[2]);
	leave_preload(kept, "/a/libullage.so");
	assert_ptr_equal(kept[0], other);
	assert_string_equal(other, "LD_PRELOAD=/x.so");
	leave_preload(env, "/a/libullage.so");
	assert_ptr_equal(env[0], a);
}

static void
a_variable_is_found_by_its_whole_name(void **state)
{
	char a[] = "ULLAGE_DIRX=1", b[] = "ULLAGE_DIR=/x", c[] = "ULLAGE=";
	char *env[] = { a, b, c, NULL };

	(void)state;
	assert_string_equal(value_of(env, "ULLAGE_DIR"), "/x");
	assert_string_equal(value_of(env, "ULLAGE"), "");
	assert_null(value_of(env, "ULLAGE_D"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_a_suffix_or_none),
		cmocka_unit_test(texts_are_cut_to_their_room),
		cmocka_unit_test(only_the_agent_leaves_a_list_of_libraries),
		cmocka_unit_test(an_empty_preload_leaves_the_environment),
		cmocka_unit_test(a_variable_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests_name("agent_words", tests, NULL, NULL);
}
