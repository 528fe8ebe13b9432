/* SPDX-License-Identifier: MIT */
/*
 * One ELF file, held open: its build id, its links to debug files, and where
 * its code is. Read with pread and never mapped: whoever owns the file can
 * truncate it while we look, and that would be a SIGBUS.
 */
#ifndef ULLAGE_SYMBOL_ELF_FILE_H
#define ULLAGE_SYMBOL_ELF_FILE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Hex digits and NUL; a longer id is none. */
#define BUILD_ID_TEXT 129

/* Code segments beyond these are not known. */
#define ELF_CODE_MAX 32

struct elf_file {
	int fd;	    /* owned; -1 when read from memory */
	char *path; /* owned; where it was found in the root, or NULL */
	Elf *elf;
	char build_id[BUILD_ID_TEXT]; /* lower-case hex, or "" */
	struct {
		uint64_t low, high;
	} code[ELF_CODE_MAX]; /* as linked */
	size_t n_code;
};

/* Takes the descriptor, also on failure. NULL if it is not an ELF file. */
struct elf_file *elf_file_open(int fd);

/* The same of one that may be compressed as a whole. Trusted ones only: how
 * large it becomes is not bounded. */
struct elf_file *elf_file_open_compressed(int fd);

/* The same of bytes that outlive it; they are not changed. */
struct elf_file *elf_file_memory(char *bytes, size_t size);
void elf_file_free(struct elf_file *f);

/* Whether code can be at that address of the file (as linked). */
bool elf_file_has_code(const struct elf_file *f, uint64_t address);

/* The section of that name, or NULL. */
Elf_Scn *elf_file_section(const struct elf_file *f, const char *name);

/* Whether there is a .symtab with contents, and debug information. */
bool elf_file_has_symtab(const struct elf_file *f);
bool elf_file_has_dwarf(const struct elf_file *f);

/* Compressed sections say how large they become; whether that is sane. */
bool elf_file_inflates_sanely(const struct elf_file *f);

/* CRC-32 of the whole file as .gnu_debuglink means it; false if unreadable. */
bool elf_file_crc(const struct elf_file *f, uint32_t *crc);

/* Hex of n bytes; "" if n is 0 or too large. */
void build_id_text(char out[BUILD_ID_TEXT], const void *id, size_t n);

#endif
