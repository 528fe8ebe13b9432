/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/xalloc.h"
#include "symbol/kernel.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static struct kernel_map *
parse(const char *text)
{
	return kernel_map_parse(xstrdup(text), strlen(text));
}

static void
an_address_has_the_function_before_it(void **state)
{
	struct kernel_map *m = parse(
	    "ffffffff81000200 T second\n"
	    "ffffffff81000100 t first\n"
	    "ffffffff81000180 D data\n"
	    "ffffffffc0000000 t third\t[module]\n");

	(void)state;
	assert_string_equal(kernel_map_find(m, 0xffffffff81000100), "first");
	assert_string_equal(kernel_map_find(m, 0xffffffff810001ff), "first");
	assert_string_equal(kernel_map_find(m, 0xffffffff81000200), "second");
	assert_string_equal(kernel_map_find(m, 0xffffffffc0000004), "third");
	assert_null(kernel_map_find(m, 0xffffffff810000ff));
	kernel_map_free(m);
}

static void
hidden_addresses_and_broken_lines_name_nothing(void **state)
{
	struct kernel_map *m = parse("0000000000000000 T hidden\n"
				     "ffffffff81000100\n"
				     "ffffffff81000100 T\n"
				     "ffffffff81000100 T \n"
				     "\n"
				     "zzz T what\n"
				     "ffffffff81000100 T cut");

	(void)state;
	assert_null(kernel_map_find(m, UINT64_MAX));
	kernel_map_free(m);
	m = parse("");
	assert_null(kernel_map_find(m, UINT64_MAX));
	kernel_map_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_the_function_before_it),
		cmocka_unit_test(
		    hidden_addresses_and_broken_lines_name_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
