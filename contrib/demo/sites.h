/* SPDX-License-Identifier: MIT */
/*
 * What the demo server believes it holds: one row for each place that
 * allocates. The row is named as the function that calls malloc, and no two
 * rows share a size: all are primes, so that a total says whose it is.
 *
 * Counted are the bytes asked of malloc, and those that it set aside, which
 * are a few more. What libwebsockets takes for itself is not in here.
 */
#ifndef ULLAGE_DEMO_SITES_H
#define ULLAGE_DEMO_SITES_H

/* Such a function stays out of line: the stack shall show its name. */
#define SITE __attribute__((noinline))

/* To add a site: a row here, and a function of that name. */
#define DEMO_SITES(X)                                                          \
	X(connection_new, 1327)                                                \
	X(session_new, 743)                                                    \
	X(timer_new, 139)                                                      \
	X(subscription_new, 211)                                               \
	X(inbound_buffer_new, 4099)                                            \
	X(outbound_buffer_new, 8209)                                           \
	X(outbound_message_new, 1031)                                          \
	X(session_cache_put, 887)                                              \
	X(broadcast_enqueue, 2053)                                             \
	X(audit_trail_append, 3001)

enum demo_site {
#define X(name, size) SITE_##name,
	DEMO_SITES(X)
#undef X
	    SITE_COUNT
};

/* Bytes of one allocation of each site: SIZE_connection_new and so on. */
enum demo_size {
#define X(name, size) SIZE_##name = (size),
	DEMO_SITES(X)
#undef X
};

/*
 * Counts and zeroes what malloc gave, and returns it; NULL ends the server:
 * it is a demonstration.
 */
void *site_keep(enum demo_site s, void *p);

/* Frees and counts; NULL is allowed. */
void site_free(enum demo_site s, void *p);

/* Prints one line for each site and their sum to standard output. */
void sites_print(void);

#endif
