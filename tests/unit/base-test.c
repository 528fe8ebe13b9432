/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define K UINT64_C(1024)
#define S INT64_C(1000000000)

static void
bytes_have_three_digits_at_every_boundary(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 999, "999" },
		{ 1023, "1.00k" },
		{ 1024, "1.00k" },
		{ 1536, "1.50k" },
		{ 10 * 1024, "10.0k" },
		{ 99 * 1024, "99.0k" },
		{ 100 * 1024, "100k" },
		{ 999 * 1024, "999k" },
		{ 1023 * 1024, "1.00M" },
		{ 1024 * 1024, "1.00M" },
		{ -812, "-812" },
		{ -64 * 1024, "-64.0k" },
		{ INT64_MAX, "8.00E" },
		{ INT64_MIN, "-8.00E" },
	};
	char out[UNITS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(units_bytes(out, cases[i].value),
		    cases[i].text);
}

static void
counts_have_three_digits_at_every_boundary(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1.00k" },
		{ 9994, "9.99k" },
		{ 9995, "10.0k" },
		{ 18214, "18.2k" },
		{ 99949, "99.9k" },
		{ 99950, "100k" },
		{ 999499, "999k" },
		{ 999500, "1.00M" },
		{ -1200000, "-1.20M" },
		{ INT64_MAX, "9.22E" },
		{ INT64_MIN, "-9.22E" },
	};
	char out[UNITS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(units_count(out, cases[i].value),
		    cases[i].text);
}

static void
durations_change_units_at_their_boundaries(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ 999, "999ns" },
		{ 1000, "1us" },
		{ 999999, "999us" },
		{ 350000000, "350ms" },
		{ S - 1, "999ms" },
		{ S, "1s" },
		{ 60 * S - 1, "59s" },
		{ 60 * S, "1m 0s" },
		{ 200 * S, "3m 20s" },
		{ 3600 * S - 1, "59m 59s" },
		{ 7500 * S, "2h 5m" },
		{ 86400 * S - 1, "23h 59m" },
		{ 86400 * S * 3 + 4 * 3600 * S, "3d 4h" },
		{ -41 * S, "-41s" },
		{ INT64_MAX, "106751d 23h" },
		{ INT64_MIN, "-106751d 23h" },
	};
	char out[UNITS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(units_duration(out, cases[i].value),
		    cases[i].text);
}

static void
no_percentage_looks_like_nothing_when_it_is_something(void **state)
{
	char out[UNITS_MAX];

	(void)state;
	assert_string_equal(units_percent(out, 0), "0%");
	assert_string_equal(units_percent(out, 0.0009), "<0.1%");
	assert_string_equal(units_percent(out, 0.001), "0.1%");
	assert_string_equal(units_percent(out, 0.123), "12.3%");
	assert_string_equal(units_percent(out, 1), "100.0%");
	assert_string_equal(units_percent(out, -0.5), "-50.0%");
}

static void
sizes_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "100", 100 },
		{ "512k", 512 * K },
		{ "512K", 512 * K },
		{ "1.5m", 1536 * K },
		{ "4G", 4 * K * K * K },
		{ "2T", 2 * K * K * K * K },
		{ "1kB", K },
		{ "1KiB", K },
	};
	static const char *const bad[] = { "", "k", "-1", "+1", " 1", "1 ",
		"1x", "1kk", "0x10", "nan", "inf", "1e400", "0.5", "1.0001k",
		"16777216T", "1b" };
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(units_parse_bytes(good[i].text, &v));
		assert_true(v == good[i].bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (units_parse_bytes(bad[i], &v))
			fail_msg("accepted: \"%s\"", bad[i]);
}

static void
durations_and_numbers_are_read(void **state)
{
	static const char *const bad[] = { "", "s", "-1s", "1 s", "1y", "1e300",
		"99999999999" };
	uint64_t v;

	(void)state;
	assert_true(units_parse_duration("500ms", &v) && v == 500000000);
	assert_true(units_parse_duration("30", &v) && v == 30000000000);
	assert_true(units_parse_duration("0.5s", &v) && v == 500000000);
	assert_true(units_parse_duration("5m", &v) && v == 300000000000);
	assert_true(units_parse_duration("1h", &v) && v == 3600000000000);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (units_parse_duration(bad[i], &v))
			fail_msg("accepted: \"%s\"", bad[i]);
	assert_true(units_parse_number("1", 1, 5, &v) && v == 1);
	assert_true(units_parse_number("5", 1, 5, &v) && v == 5);
	assert_false(units_parse_number("0", 1, 5, &v));
	assert_false(units_parse_number("6", 1, 5, &v));
	assert_false(units_parse_number("", 0, 5, &v));
	assert_false(units_parse_number("-1", 0, UINT64_MAX, &v));
	assert_false(units_parse_number("5x", 0, 5, &v));
	assert_true(units_parse_number("18446744073709551615", 0, UINT64_MAX,
	    &v) && v == UINT64_MAX);
	assert_false(units_parse_number("18446744073709551616", 0, UINT64_MAX,
	    &v));
}

static void
assert_escaped(const char *text, size_t len, const char *want)
{
	struct buf out = BUF_INIT;

	escape_terminal(&out, text, len);
	assert_string_equal(buf_text(&out), want);
	buf_free(&out);
}

static void
every_single_byte_is_made_safe(void **state)
{
	char byte, want[8];

	(void)state;
	for (int c = 0; c < 256; c++) {
		byte = (char)c;
		if (c >= 0x20 && c < 0x7f)
			snprintf(want, sizeof want, "%c", c);
		else
			snprintf(want, sizeof want, "\\x%02x", c);
		assert_escaped(&byte, 1, want);
	}
}

static void
utf8_is_kept_and_what_only_looks_like_it_is_not(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xf0\x9f\x8d\xb0", "\xf0\x9f\x8d\xb0" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		{ "\xc0\x80", "\\xc0\\x80" },		  /* overlong */
		{ "\xc1\xbf", "\\xc1\\xbf" },
		{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },
		{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },	  /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
		{ "\xc3", "\\xc3" },			  /* cut */
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xc3(", "\\xc3(" },
		{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" },	  /* C1 */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },	  /* U+202E */
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },	  /* U+2028 */
		{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },	  /* U+2066 */
		{ "\xe2\x80\x8f", "\\xe2\\x80\\x8f" },	  /* U+200F */
		{ "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },	  /* U+FEFF */
		{ "a\\x41", "a\\x41" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_escaped(cases[i].text, strlen(cases[i].text),
		    cases[i].want);
	/* Exactly len bytes are looked at. */
	assert_escaped("\xe2\x82\xac", 2, "\\xe2\\x82");
}

static void
utf8_is_told_from_other_bytes(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_true(escape_is_utf8(""));
	assert_true(escape_is_utf8("a\n\033\xc3\xa9"));
	assert_false(escape_is_utf8("a\xc3"));
	assert_false(escape_is_utf8("\xed\xa0\x80"));
	escape_utf8(&out, "a\n\xff\xc3\xa9");
	assert_string_equal(buf_text(&out), "a\n\\xff\xc3\xa9");
	buf_free(&out);
}

static void
values_of_json_are_text_whatever_came(void **state)
{
	json_t *odd = json_text("a\xc3\n"), *top = json_address(UINT64_MAX);

	(void)state;
	assert_string_equal(json_string_value(odd), "a\\xc3\n");
	assert_string_equal(json_string_value(top), "0xffffffffffffffff");
	json_decref(odd);
	json_decref(top);
}

static void
cuts_never_split_a_character(void **state)
{
	struct buf out = BUF_INIT;
	size_t used;

	(void)state;
	assert_int_equal(escape_fit("abc", 2, &used), 2);
	assert_int_equal(used, 2);
	assert_int_equal(escape_fit("abc", 9, &used), 3);
	assert_int_equal(used, 3);
	assert_int_equal(escape_width("a\xc3\xa9"), 2);
	assert_int_equal(escape_fit("\xc3\xa9\xc3\xa9", 1, &used), 2);
	assert_int_equal(escape_cut(&out, "abcdefgh", 8), 8);
	assert_int_equal(escape_cut(&out, "abcdefgh", 7), 7);
	assert_int_equal(escape_cut(&out, "abcdefgh", 2), 2);
	assert_int_equal(escape_cut(&out, "abcdefgh", 0), 0);
	assert_string_equal(buf_text(&out), "abcdefgh" "abcd..." "ab");
	buf_free(&out);
}

static void
errors_are_sentences_with_a_status(void **state)
{
	char longer[2000];
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_USAGE, "no %s", "x"), -1);
	assert_string_equal(e.text, "no x");
	assert_int_equal(e.status, ERR_USAGE);
	errno = EACCES;
	assert_int_equal(err_errno(&e, "cannot open %s", "x"), -1);
	assert_string_equal(e.text, "cannot open x: Permission denied");
	assert_int_equal(e.status, ERR_DENIED);
	errno = ESRCH;
	err_errno(&e, "x");
	assert_int_equal(e.status, ERR_GONE);
	errno = ENOENT;
	err_errno(&e, "x");
	assert_int_equal(e.status, ERR_FAILED);
	assert_int_equal(err_prefix(&e, "pid %d", 7), -1);
	assert_string_equal(e.text, "pid 7: x: No such file or directory");
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	err_set(&e, ERR_FAILED, "%s", longer);
	err_prefix(&e, "%s", longer);
	errno = EPERM;
	err_errno(&e, "%s", longer);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void
a_buffer_is_always_a_string(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_add(&b, NULL, 0);
	assert_string_equal(buf_text(&b), "");
	for (int i = 0; i < 1000; i++) {
		buf_printf(&b, "%03d", i);
		assert_int_equal(strlen(b.bytes), b.len);
	}
	assert_int_equal(b.len, 3000);
	assert_memory_equal(b.bytes + 2997, "999", 4);
	buf_fill(&b, '-', 5000);
	assert_int_equal(strlen(b.bytes), 8000);
	buf_puts(&b, "");
	assert_int_equal(b.len, 8000);
	buf_free(&b);
	assert_null(b.bytes);
}

static void
files_are_read_up_to_a_limit(void **state)
{
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(buf_read_file(&b, "/proc/self/status", 1 << 20, &e),
	    0);
	assert_int_equal(strncmp(b.bytes, "Name:", 5), 0);
	assert_int_equal(buf_read_file(&b, "/dev/zero", 100000, &e), -1);
	assert_non_null(strstr(e.text, "larger than 100000"));
	assert_int_equal(buf_read_file(&b, "/nonexistent", 10, &e), -1);
	assert_int_equal(buf_read_file(&b, "/", 10, &e), -1);
	buf_free(&b);
}

static void
a_hash_finds_all_that_was_put(void **state)
{
	struct hash h = HASH_INIT;
	uint32_t id;
	size_t at;

	(void)state;
	at = hash_start(&h, 1);
	assert_int_equal(hash_next(&h, 1, &at), 0);
	for (uint32_t i = 1; i <= 10000; i++)
		hash_put(&h, hash_mix(0, i % 5000), i);
	for (uint32_t i = 1; i < 5000; i++) {
		unsigned found = 0;
		uint64_t v = hash_mix(0, i);

		for (at = hash_start(&h, v);
		     (id = hash_next(&h, v, &at)) != 0;)
			found += id % 5000 == i;
		assert_int_equal(found, 2);
	}
	assert_int_not_equal(hash_bytes("abc", 3), hash_bytes("abd", 3));
	assert_int_not_equal(hash_bytes("a", 1), hash_bytes("a", 2));
	hash_free(&h);
}

/* A folder for a test, removed with all in it. */
static char folder[64];

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/base-test.XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static const char *
in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static size_t
files_in_folder(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
assert_holds(const char *path, const char *want)
{
	struct buf b = BUF_INIT;
	struct err e;

	assert_int_equal(buf_read_file(&b, path, 4096, &e), 0);
	assert_string_equal(buf_text(&b), want);
	buf_free(&b);
}

static void
a_file_is_written_and_replaced_whole(void **state)
{
	const char *path = in_folder("out");
	struct stat st, again;
	struct err e;

	(void)state;
	umask(027);
	assert_int_equal(output_write(path, "one", 3, &e), 0);
	assert_holds(path, "one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(output_write(path, "two", 3, &e), 0);
	assert_holds(path, "two");
	/* Another file under the same name: nobody saw it half written. */
	assert_int_equal(stat(path, &again), 0);
	assert_int_not_equal(st.st_ino, again.st_ino);
	assert_int_equal(files_in_folder(), 1);
	umask(022);
}

static void
what_is_no_file_is_left_alone(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(output_write(folder, "x", 1, &e), -1);
	assert_non_null(strstr(e.text, "folder"));
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	assert_int_equal(output_write(in_folder("fifo"), "x", 1, &e), -1);
	assert_non_null(strstr(e.text, "not a regular file"));
	assert_int_equal(files_in_folder(), 1);
}

static void
devices_are_written_where_they_are(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(output_write("/dev/null", "x", 1, &e), 0);
	assert_int_equal(output_write("/dev/full", "x", 1, &e), -1);
	assert_non_null(strstr(e.text, "/dev/full: No space left"));
}

static void
a_missing_folder_is_named(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(output_write(in_folder("no/where"), "x", 1, &e), -1);
	assert_non_null(strstr(e.text, "no/where: No such file"));
	assert_int_equal(files_in_folder(), 0);
}

static void
a_failed_write_leaves_the_older_file(void **state)
{
	char name[251], *longest;
	struct err e;

	(void)state;
	/* A name so long that the one beside it does not fit. */
	memset(name, 'x', 250);
	name[250] = '\0';
	longest = xasprintf("%s/%s", folder, name);
	assert_int_equal(close(open(longest, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(output_write(longest, "x", 1, &e), -1);
	assert_holds(longest, "");
	assert_int_equal(files_in_folder(), 1);
	free(longest);
}

static void
names_of_files_expand(void **state)
{
	char host[256], *s, *want;

	(void)state;
	s = output_expand("a-%p-%n.%%.%x%", 42, "nginx: a/b");
	assert_string_equal(s, "a-42-nginx: a_b.%.%x%");
	free(s);
	s = output_expand("", 1, "x");
	assert_string_equal(s, "");
	free(s);
	gethostname(host, sizeof host);
	want = xasprintf("%s.h", host);
	s = output_expand("%h.h", 1, "x");
	assert_string_equal(s, want);
	free(s);
	free(want);
	s = output_expand("%t", 1, "x");
	assert_true(strtoll(s, NULL, 10) > 1700000000);
	free(s);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, \
	remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_have_three_digits_at_every_boundary),
		cmocka_unit_test(counts_have_three_digits_at_every_boundary),
		cmocka_unit_test(durations_change_units_at_their_boundaries),
		cmocka_unit_test(
		    no_percentage_looks_like_nothing_when_it_is_something),
		cmocka_unit_test(sizes_are_read_as_people_write_them),
		cmocka_unit_test(durations_and_numbers_are_read),
		cmocka_unit_test(every_single_byte_is_made_safe),
		cmocka_unit_test(
		    utf8_is_kept_and_what_only_looks_like_it_is_not),
		cmocka_unit_test(utf8_is_told_from_other_bytes),
		cmocka_unit_test(values_of_json_are_text_whatever_came),
		cmocka_unit_test(cuts_never_split_a_character),
		cmocka_unit_test(errors_are_sentences_with_a_status),
		cmocka_unit_test(a_buffer_is_always_a_string),
		cmocka_unit_test(files_are_read_up_to_a_limit),
		cmocka_unit_test(a_hash_finds_all_that_was_put),
		IN_FOLDER(a_file_is_written_and_replaced_whole),
		IN_FOLDER(what_is_no_file_is_left_alone),
		cmocka_unit_test(devices_are_written_where_they_are),
		IN_FOLDER(a_missing_folder_is_named),
		IN_FOLDER(a_failed_write_leaves_the_older_file),
		cmocka_unit_test(names_of_files_expand),
	};

	setlocale(LC_ALL, "C");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
