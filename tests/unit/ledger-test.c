/* SPDX-License-Identifier: MIT */
/* Mappings as the kernel tells them, and the ledger made of them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "proc/smaps.h"
#include "tune/ledger.h"

#define MAP(range, perms, name, rss, anonymous)                                \
	range " " perms " 00000000 00:00 7 " name "\nSize: 999 kB\nRss: " #rss  \
	      " kB\nAnonymous: " #anonymous " kB\nSwap: 0 kB\nVmFlags: rd\n"

/* A process with everything: an arena, a stack with its guard, .bss, ours. */
static const char text[] =
    MAP("00400000-00500000", "r-xp", "/bin/with blank", 400, 0)
    MAP("00500000-00510000", "rw-p", "/bin/with blank", 64, 40)
    MAP("00510000-00520000", "rw-p", "", 12, 12)
    MAP("01000000-02000000", "rw-p", "[heap]", 10240, 10240)
    MAP("7f0000000000-7f0000100000", "rw-p", "", 800, 800)
    MAP("7f0000100000-7f0004000000", "---p", "", 0, 0)
    MAP("7f1000000000-7f1000001000", "---p", "", 0, 0)
    MAP("7f1000001000-7f1000801000", "rw-p", "", 16, 16)
    MAP("7f2000000000-7f2000100000", "rw-p", "", 1000, 1000)
    MAP("7f3000000000-7f3000100000", "rw-s", "/dev/shm/x", 100, 0)
    MAP("7f4000000000-7f4000100000", "rw-s",
	"/dev/shm/ullage-0/4026531836-77.seg", 640, 0)
    MAP("7f5000000000-7f5000001000", "rw-p", "/opt/libullage.so", 4, 4)
    MAP("7f5000001000-7f5000100000", "rw-p", "", 50, 50)
    MAP("7ffff0000000-7ffff0021000", "rw-p", "[stack]", 30, 30)
    MAP("7ffff7fc0000-7ffff7fc2000", "r-xp", "[vdso]", 8, 0)
    "nonsense that is no mapping\n";

static const uint64_t total_kb = 400 + 64 + 12 + 10240 + 800 + 16 + 1000 +
    100 + 640 + 4 + 50 + 30 + 8;

struct fixture {
	struct status status;
	struct smaps maps;
	struct ledger_input in;
	struct ledger l;
};

static void
prepare(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->status.threads = 2;
	f->status.page_tables = 4096;
	smaps_parse(xstrdup(text), &f->maps);
	f->in = (struct ledger_input){ .status = &f->status,
		.maps = &f->maps,
		.metadata = UINT64_MAX };
}

static void
clean(struct fixture *f)
{
	ledger_free(&f->l);
	smaps_free(&f->maps);
}

static uint64_t
sum(const struct ledger *l)
{
	uint64_t n = 0;

	for (int i = 0; i < LEDGER_PARTS; i++)
		n += l->bytes[i];
	return n;
}

static void
mappings_are_read_and_nonsense_is_not(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	assert_int_equal(f.maps.n, 15);
	assert_string_equal(f.maps.list[0].name, "/bin/with blank");
	assert_string_equal(f.maps.list[0].perms, "r-xp");
	assert_int_equal(f.maps.list[3].start, 0x1000000);
	assert_int_equal(f.maps.list[3].rss, 10240 << 10);
	assert_string_equal(f.maps.list[4].name, "");
	clean(&f);
	smaps_parse(xstrdup(""), &f.maps);
	assert_int_equal(f.maps.n, 0);
	smaps_free(&f.maps);
	smaps_parse(xstrdup("Rss: 4 kB\n12-\n-\n34-12 rw-p 0 0 0\n"),
	    &f.maps);
	assert_int_equal(f.maps.n, 0);
	smaps_free(&f.maps);
}

static void
without_an_agent_each_page_is_in_one_part(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	ledger_make(&f.in, &f.l);
	assert_int_equal(f.l.rss, total_kb << 10);
	assert_int_equal(sum(&f.l), f.l.rss);
	assert_true(f.l.known[LEDGER_HEAP]);
	assert_false(f.l.known[LEDGER_LIVE]);
	assert_int_equal(f.l.bytes[LEDGER_HEAP], (10240 + 800) << 10);
	assert_int_equal(f.l.bytes[LEDGER_STACKS], (30 + 16) << 10);
	assert_int_equal(f.l.bytes[LEDGER_DATA], (40 + 12) << 10);
	assert_int_equal(f.l.bytes[LEDGER_FILE], (400 + 24 + 8) << 10);
	assert_int_equal(f.l.bytes[LEDGER_SHARED], 100 << 10);
	assert_int_equal(f.l.bytes[LEDGER_AGENT], (640 + 4 + 50) << 10);
	assert_int_equal(f.l.bytes[LEDGER_ANONYMOUS], 1000 << 10);
	clean(&f);
}

static void
live_objects_tell_whose_a_mapping_is(void **state)
{
	const struct ledger_object objects[] = {
		{ 0x7f2000000020, 1000, 10 }, /* in what looked anonymous */
		{ 0x1000010, 2000, 100 },
	};
	struct fixture f;

	(void)state;
	prepare(&f);
	f.in.watched = f.in.glibc = true;
	f.in.objects = objects;
	f.in.n_objects = 2;
	f.in.live = 210000;
	f.in.live_error = 5000;
	ledger_make(&f.in, &f.l);
	assert_int_equal(sum(&f.l), total_kb << 10);
	assert_int_equal(f.l.bytes[LEDGER_LIVE], 210000);
	assert_int_equal(f.l.bytes[LEDGER_OVERHEAD], 110 * 8);
	assert_int_equal(f.l.bytes[LEDGER_RETAINED],
	    ((10240 + 800 + 1000) << 10) - 210000 - 880);
	assert_int_equal(f.l.bytes[LEDGER_ANONYMOUS], 0);
	assert_int_equal(f.l.error, 5000);
	clean(&f);
}

static void
an_estimate_too_high_takes_nothing_from_other_parts(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	f.in.watched = f.in.glibc = true;
	f.in.live = 1e12;
	ledger_make(&f.in, &f.l);
	assert_int_equal(sum(&f.l), total_kb << 10);
	assert_int_equal(f.l.bytes[LEDGER_LIVE], (10240 + 800) << 10);
	assert_int_equal(f.l.bytes[LEDGER_RETAINED], 0);
	assert_true(f.l.excess > 9e11);
	clean(&f);
}

static void
what_was_never_touched_is_not_resident(void **state)
{
	/* One object is all of a mapping of 1 MiB of which 1,000 kB are in. */
	const struct ledger_object big = { 0x7f2000000010, 0xffff0, 1 };
	struct fixture f;

	(void)state;
	prepare(&f);
	f.in.watched = f.in.glibc = true;
	f.in.objects = &big;
	f.in.n_objects = 1;
	f.in.live = 0xffff0;
	ledger_make(&f.in, &f.l);
	assert_int_equal(f.l.live_absent / 1024, 23);
	assert_int_equal(sum(&f.l), total_kb << 10);
	clean(&f);
}

static void
a_chunk_that_is_a_mapping_may_have_neighbours(void **state)
{
	/* 200 kB of the 1,000 kB that the kernel shows as one mapping. */
	const struct ledger_object chunk = { 0x7f2000000010, 204800 - 16, 1 };
	struct fixture f;

	(void)state;
	prepare(&f);
	f.in.watched = f.in.glibc = true;
	f.in.objects = &chunk;
	f.in.n_objects = 1;
	f.in.live = 204800 - 16;
	ledger_make(&f.in, &f.l);
	assert_int_equal(sum(&f.l), total_kb << 10);
	assert_int_equal(f.l.bytes[LEDGER_LIVE], 204800 - 16);
	assert_int_equal(f.l.bytes[LEDGER_ANONYMOUS],
	    (1000 << 10) - (204800 - 16));
	clean(&f);
}

static void
more_live_than_is_resident_is_not_taken_from_elsewhere(void **state)
{
	/* 3,000 kB in an arena of which 800 kB are in memory. */
	const struct ledger_object object = { 0x7f0000000120, 3000 << 10, 1 };
	struct fixture f;

	(void)state;
	prepare(&f);
	f.in.watched = f.in.glibc = true;
	f.in.objects = &object;
	f.in.n_objects = 1;
	f.in.live = 3000 << 10;
	ledger_make(&f.in, &f.l);
	assert_int_equal(sum(&f.l), total_kb << 10);
	assert_int_equal(f.l.live_absent, 2200 << 10);
	assert_int_equal(f.l.bytes[LEDGER_LIVE], 800 << 10);
	assert_int_equal(f.l.bytes[LEDGER_RETAINED] +
		f.l.bytes[LEDGER_OVERHEAD],
	    10240 << 10);
	clean(&f);
}

static void
the_cheap_view_calls_the_rest_unknown(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	f.in.maps = NULL;
	f.status.rss_anon = 1000;
	f.status.rss_file = 200;
	f.status.rss_shmem = 30;
	f.in.watched = true;
	f.in.live = 600;
	ledger_make(&f.in, &f.l);
	assert_int_equal(f.l.rss, 1230);
	assert_int_equal(f.l.bytes[LEDGER_LIVE], 600);
	assert_int_equal(f.l.bytes[LEDGER_UNKNOWN], 400);
	assert_false(f.l.known[LEDGER_RETAINED]);
	assert_false(f.l.known[LEDGER_STACKS]);
	clean(&f);
}

static void
what_a_trim_returns_has_a_reason(void **state)
{
	struct ledger l = { .bytes = { [LEDGER_RETAINED] = 1000 } };
	struct ledger_trim t = { .allocator = "glibc",
		.releasable = UINT64_MAX };
	const char *why = NULL;

	(void)state;
	assert_int_equal(ledger_return(&l, &t, &why), UINT64_MAX);
	l.known[LEDGER_RETAINED] = true;
	assert_int_equal(ledger_return(&l, &t, &why), 500);
	assert_non_null(why);
	t.base = 100;
	t.live = 300;
	t.anonymous = 1100;
	assert_int_equal(ledger_return(&l, &t, &why), 700);
	t.anonymous = 50;
	assert_int_equal(ledger_return(&l, &t, &why), 0);
	t.releasable = 800;
	assert_int_equal(ledger_return(&l, &t, &why), 800);
	t.allocator = "mimalloc";
	assert_int_equal(ledger_return(&l, &t, &why), 0);
}

static void
a_census_is_believed_to_the_byte(void **state)
{
	struct fixture f;
	struct ledger_trim trim = { .allocator = "glibc",
		.releasable = 777 * 4096, .counted = true };
	const char *why;

	(void)state;
	prepare(&f);
	f.in.watched = f.in.glibc = true;
	f.in.live = 5 << 20;
	f.in.absent = 1 << 20;
	f.in.mapped = 300 << 10; /* of what looks like other memory */
	f.in.metadata = 12345;
	ledger_make(&f.in, &f.l);
	assert_int_equal(sum(&f.l), total_kb * 1024);
	assert_int_equal(f.l.bytes[LEDGER_LIVE], 4 << 20);
	assert_int_equal(f.l.bytes[LEDGER_OVERHEAD], 12345);
	assert_int_equal(f.l.bytes[LEDGER_RETAINED],
	    (10240 + 800 + 300) * 1024 - (4 << 20) - 12345);
	assert_int_equal(f.l.bytes[LEDGER_ANONYMOUS], (1000 - 300) * 1024);
	assert_int_equal(f.l.live_absent, 1 << 20);
	assert_int_equal(f.l.error, 0);
	assert_int_equal(ledger_return(&f.l, &trim, &why), 777 * 4096);
	assert_non_null(strstr(why, "census"));
	clean(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_census_is_believed_to_the_byte),
		cmocka_unit_test(mappings_are_read_and_nonsense_is_not),
		cmocka_unit_test(without_an_agent_each_page_is_in_one_part),
		cmocka_unit_test(live_objects_tell_whose_a_mapping_is),
		cmocka_unit_test(
		    an_estimate_too_high_takes_nothing_from_other_parts),
		cmocka_unit_test(what_was_never_touched_is_not_resident),
		cmocka_unit_test(a_chunk_that_is_a_mapping_may_have_neighbours),
		cmocka_unit_test(
		    more_live_than_is_resident_is_not_taken_from_elsewhere),
		cmocka_unit_test(the_cheap_view_calls_the_rest_unknown),
		cmocka_unit_test(what_a_trim_returns_has_a_reason),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
