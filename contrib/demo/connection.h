/* SPDX-License-Identifier: MIT */
/*
 * One connected client and all that is allocated for it. Knows nothing of
 * libwebsockets but that there is a handle.
 */
#ifndef ULLAGE_DEMO_CONNECTION_H
#define ULLAGE_DEMO_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that libwebsockets wants free before a payload. */
#define OUTBOUND_LEAD 16

/* Messages that may wait for one client; more are dropped and counted. */
#define OUTBOUND_DEPTH 32

struct lws;

struct outbound_message {
	struct outbound_message *next;
	size_t length;
	char text[];
};

struct connection {
	struct lws *wsi;
	struct connection *next, *prev; /* the ring of all */
	struct session *session;
	struct timer *timer;
	struct subscription *subscription;
	char *inbound; /* SIZE_inbound_buffer_new bytes */
	size_t inbound_used;
	char *outbound; /* SIZE_outbound_buffer_new bytes */
	struct outbound_message *head, **tail;
	unsigned waiting; /* messages from head on */
	char ballast[];
};

/* All connections in a ring, with this as its start. */
extern struct connection connections;
extern uint64_t connection_count;
extern uint64_t messages_dropped;

/* Memory exhaustion ends the server: it is a demonstration. */
struct connection *connection_open(struct lws *wsi);
void connection_close(struct connection *c);

/* Appends what came in; -1 if it does not fit. */
int connection_take(struct connection *c, const void *in, size_t length);

/* Remembers who this is. */
void connection_login(struct connection *c, const char *user);

/* Queues a message, cut to what one can carry; 0 if there was no room. */
int connection_queue(struct connection *c, const char *text, size_t length);

/*
 * Moves the next message to outbound + OUTBOUND_LEAD and returns its length;
 * 0 if none waits.
 */
size_t connection_next(struct connection *c);

#endif
