/* SPDX-License-Identifier: MIT */
/*
 * Functions, inlined calls and lines from DWARF.
 *
 * Asking libdw for the scopes of one address walks a whole unit, so what has
 * addresses is indexed here instead, each level when it is first needed: the
 * units of the file, the functions of a unit, the calls inlined into a
 * function. The ranges of units are read from the units themselves:
 * .debug_aranges is often missing or incomplete.
 */
#ifndef ULLAGE_SYMBOL_DWARF_INDEX_H
#define ULLAGE_SYMBOL_DWARF_INDEX_H

#include <elfutils/libdw.h>

#include "symbol/elf_file.h"
#include "symbol/symbol.h"

/* Deeper chains of inlined calls lose their outer end but the function. */
#define DWARF_FRAMES_MAX SYMBOL_FRAMES_MAX

struct dwarf_index;

struct dwarf_frame {
	const char *linkage; /* or NULL */
	const char *name;    /* as in the source; or NULL */
	const char *file;    /* or "" */
	int64_t line, start_line;
	uint64_t entry; /* of the function that is no inlined one, else 0 */
};

/*
 * The code segments are those of `code`: linkers leave ranges of functions
 * that they dropped at 0 or 1, and these must not cover anything. Both
 * outlive the index, which outlives the strings of its frames.
 */
struct dwarf_index *dwarf_index_new(Dwarf *dwarf, const struct elf_file *code)
    __attribute__((returns_nonnull));
void dwarf_index_free(struct dwarf_index *x);

/*
 * The frames at an address (as linked), inlined callee first; the number of
 * them. 0 if no function covers it; frames[0] then has file and line if a
 * line table knows them.
 */
size_t dwarf_index_find(struct dwarf_index *x, uint64_t address,
    struct dwarf_frame frames[DWARF_FRAMES_MAX]);

#endif
