/* SPDX-License-Identifier: MIT */
/* What stands above the limits of a process: the ceilings of the system. */
#ifndef ULLAGE_PROC_CEILINGS_H
#define ULLAGE_PROC_CEILINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/limits.h"

#define CEILING_UNKNOWN UINT64_MAX

/* CEILING_nr_open, CEILING_file_max, ... */
enum ceiling_id {
#define CEILING(id, name, unit, path, net, help) CEILING_##id,
#include "proc/ceilings.def"
#undef CEILING
	CEILINGS,
};

struct ceiling_row {
	const char *name;
	enum limit_unit unit; /* LIMIT_COUNT or LIMIT_BYTES */
	const char *path;     /* below /proc, or NULL */
	bool net;
	const char *help;
};

extern const struct ceiling_row ceiling_rows[CEILINGS];

struct ceiling {
	uint64_t limit, used; /* CEILING_UNKNOWN each */
};

struct ceilings {
	struct ceiling of[CEILINGS];
	int overcommit;		     /* vm.overcommit_memory: 0, 1, 2; -1 unknown */
	uint64_t port_low, port_high; /* ip_local_port_range, 0 if unknown */
	uint64_t swap_total, swap_free; /* bytes */
	bool other_network; /* the process is in another network namespace */
};

/*
 * Reads them all, as they are for process pid; what cannot be read is
 * unknown. A few small files; no process is looked at but for its network
 * namespace.
 */
void ceilings_read(int32_t pid, struct ceilings *c);

/* The same of a tree that stands in for /proc. */
void ceilings_read_from(const char *proc, struct ceilings *c);

#endif
