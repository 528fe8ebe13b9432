/* SPDX-License-Identifier: MIT */
/* ullage fds: what is open, and what its sockets cost the kernel. */
#include "config.h"

#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/table_out.h"
#include "proc/fds.h"
#include "proc/sockets.h"
#include "table/table.h"
#include "target/target.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define ROWS 50	  /* shown unless -n says otherwise */
#define NARROW 72 /* below it the queues give way to the target */

enum {
	COL_FD,
	COL_TYPE,
	COL_STATE,
	COL_RECEIVE,
	COL_SEND,
	COL_MEMORY,
	COL_FLAGS,
	COL_POSITION,
	COL_DETAIL,
	COL_DROPPED,
	COL_LOCAL,
	COL_PEER,
	COL_INODE,
	COL_TARGET,
	COL_COUNT,
};

#define BIT(column) (UINT64_C(1) << (column))

/* To add a column: a row here, a line in add_row. */
static const struct column columns[COL_COUNT] = {
	[COL_FD] = { "fd", "FD", CELL_ID, "descriptor", false, false },
	[COL_TYPE] = { "type", "TYPE", CELL_TEXT,
	    "what it is: of a socket, its protocol", true, false },
	[COL_STATE] = { "state", "STATE", CELL_TEXT, "state of a socket", true,
	    false },
	[COL_RECEIVE] = { "receive_queue", "RECVQ", CELL_BYTES,
	    "bytes that wait to be read; of a listening socket, connections "
	    "that wait to be accepted",
	    false, false },
	[COL_SEND] = { "send_queue", "SENDQ", CELL_BYTES,
	    "bytes that wait to be sent; of a listening socket, how many "
	    "connections may wait",
	    false, false },
	[COL_MEMORY] = { "memory", "KERNEL", CELL_BYTES,
	    "kernel memory of a socket's buffers", false, false },
	[COL_FLAGS] = { "flags", "FLAGS", CELL_TEXT,
	    "how it was opened (with --long)", true, false },
	[COL_POSITION] = { "position", "POSITION", CELL_COUNT,
	    "offset in the file (with --long)", false, false },
	[COL_DETAIL] = { "detail", "DETAIL", CELL_TEXT,
	    "count of an eventfd, watches of an epoll (with --long)", true,
	    false },
	[COL_DROPPED] = { "dropped", "DROPPED", CELL_COUNT,
	    "packets that a socket had no room for", false, false },
	[COL_LOCAL] = { "local", "LOCAL", CELL_TEXT, "own address", true,
	    false },
	[COL_PEER] = { "peer", "PEER", CELL_TEXT, "the other's address", true,
	    false },
	[COL_INODE] = { "inode", "INODE", CELL_ID,
	    "inode of a socket, pipe or namespace", false, false },
	[COL_TARGET] = { "target", "TARGET", CELL_TEXT,
	    "file, or addresses of a socket", true, true },
};

enum {
	GROUP_KEY,
	GROUP_COUNT,
	GROUP_RECEIVE,
	GROUP_SEND,
	GROUP_MEMORY,
	GROUP_EACH,
	GROUP_COLUMNS,
};

#define GROUP_TABLE(name, title, help)                                         \
	{                                                                      \
		[GROUP_KEY] = { name, title, CELL_TEXT, help, true, true },    \
		[GROUP_COUNT] = { "count", "COUNT", CELL_COUNT,                \
		    "descriptors", false, false },                             \
		[GROUP_RECEIVE] = { "receive_queue", "RECVQ", CELL_BYTES,      \
		    "bytes that wait to be read", false, false },              \
		[GROUP_SEND] = { "send_queue", "SENDQ", CELL_BYTES,            \
		    "bytes that wait to be sent", false, false },              \
		[GROUP_MEMORY] = { "memory", "KERNEL", CELL_BYTES,             \
		    "kernel memory of their buffers", false, false },          \
		[GROUP_EACH] = { "memory_each", "EACH", CELL_BYTES,            \
		    "kernel memory for one socket", false, false },            \
	}

enum by { BY_TYPE, BY_PEER, BY_STATE, BY_PATH, BY_COUNT };

static const char *const by_names[BY_COUNT] = { "type", "peer", "state",
	"path" };

static const struct column group_columns[BY_COUNT][GROUP_COLUMNS] = {
	[BY_TYPE] = GROUP_TABLE("type", "TYPE", "what they are"),
	[BY_PEER] = GROUP_TABLE("peer", "PEER",
	    "the other's address without its port"),
	[BY_STATE] = GROUP_TABLE("state", "STATE", "type and state"),
	[BY_PATH] = GROUP_TABLE("path", "PATH", "folder of the files"),
};

static const struct option_spec fds_options[] = {
	{ 0, "by", OPT_TEXT, "WHAT",
	    "totals only, by type, peer, state or path", false },
	{ 'l', "long", OPT_FLAG, NULL,
	    "read flags, positions and details too, which takes longer",
	    false },
	OPTION_END,
};

struct open_files {
	struct fds fds;
	struct sockets sockets;
	struct socket **socket_of; /* by index in fds; NULL: no socket */
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

/* ---- reading ------------------------------------------------------------------ */

/* What sock_diag and /proc/net do not list: not connected, or elsewhere. */
static void
name_others(int32_t pid, struct open_files *f)
{
	static const struct {
		const char *begins;
		enum socket_kind kind;
	} rows[] = {
		{ "TCP", SOCKET_TCP },
		{ "UDP", SOCKET_UDP },
		{ "UNIX", SOCKET_UNIX },
		{ "RAW", SOCKET_RAW },
		{ "NETLINK", SOCKET_NETLINK },
		{ "PACKET", SOCKET_PACKET },
	};

	for (size_t i = 0; i < f->fds.n; i++) {
		struct socket *k = f->socket_of[i];

		if (k == NULL || k->kind != SOCKET_OTHER ||
		    k->protocol[0] != '\0' ||
		    !socket_protocol(pid, f->fds.fds[i].fd, k->protocol,
			sizeof k->protocol))
			continue;
		for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
			if (strncmp(k->protocol, rows[r].begins,
				strlen(rows[r].begins)) == 0)
				k->kind = rows[r].kind;
		for (char *s = k->protocol; *s != '\0'; s++)
			*s = (char)tolower((unsigned char)*s);
	}
}

static int
open_files_read(int32_t pid, bool info, struct open_files *f, struct err *e)
{
	uint64_t *inodes;
	size_t n = 0;

	memset(f, 0, sizeof *f);
	if (fds_read(pid, info ? FDS_INFO : FDS_LINKS, &f->fds, e) < 0)
		return -1;
	inodes = xcalloc(f->fds.n + 1, sizeof *inodes);
	f->socket_of = xcalloc(f->fds.n + 1, sizeof(struct socket *));
	for (size_t i = 0; i < f->fds.n; i++)
		if (f->fds.fds[i].type == FD_SOCKET)
			inodes[n++] = f->fds.fds[i].inode;
	sockets_read(pid, inodes, n, &f->sockets);
	for (size_t i = 0; i < f->fds.n; i++)
		if (f->fds.fds[i].type == FD_SOCKET)
			f->socket_of[i] = sockets_find(&f->sockets,
			    f->fds.fds[i].inode);
	free(inodes);
	name_others(pid, f);
	return 0;
}

static void
open_files_free(struct open_files *f)
{
	free(f->socket_of);
	sockets_free(&f->sockets);
	fds_free(&f->fds);
}

/* ---- rows ----------------------------------------------------------------------- */

static const char *
type_text(const struct fd *f, const struct socket *k)
{
	if (k == NULL)
		return fd_type_name(f->type);
	if (k->kind == SOCKET_OTHER && k->protocol[0] != '\0')
		return k->protocol;
	return socket_kind_name(k->kind);
}

/* "local -> peer", or the link. */
static void
add_target(struct table *t, const struct fd *f, const struct socket *k)
{
	struct buf text = BUF_INIT;

	if (k == NULL || (k->local == NULL && k->peer == NULL &&
			     k->peer_inode == 0)) {
		if (f->target != NULL)
			table_text(t, COL_TARGET, f->target);
		return;
	}
	if (k->local != NULL)
		buf_puts(&text, k->local);
	if (k->peer != NULL || k->peer_inode != 0)
		buf_puts(&text, k->local != NULL ? " -> " : "-> ");
	if (k->peer != NULL)
		buf_puts(&text, k->peer);
	else if (k->peer_inode != 0)
		buf_printf(&text, "socket:[%llu]",
		    (unsigned long long)k->peer_inode);
	table_text(t, COL_TARGET, buf_text(&text));
	buf_free(&text);
}

static void
add_socket(struct table *t, const struct socket *k)
{
	if (socket_state_name(k)[0] != '\0')
		table_text(t, COL_STATE, socket_state_name(k));
	if (k->has_queues) {
		table_u64(t, COL_RECEIVE, k->receive_queue);
		table_u64(t, COL_SEND, k->send_queue);
	}
	if (k->has_memory) {
		table_u64(t, COL_MEMORY, k->memory);
		table_u64(t, COL_DROPPED, k->dropped);
	}
	if (k->local != NULL)
		table_text(t, COL_LOCAL, k->local);
	if (k->peer != NULL)
		table_text(t, COL_PEER, k->peer);
}

static void
add_row(struct table *t, const struct fd *f, const struct socket *k)
{
	char flags[FD_FLAGS_MAX];

	table_row(t);
	table_u64(t, COL_FD, (uint64_t)f->fd);
	table_text(t, COL_TYPE, type_text(f, k));
	if (f->inode != 0)
		table_u64(t, COL_INODE, f->inode);
	if (f->has_info) {
		table_text(t, COL_FLAGS, fd_flags_text(flags, f->flags));
		table_i64(t, COL_POSITION, f->position);
	}
	if (f->detail != NULL)
		table_text(t, COL_DETAIL, f->detail);
	if (k != NULL)
		add_socket(t, k);
	add_target(t, f, k);
}

static struct table *
rows_table(const struct open_files *f)
{
	struct table *t = table_new(columns, COL_COUNT);

	for (size_t i = 0; i < f->fds.n; i++)
		add_row(t, &f->fds.fds[i], f->socket_of[i]);
	return t;
}

/* ---- groups ----------------------------------------------------------------------- */

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
		buf_printf(key, "%s %s", type_text(f, k),
		    k->peer_inode != 0 ? "without a name" :
					 socket_state_name(k));
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
	    f->target != NULL && (slash = strrchr(f->target, '/')) != NULL) {
		buf_add(key, f->target, (size_t)(slash - f->target) + 1);
	} else if (f->target != NULL && f->target[0] == '/') {
		buf_puts(key, f->target);
	} else {
		buf_puts(key, type_text(f, k));
	}
}

static void
make_key(struct buf *key, enum by by, const struct fd *f,
    const struct socket *k)
{
	key->len = 0;
	buf_puts(key, "");
	if (by == BY_PEER)
		peer_key(key, f, k);
	else if (by == BY_PATH)
		path_key(key, f, k);
	else
		buf_puts(key, type_text(f, k));
	if (by == BY_STATE && k != NULL && socket_state_name(k)[0] != '\0')
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
	g->groups[g->n++] = (struct group){ .key = xstrdup(key) };
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

static struct table *
groups_table(const struct open_files *f, enum by by)
{
	struct table *t = table_new(group_columns[by], GROUP_COLUMNS);
	struct groups all = { .n = 0 };
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < f->fds.n; i++) {
		make_key(&key, by, &f->fds.fds[i], f->socket_of[i]);
		group_add(group_of(&all, buf_text(&key)), f->socket_of[i]);
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct group *g = &all.groups[i];

		table_row(t);
		table_text(t, GROUP_KEY, g->key);
		table_u64(t, GROUP_COUNT, g->count);
		if (g->queues != 0) {
			table_u64(t, GROUP_RECEIVE, g->receive);
			table_u64(t, GROUP_SEND, g->send);
		}
		if (g->known != 0) {
			table_u64(t, GROUP_MEMORY, g->memory);
			table_u64(t, GROUP_EACH, g->memory / g->known);
		}
		free(g->key);
	}
	free(all.groups);
	hash_free(&all.index);
	buf_free(&key);
	return t;
}

/* ---- the last line -------------------------------------------------------------------- */

/* The most frequent kind: what one of them costs beside its buffers. */
static void
add_objects(const struct open_files *f, struct buf *out)
{
	uint64_t of[SOCKET_KINDS] = { 0 }, bytes;
	enum socket_kind most = SOCKET_OTHER;
	char text[UNITS_MAX];
	bool whole;

	for (size_t i = 0; i < f->sockets.n; i++)
		of[f->sockets.list[i].kind]++;
	for (int k = SOCKET_TCP; k < SOCKET_KINDS; k++)
		if (of[k] > of[most] || most == SOCKET_OTHER)
			most = (enum socket_kind)k;
	if (of[most] == 0 || (bytes = socket_object_bytes(most, &whole)) == 0)
		return;
	buf_printf(out, "\na %s socket itself takes %s of kernel memory%s",
	    socket_kind_name(most), units_bytes(text, (int64_t)bytes),
	    whole ? " with its inode and file" :
		    ", not counting its inode and file");
}

static void
add_totals(int32_t pid, const struct open_files *f, struct buf *out)
{
	char text[COUNT_MAX], bytes[UNITS_MAX];
	uint64_t known = 0, memory = 0;
	struct rlimit limit;

	buf_printf(out, "\n%s descriptor%s", count_text(text, f->fds.n),
	    f->fds.n == 1 ? "" : "s");
	if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY)
		buf_printf(out, " of %s soft",
		    count_text(text, limit.rlim_cur));
	for (size_t i = 0; i < f->sockets.n; i++) {
		known += f->sockets.list[i].has_memory;
		memory += f->sockets.list[i].memory;
	}
	if (f->sockets.n != 0)
		buf_printf(out, "; %s socket%s", count_text(text, f->sockets.n),
		    f->sockets.n == 1 ? "" : "s");
	if (known != 0) {
		buf_printf(out, ", %s of kernel buffers",
		    units_bytes(bytes, (int64_t)memory));
		buf_printf(out, ", %s per socket",
		    units_bytes(bytes, (int64_t)(memory / known)));
	} else if (f->sockets.n != 0) {
		buf_puts(out, ", kernel memory unknown (another network "
			      "namespace)");
	}
	if (known != 0)
		add_objects(f, out);
	buf_puts(out, "\n");
}

/* ---- the command ------------------------------------------------------------------------ */

static int
parse_by(const struct options *o, int *by, struct err *e)
{
	const char *name = option_text(o, "by");

	*by = -1;
	for (int i = 0; name != NULL && i < BY_COUNT; i++)
		if (strcmp(name, by_names[i]) == 0)
			*by = i;
	if (name == NULL || *by >= 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "cannot group by \"%s\"; there are type, peer, state and path",
	    name);
}

static uint64_t
hidden_columns(const struct options *o, const struct open_files *f)
{
	uint64_t hidden = BIT(COL_LOCAL) | BIT(COL_PEER) | BIT(COL_INODE) |
	    BIT(COL_DROPPED);
	size_t columns_there = cmd_columns(true);

	if (!option_given(o, "long"))
		hidden |= BIT(COL_FLAGS) | BIT(COL_POSITION) | BIT(COL_DETAIL);
	if (f->sockets.n == 0)
		hidden |= BIT(COL_STATE) | BIT(COL_RECEIVE) | BIT(COL_SEND) |
		    BIT(COL_MEMORY);
	if (columns_there != 0 && columns_there < NARROW)
		hidden |= BIT(COL_RECEIVE) | BIT(COL_SEND) | BIT(COL_POSITION);
	return hidden;
}

static void
write_text(const struct options *o, int32_t pid, const struct open_files *f,
    int by, int sort, struct buf *out)
{
	struct table *groups = groups_table(f, by < 0 ? BY_TYPE :
							(enum by)by);
	struct table *rows = by < 0 ? rows_table(f) : NULL;
	struct table_options all = { .columns = cmd_columns(true),
		.headings = true };

	if (rows != NULL) {
		table_out_order(groups, -1, GROUP_COUNT);
		table_draw(groups, &all, out);
		buf_puts(out, "\n");
		table_out_order(rows, sort, -1);
		table_out_text(o, rows, ROWS, hidden_columns(o, f), out);
	} else {
		table_out_order(groups, sort, GROUP_COUNT);
		table_out_text(o, groups, ROWS, 0, out);
	}
	add_totals(pid, f, out);
	table_free(rows);
	table_free(groups);
}

static void
write_json(const struct open_files *f, int by, int sort, struct buf *out)
{
	struct table *t = by < 0 ? rows_table(f) :
				   groups_table(f, (enum by)by);

	table_out_order(t, sort, by < 0 ? -1 : GROUP_COUNT);
	table_json(t, out);
	table_free(t);
}

static int
fds_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct open_files f = { .socket_of = NULL };
	struct buf out = BUF_INIT;
	struct target *t;
	int by, sort, rc;

	(void)cmd;
	if (parse_by(o, &by, e) < 0 ||
	    table_out_sort(o, by < 0 ? columns : group_columns[by],
		by < 0 ? COL_COUNT : GROUP_COLUMNS, &sort, e) < 0 ||
	    (t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	rc = open_files_read(t->pid, option_given(o, "long"), &f, e);
	if (rc == 0 && !target_is_same(t))
		rc = err_set(e, ERR_GONE, "process %d ended meanwhile", t->pid);
	if (rc == 0) {
		if (option_given(o, "json"))
			write_json(&f, by, sort, &out);
		else
			write_text(o, t->pid, &f, by, sort, &out);
		rc = output_write(NULL, out.bytes, out.len, e);
	}
	buf_free(&out);
	open_files_free(&f);
	target_free(t);
	return rc;
}

const struct cmd cmd_fds = {
	.name = "fds",
	.operands = "PID",
	.summary = "show open descriptors, and what sockets cost the kernel",
	.details = "Totals by type come first, then a row for each "
		   "descriptor. Nothing has to run in the process.",
	.options = { fds_options, table_out_options, common_options },
	.min_operands = 1,
	.max_operands = 1,
	.run = fds_run,
};
