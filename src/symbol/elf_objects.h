/* SPDX-License-Identifier: MIT */
/* Variables of one file by address. Asked for rarely, so nothing is kept. */
#ifndef ULLAGE_SYMBOL_ELF_OBJECTS_H
#define ULLAGE_SYMBOL_ELF_OBJECTS_H

#include "symbol/elf_file.h"

/*
 * The variable whose size covers the address (as linked), from .symtab or
 * else .dynsym: its name as in the table, owned by the caller, and how far
 * into it the address is. NULL if there is none.
 */
char *elf_object_find(const struct elf_file *f, uint64_t address,
    uint64_t *offset);

#endif
