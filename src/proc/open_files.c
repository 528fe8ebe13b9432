/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "proc/open_files.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What sock_diag and /proc/net do not list: not connected, or elsewhere. */
static void
name_others(int32_t pid, struct open_files *f)
{
	static const struct {
		const char *begins;
		enum socket_kind kind;
	} rows[] = {
	    {"TCP", SOCKET_TCP},
	    {"UDP", SOCKET_UDP},
	    {"UNIX", SOCKET_UNIX},
	    {"RAW", SOCKET_RAW},
	    {"NETLINK", SOCKET_NETLINK},
	    {"PACKET", SOCKET_PACKET},
	};

	for (size_t i = 0; i < f->fds.n; i++) {
		struct socket *k = f->socket_of[i];

		if (k == NULL || k->kind != SOCKET_OTHER ||
		    k->protocol[0] != '\0' ||
		    !socket_protocol(
			pid, f->fds.fds[i].fd, k->protocol, sizeof k->protocol))
			continue;
		for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
			if (strncmp(k->protocol, rows[r].begins,
				strlen(rows[r].begins)) == 0)
				k->kind = rows[r].kind;
		for (char *s = k->protocol; *s != '\0'; s++)
			*s = (char)tolower((unsigned char)*s);
	}
}

int
open_files_read(int32_t pid, unsigned need, struct open_files *f, struct err *e)
{
	uint64_t *inodes;
	size_t n = 0;

	memset(f, 0, sizeof *f);
	if (fds_read(pid, need, &f->fds, e) < 0)
		return -1;
	inodes = xcalloc(f->fds.n + 1, sizeof *inodes);
	f->socket_of = xcalloc(f->fds.n + 1, sizeof(struct socket *));
	for (size_t i = 0; i < f->fds.n; i++)
		if (f->fds.fds[i].type == FD_SOCKET)
			inodes[n++] = f->fds.fds[i].inode;
	sockets_read(pid, inodes, n, &f->sockets);
	for (size_t i = 0; i < f->fds.n; i++)
		if (f->fds.fds[i].type == FD_SOCKET)
			f->socket_of[i] =
			    sockets_find(&f->sockets, f->fds.fds[i].inode);
	free(inodes);
	name_others(pid, f);
	return 0;
}

void
open_files_free(struct open_files *f)
{
	free(f->socket_of);
	sockets_free(&f->sockets);
	fds_free(&f->fds);
}

const char *
open_file_type(const struct fd *f, const struct socket *k)
{
	if (k == NULL)
		return fd_type_name(f->type);
	if (k->kind == SOCKET_OTHER && k->protocol[0] != '\0')
		return k->protocol;
	return socket_kind_name(k->kind);
}
