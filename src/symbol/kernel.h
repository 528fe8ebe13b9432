/* SPDX-License-Identifier: MIT */
/* Functions of the running kernel, from /proc/kallsyms. */
#ifndef ULLAGE_SYMBOL_KERNEL_H
#define ULLAGE_SYMBOL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct kernel_map;

/* x86-64: the upper half of the address space. */
#define KERNEL_FIRST UINT64_C(0xffff800000000000)

/* Takes the bytes (owned, NUL after them): lines of "ADDRESS TYPE NAME". */
struct kernel_map *kernel_map_parse(char *text, size_t len)
    __attribute__((returns_nonnull));

/* Empty where addresses are hidden from us (kernel.kptr_restrict). */
struct kernel_map *kernel_map_open(void) __attribute__((returns_nonnull));
void kernel_map_free(struct kernel_map *m);

/* The function at an address, or NULL; lives as long as the map. */
const char *kernel_map_find(const struct kernel_map *m, uint64_t address);

#endif
