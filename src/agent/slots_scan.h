/* SPDX-License-Identifier: MIT */
/*
 * The slots of one loaded object: words that the loader filled with the
 * address of a function of another object, found by its relocations. Reads
 * tables only where the object's own segments say that there is memory: what
 * they hold may be anything.
 */
#ifndef ULLAGE_AGENT_SLOTS_SCAN_H
#define ULLAGE_AGENT_SLOTS_SCAN_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slots_object {
	uint64_t bias;		 /* load address less link address */
	const Elf64_Phdr *headers; /* trusted: the loader's own */
	unsigned n_headers;
	uint64_t unread; /* relocations that were out of bounds */
};

struct slots_found {
	const char *name; /* of the symbol */
	uint64_t *slot;	  /* in a writable segment, aligned */
	bool lazy; /* holds the object's own stub for it: not bound yet */
};

/* Calls visit for each; the object stays as it is during that. */
void slots_scan(struct slots_object *o,
    void (*visit)(void *arg, const struct slots_found *found), void *arg)
    __attribute__((visibility("hidden")));

#endif
