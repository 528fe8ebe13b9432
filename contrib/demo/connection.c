/* SPDX-License-Identifier: MIT */
/*
 * Every function that allocates is kept out of line, bears the name of its
 * row in sites.h and fills what it got, so that the memory is really there.
 */
#include "config.h"

#include "connection.h"
#include "sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session {
	char user[64];
	uint64_t messages;
	char ballast[];
};

struct timer {
	uint64_t due;
	char ballast[];
};

struct subscription {
	uint32_t room;
	char ballast[];
};

_Static_assert(sizeof(struct connection) < SIZE_connection_new, "size");
_Static_assert(sizeof(struct session) < SIZE_session_new, "size");
_Static_assert(sizeof(struct timer) < SIZE_timer_new, "size");
_Static_assert(sizeof(struct subscription) < SIZE_subscription_new, "size");

struct connection connections = {.next = &connections, .prev = &connections};
uint64_t connection_count;
uint64_t messages_dropped;

static SITE struct connection *
connection_new(void)
{
	return site_keep(SITE_connection_new, malloc(SIZE_connection_new));
}

static SITE struct session *
session_new(void)
{
	return site_keep(SITE_session_new, malloc(SIZE_session_new));
}

static SITE struct timer *
timer_new(void)
{
	return site_keep(SITE_timer_new, malloc(SIZE_timer_new));
}

static SITE struct subscription *
subscription_new(void)
{
	return site_keep(SITE_subscription_new, malloc(SIZE_subscription_new));
}

static SITE char *
inbound_buffer_new(void)
{
	return site_keep(
	    SITE_inbound_buffer_new, malloc(SIZE_inbound_buffer_new));
}

static SITE char *
outbound_buffer_new(void)
{
	return site_keep(
	    SITE_outbound_buffer_new, malloc(SIZE_outbound_buffer_new));
}

static SITE struct outbound_message *
outbound_message_new(void)
{
	return site_keep(
	    SITE_outbound_message_new, malloc(SIZE_outbound_message_new));
}

SITE struct connection *
connection_open(struct lws *wsi)
{
	struct connection *c = connection_new();

	c->wsi = wsi;
	c->tail = &c->head;
	c->session = session_new();
	c->timer = timer_new();
	c->subscription = subscription_new();
	c->inbound = inbound_buffer_new();
	c->outbound = outbound_buffer_new();
	c->next = &connections;
	c->prev = connections.prev;
	c->prev->next = c;
	connections.prev = c;
	connection_count++;
	return c;
}

void
connection_close(struct connection *c)
{
	while (c->head != NULL) {
		struct outbound_message *m = c->head;

		c->head = m->next;
		site_free(SITE_outbound_message_new, m);
	}
	site_free(SITE_outbound_buffer_new, c->outbound);
	site_free(SITE_inbound_buffer_new, c->inbound);
	site_free(SITE_subscription_new, c->subscription);
	site_free(SITE_timer_new, c->timer);
	site_free(SITE_session_new, c->session);
	c->prev->next = c->next;
	c->next->prev = c->prev;
	site_free(SITE_connection_new, c);
	connection_count--;
}

int
connection_take(struct connection *c, const void *in, size_t length)
{
	/* One byte is kept for the end of the string. */
	if (length >= SIZE_inbound_buffer_new - c->inbound_used)
		return -1;
	memcpy(c->inbound + c->inbound_used, in, length);
	c->inbound_used += length;
	c->inbound[c->inbound_used] = '\0';
	return 0;
}

void
connection_login(struct connection *c, const char *user)
{
	snprintf(c->session->user, sizeof(c->session->user), "%s", user);
}

int
connection_queue(struct connection *c, const char *text, size_t length)
{
	const size_t room =
	    SIZE_outbound_message_new - sizeof(struct outbound_message);
	struct outbound_message *m;

	if (c->waiting == OUTBOUND_DEPTH) {
		messages_dropped++;
		return 0;
	}
	if (length > room)
		length = room;
	m = outbound_message_new();
	memcpy(m->text, text, length);
	m->length = length;
	*c->tail = m;
	c->tail = &m->next;
	c->waiting++;
	return 1;
}

size_t
connection_next(struct connection *c)
{
	struct outbound_message *m = c->head;
	size_t length;

	if (m == NULL)
		return 0;
	length = m->length;
	memcpy(c->outbound + OUTBOUND_LEAD, m->text, length);
	c->head = m->next;
	if (c->head == NULL)
		c->tail = &c->head;
	c->waiting--;
	c->session->messages++;
	site_free(SITE_outbound_message_new, m);
	return length;
}
