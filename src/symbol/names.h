/* SPDX-License-Identifier: MIT */
/*
 * Every name once, with what it demangles to: functions come up in many
 * frames, and demangling costs more than finding them.
 */
#ifndef ULLAGE_SYMBOL_NAMES_H
#define ULLAGE_SYMBOL_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct name {
	const char *system_name; /* as given, cut if absurdly long */
	const char *shown;	 /* demangled, or the same pointer */
};

struct names {
	struct name **slots; /* open addressing; n_slots a power of two */
	size_t n, n_slots;
};

#define NAMES_INIT { NULL, 0, 0 }

void names_free(struct names *t);

/* Lives as long as the table. */
const struct name *names_get(struct names *t, const char *system_name)
    __attribute__((returns_nonnull));

#endif
