/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/clients.h"
#include "base/xalloc.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct clients {
	pthread_mutex_t lock;
	struct client list; /* head of a ring, oldest first */
	size_t n, max;	    /* quiet ones */
	uint64_t patience;
};

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct clients *
clients_new(size_t max, uint64_t patience_ns)
{
	struct clients *c = xcalloc(1, sizeof *c);

	pthread_mutex_init(&c->lock, NULL);
	c->list.prev = c->list.next = &c->list;
	c->max = max;
	c->patience = patience_ns;
	return c;
}

void
clients_free(struct clients *c)
{
	if (c == NULL)
		return;
	while (c->list.next != &c->list)
		clients_remove(c, c->list.next);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Caller holds the lock, here and below. */
static void
unlink_client(struct clients *c, struct client *client)
{
	if (!client->quiet)
		return;
	client->prev->next = client->next;
	client->next->prev = client->prev;
	client->quiet = false;
	c->n--;
}

/*
 * The descriptor is not ours to close; shut down, it reads as ended, and its
 * owner closes it. It leaves the list so that nobody shuts it down again.
 */
static void
end(struct clients *c, struct client *client)
{
	shutdown(client->fd, SHUT_RDWR);
	unlink_client(c, client);
}

static void
append(struct clients *c, struct client *client)
{
	client->since = now();
	client->prev = c->list.prev;
	client->next = &c->list;
	client->prev->next = client->next->prev = client;
	client->quiet = true;
	if (++c->n > c->max)
		end(c, c->list.next);
}

struct client *
clients_add(struct clients *c, int fd)
{
	struct client *client = xcalloc(1, sizeof *client);

	client->fd = fd;
	pthread_mutex_lock(&c->lock);
	append(c, client);
	pthread_mutex_unlock(&c->lock);
	return client;
}

void
clients_asked(struct clients *c, struct client *client)
{
	pthread_mutex_lock(&c->lock);
	unlink_client(c, client);
	pthread_mutex_unlock(&c->lock);
}

void
clients_answered(struct clients *c, struct client *client)
{
	pthread_mutex_lock(&c->lock);
	if (!client->quiet)
		append(c, client);
	pthread_mutex_unlock(&c->lock);
}

void
clients_remove(struct clients *c, struct client *client)
{
	pthread_mutex_lock(&c->lock);
	unlink_client(c, client);
	pthread_mutex_unlock(&c->lock);
	free(client);
}

void
clients_reap(struct clients *c)
{
	uint64_t t = now();

	pthread_mutex_lock(&c->lock);
	while (c->list.next != &c->list &&
	    t - c->list.next->since > c->patience)
		end(c, c->list.next);
	pthread_mutex_unlock(&c->lock);
}
