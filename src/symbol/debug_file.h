/* SPDX-License-Identifier: MIT */
/*
 * Where the debug information of a file is when it is not in the file
 * itself: found by build id, or by name and checksum. The target's own root
 * is searched first, then ours, since the debug packages of a container's
 * program are more often on the host than in the container.
 */
#ifndef ULLAGE_SYMBOL_DEBUG_FILE_H
#define ULLAGE_SYMBOL_DEBUG_FILE_H

#include "symbol/elf_file.h"
#include "symbol/rooted.h"

struct debug_dirs {
	char **paths; /* owned, n of them */
	size_t n;
};

/* Colon separated; NULL for /usr/lib/debug. Relative ones are left out. */
void debug_dirs_init(struct debug_dirs *d, const char *text);
void debug_dirs_fini(struct debug_dirs *d);

/* DIR/.build-id/xx/yyyy.debug whose own build id is that one, or NULL. */
struct elf_file *debug_file_by_id(const struct rooted *root,
    const struct debug_dirs *dirs, const char *build_id);

/*
 * What .gnu_debuglink of `of`, which is known as `path`, names: beside it, in
 * .debug/ beside it, below the debug folders. NULL unless the checksum is
 * right.
 */
struct elf_file *debug_file_by_link(const struct rooted *root,
    const struct debug_dirs *dirs, const struct elf_file *of,
    const char *path);

/*
 * What .gnu_debugaltlink of `of` names: the part that dwz moved out of several
 * debug files. Found by build id or by name, always checked by build id.
 */
struct elf_file *debug_file_alternate(const struct rooted *root,
    const struct debug_dirs *dirs, const struct elf_file *of,
    const char *name, const char *build_id);

#endif
