/* SPDX-License-Identifier: MIT */
/*
 * Where a target can load the agent's library from. It opens the file itself,
 * in its own root and as its own user, so the path has to lead there.
 */
#ifndef ULLAGE_ATTACH_PLACE_H
#define ULLAGE_ATTACH_PLACE_H

#include <stdbool.h>

#include "attach/site.h"
#include "base/err.h"

struct place {
	char path[512]; /* as the target sees it */
	bool elsewhere; /* in a root that is not ours */
	bool copied;	/* by us, just now */
};

/*
 * Finds `library`, a path of ours, in the target's root: the same file, or
 * one of the same contents under the same path. With copy_in, a folder of the
 * target's root, a copy is put there if there is none yet. -1 with e if it
 * cannot be seen or not be read by the target, or may not be mapped.
 */
int place_find(const struct site *s, const char *library, const char *copy_in,
    struct place *out, struct err *e);

/* The same, without writing anything: says what place_find would do. */
int place_check(const struct site *s, const char *library,
    const char *copy_in, struct place *out, struct err *e);

#endif
