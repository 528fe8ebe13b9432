/* SPDX-License-Identifier: MIT */
/* A row for each descriptor. */
#ifndef ULLAGE_CMD_FDS_ROWS_H
#define ULLAGE_CMD_FDS_ROWS_H

#include "cmd/fds_openers.h"
#include "proc/open_files.h"
#include "table/table.h"

enum {
	FD_FD,
	FD_TYPE,
	FD_STATE,
	FD_RECEIVE,
	FD_SEND,
	FD_MEMORY,
	FD_FLAGS,
	FD_POSITION,
	FD_DETAIL,
	FD_AGE,
	FD_OPENER,
	FD_STACK,
	FD_DROPPED,
	FD_LOCAL,
	FD_PEER,
	FD_INODE,
	FD_TARGET,
	FDS_COLUMNS,
};
extern const struct column fds_columns[FDS_COLUMNS];

/* Owned by the caller. */
struct table *fds_rows(const struct open_files *f, const struct openers *w);

#endif
