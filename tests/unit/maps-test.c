/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/maps.h"

/* The text lies flush against a page that cannot be read. */
static struct maps
parse(const char *text)
{
	size_t len = strlen(text), page = 4096;
	size_t size = (len / page + 1) * page;
	struct maps m = MAPS_INIT;
	char *p = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + size, page, PROT_NONE), 0);
	memcpy(p + size - len, text, len);
	maps_parse(&m, p + size - len, len);
	munmap(p, size + page);
	return m;
}

static void
a_line_has_all_its_fields(void **state)
{
	struct maps m = parse(
	    "55d0a0000000-55d0a0001000 r-xp 00002000 fe:01 131 /usr/bin/x y\n");

	(void)state;
	assert_int_equal(m.n, 1);
	assert_int_equal(m.invalid, 0);
	assert_true(m.rows[0].start == 0x55d0a0000000);
	assert_true(m.rows[0].limit == 0x55d0a0001000);
	assert_int_equal(m.rows[0].offset, 0x2000);
	assert_int_equal(m.rows[0].flags, MAP_READ | MAP_EXECUTE);
	assert_int_equal(m.rows[0].major, 0xfe);
	assert_int_equal(m.rows[0].minor, 1);
	assert_int_equal(m.rows[0].inode, 131);
	assert_string_equal(m.rows[0].path, "/usr/bin/x y");
	assert_false(m.rows[0].deleted);
	maps_free(&m);
}

static void
a_deleted_mapping_keeps_its_name(void **state)
{
	struct maps m = parse(
	    "1000-2000 rw-s 0 00:01 5 /dev/zero (deleted)\n"
	    "3000-4000 rw-p 0 00:00 0 [heap] (deleted)\n");

	(void)state;
	assert_string_equal(m.rows[0].path, "/dev/zero");
	assert_true(m.rows[0].deleted);
	assert_int_equal(m.rows[0].flags,
	    MAP_READ | MAP_WRITE | MAP_SHARED_FILE);
	assert_false(m.rows[1].deleted);
	maps_free(&m);
}

static void
a_newline_in_a_path_is_one(void **state)
{
	struct maps m = parse("1000-2000 r--p 0 00:01 5 /a\\012b\\0c\n");

	(void)state;
	assert_string_equal(m.rows[0].path, "/a\nb\\0c");
	maps_free(&m);
}

static void
memory_of_no_file_has_an_empty_path(void **state)
{
	struct maps m = parse("1000-2000 rw-p 00000000 00:00 0 \n"
			      "2000-3000 rw-p 00000000 00:00 0");

	(void)state;
	assert_int_equal(m.n, 2);
	assert_string_equal(m.rows[0].path, "");
	assert_string_equal(m.rows[1].path, "");
	maps_free(&m);
}

static void
lines_that_no_kernel_writes_are_counted(void **state)
{
	static const char *const bad[] = {
		"x",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 r--",
		"1000-2000 rwzp 0 0:0 0",
		"2000-1000 r--p 0 0:0 0",
		"1000-1000 r--p 0 0:0 0",
		"11111111111111111-2 r--p 0 0:0 0",
		"1000-2000 r--p 0 100000000:0 0",
		"1000-2000 r--p 0 0:0 18446744073709551616",
		"-1000-2000 r--p 0 0:0 0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct maps m = parse(bad[i]);

		assert_int_equal(m.n, 0);
		assert_int_equal(m.invalid, 1);
		maps_free(&m);
	}
}

static void
rows_that_overlap_are_left_out(void **state)
{
	struct maps m = parse("1000-3000 r--p 0 0:0 0 a\n"
			      "2000-4000 r--p 0 0:0 0 b\n"
			      "0-1000 r--p 0 0:0 0 c\n"
			      "3000-4000 r--p 0 0:0 0 d\n");

	(void)state;
	assert_int_equal(m.n, 2);
	assert_int_equal(m.invalid, 2);
	assert_string_equal(m.rows[1].path, "d");
	maps_free(&m);
}

static void
an_address_is_found_from_its_first_byte_to_its_last(void **state)
{
	struct maps m = parse("1000-2000 r--p 0 0:0 0 a\n"
			      "2000-3000 r--p 0 0:0 0 b\n"
			      "5000-6000 r--p 0 0:0 0 c\n");

	(void)state;
	assert_null(maps_find(&m, 0xfff));
	assert_string_equal(maps_find(&m, 0x1000)->path, "a");
	assert_string_equal(maps_find(&m, 0x1fff)->path, "a");
	assert_string_equal(maps_find(&m, 0x2000)->path, "b");
	assert_null(maps_find(&m, 0x3000));
	assert_null(maps_find(&m, 0x4fff));
	assert_string_equal(maps_find(&m, 0x5fff)->path, "c");
	assert_null(maps_find(&m, 0x6000));
	assert_null(maps_find(&m, UINT64_MAX));
	maps_free(&m);
	assert_null(maps_find(&m, 0x1000));
}

static void
our_own_map_has_this_function(void **state)
{
	struct maps m;
	struct err e;
	const struct map *row;

	(void)state;
	assert_int_equal(maps_read(getpid(), &m, &e), 0);
	assert_int_equal(m.invalid, 0);
	row = maps_find(&m, (uint64_t)(uintptr_t)our_own_map_has_this_function);
	assert_non_null(row);
	assert_true((row->flags & MAP_EXECUTE) != 0);
	assert_non_null(strstr(row->path, "maps-test"));
	maps_free(&m);
}

static void
a_process_that_is_not_there_has_no_map(void **state)
{
	struct maps m;
	struct err e;

	(void)state;
	assert_int_equal(maps_read(4194303, &m, &e), -1);
	assert_int_equal(e.status, ERR_GONE);
	maps_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_all_its_fields),
		cmocka_unit_test(a_deleted_mapping_keeps_its_name),
		cmocka_unit_test(a_newline_in_a_path_is_one),
		cmocka_unit_test(memory_of_no_file_has_an_empty_path),
		cmocka_unit_test(lines_that_no_kernel_writes_are_counted),
		cmocka_unit_test(rows_that_overlap_are_left_out),
		cmocka_unit_test(
		    an_address_is_found_from_its_first_byte_to_its_last),
		cmocka_unit_test(our_own_map_has_this_function),
		cmocka_unit_test(a_process_that_is_not_there_has_no_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
