/* SPDX-License-Identifier: MIT */
/* One unit of DWARF: its functions, what was inlined into them, its lines. */
#ifndef ULLAGE_SYMBOL_DWARF_UNIT_H
#define ULLAGE_SYMBOL_DWARF_UNIT_H

#include "symbol/dwarf_index.h"
#include "symbol/range_map.h"

/*
 * Entries may share a list of ranges, so a small file can describe very many;
 * no real function has this many pieces.
 */
#define DWARF_UNIT_RANGES_MAX (1 << 20)
#define DWARF_FUNCTION_RANGES_MAX 4096

struct dwarf_inlined {
	Dwarf_Die die;
	uint32_t caller; /* index of the inlined call around it, or itself */
};

struct dwarf_function {
	Dwarf_Die die;
	bool scanned;
	struct range_map map; /* ids are indexes of calls */
	struct dwarf_inlined *calls;
	size_t n_calls, cap_calls;
};

struct dwarf_unit {
	Dwarf_Die die;
	bool scanned, scanned_deep, read_lines;
	struct range_map map; /* ids are indexes of functions */
	struct dwarf_function *functions;
	size_t n_functions, cap_functions;
	Dwarf_Lines *lines; /* owned by the Dwarf, as is files */
	size_t n_lines;
	Dwarf_Files *files;
	char **paths; /* of files, absolute; each NULL until needed */
	size_t n_files;
};

void dwarf_unit_fini(struct dwarf_unit *u);

/* As dwarf_index_find, in one unit. */
size_t dwarf_unit_find(struct dwarf_unit *u, const struct elf_file *code,
    uint64_t address, struct dwarf_frame frames[DWARF_FRAMES_MAX]);

/* Adds the address ranges of an entry, at most max of them. */
void dwarf_add_ranges(struct range_map *m, Dwarf_Die *die, uint32_t id,
    uint32_t rank, size_t max, const struct elf_file *code);

#endif
