/* SPDX-License-Identifier: MIT */
/* Between the parts of sockets: for nobody else. */
#ifndef ULLAGE_PROC_SOCKETS_SOURCE_H
#define ULLAGE_PROC_SOCKETS_SOURCE_H

#include "proc/sockets.h"

/* The wanted socket with that inode, the first time it is found; else NULL. */
struct socket *sockets_claim(struct sockets *s, uint64_t inode,
    enum socket_kind kind);

/* Keeps the name of an AF_UNIX socket; a NUL in it becomes an @. */
void sockets_add_name(struct sockets *s, uint64_t inode, const char *name,
    size_t len);

/* Writes local and peer from addresses and ports. */
void socket_write_addresses(struct socket *k);

/*
 * A socket of the kernel's that answers for the network namespace of pid, or
 * -1: not to be had, or the namespace may not be entered.
 */
int sockets_diag_open(int32_t pid);

/* All sockets of one kind; those that were asked for are filled in. */
int sockets_diag_dump(int link, enum diag_family diag, int family,
    struct sockets *s, struct err *e);

#endif
