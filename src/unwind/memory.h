/* SPDX-License-Identifier: MIT */
/*
 * The memory of a process that does not change: code, tables and headers in
 * mappings that the process may not write. Read when first needed, block by
 * block, and kept, so that a thousand stacks cost the reads of one.
 */
#ifndef ULLAGE_UNWIND_MEMORY_H
#define ULLAGE_UNWIND_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/maps.h"

struct memory;

/* maps must outlive it. */
struct memory *memory_new(int32_t pid, const struct maps *maps)
    __attribute__((returns_nonnull));
void memory_free(struct memory *m);

/* False if any of it is not there or may be written by the process. */
bool memory_read(struct memory *m, uint64_t address, void *to, size_t len);

#endif
