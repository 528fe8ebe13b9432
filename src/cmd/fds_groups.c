/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/fds_groups.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_TABLE(name, title, help)                                         \
	{                                                                      \
		[FDS_GROUP_KEY] = {name, title, CELL_TEXT, help, true, true},  \
		[FDS_GROUP_COUNT] = {"count", "COUNT", CELL_COUNT,             \
		    "descriptors", false, false},                              \
		[FDS_GROUP_RECEIVE] = {"receive_queue", "RECVQ", CELL_BYTES,   \
		    "bytes that wait to be read", false, false},               \
		[FDS_GROUP_SEND] = {"send_queue", "SENDQ", CELL_BYTES,         \
		    "bytes that wait to be sent", false, false},               \
		[FDS_GROUP_MEMORY] = {"memory", "KERNEL", CELL_BYTES,          \
		    "kernel memory of their buffers", false, false},           \
		[FDS_GROUP_EACH] = {"memory_each", "EACH", CELL_BYTES,         \
		    "kernel memory for one socket", false, false},             \
	}

static const char *const by_names[FDS_BY_COUNT] = {
    "type", "peer", "state", "path"};

static const struct column group_columns[FDS_BY_COUNT][FDS_GROUP_COLUMNS] = {
    [FDS_BY_TYPE] = GROUP_TABLE("type", "TYPE", "what they are"),
    [FDS_BY_PEER] =
	GROUP_TABLE("peer", "PEER", "the other's address without its port"),
    [FDS_BY_STATE] = GROUP_TABLE("state", "STATE", "type and state"),
    [FDS_BY_PATH] = GROUP_TABLE("path", "PATH", "folder of the files"),
};

struct group {
	char *key; /* owned */
	uint64_t count, queues, receive, send, known, memory;
};

struct groups {
	struct group *groups;
	size_t n, cap;
	struct hash index;
};

static void
peer_key(struct buf *key, const struct fd *f, const struct socket *k)
{
	const char *colon;

	if (k == NULL) {
		buf_puts(key, fd_type_name(f->type));
	} else if (k->peer != NULL && k->kind != SOCKET_UNIX &&
		   (colon = strrchr(k->peer, ':')) != NULL) {
		buf_add(key, k->peer, (size_t)(colon - k->peer));
	} else if (k->peer != NULL) {
		buf_puts(key, k->peer);
	} else {
		buf_printf(key, "%s %s", open_file_type(f, k),
		    k->peer_inode != 0 ? "without a name"
				       : socket_state_name(k));
	}
}

static void
path_key(struct buf *key, const struct fd *f, const struct socket *k)
{
	const char *slash;

	if (k != NULL && k->kind == SOCKET_UNIX &&
	    (k->local != NULL || k->peer != NULL)) {
		buf_puts(key, k->local != NULL ? k->local : k->peer);
	} else if ((f->type == FD_FILE || f->type == FD_DELETED) &&
		   f->target != NULL &&
		   (slash = strrchr(f->target, '/')) != NULL) {
		buf_add(key, f->target, (size_t)(slash - f->target) + 1);
	} else if (f->target != NULL && f->target[0] == '/') {
		buf_puts(key, f->target);
	} else {
		buf_puts(key, open_file_type(f, k));
	}
}

static void
make_key(
    struct buf *key, enum fds_by by, const struct fd *f, const struct socket *k)
{
	key->len = 0;
	buf_puts(key, "");
	if (by == FDS_BY_PEER)
		peer_key(key, f, k);
	else if (by == FDS_BY_PATH)
		path_key(key, f, k);
	else
		buf_puts(key, open_file_type(f, k));
	if (by == FDS_BY_STATE && k != NULL && socket_state_name(k)[0] != '\0')
		buf_printf(key, " %s", socket_state_name(k));
}

static struct group *
group_of(struct groups *g, const char *key)
{
	uint64_t h = hash_bytes(key, strlen(key));
	uint32_t id;

	for (size_t at = hash_start(&g->index, h);
	     g->n != 0 && (id = hash_next(&g->index, h, &at)) != 0;)
		if (strcmp(g->groups[id - 1].key, key) == 0)
			return &g->groups[id - 1];
	g->groups = xgrow(g->groups, g->n, &g->cap, sizeof *g->groups);
	g->groups[g->n++] = (struct group){.key = xstrdup(key)};
	hash_put(&g->index, h, (uint32_t)g->n);
	return &g->groups[g->n - 1];
}

static void
group_add(struct group *g, const struct socket *k)
{
	g->count++;
	if (k == NULL)
		return;
	if (k->has_queues && k->state != SOCKET_LISTEN) {
		g->queues++;
		g->receive += k->receive_queue;
		g->send += k->send_queue;
	}
	if (k->has_memory) {
		g->known++;
		g->memory += k->memory;
	}
}

struct table *
fds_groups(const struct open_files *f, enum fds_by by)
{
	struct table *t = table_new(group_columns[by], FDS_GROUP_COLUMNS);
	struct groups all = {.n = 0};
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < f->fds.n; i++) {
		make_key(&key, by, &f->fds.fds[i], f->socket_of[i]);
		group_add(group_of(&all, buf_text(&key)), f->socket_of[i]);
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct group *g = &all.groups[i];

		table_row(t);
		table_text(t, FDS_GROUP_KEY, g->key);
		table_u64(t, FDS_GROUP_COUNT, g->count);
		if (g->queues != 0) {
			table_u64(t, FDS_GROUP_RECEIVE, g->receive);
			table_u64(t, FDS_GROUP_SEND, g->send);
		}
		if (g->known != 0) {
			table_u64(t, FDS_GROUP_MEMORY, g->memory);
			table_u64(t, FDS_GROUP_EACH, g->memory / g->known);
		}
		free(g->key);
	}
	free(all.groups);
	hash_free(&all.index);
	buf_free(&key);
	return t;
}

int
fds_by_find(const char *name)
{
	for (int i = 0; i < FDS_BY_COUNT; i++)
		if (strcmp(name, by_names[i]) == 0)
			return i;
	return -1;
}

const struct column *
fds_group_columns(enum fds_by by)
{
	return group_columns[by];
}
