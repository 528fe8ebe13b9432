/* SPDX-License-Identifier: MIT */
/*
 * Who may ask. Pages on the web reach a server on loopback in two ways: their
 * name is made to resolve to 127.0.0.1 (then Host is theirs), or they send a
 * request across sites (then Origin or Sec-Fetch-Site say so). Other users of
 * the machine are kept out by the token, or by a socket's permissions.
 */
#ifndef ULLAGE_SERVE_GUARD_H
#define ULLAGE_SERVE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/request.h"

struct guard {
	const char *token;	   /* NULL: none needed */
	const char *const *hosts; /* names that Host may bear, beside ours */
	size_t n_hosts;
	bool any_address; /* Host may be any numeric address, not only ours */
};

/* True if the request may be answered; else a is the refusal. */
bool guard_admit(const struct guard *g, const struct request *r,
    struct answer *a);

/* ---- its parts, for tests -------------------------------------------------- */

/* Host names loopback, a numeric address if those may be, or one of hosts. */
bool guard_host(const struct guard *g, const char *host);

/* Origin is that of a page which this server sent as Host. */
bool guard_origin(const char *origin, const char *host);

/* "Bearer TOKEN", or "Basic " and base64 of "anything:TOKEN". */
bool guard_authorization(const struct guard *g, const char *value);

/* Takes the same time wherever the texts differ. */
bool guard_equal(const char *a, const char *b);

#endif
