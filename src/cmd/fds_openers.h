/* SPDX-License-Identifier: MIT */
/* Who opened what is open: what ullage fds can tell of a process that has an
 * agent. */
#ifndef ULLAGE_CMD_FDS_OPENERS_H
#define ULLAGE_CMD_FDS_OPENERS_H

#include "cmd/cmd.h"
#include "profile/sites.h"
#include "proc/open_files.h"
#include "table/table.h"
#include "target/snapshot.h"

struct openers {
	struct snapshot *s; /* NULL: there is no agent */
	struct sites *sites;
};

/* The list is from just before. openers_free in any case. */
int openers_read(struct openers *w, const struct options *o,
    const struct target *t, const struct open_files *list, struct err *e);
void openers_free(struct openers *w);

/* The same with names of somebody's own. */
int openers_look(struct openers *w, const struct target *t,
    const struct open_files *list, struct symbolizer *names, struct err *e);

/* NULL if the descriptor, or who opened it, is not known. */
const struct snapshot_open *openers_find(const struct openers *w, int32_t fd);

/* A sentence on what it does not see any more, if it does not record. */
void openers_caveat(const struct openers *w, struct buf *out);

/* ---- by stack -------------------------------------------------------------- */

struct opener_group {
	uint64_t count;
	uint64_t oldest, newest; /* ages, if an opener is known */
	const char *type;	 /* "mixed" if they differ */
};

/* One for each stack of w's snapshot, and then one for those whose opener is
 * not known; owned by the caller. */
struct opener_group *openers_group(const struct openers *w,
    const struct open_files *list);

enum {
	BY_STACK_COUNT,
	BY_STACK_OPENED,
	BY_STACK_OLDEST,
	BY_STACK_NEWEST,
	BY_STACK_TYPE,
	BY_STACK_WHERE,
	BY_STACK_COLUMNS,
};
extern const struct column by_stack_columns[BY_STACK_COLUMNS];

/* Those of the list; owned by the caller. */
struct table *openers_by_stack(const struct openers *w,
    const struct open_files *list);

/* ---- ullage fds --leaks --------------------------------------------------------- */

int fds_leaks(const struct options *o, const struct target *t, struct err *e);

#endif
