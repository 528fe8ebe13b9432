/* SPDX-License-Identifier: MIT */
/*
 * A request and its answer, apart from the library that carries them: routes
 * are functions from one to the other, and tests call them without a socket.
 */
#ifndef ULLAGE_SERVE_REQUEST_H
#define ULLAGE_SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define REQUEST_PARAMETERS_MAX 32

struct parameter {
	const char *name;
	const char *value; /* NULL: the name alone was given */
};

/* Everything is borrowed, decoded, and NULL where the header is missing. */
struct request {
	const char *method, *path;
	const char *host, *origin, *sec_fetch_site, *authorization, *accept;
	struct parameter parameters[REQUEST_PARAMETERS_MAX];
	size_t n_parameters;
	const char *body; /* of a POST; never NULL */
};

/* The value of a parameter, "" if it has none; NULL if it was not given. */
const char *request_parameter(const struct request *r, const char *name);

struct answer {
	int status;
	const char *type;   /* content type */
	char filename[64];  /* of an attachment; "" shows it in place */
	bool pprof_error;   /* X-Go-Pprof: pprof shows the text */
	bool allow;	    /* Allow: GET, HEAD */
	bool authenticate;  /* WWW-Authenticate */
	bool page;	    /* scripts and styles of this server may run */
	char location[64];  /* of a redirection; "" none */
	struct buf body;
};

#define ANSWER_INIT { .status = 200, .type = "text/plain; charset=utf-8" }

void answer_free(struct answer *a);

/* Replaces the answer by a sentence, in the form that pprof shows. */
void answer_error(struct answer *a, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of an error: gone is 404, denied is 403, usage is 400. */
void answer_err(struct answer *a, const struct err *e);

#endif
