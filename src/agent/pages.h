/* SPDX-License-Identifier: MIT */
/* How pages are protected, from /proc/self/maps, and writing to one. */
#ifndef ULLAGE_AGENT_PAGES_H
#define ULLAGE_AGENT_PAGES_H

#include "agent/agent.h"

struct pages_range {
	uint64_t start, end, protection;
};

struct pages {
	struct pages_range *ranges; /* ascending; NULL: none */
	uint32_t n;
};

/* False if it cannot be read. Free it in either case. */
bool pages_read(struct pages *p) HIDDEN;
void pages_free(struct pages *p) HIDDEN;

/* PROT_... of the page that address is in. */
bool pages_find(const struct pages *p, uint64_t address,
    uint64_t *protection) HIDDEN;

/* The next line of that file: false if it is none. Stops at the newline. */
bool pages_parse(const char **text, struct pages_range *r) HIDDEN;

/* One page that can be written for now. */
struct page {
	uint64_t at; /* 0: none */
	uint64_t protection;
};

/* Opens the page of an address, which is protected so, after closing the one
 * before. */
bool page_open(struct page *p, uint64_t address, uint64_t protection) HIDDEN;

/* Puts its protection back. */
void page_close(struct page *p) HIDDEN;

#endif
