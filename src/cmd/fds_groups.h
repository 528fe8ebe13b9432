/* SPDX-License-Identifier: MIT */
/* Descriptors added up: 20,000 rows become ten. */
#ifndef ULLAGE_CMD_FDS_GROUPS_H
#define ULLAGE_CMD_FDS_GROUPS_H

#include "proc/open_files.h"
#include "table/table.h"

enum fds_by {
	FDS_BY_TYPE,
	FDS_BY_PEER,
	FDS_BY_STATE,
	FDS_BY_PATH,
	FDS_BY_COUNT,
};

enum {
	FDS_GROUP_KEY,
	FDS_GROUP_COUNT,
	FDS_GROUP_RECEIVE,
	FDS_GROUP_SEND,
	FDS_GROUP_MEMORY,
	FDS_GROUP_EACH,
	FDS_GROUP_COLUMNS,
};

/* The way of that name, or -1. */
int fds_by_find(const char *name);

/* FDS_GROUP_COLUMNS of them. */
const struct column *fds_group_columns(enum fds_by by);

/* Owned by the caller; in no order. */
struct table *fds_groups(const struct open_files *f, enum fds_by by);

#endif
