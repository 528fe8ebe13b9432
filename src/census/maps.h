/* SPDX-License-Identifier: MIT */
/* Mappings of a process, as /proc/PID/maps lists them. */
#ifndef ULLAGE_CENSUS_MAPS_H
#define ULLAGE_CENSUS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct mapping {
	uint64_t start, end;
	bool readable, writable, executable, shared;
	uint64_t inode;	  /* 0: no file */
	const char *path; /* as the kernel writes it; "" if it has none */
};

struct mappings {
	struct mapping *list; /* owned; by address */
	size_t n, cap;
	struct buf text; /* where the paths are */
};

#define MAPPINGS_INIT { NULL, 0, 0, BUF_INIT }

int mappings_read(struct mappings *m, int32_t pid, struct err *e);

/* Lines that are not understood are left out. Changes the text. */
void mappings_parse(struct mappings *m);
void mappings_free(struct mappings *m);

/* The one that holds the address, or NULL. */
const struct mapping *mappings_find(const struct mappings *m,
    uint64_t address);

/* The part of a path after its last slash; borrowed. */
const char *mapping_name(const struct mapping *m);

#endif
