/* SPDX-License-Identifier: MIT */
/* Descriptors, and the sockets behind them. */
#ifndef ULLAGE_PROC_OPEN_FILES_H
#define ULLAGE_PROC_OPEN_FILES_H

#include "proc/fds.h"
#include "proc/sockets.h"

struct open_files {
	struct fds fds;
	struct sockets sockets;
	struct socket **socket_of; /* by index in fds; NULL: no socket */
};

/* need as of fds_read. open_files_free in any case. */
int open_files_read(int32_t pid, unsigned need, struct open_files *f,
    struct err *e);
void open_files_free(struct open_files *f);

/* "file", "tcp", "eventfd": of a socket, its protocol. */
const char *open_file_type(const struct fd *f, const struct socket *k);

#endif
