/* SPDX-License-Identifier: MIT */
/*
 * Small programs and libraries, compiled while the tests run: a compiler
 * shows more shapes of debug information than a file in the repository.
 */
#ifndef ULLAGE_TESTS_SYMBOL_FIXTURE_H
#define ULLAGE_TESTS_SYMBOL_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/symbol.h"

/* Where everything is; made by fixture_setup, removed by fixture_teardown. */
extern char fixture_dir[];

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Runs a command in fixture_dir; %s style. Fails the test if it fails. */
void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The first line that a command writes; "" if none. Static. */
const char *output_of(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* The path of a file in fixture_dir. One of a few static ones. */
const char *at(const char *name);

/* Value and size of a symbol of a file there, as nm says. */
uint64_t value_of(const char *file, const char *symbol);
uint64_t size_of(const char *file, const char *symbol);

/* Lower-case hex. Static. */
const char *id_of(const char *file);

/* What a look-up said, copied. */
struct answer {
	size_t n, calls;
	struct {
		char name[1024], system_name[1024], file[512];
		int64_t line, start_line;
	} frames[16];
};

/* One look-up, by a symbolizer of its own, in a module without build id. */
struct answer look_up(const char *root, const char *debug_dirs,
    const char *path, const char *build_id, uint64_t address);

void keep_answer(void *arg, const struct symbol_frame *frames, size_t n);

#endif
