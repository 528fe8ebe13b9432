/* SPDX-License-Identifier: MIT */
/*
 * The routes. To add one: a handler, and a row in routes.c.
 */
#ifndef ULLAGE_SERVE_ROUTES_H
#define ULLAGE_SERVE_ROUTES_H

#include <stdint.h>

#include "serve/request.h"
#include "serve/source.h"

/* Longest ?seconds=; go tool pprof itself waits 1.5 times that. */
#define ROUTE_SECONDS_MAX 600

struct routes {
	const struct source *source;
	/* Waits; false (and e) if it may not wait, or the server ends. Others
	 * are answered meanwhile; after less than a second (or none), also in
	 * what comes after. */
	bool (*wait)(void *arg, uint64_t ns, struct err *e);
	void *wait_arg;
	const volatile int *stop; /* set when the server ends */
};

/* One request while it is answered. */
struct visit {
	const struct routes *routes;
	const struct request *request;
	int32_t pid;	  /* 0: the path names none */
	const char *rest; /* of the path, after what the route's row says */
};

/* Fills in the answer, which is fresh. */
void routes_answer(const struct routes *routes, const struct request *r,
    struct answer *a);

/*
 * Appends what tells the question apart from others, and returns true, if the
 * answer is of this moment alone, so that who asks the same meanwhile may have
 * the same.
 */
bool routes_key(const struct source *source, const struct request *r,
    struct buf *key);

/*
 * The process that the request is about: that of the path, or the only one.
 * -1 with a refusal in a.
 */
int visit_pid(struct visit *v, struct answer *a);

/* ---- handlers, by file ------------------------------------------------------ */

void pprof_index(struct visit *v, struct answer *a);
void pprof_cmdline(struct visit *v, struct answer *a);
void pprof_symbol(struct visit *v, struct answer *a);
void pprof_profile(struct visit *v, struct answer *a);

/* What Go calls a kind of ours, and the reverse: "goroutine" is "threads". */
const char *pprof_kind(const char *route);

/*
 * The profile of a kind, or its change over ?seconds= (0: now); of processor
 * time, its use in so many seconds. NULL with a refusal in a. Owned by the
 * caller.
 */
struct profile *visit_profile(struct visit *v, const char *kind,
    uint64_t seconds, struct answer *a);

void page_overview(struct visit *v, struct answer *a);
void page_process(struct visit *v, struct answer *a);
void page_flame(struct visit *v, struct answer *a);
void page_asset(struct visit *v, struct answer *a);

#endif
