/* SPDX-License-Identifier: MIT */
/*
 * Finding and opening the file of a segment. Used by target.c alone.
 *
 * A live process's own map says which file it is, wherever ULLAGE_DIR put it
 * and whatever namespace the process is in; the file is opened through the
 * process's root and compared with the map by inode. A dead one's is looked
 * for by name in the usual folders.
 */
#ifndef ULLAGE_TARGET_SEGMENT_FILE_H
#define ULLAGE_TARGET_SEGMENT_FILE_H

#include "target/target.h"

/* Sets t->segment if the process has an agent; 0 also if it has none. */
int segment_open_live(struct target *t, struct err *e);

/* ERR_GONE if there is no segment of that pid. */
int segment_open_dead(struct target *t, struct err *e);

/* Why there is none, and what to do about it: fills e, returns -1. */
int segment_explain_none(const struct target *t, struct err *e);

/*
 * Calls fn with each segment file in the usual folders of this machine:
 * inode of the pid namespace, pid in it, and path.
 */
void segment_each(void (*fn)(void *arg, uint64_t ns, int32_t pid,
		      const char *path),
    void *arg);

#endif
