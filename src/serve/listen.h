/* SPDX-License-Identifier: MIT */
#ifndef ULLAGE_SERVE_LISTEN_H
#define ULLAGE_SERVE_LISTEN_H

#include <stdbool.h>

#include "base/err.h"

struct listener {
	int fd;
	bool loopback;	 /* or a unix socket: not reachable from elsewhere */
	char url[256];	 /* as one would ask it */
	char host[128];	 /* the host part of what was given */
	char path[108];	 /* of a unix socket; "" otherwise */
};

/*
 * "ADDRESS:PORT", ":PORT", "[ADDRESS]:PORT", "PORT", "NAME:PORT" or
 * "unix:PATH". Port 0 takes a free one. A socket that nobody listens on any
 * more is replaced; any other file is not. Sockets of the file system are for
 * their owner alone.
 */
int listen_open(const char *where, struct listener *l, struct err *e);
void listen_close(struct listener *l);

#endif
