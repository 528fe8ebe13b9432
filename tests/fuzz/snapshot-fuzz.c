/* SPDX-License-Identifier: MIT */
/*
 * Segments from strangers: whatever the target wrote, a segment is refused
 * with a sentence or becomes valid profiles of all kinds.
 *
 * An input is a list of edits of a good segment: three bytes of where (in
 * words of eight), one of how many times the word is repeated, eight of what.
 *
 * Built with libFuzzer by --enable-fuzzers; else it makes edits of its own,
 * a number of times, and prints TAP.
 */
#include "config.h"

#include "abi/segment.h"
#include "encode/encode.h"
#include "profile/kind.h"
#include "target/snapshot.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDIT 12
#define STACKS 50u
#define OBJECTS 500u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
insist(bool what, const char *sentence)
{
	if (!what) {
		fprintf(stderr, "%s\n", sentence);
		abort();
	}
}

/* ---- a good one ------------------------------------------------------------- */

static void
fill_header(struct ull_header *h)
{
	*h = (struct ull_header){
		.magic = ULL_MAGIC,
		.abi_major = ULL_ABI_MAJOR,
		.abi_minor = ULL_ABI_MINOR,
		.header_size = sizeof *h,
		.total_size = ULL_TOTAL,
		.pid = 4711,
		.nonce = 1,
		.state = ULL_STATE_ARMED,
		.start_realtime = UINT64_C(1700000000000000000),
		.modules_cap = ULL_MODULES,
		.module_size = sizeof(struct ull_module),
		.stacks_cap = ULL_STACKS,
		.stack_size = sizeof(struct ull_stack),
		.frames_cap = ULL_FRAMES,
		.index_cap = ULL_INDEX,
		.live_cap = ULL_LIVE,
		.live_size = sizeof(struct ull_live),
		.modules_off = ULL_MODULES_OFF,
		.index_off = ULL_INDEX_OFF,
		.stacks_off = ULL_STACKS_OFF,
		.frames_off = ULL_FRAMES_OFF,
		.keys_off = ULL_KEYS_OFF,
		.live_off = ULL_LIVE_OFF,
		.fds_cap = ULL_FDS,
		.fds_off = ULL_FDS_OFF,
		.threads_cap = ULL_THREADS,
		.thread_size = sizeof(struct ull_thread),
		.threads_off = ULL_THREADS_OFF,
		.tid_offset = 720,
		.stack_offset = 1680,
		.agent_version = "0",
		.exe = "/bin/victim",
		.allocator = "/lib/libc.so.6",
	};
}

static void
fill_stacks(char *at, struct ull_counters *c)
{
	struct ull_stack *s = (void *)(at + ULL_STACKS_OFF);
	uint64_t *frames = (void *)(at + ULL_FRAMES_OFF);

	for (uint32_t i = 1; i < STACKS; i++) {
		s[i].hash = i;
		s[i].frames = c->frames_used;
		s[i].depth = (uint16_t)(i % 20);
		s[i].modules = 2;
		s[i].alloc_objects = i * ULL_OBJECT_ONE;
		s[i].alloc_bytes = i * 100;
		s[i].samples = i;
		s[i].live_objects = ULL_OBJECT_ONE;
		s[i].live_bytes = 100;
		s[i].opened_fds = i * 3;
		s[i].created_threads = i;
		for (uint32_t k = 0; k < s[i].depth; k++)
			frames[c->frames_used++] = 0x400000 + i * 64 + k;
	}
	c->stacks_used = STACKS;
}

static void
fill_live(char *at, struct ull_counters *c)
{
	uint64_t *keys = (void *)(at + ULL_KEYS_OFF);
	struct ull_live *r = (void *)(at + ULL_LIVE_OFF);
	const float weight = 2;
	uint32_t bits;

	memcpy(&bits, &weight, sizeof bits);
	for (uint32_t i = 0; i < OBJECTS; i++) {
		keys[i] = 0x7f0000000000 + i * 64;
		r[i] = (struct ull_live){ 50, 56, weight, i % STACKS, i, 0 };
		r[i].check = ull_live_check(keys[i], 50, 56, bits, i % STACKS, i);
	}
	c->live_entries = OBJECTS;
}

static void
fill_others(char *at)
{
	uint64_t *fds = (void *)(at + ULL_FDS_OFF);
	uint64_t *keys = (void *)(at + ULL_THREADS_OFF);
	struct ull_thread *r = (void *)(at + ULL_THREADS_OFF + ULL_THREADS * 8);

	for (uint32_t i = 0; i < OBJECTS; i++) {
		fds[i] = ull_fd_word(i + (i % 3) * ULL_FDS, i % STACKS,
		    i % ULL_FD_KINDS, i);
		keys[i] = (0x7f0000000000 + i * 64) | i % 2;
		r[i] = (struct ull_thread){ .start = 0x400000 + i,
			.name = { 0x6161616161616161, 0x6161616161616161 },
			.birth = i,
			.stack = i % STACKS };
		r[i].check = ull_thread_check(keys[i] & ~ULL_THREAD_STATE,
		    r[i].start, i, i % STACKS);
	}
}

static char *
good_segment(void)
{
	char *at = calloc(1, ULL_TOTAL);
	struct ull_counters *c = (void *)(at + ULL_COUNTERS_OFF);
	struct ull_control *control = (void *)(at + ULL_CONTROL_OFF);
	struct ull_module *m = (void *)(at + ULL_MODULES_OFF);

	if (at == NULL)
		abort();
	fill_header((void *)at);
	control->interval = 1024;
	for (uint32_t i = 0; i < 2; i++)
		m[i] = (struct ull_module){ 1, 20, 0x400000 + i * 0x1000,
			0x401000 + i * 0x1000, 0x400000, { 0xab }, "lib" };
	c->modules_used = 2;
	fill_stacks(at, c);
	fill_live(at, c);
	fill_others(at);
	return at;
}

/* ---- what becomes of it --------------------------------------------------------- */

static void
check_profile(const struct profile *p)
{
	struct encode_options o = { .rows = 20, .columns = 80, .type = -1 };
	struct buf out = BUF_INIT;
	struct err e = { .text = "" };

	insist(profile_valid(p, &e), e.text);
	insist(encoder_find("json")->write(&out, p, &o, &e) == 0, e.text);
	buf_free(&out);
}

static bool
check_segment(const char *bytes, size_t len)
{
	struct err e = { .text = "" };
	struct snapshot *s = snapshot_parse(bytes, len, false, &e);
	double total, error;

	if (s == NULL) {
		insist(e.text[0] != '\0', "refused without a sentence");
		return false;
	}
	snapshot_live_total(s, &total, &error);
	snapshot_believe_fds(s);
	for (size_t i = 0; i < s->n_fds; i++)
		insist(s->fds[i].fd >= 0 && s->fds[i].stack < s->n_stacks,
		    "a descriptor of nobody");
	for (size_t i = 0; i < s->n_threads; i++)
		insist(s->threads[i].stack < s->n_stacks &&
			memchr(s->threads[i].name, 0, 16) != NULL,
		    "a thread of nobody");
	for (size_t i = 0; kinds[i] != NULL; i++) {
		struct profile *p = kinds[i]->build(s);

		check_profile(p);
		profile_free(p);
	}
	snapshot_free(s);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char *base, *edited;

	if (base == NULL) {
		base = good_segment();
		edited = good_segment();
	}
	for (size_t i = 0; i + EDIT <= len; i += EDIT) {
		size_t at = bytes[i] | (size_t)bytes[i + 1] << 8 |
		    (size_t)bytes[i + 2] << 16;

		for (size_t n = 0; n <= bytes[i + 3]; n++)
			memcpy(edited + (at + n) % (ULL_TOTAL / 8) * 8,
			    bytes + i + 4, 8);
	}
	check_segment(edited, ULL_TOTAL);
	for (size_t i = 0; i + EDIT <= len; i += EDIT) {
		size_t at = bytes[i] | (size_t)bytes[i + 1] << 8 |
		    (size_t)bytes[i + 2] << 16;

		for (size_t n = 0; n <= bytes[i + 3]; n++) {
			size_t off = (at + n) % (ULL_TOTAL / 8) * 8;

			memcpy(edited + off, base + off, 8);
		}
	}
	return 0;
}

#ifndef FUZZING_WITH_LIBFUZZER
/* Words that are most often at the edge of something. */
static const uint64_t edges[] = { 0, 1, UINT64_MAX, INT64_MAX,
	(uint64_t)INT64_MIN, UINT32_MAX, UINT64_C(1) << 32, 0xffff,
	UINT64_C(0x7ff8000000000000), UINT64_C(0x7ff0000000000000),
	UINT64_C(0xfff0000000000000), ULL_STACKS, ULL_FRAMES - 1,
	UINT64_C(0x7f800000) << 32, ULL_DEPTH_MAX + 1, ULL_LOSS_COUNT };

/* Where something is: the rest of the tables is empty. */
static size_t
somewhere(uint64_t r)
{
	static const size_t parts[][2] = { { 0, 768 },
		{ ULL_CONTROL_OFF, 16 }, { ULL_COUNTERS_OFF, 768 },
		{ ULL_MODULES_OFF, 1312 }, { ULL_STACKS_OFF, 128 * STACKS },
		{ ULL_FRAMES_OFF, 8 * 500 }, { ULL_KEYS_OFF, 8 * OBJECTS },
		{ ULL_LIVE_OFF, 32 * OBJECTS }, { ULL_FDS_OFF, 8 * OBJECTS },
		{ ULL_THREADS_OFF, 8 * OBJECTS },
		{ ULL_THREADS_OFF + 8 * ULL_THREADS, 32 * OBJECTS } };
	/* Mostly past the header, where one edit is refused. */
	size_t i = r % 32 == 0 ? 0 : 1 + (r >> 5) % 10;

	return (parts[i][0] + (r >> 8) % parts[i][1]) / 8;
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 300;
	char *good = good_segment();
	uint64_t x = 88172645463325252;

	for (unsigned n = 0; n < rounds; n++) {
		uint8_t input[EDIT * 40];

		for (size_t i = 0; i < sizeof input; i += EDIT) {
			uint64_t word;
			size_t at;

			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			at = somewhere(x);
			word = x & 64 ? x : edges[x >> 40 & 15];
			memcpy(input + i, &at, 3);
			input[i + 3] = x & 1024 ? 0 : (uint8_t)(x >> 50 & 15);
			memcpy(input + i + 4, &word, 8);
		}
		LLVMFuzzerTestOneInput(input, EDIT * (1 + n % 40));
	}
	printf("ok 1 - %u segments with words changed\n", rounds);
	for (size_t len = 0; len < ULL_TOTAL; len = len * 3 / 2 + 1)
		check_segment(good, len);
	insist(check_segment(good, ULL_TOTAL), "a good one was refused");
	printf("ok 2 - segments that are cut short\n1..2\n");
	free(good);
	return 0;
}
#endif
