/* SPDX-License-Identifier: MIT */
/*
 * Addresses → names. elfutils is known here and nowhere else.
 *
 * A symbolizer answers for one process's files. Modules are given by load
 * bias, address range, path and build id, as the agent or /proc/PID/maps knew
 * them, so it works for a live process, for one in another mount namespace
 * (`root` is then /proc/PID/root) and for one that has died.
 *
 * Rule: never a wrong name. A file whose build id differs from the module's
 * is not used; without a build id, a file that is marked deleted is not used.
 * What has no name is left without lines; views then write lib.so+0x1234.
 *
 * Order of sources for a module: separate debug file by build id
 * (/usr/lib/debug/.build-id/xx/yyyy.debug), .gnu_debuglink beside the file,
 * in .debug/ and under /usr/lib/debug; the file's own DWARF; .symtab;
 * .dynsym; a JIT's perf map (/tmp/perf-PID.map) for addresses in no module,
 * and /proc/kallsyms for those of the kernel.
 */
#ifndef ULLAGE_SYMBOL_SYMBOL_H
#define ULLAGE_SYMBOL_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct symbolizer;

/*
 * root: prefix of every path ("" or "/proc/PID/root"); debug_dirs: colon
 * separated, NULL for /usr/lib/debug; pid: for perf maps and for
 * /proc/PID/map_files and exe when a file is deleted, 0 if dead.
 */
struct symbolizer *symbolizer_new(const char *root, const char *debug_dirs,
    long pid, long ns_pid) __attribute__((returns_nonnull));
void symbolizer_free(struct symbolizer *s);

struct symbol_module {
	const char *path;     /* in the target's root */
	const char *build_id; /* lower-case hex, or "" */
	uint64_t bias;	      /* load address minus link address */
	uint64_t start, limit;
	bool deleted;
};

struct symbol_frame {
	const char *name;	 /* demangled */
	const char *system_name; /* as in the symbol table */
	const char *file;	 /* source, or "" */
	int64_t line;		 /* 0: unknown */
	int64_t start_line;	 /* of the function; 0: unknown */
};

/* No answer has more frames than this. */
#define SYMBOL_FRAMES_MAX 128

/*
 * Names for one address, inlined callee first. Calls back once with all
 * frames (borrowed until the next call); n is 0 when there is no name.
 * module may be NULL for an address in no module.
 */
typedef void symbol_fn(void *arg, const struct symbol_frame *frames, size_t n);
void symbolizer_lookup(struct symbolizer *s,
    const struct symbol_module *module, uint64_t address, symbol_fn *fn,
    void *arg);

/*
 * The variable of a module at an address: "queue_lock", "pool+0x40",
 * demangled. Owned by the caller; NULL if there is none.
 */
char *symbolizer_object(struct symbolizer *s,
    const struct symbol_module *module, uint64_t address);

/* Demangles C++ (_Z…) and Rust (_R…, and legacy …17h<hash>E). Owned by the
 * caller; NULL if the name is not mangled. */
char *symbol_demangle(const char *name);

#endif
