/* SPDX-License-Identifier: MIT */
/* The file that a module was loaded from, even if its path leads elsewhere. */
#ifndef ULLAGE_SYMBOL_IMAGE_FILE_H
#define ULLAGE_SYMBOL_IMAGE_FILE_H

#include "symbol/image.h"

/* NULL if it cannot be had, or if what can be had may be another one. */
struct elf_file *image_file_open(const struct image_search *search,
    const struct symbol_module *module);

/*
 * The symbols that some distributions leave in a stripped file, compressed
 * (.gnu_debugdata); NULL if there are none.
 */
struct elf_file *image_file_mini(const struct image_search *search,
    const struct elf_file *f);

#endif
