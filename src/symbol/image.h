/* SPDX-License-Identifier: MIT */
/*
 * What is known of one module: its file, wherever that still is, its debug
 * file, and what was indexed of both. Everything is opened and read when it
 * is first needed and kept.
 */
#ifndef ULLAGE_SYMBOL_IMAGE_H
#define ULLAGE_SYMBOL_IMAGE_H

#include "symbol/debug_file.h"
#include "symbol/dwarf_index.h"
#include "symbol/elf_symbols.h"
#include "symbol/symbol.h"

/* Where files are looked for; outlives the images. */
struct image_search {
	struct rooted root;
	struct debug_dirs dirs;
	long pid; /* 0 if dead */
};

struct image;

struct image *image_open(const struct image_search *search,
    const struct symbol_module *module) __attribute__((returns_nonnull));
void image_free(struct image *image);

/*
 * The frames at an address (as linked), as dwarf_index_find; from the symbol
 * tables where DWARF has no function. n is 0 when there is no name.
 */
size_t image_find(struct image *image, uint64_t address,
    struct dwarf_frame frames[DWARF_FRAMES_MAX]);

/* The variable at an address (as linked), as elf_object_find. */
char *image_find_object(struct image *image, uint64_t address,
    uint64_t *offset);

#endif
