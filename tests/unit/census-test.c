/* SPDX-License-Identifier: MIT */
/* The walk, over heaps that are made up in a buffer. */
#include "config.h"

#include "census/kinds.h"
#include "census/maps.h"
#include "census/resume.h"
#include "census/tally.h"
#include "census/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE UINT64_C(0x10000000)
#define PAGES 1024

struct heap {
	unsigned char bytes[PAGES * 4096];
	uint8_t there[PAGES];
	uint64_t at; /* offset of the next chunk */
	uint64_t last; /* size of the one before, if it is free */
	bool absent_read;
	long calls, enough_after;
};

static struct heap *heap;

static ssize_t
read_buffer(void *arg, uint64_t address, void *to, size_t len)
{
	struct heap *h = arg;
	uint64_t at = address - BASE;

	if (address < BASE || at >= sizeof h->bytes)
		return -1;
	if (len > sizeof h->bytes - at)
		len = sizeof h->bytes - at;
	for (uint64_t p = at / 4096; p <= (at + len - 1) / 4096; p++)
		if (!h->there[p])
			h->absent_read = true;
	memcpy(to, h->bytes + at, len);
	return (ssize_t)len;
}

static void
pages_buffer(void *arg, uint64_t address, size_t n, uint8_t *there)
{
	struct heap *h = arg;

	for (size_t i = 0; i < n; i++) {
		uint64_t page = (address - BASE) / 4096 + i;

		there[i] = address >= BASE && page < PAGES && h->there[page];
	}
}

static enum chunk_state
state(void *arg, struct census_chunk *c)
{
	(void)arg;
	return c->n >= 8 && memcmp(c->seen, "cached", 6) == 0 ? CHUNK_CACHED :
								CHUNK_IN_USE;
}

static bool
enough(void *arg, uint64_t at)
{
	struct heap *h = arg;

	(void)at;
	return ++h->calls > h->enough_after;
}

static void
put(uint64_t at, uint64_t word)
{
	memcpy(heap->bytes + at, &word, sizeof word);
}

/* Writes a header; free ones tell the next. */
static void
chunk(uint64_t size, bool in_use)
{
	if (heap->last != 0)
		put(heap->at, heap->last);
	put(heap->at + 8, size | (heap->last == 0 ? CHUNK_PREV_IN_USE : 0));
	heap->last = in_use ? 0 : size;
	heap->at += size;
}

static struct census_counts
walk_to(uint64_t end, uint64_t top)
{
	struct census_reader r = { .read = read_buffer,
		.pages = pages_buffer, .arg = heap };
	struct census_walk w = { &r, state, NULL, NULL, heap, enough };
	struct census_segment s = { .start = BASE, .end = BASE + end,
		.top = top ? BASE + top : 0, .main = true };
	struct census_counts c;

	memset(&c, 0, sizeof c);
	census_walk(&w, &s, &c);
	assert_false(heap->absent_read);
	return c;
}

/* The rest is the top. */
static struct census_counts
walk(void)
{
	uint64_t top = heap->at, end = sizeof heap->bytes;

	put(top + 8, (end - top) | CHUNK_PREV_IN_USE);
	return walk_to(end, top);
}

static int
new_heap(void **unused)
{
	(void)unused;
	heap = calloc(1, sizeof *heap);
	memset(heap->there, 1, sizeof heap->there);
	heap->enough_after = 1000000;
	return heap == NULL;
}

static int
free_heap(void **unused)
{
	(void)unused;
	free(heap);
	return 0;
}

static void
a_quiet_heap_is_counted_exactly(void **unused)
{
	struct census_counts c;

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		chunk(32, true);
		chunk(1024, i % 2 == 0);
		chunk(112, true);
	}
	c = walk();
	assert_int_equal(c.count[CHUNK_IN_USE], 2500);
	assert_int_equal(c.bytes[CHUNK_IN_USE],
	    1000 * 32 + 500 * 1024 + 1000 * 112);
	assert_int_equal(c.count[CHUNK_FREE], 500);
	assert_int_equal(c.bytes[CHUNK_FREE], 500 * 1024);
	assert_int_equal(c.top, sizeof heap->bytes - heap->at);
	assert_int_equal(c.uncovered, 0);
	assert_int_equal(c.derailed, 0);
	assert_int_equal(c.odd, 0);
}

static void
whole_free_pages_leave_the_links_alone(void **unused)
{
	struct census_counts c;

	(void)unused;
	chunk(4096 - 48, true);
	chunk(48 + 8192 + 100 / 16 * 16, false); /* links, then two pages */
	chunk(64, true);
	chunk(4096 * 4 - heap->at % 4096 - 32, true);
	chunk(32 + 8192, false); /* 48 do not fit before its first page */
	chunk(64, true);
	c = walk();
	assert_int_equal(c.pages, 8192 + 4096);
	assert_int_equal(c.resident, 8192 + 4096);
}

static void
pages_that_are_not_there_are_not_read(void **unused)
{
	struct census_counts c;

	(void)unused;
	chunk(64, true);
	chunk(100 * 4096, false);
	chunk(200 * 4096, true);
	chunk(64, true);
	memset(heap->there + 2, 0, 90);
	memset(heap->there + 110, 0, 150);
	c = walk();
	assert_int_equal(c.count[CHUNK_IN_USE], 3);
	assert_int_equal(c.pages, 99 * 4096);
	assert_int_equal(c.resident, 9 * 4096);
	assert_int_equal(c.uncovered, 0);
}

static void
a_corrupt_size_is_left_out_and_said(void **unused)
{
	struct census_counts c;
	uint64_t bad;

	(void)unused;
	for (int i = 0; i < 100; i++)
		chunk(64, true);
	bad = heap->at;
	chunk(96, true);
	for (int i = 0; i < 100; i++)
		chunk(64, true);
	put(bad + 8, 0x123456789abcdef0);
	c = walk();
	assert_int_equal(c.derailed, 1);
	assert_int_equal(c.derailed_at, BASE + bad);
	assert_int_equal(c.uncovered, 64 + 96);
	assert_int_equal(c.count[CHUNK_IN_USE], 199);
}

static void
a_hole_between_two_stretches_is_left_out(void **unused)
{
	struct census_counts c;

	(void)unused;
	for (int i = 0; i < 50; i++)
		chunk(48, true);
	chunk(CHUNK_HEADER, true);
	chunk(CHUNK_HEADER, true);
	memset(heap->bytes + heap->at, 0x55, 5000 / 16 * 16);
	heap->at += 5000 / 16 * 16;
	for (int i = 0; i < 50; i++)
		chunk(80, true);
	c = walk();
	assert_int_equal(c.count[CHUNK_IN_USE], 100);
	assert_int_equal(c.derailed, 0);
	assert_in_range(c.uncovered, 4992, 4992 + 32);
}

static void
nothing_is_made_of_zeros_and_noise(void **unused)
{
	struct census_counts c;
	unsigned seed = 1;

	(void)unused;
	c = walk_to(sizeof heap->bytes, 0);
	assert_int_equal(c.uncovered, sizeof heap->bytes);
	for (size_t i = 0; i < sizeof heap->bytes; i++)
		heap->bytes[i] = (unsigned char)rand_r(&seed);
	c = walk_to(sizeof heap->bytes, 0);
	assert_in_range(c.uncovered, sizeof heap->bytes - 65536,
	    sizeof heap->bytes);
}

static void
time_that_runs_out_is_stated_in_bytes(void **unused)
{
	struct census_counts c;

	(void)unused;
	for (int i = 0; i < 100000; i++)
		chunk(32, true);
	heap->enough_after = 2;
	c = walk();
	assert_int_equal(c.bytes[CHUNK_IN_USE] + c.uncovered,
	    sizeof heap->bytes);
	assert_in_range(c.count[CHUNK_IN_USE], 1, 50000);
}

static void
cached_chunks_are_apart(void **unused)
{
	struct census_counts c;

	(void)unused;
	chunk(64, true);
	memcpy(heap->bytes + heap->at + 16, "cached", 6);
	chunk(48, true);
	c = walk();
	assert_int_equal(c.count[CHUNK_CACHED], 1);
	assert_int_equal(c.bytes[CHUNK_CACHED], 48);
	assert_int_equal(c.bytes[CHUNK_IN_USE], 64);
}

/* ---- what is free, and who pins it ---------------------------------------------- */

static void
a_page_is_pinned_by_one_chunk_beside_free_ones(void **unused)
{
	struct census_counts c;

	(void)unused;
	chunk(8192, true);
	chunk(64 + 2048, false);
	chunk(64, true); /* alone on the third page */
	chunk(4096 - 2112 - 64 + 1024, false);
	chunk(64, true); /* two on the fourth */
	chunk(64, true);
	chunk(4096 - 1024 - 128 + 4096, false);
	chunk(8192, true); /* pages of its own */
	chunk(4096, true);
	c = walk();
	assert_int_equal(c.pinned, 1);
	assert_int_equal(c.pages, 4096);
}

static void
runs_are_counted_by_length(void **unused)
{
	struct census_counts c;

	(void)unused;
	for (int i = 0; i < 10; i++) {
		chunk(32, false);
		chunk(64, true);
		chunk(4096, false);
		chunk(64, true);
	}
	c = walk();
	assert_int_equal(c.runs[0], 10);
	assert_int_equal(c.run_bytes[0], 320);
	assert_int_equal(c.runs[7], 10);
	assert_int_equal(c.run_bytes[7], 40960);
	assert_int_equal(c.runs[1], 0);
}

static void
cells_together_are_the_whole(void **unused)
{
	struct census_counts whole, part, sum;
	struct census_reader r = { .read = read_buffer,
		.pages = pages_buffer, .arg = heap };
	struct census_walk w = { &r, state, NULL, NULL, heap, enough };
	struct census_segment s = { .start = BASE, .main = true };
	uint64_t end;
	unsigned seed = 3;

	(void)unused;
	while (heap->at < 700 * 4096)
		chunk((2 + (uint64_t)rand_r(&seed) % 300) * 16,
		    rand_r(&seed) % 3 != 0);
	chunk(64, true);
	whole = walk();
	memset(&sum, 0, sizeof sum);
	end = BASE + heap->at;
	s.top = end;
	s.end = BASE + sizeof heap->bytes;
	for (uint64_t at = BASE; at < end; at += 50 * 4096) {
		s.from = at;
		s.until = at + 50 * 4096 < end ? at + 50 * 4096 : end;
		s.start = at == BASE ? BASE : census_resume(&w, &s,
						  at - 4 * 4096);
		memset(&part, 0, sizeof part);
		census_walk(&w, &s, &part);
		census_counts_add(&sum, &part, 1);
	}
	assert_int_equal(sum.bytes[CHUNK_IN_USE], whole.bytes[CHUNK_IN_USE]);
	assert_int_equal(sum.bytes[CHUNK_FREE], whole.bytes[CHUNK_FREE]);
	assert_int_equal(sum.pages, whole.pages);
	assert_int_equal(sum.pinned, whole.pinned);
	assert_int_equal(sum.derailed, 0);
	assert_memory_equal(sum.runs, whole.runs, sizeof sum.runs);
}

static void
a_top_of_absurd_size_is_not_believed(void **unused)
{
	struct census_counts c;

	(void)unused;
	for (int i = 0; i < 100; i++)
		chunk(64, true);
	put(heap->at + 8, (UINT64_C(1) << 46) | CHUNK_PREV_IN_USE);
	c = walk_to(sizeof heap->bytes, heap->at);
	assert_int_equal(c.count[CHUNK_IN_USE], 100);
	assert_in_range(c.top, 0, sizeof heap->bytes);
}

static void
errors_follow_from_how_cells_differ(void **unused)
{
	uint64_t parts[CENSUS_PARTS], cells[CENSUS_PARTS];

	(void)unused;
	for (int i = 0; i < CENSUS_PARTS; i++) {
		cells[i] = 10;
		parts[i] = 1000;
	}
	assert_true(census_parts_error(parts, cells, 10) == 0);
	parts[0] = 1400;
	assert_true(census_parts_error(parts, cells, 10) > 100);
	assert_true(census_parts_error(parts, cells, 1) == 0);
	memset(cells, 0, sizeof cells);
	cells[3] = 1;
	assert_true(census_parts_error(parts, cells, 10) < 0);
}

/* ---- contents and mappings --------------------------------------------------- */

static void
only_what_is_beyond_doubt_is_named(void **unused)
{
	struct census_reader r = { .read = read_buffer,
		.pages = pages_buffer, .arg = heap };
	struct mappings maps = MAPPINGS_INIT;
	struct census_kinds *k = census_kinds_new(&r, &maps);
	struct census_chunk c = { .size = 80, .n = 64 };

	(void)unused;
	assert_int_equal(census_kind(k, &c), KIND_ZEROS);
	memcpy(c.seen, "GET / HTTP/1.1", 15);
	assert_int_equal(census_kind(k, &c), KIND_TEXT);
	/* An address may look like six letters. */
	memcpy(c.seen, "ABCDEF\0\0", 8);
	assert_int_equal(census_kind(k, &c), KIND_OTHER);
	c.n = 8;
	assert_int_equal(census_kind(k, &c), KIND_OTHER);
	census_kinds_free(k);
	mappings_free(&maps);
}

static void
names_of_mappings_may_be_anything(void **unused)
{
	struct mappings m = MAPPINGS_INIT;

	(void)unused;
	buf_puts(&m.text,
	    "1000-2000 r--p 00000000 08:01 77 /a b/li\\012b.so (deleted)\n"
	    "nonsense\n"
	    "3000-2000 r--p 00000000 08:01 77 /backwards\n"
	    "2000-3000 rw-p 00000000 00:00 0 \n"
	    "3000-5000 rw-p 00000000 00:00 0 [heap]");
	mappings_parse(&m);
	assert_int_equal(m.n, 3);
	assert_string_equal(mapping_name(&m.list[0]),
	    "li\\012b.so (deleted)");
	assert_string_equal(m.list[1].path, "");
	assert_string_equal(mappings_find(&m, 0x4fff)->path, "[heap]");
	assert_null(mappings_find(&m, 0x5000));
	assert_null(mappings_find(&m, 0xfff));
	mappings_free(&m);
}

static void
rows_are_added_up(void **unused)
{
	struct census_tally t = { .rows = NULL };

	(void)unused;
	census_tally_add(&t, 0, 1, 48, 1, CENSUS_PARTS);
	census_tally_add(&t, 0, 1, 48, 1, CENSUS_PARTS);
	census_tally_add(&t, 1, 1, 48, 1, CENSUS_PARTS);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.rows[0].count, 2);
	assert_int_equal(t.rows[0].bytes, 96);
	census_tally_free(&t);
}

#define HEAP_TEST(f) cmocka_unit_test_setup_teardown(f, new_heap, free_heap)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HEAP_TEST(a_quiet_heap_is_counted_exactly),
		HEAP_TEST(whole_free_pages_leave_the_links_alone),
		HEAP_TEST(pages_that_are_not_there_are_not_read),
		HEAP_TEST(a_corrupt_size_is_left_out_and_said),
		HEAP_TEST(a_hole_between_two_stretches_is_left_out),
		HEAP_TEST(nothing_is_made_of_zeros_and_noise),
		HEAP_TEST(time_that_runs_out_is_stated_in_bytes),
		HEAP_TEST(cached_chunks_are_apart),
		HEAP_TEST(a_page_is_pinned_by_one_chunk_beside_free_ones),
		HEAP_TEST(runs_are_counted_by_length),
		HEAP_TEST(cells_together_are_the_whole),
		HEAP_TEST(a_top_of_absurd_size_is_not_believed),
		cmocka_unit_test(errors_follow_from_how_cells_differ),
		HEAP_TEST(only_what_is_beyond_doubt_is_named),
		cmocka_unit_test(names_of_mappings_may_be_anything),
		cmocka_unit_test(rows_are_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
