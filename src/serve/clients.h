/* SPDX-License-Identifier: MIT */
/*
 * Clients that have not asked yet. They may take a few seconds for that, and
 * when there are many, the oldest go first: idle ones cost others nothing.
 */
#ifndef ULLAGE_SERVE_CLIENTS_H
#define ULLAGE_SERVE_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
	struct client *prev, *next; /* by the time since when it is silent */
	int fd;
	uint64_t since; /* ns, CLOCK_MONOTONIC */
	bool quiet;	/* in the list: not asking, or not done asking */
};

struct clients; /* locks itself */

struct clients *clients_new(size_t max, uint64_t patience_ns);
void clients_free(struct clients *c);

/* A new connection; may end the oldest one. NULL: no more memory for one. */
struct client *clients_add(struct clients *c, int fd);

/* Its request is complete; its answer has been sent. */
void clients_asked(struct clients *c, struct client *client);
void clients_answered(struct clients *c, struct client *client);
void clients_remove(struct clients *c, struct client *client);

/* Ends those that have been quiet for too long. */
void clients_reap(struct clients *c);

#endif
