/* SPDX-License-Identifier: MIT */
/*
 * Forged heaps, arenas and type information. Without libFuzzer it makes them
 * by itself, so many as its argument says.
 */
#include "config.h"

#include "census/caches.h"
#include "census/kinds.h"
#include "census/layout.h"
#include "census/resume.h"
#include "census/tally.h"
#include "census/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0x10000000)
#define SIZE ((size_t)32 * 4096)

struct target {
	unsigned char bytes[SIZE];
	uint32_t there; /* a bit for each page */
	struct census_kinds *kinds;
	struct census_tally tally;
	struct census_caches caches;
	uint64_t covered, pinned;
};

static ssize_t
read_target(void *arg, uint64_t address, void *to, size_t len)
{
	struct target *t = arg;
	uint64_t at = address - BASE;

	if (address < BASE || at >= SIZE)
		return -1;
	if (len > SIZE - at)
		len = SIZE - at;
	memcpy(to, t->bytes + at, len);
	return (ssize_t)len;
}

static void
pages_target(void *arg, uint64_t address, size_t n, uint8_t *there)
{
	struct target *t = arg;

	for (size_t i = 0; i < n; i++) {
		uint64_t page = (address - BASE) / 4096 + i;

		there[i] = address >= BASE && page < 32 &&
		    (t->there >> page & 1);
	}
}

static enum chunk_state
state_of(void *arg, struct census_chunk *c)
{
	struct target *t = arg;

	c->kind = census_kind(t->kinds, c);
	return census_caches_state(&t->caches, c);
}

static void
on_use(void *arg, const struct census_chunk *c)
{
	struct target *t = arg;

	t->covered += c->size;
	census_tally_add(&t->tally, 0, c->kind, c->size, 3,
	    (uint32_t)c->size % (CENSUS_PARTS + 1));
}

static void
on_pin(void *arg, const struct census_chunk *c, enum chunk_state state)
{
	struct target *t = arg;

	t->pinned++;
	if (state == CHUNK_FREE || c->size == 0)
		abort();
	census_tally_pin(&t->tally, 0, c->kind, c->size, 1);
}

/* A cell of the heap must not tell more than all of it. */
static void
try_cell(const struct census_walk *w, struct census_segment s, uint64_t at)
{
	struct census_counts c;

	memset(&c, 0, sizeof c);
	s.from = BASE + at % 16 * 4096;
	s.until = s.from + 4 * 4096;
	if (s.from > s.start + 4096)
		s.start = census_resume(w, &s, s.from - 4096);
	if (s.start < s.until)
		census_walk(w, &s, &c);
	if (c.pinned > 4)
		abort();
}

static void
try(struct target *t, const uint8_t *data, size_t size)
{
	static const char maps_text[] =
	    "10000000-10010000 rw-p 00000000 00:00 0 [heap]\n"
	    "10010000-10018000 rw-p 00000000 08:01 9 /lib/libc.so.6\n"
	    "10018000-10020000 r--p 00000000 08:01 9 /lib/libc.so.6\n";
	struct census_reader r = { .read = read_target, .pages = pages_target,
		.arg = t };
	struct census_walk w = { &r, state_of, on_use, on_pin, t, NULL };
	struct census_segment s = { BASE, BASE + 16 * 4096, 0, 0, true, 0, 0 };
	struct mappings maps = MAPPINGS_INIT;
	struct census_layout layout;
	struct census_counts c;
	struct census_state state;
	struct err e;
	uint64_t head[2] = { 0, 0 }, sum;

	memset(t, 0, sizeof *t);
	memcpy(head, data, size < sizeof head ? size : sizeof head);
	if (size > sizeof head)
		memcpy(t->bytes, data + sizeof head,
		    size - sizeof head < SIZE ? size - sizeof head : SIZE);
	t->there = ~(uint32_t)head[0];
	s.main = head[0] >> 32 & 1;
	s.top = head[1] & 0xfffffff0 ? BASE + head[1] % SIZE / 16 * 16 : 0;
	s.top_at = BASE + (head[1] >> 32) % SIZE / 8 * 8;
	buf_puts(&maps.text, maps_text);
	mappings_parse(&maps);
	t->kinds = census_kinds_new(&r, &maps);
	census_layout_find(&r, &maps, &layout, &e);
	census_caches_key(&t->caches, &r, 36, BASE);
	if (census_state_read(&r, BASE + 0x10000, &state))
		census_caches_fast(&t->caches, &r, 36, &state);
	memset(&c, 0, sizeof c);
	census_walk(&w, &s, &c);
	sum = c.bytes[CHUNK_IN_USE];
	/* What was counted is what was met, and no more than there was. */
	if (sum != t->covered || c.pinned != t->pinned ||
	    c.pages > c.bytes[CHUNK_FAST] + c.bytes[CHUNK_FREE] ||
	    c.resident > c.pages || c.in_memory > sum)
		abort();
	try_cell(&w, s, head[0] >> 40);
	census_kinds_free(t->kinds);
	census_tally_free(&t->tally);
	census_caches_free(&t->caches);
	mappings_free(&maps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target *t = malloc(sizeof *t);

	if (t != NULL)
		try(t, data, size);
	free(t);
	return 0;
}

#ifndef FUZZING_WITH_LIBFUZZER
static unsigned seed = 1;

static uint64_t
any(uint64_t below)
{
	uint64_t n = (uint64_t)rand_r(&seed) << 31 | (uint64_t)rand_r(&seed);

	return n % below;
}

static void
set(uint8_t *b, size_t at, uint64_t word)
{
	if (at + 8 <= SIZE)
		memcpy(b + 16 + at, &word, 8);
}

/* Chunks, then an arena and type information, then some words changed. */
static void
forge(uint8_t *b)
{
	size_t at = 0;

	memset(b, 0, SIZE + 16);
	while (at < 16 * 4096) {
		size_t size = (2 + any(any(20) == 0 ? 600 : 20)) * 16;

		set(b, at + 8, size | any(8));
		set(b, at + 16, BASE + 0x18000 + any(512) * 8);
		set(b, at + 24, any(2) ? 0 : BASE + any(SIZE));
		at += size;
	}
	for (size_t i = 0; i < 254; i++)
		set(b, 0x10000 + 112 + 8 * i,
		    BASE + 0x10000 + 96 + i / 2 * 16);
	set(b, 0x10000 + 96, BASE + any(0x10000) / 16 * 16);
	set(b, 0x10000 + 2160, BASE + 0x10000);
	set(b, 0x10000 + 16, BASE + any(0x10000) / 16 * 16);
	for (size_t i = 0; i < 512; i++)
		set(b, 0x18000 + 8 * i,
		    any(3) ? BASE + 0x18000 + any(512) * 8 : 0);
	memcpy(b + 16 + 0x19000, "GNU C Library (x) release version 2.36", 38);
	for (uint64_t n = any(50); n > 0; n--)
		set(b, any(SIZE / 8) * 8, any(4) ? any(4096) :
						   BASE + any(SIZE));
	b[0] = any(3) ? 0 : (uint8_t)any(256);
	b[4] = (uint8_t)any(2);
	for (size_t i = 8; i < 16; i++)
		b[i] = any(2) ? (uint8_t)any(256) : 0;
}

int
main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000;
	uint8_t *b = malloc(SIZE + 16);

	if (b == NULL)
		return 99;
	for (long i = 0; i < n; i++) {
		forge(b);
		LLVMFuzzerTestOneInput(b, SIZE + 16);
	}
	printf("1..1\nok 1 - %ld forged heaps are survived\n", n);
	free(b);
	return 0;
}
#endif
