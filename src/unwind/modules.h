/* SPDX-License-Identifier: MIT */
/*
 * The ELF files that a process has mapped: where each lies, by how much it
 * was moved, and where its unwind table is. Known from the program headers in
 * the process's own memory, so a file that was deleted or replaced makes no
 * difference. The headers are as hostile as everything else in there.
 */
#ifndef ULLAGE_UNWIND_MODULES_H
#define ULLAGE_UNWIND_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/maps.h"
#include "unwind/memory.h"

struct module {
	uint64_t start, limit; /* all its segments: [start, limit) */
	uint64_t bias;	       /* load address minus link address */
	uint64_t table;	       /* sorted search table of .eh_frame_hdr, or 0 */
	uint64_t table_entries;
	uint64_t header;       /* of .eh_frame_hdr */
	const char *path;      /* borrowed from the maps */
	bool deleted;
	char build_id[65];     /* lower-case hex, or "" */
};

struct modules {
	struct module *list; /* by start; the program need not be first */
	size_t n, cap;
	size_t program; /* index of the program's own, or n */
};

#define MODULES_INIT { NULL, 0, 0, 0 }

/* exe: the path of the program in its own root, or "". */
void modules_find(struct modules *list, const struct maps *maps,
    struct memory *memory, const char *exe);
void modules_free(struct modules *list);

/* The module at an address, or NULL. */
const struct module *modules_at(const struct modules *list, uint64_t address);

#endif
