/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/encode.h"
#include "encode/gzip.h"
#include "encode/profile.pb-c.h"
#include "fake_profile.h"
#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct buf
encode(const struct profile *p, const char *format)
{
	struct encode_options o = { .type = -1 };
	struct buf out = BUF_INIT;
	struct err e;

	if (encoder_find(format)->write(&out, p, &o, &e) < 0)
		fail_msg("%s", e.text);
	return out;
}

static struct profile *
decode(const struct buf *b)
{
	struct err e;
	struct profile *p = profile_decode(buf_text(b), b->len, "it", &e);

	if (p == NULL)
		fail_msg("%s", e.text);
	return p;
}

static struct profile *
decode_file(const char *name)
{
	char path[4096];
	struct profile *p;
	struct err e;

	snprintf(path, sizeof path, "%s%s", DATA, name);
	p = profile_decode_file(path, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	return p;
}

/* The sentence that refuses a text. */
static const char *
refusal(const char *text, size_t len, struct err *e)
{
	struct profile *p = profile_decode(text, len, "x.heap", e);

	if (p != NULL)
		fail_msg("accepted: %s", text);
	assert_int_equal(strncmp(e->text, "cannot read x.heap: ", 20), 0);
	return e->text + 20;
}

static void
pprof_comes_back_as_it_went(void **state)
{
	struct profile *p = fake_heap(), *q;
	struct buf out = encode(p, "pprof"), again;

	(void)state;
	q = decode(&out);
	assert_same_profile(p, q);
	assert_string_equal(profile_text(q, q->functions[1].system_name),
	    profile_text(p, p->functions[1].system_name));
	assert_int_equal(q->functions[1].start_line, 40);
	assert_true(q->mappings[1].has_inline_frames);
	assert_false(q->mappings[0].has_functions);
	again = encode(q, "pprof");
	assert_int_equal(again.len, out.len);
	assert_memory_equal(again.bytes, out.bytes, out.len);
	buf_free(&out);
	buf_free(&again);
	profile_free(p);
	profile_free(q);
}

static void
json_comes_back_as_it_went(void **state)
{
	struct profile *p = fake_heap(), *q;
	struct buf out = encode(p, "json"), again;

	(void)state;
	q = decode(&out);
	assert_same_profile(p, q);
	assert_true(q->stderror[3] == p->stderror[3]);
	assert_true(q->stderror[1] < 0);
	again = encode(q, "json");
	assert_string_equal(buf_text(&again), buf_text(&out));
	buf_free(&out);
	buf_free(&again);
	profile_free(p);
	profile_free(q);
}

static void
collapsed_stacks_come_back(void **state)
{
	struct profile *p = fake_heap(), *q;
	struct buf out = encode(p, "collapsed"), again;

	(void)state;
	q = decode(&out);
	assert_int_equal(profile_total(q, 0), profile_total(p, 3));
	again = encode(q, "collapsed");
	assert_string_equal(buf_text(&again), buf_text(&out));
	buf_free(&out);
	buf_free(&again);
	profile_free(p);
	profile_free(q);
}

static void
large_profiles_come_back(void **state)
{
	struct profile *p = fake_large(2000, 30), *q;
	struct buf out = encode(p, "pprof");

	(void)state;
	q = decode(&out);
	assert_same_profile(p, q);
	buf_free(&out);
	profile_free(p);
	profile_free(q);
}

/* What some readers insist on. */
static void
written_ids_are_sequential(void **state)
{
	struct profile *p = fake_heap();
	struct buf out = encode(p, "pprof"), plain = BUF_INIT;
	Perftools__Profiles__Profile *pb;
	struct err e;

	(void)state;
	assert_int_equal(gzip_unpack(&plain, out.bytes, out.len, 1 << 20, &e),
	    0);
	pb = perftools__profiles__profile__unpack(NULL, plain.len,
	    (uint8_t *)plain.bytes);
	assert_non_null(pb);
	assert_string_equal(pb->string_table[0], "");
	for (size_t i = 0; i < pb->n_mapping; i++)
		assert_int_equal(pb->mapping[i]->id, i + 1);
	for (size_t i = 0; i < pb->n_location; i++)
		assert_int_equal(pb->location[i]->id, i + 1);
	for (size_t i = 0; i < pb->n_function; i++)
		assert_int_equal(pb->function[i]->id, i + 1);
	for (size_t i = 0; i < pb->n_sample; i++)
		assert_int_equal(pb->sample[i]->n_value, pb->n_sample_type);
	assert_string_equal(pb->string_table[pb->default_sample_type],
	    "inuse_space");
	assert_string_equal(pb->string_table[pb->mapping[0]->filename],
	    "/usr/sbin/nginx");
	perftools__profiles__profile__free_unpacked(pb, NULL);
	buf_free(&plain);
	buf_free(&out);
	profile_free(p);
}

static void
names_that_are_not_utf8_are_written_as_text(void **state)
{
	struct profile *p = profile_new(), *q;
	uint32_t a = fake_frame(p, "caf\xe9 \xc3\xa9\n", "", 0);
	struct buf out;
	char name[64];

	(void)state;
	profile_add_type(p, "samples", "count");
	profile_add_sample(p, &a, 1, NULL, 0, &(int64_t){ -5 });
	out = encode(p, "pprof");
	q = decode(&out);
	assert_string_equal(profile_location_name(q, 1, 0, name, sizeof name),
	    "caf\\xe9 \xc3\xa9\n");
	assert_int_equal(profile_total(q, 0), -5);
	buf_free(&out);
	profile_free(p);
	profile_free(q);
}

static void
uncompressed_and_joined_members_are_read(void **state)
{
	struct profile *p = fake_heap(), *q;
	struct buf out = encode(p, "pprof"), plain = BUF_INIT, two = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(gzip_unpack(&plain, out.bytes, out.len, 1 << 20, &e),
	    0);
	q = decode(&plain);
	assert_same_profile(p, q);
	profile_free(q);
	gzip_pack(&two, plain.bytes, 100, &e);
	gzip_pack(&two, plain.bytes + 100, plain.len - 100, &e);
	buf_add(&two, "\0\0\0", 3);
	q = decode(&two);
	assert_same_profile(p, q);
	profile_free(q);
	buf_free(&two);
	buf_free(&plain);
	buf_free(&out);
	profile_free(p);
}

static void
every_cut_of_a_file_is_refused_or_valid(void **state)
{
	struct profile *p = fake_heap(), *q;
	struct buf out = encode(p, "pprof"), plain = BUF_INIT;
	struct err e;

	(void)state;
	for (size_t len = 0; len < out.len - 8; len++)
		refusal(out.bytes, len, &(struct err){ 0 });
	gzip_unpack(&plain, out.bytes, out.len, 1 << 20, &e);
	for (size_t len = 0; len < plain.len; len++) {
		char *exact = xmalloc(len);

		memcpy(exact, plain.bytes, len);
		q = profile_decode(exact, len, "x", &e);
		assert_true(q == NULL || profile_valid(q, &e));
		profile_free(q);
		free(exact);
	}
	buf_free(&plain);
	buf_free(&out);
	profile_free(p);
}

static void
compressed_bombs_are_refused(void **state)
{
	static char zeros[1 << 20];
	struct buf bomb = BUF_INIT, out = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(gzip_pack(&bomb, zeros, sizeof zeros, &e), 0);
	assert_true(bomb.len < 4096);
	for (size_t len = bomb.len, i = 0; i < 9; i++) {
		char *copy = xmalloc(len);

		memcpy(copy, bomb.bytes, len);
		buf_add(&bomb, copy, len);
		len *= 2;
		free(copy);
	}
	assert_non_null(strstr(refusal(bomb.bytes, bomb.len, &e), "256 MiB"));
	assert_int_equal(gzip_unpack(&out, bomb.bytes, bomb.len, 10 << 20, &e),
	    -1);
	assert_true(out.len < 11 << 20);
	buf_free(&out);
	buf_free(&bomb);
}

/* Two bytes each that become a structure each. */
static void
swollen_messages_are_refused(void **state)
{
	size_t n = 12 << 20;
	char *bytes = xmalloc(n);
	struct err e;

	(void)state;
	for (size_t i = 0; i < n; i += 2) {
		bytes[i] = 0x12;
		bytes[i + 1] = 0;
	}
	assert_non_null(strstr(refusal(bytes, n, &e), "512 MiB"));
	free(bytes);
}

typedef void change_fn(Perftools__Profiles__Profile *pb);

static void
unknown_location(Perftools__Profiles__Profile *pb)
{
	pb->sample[0]->location_id[0] = 999;
}

static void
unknown_function(Perftools__Profiles__Profile *pb)
{
	pb->location[0]->line[0]->function_id = 999;
}

static void
unknown_mapping(Perftools__Profiles__Profile *pb)
{
	pb->location[0]->mapping_id = 999;
}

static void
repeated_id(Perftools__Profiles__Profile *pb)
{
	pb->function[1]->id = pb->function[0]->id;
}

static void
id_zero(Perftools__Profiles__Profile *pb)
{
	pb->location[1]->id = 0;
}

static void
missing_value(Perftools__Profiles__Profile *pb)
{
	pb->sample[0]->n_value--;
}

static void
named_first_string(Perftools__Profiles__Profile *pb)
{
	pb->string_table[0] = pb->string_table[1];
}

static void
files_that_contradict_themselves_are_refused(void **state)
{
	static const struct {
		change_fn *change;
		const char *says;
	} cases[] = {
		{ unknown_location, "location 999" },
		{ unknown_function, "function 999" },
		{ unknown_mapping, "mapping 999" },
		{ repeated_id, "two functions have the id" },
		{ id_zero, "a location has the id 0" },
		{ missing_value, "3 values instead of 4" },
		{ named_first_string, "string table" },
	};
	struct profile *p = fake_heap();
	struct buf out = encode(p, "pprof"), plain = BUF_INIT;
	struct err e;

	(void)state;
	gzip_unpack(&plain, out.bytes, out.len, 1 << 20, &e);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		Perftools__Profiles__Profile *pb;
		uint8_t *packed;
		size_t len;
		char *first;

		pb = perftools__profiles__profile__unpack(NULL, plain.len,
		    (uint8_t *)plain.bytes);
		first = pb->string_table[0];
		cases[i].change(pb);
		len = perftools__profiles__profile__get_packed_size(pb);
		packed = xmalloc(len);
		perftools__profiles__profile__pack(pb, packed);
		if (strstr(refusal((char *)packed, len, &e), cases[i].says) ==
		    NULL)
			fail_msg("%s", e.text);
		free(packed);
		pb->string_table[0] = first;
		perftools__profiles__profile__free_unpacked(pb, NULL);
	}
	buf_free(&plain);
	buf_free(&out);
	profile_free(p);
}

static void
jemalloc_samples_are_scaled_to_what_they_stand_for(void **state)
{
	struct profile *p = decode_file("jemalloc.heap");
	char name[64];

	(void)state;
	assert_int_equal(p->n_types, 2);
	assert_int_equal(p->period, 65536);
	assert_int_equal(p->n_samples, 3);
	/* 60 of 112 bytes at one in 65536: 60 / (1 - exp(-112/65536)). */
	assert_int_equal(p->samples[0].values[0], 35139);
	assert_int_equal(p->samples[0].values[1], 3935521);
	assert_int_equal(p->labels[p->samples[0].label].number, 112);
	/* The allocator's own four frames are gone; calls, not returns. */
	assert_int_equal(p->samples[0].n_locations, 6);
	assert_string_equal(profile_location_name(p,
	    p->stack_ids[p->samples[0].location], 0, name, sizeof name),
	    "victim+0x115d");
	assert_string_equal(profile_text(p, p->mappings[0].file),
	    "/srv/victim");
	assert_int_equal(p->mappings[0].start - p->mappings[0].offset,
	    p->mappings[0].bias);
	profile_free(p);
}

static void
jemalloc_allocations_are_kept_when_they_were_counted(void **state)
{
	struct profile *p = decode_file("jemalloc-accum.heap");

	(void)state;
	assert_int_equal(p->n_types, 4);
	assert_int_equal(profile_type_find(p, "alloc_space"), 1);
	assert_int_equal(p->samples[0].values[0], 67349);
	assert_int_equal(p->samples[0].values[2], 30453);
	profile_free(p);
}

static void
gperftools_counts_are_exact(void **state)
{
	struct profile *p = decode_file("gperftools.heap");

	(void)state;
	assert_int_equal(p->n_types, 4);
	assert_int_equal(p->period, 1);
	assert_int_equal(profile_total(p, 0), 61000);
	assert_int_equal(profile_total(p, 1), 26000000);
	assert_int_equal(profile_total(p, 2), 31000);
	assert_int_equal(profile_total(p, 3), 23000000);
	assert_int_equal(p->samples[1].n_locations, 6);
	profile_free(p);
}

static struct profile *
decode_text(const char *text)
{
	struct err e;
	struct profile *p = profile_decode(text, strlen(text), "it", &e);

	if (p == NULL)
		fail_msg("%s", e.text);
	return p;
}

static void
older_heap_texts_are_read_as_pprof_does(void **state)
{
	struct profile *p;

	(void)state;
	p = decode_text("heap profile: 1: 1024 [ 1: 1024] @ heap_v2/524288\n"
			" 1: 1024 [ 1: 1024] @ 0x401000 0x402000\n");
	/* 1024 bytes stand for 512 K and a half of themselves. */
	assert_int_equal(p->n_types, 2);
	assert_int_equal(profile_type_find(p, "space"), 1);
	assert_int_equal(profile_total(p, 0), 513);
	assert_int_equal(profile_total(p, 1), 524800);
	assert_int_equal(p->locations[0].address, 0x400fff);
	profile_free(p);
	p = decode_text("heap profile: 1: 8 [2: 16] @ heap/1048576\r\n# note\r\n"
			"\r\n1: 8 [2: 16] @ 0x1\r\n# runtime.MemStats\r\n");
	assert_int_equal(p->period, 524288);
	assert_int_equal(p->n_types, 4);
	profile_free(p);
	p = decode_text("heap profile: 1: 8 [0: 0] @ growthz\n1: 8 [0: 0] @\n");
	assert_int_equal(profile_total(p, 1), 8);
	profile_free(p);
}

static void
malformed_texts_are_refused_by_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "heap profile: 1: 2\n", "first line" },
		{ "heap profile: 1: 2 [ 1: 2] @ other\n", "first line" },
		{ "heap profile: 1: 2 [ 1: 2] @ heapprofile\nx\n", "line 2" },
		{ "heap profile: 1: 2 [ 1: 2] @ heapprofile\n\n1: 2 [1: 2]\n",
		    "line 3" },
		{ "heap profile: 1: 2 [ 1: 2] @ heapprofile\n"
		  "1: 2 [1: 2] @ 0xfffffffffffffffff\n", "line 2" },
		{ "heap profile: 1: 2 [ 1: 2] @ heapprofile\n"
		  "0: 2 [1: 2] @ 0x1\n", "in no objects" },
		{ "heap_v2/x\n", "first line" },
		{ "heap_v2/1\n@ 0x1\nt*: 1: 2 [\n", "line 3" },
		{ "heap_v2/1\n@ zebra\n", "line 2" },
		{ "heap_v2/1\n@ 1\nt*: 99999999999999999999: 2 [0: 0]\n",
		    "line 3" },
		{ "{\"types\": 1}", "0 value types" },
		{ "{\"types\": ", "JSON" },
		{ "{\"types\": [{}], \"samples\": [{}]}", "0 values" },
		{ "a;b 1\na;b\n", "line 2" },
		{ "hello", "no profile that can be read" },
		{ "", "empty" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strstr(refusal(cases[i].text, strlen(cases[i].text), &e),
			cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].text, e.text);
}

static void
files_that_are_not_there_are_named(void **state)
{
	struct err e;

	(void)state;
	assert_null(profile_decode_file("/nonexistent/x.pb.gz", &e));
	assert_non_null(strstr(e.text, "/nonexistent/x.pb.gz"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pprof_comes_back_as_it_went),
		cmocka_unit_test(json_comes_back_as_it_went),
		cmocka_unit_test(collapsed_stacks_come_back),
		cmocka_unit_test(large_profiles_come_back),
		cmocka_unit_test(written_ids_are_sequential),
		cmocka_unit_test(names_that_are_not_utf8_are_written_as_text),
		cmocka_unit_test(uncompressed_and_joined_members_are_read),
		cmocka_unit_test(every_cut_of_a_file_is_refused_or_valid),
		cmocka_unit_test(compressed_bombs_are_refused),
		cmocka_unit_test(swollen_messages_are_refused),
		cmocka_unit_test(files_that_contradict_themselves_are_refused),
		cmocka_unit_test(
		    jemalloc_samples_are_scaled_to_what_they_stand_for),
		cmocka_unit_test(
		    jemalloc_allocations_are_kept_when_they_were_counted),
		cmocka_unit_test(gperftools_counts_are_exact),
		cmocka_unit_test(older_heap_texts_are_read_as_pprof_does),
		cmocka_unit_test(malformed_texts_are_refused_by_line),
		cmocka_unit_test(files_that_are_not_there_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
