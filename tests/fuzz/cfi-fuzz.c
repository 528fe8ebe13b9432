/* SPDX-License-Identifier: MIT */
/*
 * The parser of unwind tables on arbitrary bytes.
 *
 * The first four bytes say which pc is asked for, relative to the table, and
 * how; the rest is the table, in memory of exactly its size. With libFuzzer:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Isrc \
 *	-Ibuild tests/fuzz/cfi-fuzz.c src/agent/cfi*.c -o cfi-fuzz
 *
 * With -DREPLAY it is a program that reads the files it is given. With
 * -DSEED, one that writes what a first corpus is made of: the tables of the
 * program itself, to the directory it is given.
 */
#include "config.h"

#include "agent/cfi.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 4

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
check_value(const struct cfi_value *v)
{
	if (v->base > CFI_OTHER || (!v->deref && v->add != 0))
		abort();
}

static void
check(enum cfi_found found, const struct cfi_row *row)
{
	if (found != CFI_FOUND)
		return;
	check_value(&row->cfa);
	if (row->fp.how > CFI_IS || row->ra.how > CFI_IS)
		abort();
	check_value(&row->fp.v);
	check_value(&row->ra.v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cfi_view v;
	struct cfi_row row;
	uint8_t *table;
	uint32_t head;
	uint64_t pc;

	if (size <= HEAD)
		return 0;
	memcpy(&head, input, HEAD);
	if ((table = malloc(size - HEAD)) == NULL)
		return 0;
	memcpy(table, input + HEAD, size - HEAD);
	v.lo = v.hdr = table;
	v.hi = table + size - HEAD;
	/* In, before, and behind the table, and anywhere in between. */
	pc = (uint64_t)(uintptr_t)table + (uint64_t)((int32_t)head >> 2);
	if (head & 1)
		check(cfi_find(&v, pc, &row), &row);
	else
		check(cfi_find_linear(&v, v.lo, pc, &row), &row);
	if (head & 2)
		check(cfi_find(&v, pc >> 1, &row), &row);
	free(table);
	return 0;
}

#ifdef REPLAY
int
main(int argc, char **argv)
{
	static uint8_t bytes[1 << 20];

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		size_t n;

		if (f == NULL) {
			perror(argv[i]);
			return 1;
		}
		n = fread(bytes, 1, sizeof(bytes), f);
		fclose(f);
		LLVMFuzzerTestOneInput(bytes, n);
	}
	return 0;
}
#endif

#ifdef SEED
/* The tables of libc, cut to 8 KiB from the header on and from frames on. */
int
main(int argc, char **argv)
{
	struct dl_find_object o;
	char path[4096];

	if (argc != 2 || _dl_find_object((void *)(uintptr_t)main, &o) != 0)
		return 2;
	for (uint32_t i = 0; i < 64; i++) {
		const uint8_t *from = o.dlfo_eh_frame, *end = o.dlfo_map_end;
		size_t n = (size_t)(end - from);
		/* Code is before the tables. */
		uint32_t head = (uint32_t)(i * -97 << 2) | (i & 3);
		FILE *f;

		n = n > 8192 ? 8192 : n;
		snprintf(path, sizeof(path), "%s/seed%u", argv[1], i);
		if ((f = fopen(path, "wb")) == NULL)
			return 1;
		/* .eh_frame follows .eh_frame_hdr in what ld writes. */
		fwrite(&head, HEAD, 1, f);
		if (i & 1)
			fwrite(from, 1, n, f);
		else
			fwrite(from + 12 + 8 * (size_t)from[8], 1,
			    n - 12 - 8 * (size_t)from[8], f);
		fclose(f);
	}
	return 0;
}
#endif
