/* SPDX-License-Identifier: MIT */
/*
 * The symbols of code of one file, from all tables that are at hand. A
 * symbol names the addresses that its size covers and no others: what lies
 * between two exported functions of a stripped file belongs to neither.
 */
#ifndef ULLAGE_SYMBOL_ELF_SYMBOLS_H
#define ULLAGE_SYMBOL_ELF_SYMBOLS_H

#include "symbol/elf_file.h"

struct elf_symbols;

struct elf_symbol {
	const char *name; /* as in the table; lives as long as the table */
	uint64_t start;	  /* as linked */
};

/*
 * From .symtab of debug, main and mini, then .dynsym of main; any of them may
 * be NULL. The files must stay open as long as the table.
 */
struct elf_symbols *elf_symbols_new(const struct elf_file *debug,
    const struct elf_file *main, const struct elf_file *mini)
    __attribute__((returns_nonnull));
void elf_symbols_free(struct elf_symbols *t);

/* The symbol that covers the address (as linked); false if none does. */
bool elf_symbols_find(const struct elf_symbols *t, uint64_t address,
    struct elf_symbol *found);

#endif
