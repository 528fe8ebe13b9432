/* SPDX-License-Identifier: MIT */
/*
 * What the loader reads of a file: its interpreter, what it exports by name
 * and version, and where its segments end.
 */
#ifndef ULLAGE_SYMBOL_ELF_LAYOUT_H
#define ULLAGE_SYMBOL_ELF_LAYOUT_H

#include "symbol/elf_file.h"

/* Function that a file exports under its default version: where, as linked.
 * False if it exports none of that name. */
bool elf_layout_export(const struct elf_file *f, const char *name,
    uint64_t *address, uint64_t *size);

/* The same whatever its kind, and whatever the version. */
bool elf_layout_exports(const struct elf_file *f, const char *name);

/* The N of the newest version GLIBC_2.N that it defines; -1: none. */
int elf_layout_glibc(const struct elf_file *f);

/* PT_INTERP, cut to the room; false if there is none. */
bool elf_layout_interpreter(const struct elf_file *f, char *out, size_t room);

/* The shared name, or "". Borrowed. */
const char *elf_layout_soname(const struct elf_file *f);

/*
 * The first loaded segment with these flags (PF_X, PF_W): where its contents
 * end and where its last page does, as linked, and its offset in the file.
 */
struct elf_tail {
	uint64_t start, end, page_end;
};
bool elf_layout_tail(const struct elf_file *f, uint32_t flag,
    struct elf_tail *tail);

/* Address as linked of the first byte of the file, to tell the bias. */
bool elf_layout_base(const struct elf_file *f, uint64_t *address);

/* What it takes of the loader's reserve if it is loaded late: bytes of
 * thread-local storage, and whether it must have them in the reserve. */
void elf_layout_tls(const struct elf_file *f, uint64_t *size, bool *is_static);

/* Calls fn with the name of each library that it needs. */
void elf_layout_needed(const struct elf_file *f,
    void (*fn)(void *arg, const char *name), void *arg);

#endif
