/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "table/table.h"
#include "base/escape.h"

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { PID, RSS, FDS, SOFT, UP, SHARE, AGENT, NAME, N };

static const struct column columns[N] = {
	[PID] = { "pid", "PID", CELL_ID, "the process", false, false },
	[RSS] = { "rss", "RSS", CELL_BYTES, "resident", false, false },
	[FDS] = { "fds", "FDS", CELL_COUNT, "descriptors", false, false },
	[SOFT] = { "soft", "SOFT", CELL_LIMIT, "the limit", false, false },
	[UP] = { "up", "UP", CELL_DURATION, "since start", false, false },
	[SHARE] = { "share", "SHARE", CELL_PERCENT, "used", false, false },
	[AGENT] = { "agent", "A", CELL_BOOL, "has one", false, false },
	[NAME] = { "name", "NAME", CELL_TEXT, "its name", true, true },
};

static struct table *
three_rows(void)
{
	struct table *t = table_new(columns, N);

	table_row(t);
	table_u64(t, PID, 4182);
	table_u64(t, RSS, UINT64_C(2080374784));
	table_u64(t, FDS, 18214);
	table_u64(t, SOFT, CELL_UNLIMITED);
	table_i64(t, UP, INT64_C(200000000000));
	table_double(t, SHARE, 0.91);
	table_u64(t, AGENT, 1);
	table_text(t, NAME, "nginx: worker process with a long title");
	table_row(t);
	table_u64(t, PID, 7);
	table_u64(t, RSS, 812);
	table_u64(t, FDS, 999);
	table_u64(t, SOFT, 1048576);
	table_double(t, SHARE, 0.0);
	table_u64(t, AGENT, 0);
	table_text(t, NAME, "evil\033[31m\xff");
	table_row(t);
	table_u64(t, PID, 977);
	table_i64(t, FDS, -1234567);
	table_double(t, SHARE, NAN);
	return t;
}

static void
assert_drawn(const struct table *t, size_t rows, size_t width,
    const char *want)
{
	struct table_options o = { rows, width, true, 0 };
	struct buf out = BUF_INIT;

	table_draw(t, &o, &out);
	assert_string_equal(buf_text(&out), want);
	buf_free(&out);
}

static void
columns_are_aligned_on_their_units(void **state)
{
	struct table *t = three_rows();

	(void)state;
	assert_drawn(t, 0, 0,
	    " PID    RSS         FDS       SOFT      UP  SHARE  A  NAME\n"
	    "4182  1.94G      18,214  unlimited  3m 20s  91.0%  *  "
	    "nginx: worker process with a long title\n"
	    "   7   812          999  1,048,576       -     0%     "
	    "evil\\x1b[31m\\xff\n"
	    " 977      -  -1,234,567          -       -      -  -  -\n");
	table_free(t);
}

static void
the_last_column_is_cut_at_the_edge(void **state)
{
	struct table *t = three_rows();

	(void)state;
	assert_drawn(t, 1, 66,
	    " PID    RSS     FDS       SOFT      UP  SHARE  A  NAME\n"
	    "4182  1.94G  18,214  unlimited  3m 20s  91.0%  *  "
	    "nginx: worker...\n"
	    "and 2 more; -n 0 shows all\n");
	/* Too narrow for any of it: eight columns stay. */
	assert_drawn(t, 1, 20,
	    " PID    RSS     FDS       SOFT      UP  SHARE  A  NAME\n"
	    "4182  1.94G  18,214  unlimited  3m 20s  91.0%  *  nginx...\n"
	    "and 2 more; -n 0 shows all\n");
	table_free(t);
}

static void
wide_characters_count_as_they_show(void **state)
{
	static const struct column two[] = {
		{ "a", "A", CELL_TEXT, "", true, false },
		{ "b", "B", CELL_COUNT, "", false, false },
	};
	struct table_options o = { 0, 0, false, 0 };
	struct table *t = table_new(two, 2);
	struct buf out = BUF_INIT;

	(void)state;
	if (setlocale(LC_ALL, "C.UTF-8") == NULL) {
		table_free(t);
		skip();
	}
	table_row(t);
	table_text(t, 0, "\xe6\x97\xa5\xe6\x9c\xac"); /* two wide ones */
	table_u64(t, 1, 1);
	table_row(t);
	table_text(t, 0, "e\xcc\x81!"); /* a combining one */
	table_u64(t, 1, 2);
	table_draw(t, &o, &out);
	assert_string_equal(buf_text(&out),
	    "\xe6\x97\xa5\xe6\x9c\xac  1\n" "e\xcc\x81!    2\n");
	assert_string_equal(escape_ellipsis(), "\xe2\x80\xa6");
	buf_free(&out);
	table_free(t);
	setlocale(LC_ALL, "C");
}

static void
an_empty_table_is_its_headings(void **state)
{
	struct table *t = table_new(columns, N);
	struct buf out = BUF_INIT;

	(void)state;
	assert_drawn(t, 5, 80, "PID  RSS  FDS  SOFT  UP  SHARE  A  NAME\n");
	table_json(t, &out);
	assert_string_equal(buf_text(&out), "[]\n");
	buf_free(&out);
	table_free(t);
}

static void
json_holds_plain_units_and_nulls(void **state)
{
	struct table *t = three_rows();
	struct buf out = BUF_INIT;
	json_error_t why;
	json_t *root, *r;

	(void)state;
	table_json(t, &out);
	root = json_loadb(out.bytes, out.len, 0, &why);
	if (root == NULL)
		fail_msg("%s", why.text);
	assert_int_equal(json_array_size(root), 3);
	r = json_array_get(root, 0);
	assert_int_equal(json_integer_value(json_object_get(r, "rss")),
	    2080374784);
	assert_string_equal(json_string_value(json_object_get(r, "soft")),
	    "unlimited");
	assert_int_equal(json_integer_value(json_object_get(r, "up")),
	    200000000000);
	assert_true(json_real_value(json_object_get(r, "share")) == 0.91);
	assert_true(json_is_true(json_object_get(r, "agent")));
	r = json_array_get(root, 1);
	assert_string_equal(json_string_value(json_object_get(r, "name")),
	    "evil\033[31m\\xff");
	assert_true(json_is_null(json_object_get(r, "up")));
	r = json_array_get(root, 2);
	assert_int_equal(json_object_size(r), N);
	assert_true(json_is_null(json_object_get(r, "share")));
	assert_true(json_is_null(json_object_get(r, "name")));
	json_decref(root);
	buf_free(&out);
	table_free(t);
}

/* The order of the pids after sorting. */
static void
assert_order(struct table *t, size_t column, bool reverse, const char *want)
{
	struct table_options o = { 0, 0, false, 0 };
	struct buf out = BUF_INIT, ids = BUF_INIT;

	table_sort(t, column, reverse);
	table_draw(t, &o, &out);
	for (char *l = strtok(out.bytes, "\n"); l != NULL;
	     l = strtok(NULL, "\n"))
		buf_printf(&ids, "%ld ", strtol(l, NULL, 10));
	assert_string_equal(buf_text(&ids), want);
	buf_free(&out);
	buf_free(&ids);
}

static void
unknown_cells_sort_last_both_ways(void **state)
{
	struct table *t = three_rows();

	(void)state;
	assert_order(t, RSS, false, "4182 7 977 ");
	assert_order(t, RSS, true, "7 4182 977 ");
	assert_order(t, NAME, false, "7 4182 977 ");
	assert_order(t, NAME, true, "4182 7 977 ");
	assert_order(t, FDS, false, "4182 7 977 ");
	assert_order(t, FDS, true, "977 7 4182 ");
	assert_order(t, SOFT, false, "4182 7 977 ");
	table_free(t);
}

static void
sorting_keeps_the_order_of_equal_rows(void **state)
{
	static const struct column two[] = {
		{ "id", "ID", CELL_ID, "", false, false },
		{ "v", "V", CELL_COUNT, "", false, false },
	};
	struct table *t = table_new(two, 2);
	struct table_options o = { 0, 0, false, 0 };
	struct buf out = BUF_INIT;
	unsigned id, v, last_id = 0, last_v = 6;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		table_row(t);
		table_u64(t, 0, i);
		table_u64(t, 1, i * 7 % 6);
	}
	table_sort(t, 1, false);
	table_draw(t, &o, &out);
	for (char *l = strtok(out.bytes, "\n"); l != NULL;
	     l = strtok(NULL, "\n")) {
		assert_int_equal(sscanf(l, "%u %u", &id, &v), 2);
		assert_true(v < last_v || (v == last_v && id > last_id));
		last_id = id;
		last_v = v;
	}
	buf_free(&out);
	table_free(t);
}

static void
large_whole_numbers_are_told_apart(void **state)
{
	struct table *t = table_new(columns, N);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		table_row(t);
		table_u64(t, PID, i + 1);
		table_u64(t, FDS, UINT64_MAX - 2 + (i + 1) % 3);
	}
	assert_order(t, FDS, false, "2 1 3 ");
	table_free(t);
}

static void
cells_may_be_set_again(void **state)
{
	struct table *t = table_new(columns, N);

	(void)state;
	table_row(t);
	table_text(t, NAME, "old");
	table_text(t, NAME, "new");
	assert_int_equal(table_rows(t), 1);
	assert_int_equal(table_column(t, "name"), NAME);
	assert_int_equal(table_column(t, "nonsense"), -1);
	table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned_on_their_units),
		cmocka_unit_test(the_last_column_is_cut_at_the_edge),
		cmocka_unit_test(wide_characters_count_as_they_show),
		cmocka_unit_test(an_empty_table_is_its_headings),
		cmocka_unit_test(json_holds_plain_units_and_nulls),
		cmocka_unit_test(unknown_cells_sort_last_both_ways),
		cmocka_unit_test(sorting_keeps_the_order_of_equal_rows),
		cmocka_unit_test(large_whole_numbers_are_told_apart),
		cmocka_unit_test(cells_may_be_set_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
