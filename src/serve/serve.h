/* SPDX-License-Identifier: MIT */
/*
 * The server: libmicrohttpd is known in serve.c and nowhere else. One thread
 * talks to all clients; every request is answered by a thread of its own, so
 * one that takes its time keeps nobody waiting.
 */
#ifndef ULLAGE_SERVE_SERVE_H
#define ULLAGE_SERVE_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "serve/source.h"

struct serve_options {
	const char *listen; /* see listen.h */
	const char *token;  /* NULL: none */
	bool allow_remote;  /* without a token, not only from this machine */
	const char *const *hosts; /* further names for Host */
	size_t n_hosts;
	/* Called when the socket is open and no thread is there yet, as the
	 * moment to give up what only opening it needed; may be NULL. */
	int (*opened)(void *arg, struct err *e);
	void *opened_arg;
};

struct server;

/* Listens and answers from now on. Options and source must outlive it. */
struct server *server_start(const struct serve_options *o,
    const struct source *source, struct err *e);

/* "http://127.0.0.1:6060/" or "unix:/run/x". */
const char *server_url(const struct server *s);

/* Ends what is being waited for, finishes what is being answered. */
void server_stop(struct server *s);

#endif
