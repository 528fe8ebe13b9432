/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/fds_rows.h"

/* To add a column: a row here, a line in add_row. */
const struct column fds_columns[FDS_COLUMNS] = {
    [FD_FD] = {"fd", "FD", CELL_ID, "descriptor", false, false},
    [FD_TYPE] = {"type", "TYPE", CELL_TEXT,
	"what it is: of a socket, its protocol", true, false},
    [FD_STATE] = {"state", "STATE", CELL_TEXT, "state of a socket", true,
	false},
    [FD_RECEIVE] = {"receive_queue", "RECVQ", CELL_BYTES,
	"bytes that wait to be read; of a listening socket, connections "
	"that wait to be accepted",
	false, false},
    [FD_SEND] = {"send_queue", "SENDQ", CELL_BYTES,
	"bytes that wait to be sent; of a listening socket, how many "
	"connections may wait",
	false, false},
    [FD_MEMORY] = {"memory", "KERNEL", CELL_BYTES,
	"kernel memory of a socket's buffers", false, false},
    [FD_FLAGS] = {"flags", "FLAGS", CELL_TEXT,
	"how it was opened (with --long)", true, false},
    [FD_POSITION] = {"position", "POSITION", CELL_COUNT,
	"offset in the file (with --long)", false, false},
    [FD_DETAIL] = {"detail", "DETAIL", CELL_TEXT,
	"count of an eventfd, watches of an epoll (with --long)", true, false},
    [FD_AGE] = {"age", "AGE", CELL_DURATION,
	"since it was opened (with an agent)", false, false},
    [FD_OPENER] = {"opened_by", "OPENED BY", CELL_TEXT,
	"function and line that opened it (with an agent)", true, false},
    [FD_STACK] = {"stack", "STACK", CELL_TEXT,
	"the same with its callers (with an agent)", true, false},
    [FD_DROPPED] = {"dropped", "DROPPED", CELL_COUNT,
	"packets that a socket had no room for", false, false},
    [FD_LOCAL] = {"local", "LOCAL", CELL_TEXT, "own address", true, false},
    [FD_PEER] = {"peer", "PEER", CELL_TEXT, "the other's address", true,
	false},
    [FD_INODE] = {"inode", "INODE", CELL_ID,
	"inode of a socket, pipe or namespace", false, false},
    [FD_TARGET] = {"target", "TARGET", CELL_TEXT,
	"file, or addresses of a socket", true, true},
};

/* "local -> peer", or the link. */
static void
add_target(struct table *t, const struct fd *f, const struct socket *k)
{
	struct buf text = BUF_INIT;

	if (k == NULL ||
	    (k->local == NULL && k->peer == NULL && k->peer_inode == 0)) {
		if (f->target != NULL)
			table_text(t, FD_TARGET, f->target);
		return;
	}
	if (k->local != NULL)
		buf_puts(&text, k->local);
	if (k->peer != NULL || k->peer_inode != 0)
		buf_puts(&text, k->local != NULL ? " -> " : "-> ");
	if (k->peer != NULL)
		buf_puts(&text, k->peer);
	else if (k->peer_inode != 0)
		buf_printf(
		    &text, "socket:[%llu]", (unsigned long long)k->peer_inode);
	table_text(t, FD_TARGET, buf_text(&text));
	buf_free(&text);
}

static void
add_socket(struct table *t, const struct socket *k)
{
	if (socket_state_name(k)[0] != '\0')
		table_text(t, FD_STATE, socket_state_name(k));
	if (k->has_queues) {
		table_u64(t, FD_RECEIVE, k->receive_queue);
		table_u64(t, FD_SEND, k->send_queue);
	}
	if (k->has_memory) {
		table_u64(t, FD_MEMORY, k->memory);
		table_u64(t, FD_DROPPED, k->dropped);
	}
	if (k->local != NULL)
		table_text(t, FD_LOCAL, k->local);
	if (k->peer != NULL)
		table_text(t, FD_PEER, k->peer);
}

static void
add_opener(struct table *t, const struct openers *w, int32_t fd)
{
	const struct snapshot_open *o = openers_find(w, fd);
	struct buf text = BUF_INIT;

	if (o == NULL)
		return;
	table_u64(t, FD_AGE, o->age);
	sites_where(w->sites, o->stack, &text);
	table_text(t, FD_OPENER, buf_text(&text));
	text.len = 0;
	sites_chain(w->sites, o->stack, &text);
	table_text(t, FD_STACK, buf_text(&text));
	buf_free(&text);
}

static void
add_row(struct table *t, const struct fd *f, const struct socket *k,
    const struct openers *w)
{
	char flags[FD_FLAGS_MAX];

	table_row(t);
	table_u64(t, FD_FD, (uint64_t)f->fd);
	table_text(t, FD_TYPE, open_file_type(f, k));
	if (f->inode != 0)
		table_u64(t, FD_INODE, f->inode);
	if (f->has_info) {
		table_text(t, FD_FLAGS, fd_flags_text(flags, f->flags));
		table_i64(t, FD_POSITION, f->position);
	}
	if (f->detail != NULL)
		table_text(t, FD_DETAIL, f->detail);
	if (k != NULL)
		add_socket(t, k);
	add_opener(t, w, f->fd);
	add_target(t, f, k);
}

struct table *
fds_rows(const struct open_files *f, const struct openers *w)
{
	struct table *t = table_new(fds_columns, FDS_COLUMNS);

	for (size_t i = 0; i < f->fds.n; i++)
		add_row(t, &f->fds.fds[i], f->socket_of[i], w);
	return t;
}
