/* SPDX-License-Identifier: MIT */
/*
 * Profiles written. Golden files are in tests/golden/encode; ACCEPT=1 in the
 * environment rewrites them, so that a change is seen in review.
 */
#include "config.h"

#include "base/output.h"
#include "encode/encode.h"
#include "fake_profile.h"

#include <jansson.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct buf
encode(const struct profile *p, const char *format, size_t columns,
    size_t rows)
{
	struct encode_options o = { .rows = rows, .columns = columns,
		.type = -1 };
	struct buf out = BUF_INIT;
	struct err e;

	if (encoder_find(format)->write(&out, p, &o, &e) < 0)
		fail_msg("%s", e.text);
	return out;
}

static void
assert_golden(const struct buf *out, const char *name)
{
	struct buf want = BUF_INIT;
	char path[4096];
	struct err e;

	snprintf(path, sizeof path, "%s%s", GOLDEN, name);
	if (getenv("ACCEPT") != NULL)
		assert_int_equal(output_write(path, out->bytes, out->len, &e),
		    0);
	if (buf_read_file(&want, path, 1 << 20, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(buf_text(out), buf_text(&want));
	buf_free(&want);
}

static void
text_looks_as_it_did(void **state)
{
	struct profile *p = fake_heap();
	struct buf out = encode(p, "text", 0, 0);

	(void)state;
	assert_golden(&out, "heap.txt");
	buf_free(&out);
	out = encode(p, "text", 80, 2);
	assert_golden(&out, "heap-80.txt");
	buf_free(&out);
	profile_free(p);
}

static void
collapsed_stacks_look_as_they_did(void **state)
{
	struct profile *p = fake_heap();
	struct buf out = encode(p, "collapsed", 0, 0);

	(void)state;
	assert_golden(&out, "heap.collapsed");
	buf_free(&out);
	profile_free(p);
}

static void
json_looks_as_it_did(void **state)
{
	struct profile *p = fake_heap();
	struct buf out = encode(p, "json", 0, 0);

	(void)state;
	assert_golden(&out, "heap.json");
	buf_free(&out);
	profile_free(p);
}

/* A profile whose names hold every byte but NUL, one by one and together. */
static struct profile *
odd_names(void)
{
	struct profile *p = profile_new();
	uint32_t stack[2];
	char name[300] = "", one[8] = "a?b";

	profile_add_type(p, "inuse_space", "bytes");
	for (int c = 1; c < 256; c++) {
		name[c - 1] = (char)c;
		one[1] = (char)c;
		stack[0] = fake_frame(p, one, one, c);
		profile_add_sample(p, stack, 1, NULL, 0, &(int64_t){ 1 });
	}
	stack[0] = fake_frame(p, name, name, 1);
	stack[1] = fake_frame(p, "", "", 0);
	profile_add_sample(p, stack, 2, NULL, 0, &(int64_t){ 1 });
	profile_add_comment(p, "%s", name);
	return p;
}

static void
no_byte_of_a_name_reaches_the_terminal_raw(void **state)
{
	static const char *const formats[] = { "text", "collapsed" };
	struct profile *p = odd_names();

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		struct buf out = encode(p, formats[f], 120, 0);

		for (size_t i = 0; i < out.len; i++) {
			unsigned char c = (unsigned char)out.bytes[i];

			/* UTF-8 of the table's own, and nothing below it. */
			assert_true(c == '\n' || (c >= 0x20 && c != 0x7f));
		}
		buf_free(&out);
	}
	profile_free(p);
}

static void
a_semicolon_in_a_name_is_no_frame(void **state)
{
	struct profile *p = profile_new();
	uint32_t stack[2] = { fake_frame(p, "a;b\nc", "", 0),
		fake_frame(p, "main", "", 0) };
	struct buf out;

	(void)state;
	profile_add_type(p, "samples", "count");
	profile_add_sample(p, stack, 2, NULL, 0, &(int64_t){ 7 });
	out = encode(p, "collapsed", 0, 0);
	assert_string_equal(buf_text(&out), "main;a:b\\x0ac 7\n");
	buf_free(&out);
	profile_free(p);
}

static void
json_stays_valid_whatever_the_names(void **state)
{
	struct profile *p = odd_names();
	struct buf out = encode(p, "json", 0, 0);
	json_error_t why;
	json_t *root = json_loadb(out.bytes, out.len, 0, &why);

	(void)state;
	if (root == NULL)
		fail_msg("%s", why.text);
	assert_int_equal(json_array_size(json_object_get(root, "samples")),
	    256);
	json_decref(root);
	buf_free(&out);
	profile_free(p);
}

static void
no_line_is_wider_than_the_terminal(void **state)
{
	struct profile *p = odd_names();

	(void)state;
	for (size_t columns = 60; columns < 130; columns += 7) {
		struct buf out = encode(p, "text", columns, 0);
		char *line = strtok(out.bytes, "\n");

		for (; line != NULL; line = strtok(NULL, "\n"))
			assert_true(strlen(line) <= columns);
		buf_free(&out);
	}
	profile_free(p);
}

static void
an_empty_profile_is_written_by_all(void **state)
{
	struct profile *p = profile_new();

	(void)state;
	profile_add_type(p, "inuse_space", "bytes");
	for (size_t i = 0; encoders[i] != NULL; i++) {
		struct buf out = encode(p, encoders[i]->name, 80, 10);

		if (strcmp(encoders[i]->name, "text") == 0)
			assert_string_equal(buf_text(&out),
			    "live 0 in 0 sites\n");
		buf_free(&out);
	}
	profile_free(p);
}

static void
huge_and_negative_values_are_written_by_all(void **state)
{
	struct profile *p = profile_new();
	uint32_t a = fake_frame(p, "a", "", 0), b = fake_frame(p, "b", "", 0);

	(void)state;
	profile_add_type(p, "inuse_objects", "count");
	profile_add_type(p, "inuse_space", "bytes");
	profile_add_sample(p, &a, 1, NULL, 0,
	    (int64_t[]){ INT64_MAX, INT64_MAX });
	profile_add_sample(p, &b, 1, NULL, 0,
	    (int64_t[]){ INT64_MIN, INT64_MIN });
	for (size_t i = 0; encoders[i] != NULL; i++) {
		struct buf out = encode(p, encoders[i]->name, 80, 0);

		assert_true(out.len > 0);
		if (strcmp(encoders[i]->name, "collapsed") == 0)
			assert_string_equal(buf_text(&out),
			    "a 9223372036854775807\nb -9223372036854775808\n");
		buf_free(&out);
	}
	profile_free(p);
}

static void
a_value_that_is_not_there_is_refused(void **state)
{
	struct encode_options o = { .type = 4 };
	struct profile *p = fake_heap();
	struct buf out = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(encoder_find("text")->write(&out, p, &o, &e), -1);
	assert_int_equal(encoder_find("collapsed")->write(&out, p, &o, &e), -1);
	o.type = 1;
	assert_int_equal(encoder_find("text")->write(&out, p, &o, &e), 0);
	assert_non_null(strstr(out.bytes, "allocated 945M"));
	buf_free(&out);
	profile_free(p);
}

static void
files_find_their_encoder(void **state)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "heap.pb.gz", "pprof" },
		{ "/tmp/x/heap.pprof", "pprof" },
		{ "heap.pprof.gz", "pprof" },
		{ "heap.json", "json" },
		{ "heap.txt", "text" },
		{ "heap.folded", "collapsed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(encoder_for_file(cases[i].path)->name,
		    cases[i].name);
	assert_null(encoder_for_file("heap"));
	assert_null(encoder_for_file("heap.gz"));
	assert_null(encoder_for_file("/tmp/.json"));
	assert_null(encoder_for_file(""));
	assert_null(encoder_find("nonsense"));
	for (size_t i = 0; encoders[i] != NULL; i++) {
		assert_ptr_equal(encoder_find(encoders[i]->name), encoders[i]);
		assert_true(strlen(encoders[i]->help) > 10);
		assert_int_equal(encoders[i]->extensions[0], ' ');
	}
}

static void
equal_profiles_give_equal_files(void **state)
{
	struct profile *a = fake_heap(), *b = fake_heap();
	struct buf x = encode(a, "pprof", 0, 0), y = encode(b, "pprof", 0, 0);

	(void)state;
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.bytes, y.bytes, x.len);
	buf_free(&x);
	buf_free(&y);
	profile_free(a);
	profile_free(b);
}

/* What `go tool pprof ARGS FILES` prints of profiles. */
static struct buf
go_pprof(const struct profile *p, const struct profile *base, const char *args)
{
	char folder[] = "/tmp/encode-test.XXXXXX", command[1024];
	struct buf out = BUF_INIT, file = encode(p, "pprof", 0, 0);
	struct err e;
	FILE *pipe;

	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof command, "%s/p", folder);
	assert_int_equal(output_write(command, file.bytes, file.len, &e), 0);
	buf_free(&file);
	if (base != NULL) {
		file = encode(base, "pprof", 0, 0);
		snprintf(command, sizeof command, "%s/base", folder);
		assert_int_equal(output_write(command, file.bytes, file.len,
		    &e), 0);
		buf_free(&file);
	}
	/* A home of its own: pprof keeps what it fetches. */
	snprintf(command, sizeof command,
	    "cd %s && HOME=%s '%s' tool pprof %s %s p 2>&1", folder, folder, GO,
	    args, base != NULL ? "-diff_base base" : "");
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(buf_read_fd(&out, fileno(pipe), "pprof", 1 << 20, &e),
	    0);
	if (pclose(pipe) != 0)
		fail_msg("%s\n%s", command, buf_text(&out));
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	return out;
}

static bool
have_go(void)
{
	return GO[0] != '\0' && access(GO, X_OK) == 0;
}

static void
assert_says(const struct buf *out, const char *what)
{
	if (strstr(buf_text(out), what) == NULL)
		fail_msg("no \"%s\" in\n%s", what, buf_text(out));
}

static void
go_tool_pprof_reads_what_is_written(void **state)
{
	static const struct {
		const char *args, *says;
	} cases[] = {
		{ "-raw", "PeriodType: space bytes\nPeriod: 524288\n" },
		{ "-raw", "inuse_space/bytes[dflt]" },
		{ "-raw", "bytes:[16384 bytes]" },
		{ "-raw", "thread:[worker/1]" },
		{ "-raw", "1: 0x400000/0x500000/0x0 /usr/sbin/nginx "
			  "0123456789abcdef" },
		{ "-raw", "2: 0x7f0000026000/0x7f0000180000/0x26000 "
			  "/usr/lib/libc.so.6  [FN][FL][LN][IN]" },
		{ "-top", "File: nginx\n" },
		{ "-top", "Type: inuse_space" },
		{ "-top", "ngx_create_pool" },
		{ "-top -sample_index=alloc_space", "Type: alloc_space" },
		{ "-traces", "worker/1" },
		{ "-tags", "16kB" },
		{ "-comments", "lost: 0" },
		{ "-lines -top", "/src/core/ngx_palloc.c:22" },
		{ "-peek http::Server::accept", "push_inline (inline)" },
	};
	struct profile *p = fake_heap();

	(void)state;
	if (!have_go()) {
		print_message("skipped: go is not installed\n");
		profile_free(p);
		skip();
	}
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = go_pprof(p, NULL, cases[i].args);

		assert_says(&out, cases[i].says);
		/* malloc is dropped. */
		if (strcmp(cases[i].args, "-top") == 0)
			assert_null(strstr(out.bytes, "malloc\n"));
		buf_free(&out);
	}
	profile_free(p);
}

static void
go_tool_pprof_reads_odd_and_empty_profiles(void **state)
{
	struct profile *p = fake_heap(), *empty = profile_new(),
		       *odd = odd_names();
	struct buf out;

	(void)state;
	if (!have_go()) {
		print_message("skipped: go is not installed\n");
		profile_free(p);
		profile_free(empty);
		profile_free(odd);
		skip();
	}
	profile_add_type(empty, "inuse_space", "bytes");
	out = go_pprof(empty, NULL, "-raw");
	assert_says(&out, "inuse_space/bytes");
	buf_free(&out);
	out = go_pprof(odd, NULL, "-raw");
	assert_says(&out, "a\\xffb");
	buf_free(&out);
	out = go_pprof(p, p, "-top");
	assert_says(&out, "Showing nodes accounting for 0, 0%");
	buf_free(&out);
	profile_free(p);
	profile_free(empty);
	profile_free(odd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_looks_as_it_did),
		cmocka_unit_test(collapsed_stacks_look_as_they_did),
		cmocka_unit_test(json_looks_as_it_did),
		cmocka_unit_test(no_byte_of_a_name_reaches_the_terminal_raw),
		cmocka_unit_test(a_semicolon_in_a_name_is_no_frame),
		cmocka_unit_test(json_stays_valid_whatever_the_names),
		cmocka_unit_test(no_line_is_wider_than_the_terminal),
		cmocka_unit_test(an_empty_profile_is_written_by_all),
		cmocka_unit_test(huge_and_negative_values_are_written_by_all),
		cmocka_unit_test(a_value_that_is_not_there_is_refused),
		cmocka_unit_test(files_find_their_encoder),
		cmocka_unit_test(equal_profiles_give_equal_files),
		cmocka_unit_test(go_tool_pprof_reads_what_is_written),
		cmocka_unit_test(go_tool_pprof_reads_odd_and_empty_profiles),
	};

	/* Three dots and +-, whatever the machine is set to. */
	setlocale(LC_ALL, "C");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
