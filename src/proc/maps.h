/* SPDX-License-Identifier: MIT */
/*
 * The memory map of a process, as /proc/PID/maps has it. The paths in there
 * are chosen by whoever runs the process: anything may stand in them, and
 * nothing of them is trusted but that the kernel wrote the line.
 */
#ifndef ULLAGE_PROC_MAPS_H
#define ULLAGE_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	MAP_READ = 1,
	MAP_WRITE = 2,
	MAP_EXECUTE = 4,
	MAP_SHARED_FILE = 8,
};

struct map {
	uint64_t start, limit; /* [start, limit) */
	uint64_t offset;       /* of start in the file, bytes */
	uint64_t inode;	       /* 0: no file */
	uint32_t major, minor; /* of the file's device */
	unsigned flags;	       /* MAP_READ... */
	bool deleted;	       /* the file has no name any more */
	char *path;	       /* "" for memory of no file; "[stack]"; owned */
};

struct maps {
	struct map *rows; /* ascending, without overlap */
	size_t n, cap;
	size_t invalid; /* lines that no kernel writes; left out */
};

#define MAPS_INIT { NULL, 0, 0, 0 }

/* Adds the rows of a text; lines that make no sense are counted. */
void maps_parse(struct maps *m, const char *text, size_t len);

/* The map of a live process. ERR_GONE if there is none. */
int maps_read(int32_t pid, struct maps *m, struct err *e);
void maps_free(struct maps *m);

/* The row that covers address, or NULL; borrowed. */
const struct map *maps_find(const struct maps *m, uint64_t address);

#endif
