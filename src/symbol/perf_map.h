/* SPDX-License-Identifier: MIT */
/*
 * Code that a JIT compiler made and announced in /tmp/perf-PID.map: lines of
 * "START SIZE name", hexadecimal. Only appended to, so where two entries
 * overlap the memory was used again and the later one counts.
 */
#ifndef ULLAGE_SYMBOL_PERF_MAP_H
#define ULLAGE_SYMBOL_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

/* What is beyond this much of a file is not read. */
#define PERF_MAP_MAX ((size_t)64 << 20)

struct perf_map;

/* Takes the bytes (owned, NUL after them). Malformed lines are skipped. */
struct perf_map *perf_map_parse(char *text, size_t len)
    __attribute__((returns_nonnull));
void perf_map_free(struct perf_map *m);

/* The name at an address, or NULL; lives as long as the map. */
const char *perf_map_find(const struct perf_map *m, uint64_t address);

#endif
