/* SPDX-License-Identifier: MIT */
/* ullage fds: what is open, and what its sockets cost the kernel. */
#include "config.h"

#include "base/output.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "cmd/fds_groups.h"
#include "cmd/table_out.h"
#include "proc/open_files.h"
#include "table/table.h"
#include "target/target.h"

#include <string.h>
#include <sys/resource.h>

#define ROWS 50	  /* shown unless -n says otherwise */
#define NARROW 72 /* below it the queues give way to the target */

#define BIT(column) (UINT64_C(1) << (column))

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

/* To add a column: a row here, a line in add_row. */
static const struct column columns[COL_COUNT] = {
    [COL_FD] = {"fd", "FD", CELL_ID, "descriptor", false, false},
    [COL_TYPE] = {"type", "TYPE", CELL_TEXT,
	"what it is: of a socket, its protocol", true, false},
    [COL_STATE] = {"state", "STATE", CELL_TEXT, "state of a socket", true,
	false},
    [COL_RECEIVE] = {"receive_queue", "RECVQ", CELL_BYTES,
	"bytes that wait to be read; of a listening socket, connections "
	"that wait to be accepted",
	false, false},
    [COL_SEND] = {"send_queue", "SENDQ", CELL_BYTES,
	"bytes that wait to be sent; of a listening socket, how many "
	"connections may wait",
	false, false},
    [COL_MEMORY] = {"memory", "KERNEL", CELL_BYTES,
	"kernel memory of a socket's buffers", false, false},
    [COL_FLAGS] = {"flags", "FLAGS", CELL_TEXT,
	"how it was opened (with --long)", true, false},
    [COL_POSITION] = {"position", "POSITION", CELL_COUNT,
	"offset in the file (with --long)", false, false},
    [COL_DETAIL] = {"detail", "DETAIL", CELL_TEXT,
	"count of an eventfd, watches of an epoll (with --long)", true, false},
    [COL_DROPPED] = {"dropped", "DROPPED", CELL_COUNT,
	"packets that a socket had no room for", false, false},
    [COL_LOCAL] = {"local", "LOCAL", CELL_TEXT, "own address", true, false},
    [COL_PEER] = {"peer", "PEER", CELL_TEXT, "the other's address", true,
	false},
    [COL_INODE] = {"inode", "INODE", CELL_ID,
	"inode of a socket, pipe or namespace", false, false},
    [COL_TARGET] = {"target", "TARGET", CELL_TEXT,
	"file, or addresses of a socket", true, true},
};

static const struct option_spec fds_options[] = {
    {0, "by", OPT_TEXT, "WHAT", "totals only, by type, peer, state or path",
	false},
    {'l', "long", OPT_FLAG, NULL,
	"read flags, positions and details too, which takes longer", false},
    OPTION_END,
};

/* ---- rows ---------------------------------------------------------------- */

/* "local -> peer", or the link. */
static void
add_target(struct table *t, const struct fd *f, const struct socket *k)
{
	struct buf text = BUF_INIT;

	if (k == NULL ||
	    (k->local == NULL && k->peer == NULL && k->peer_inode == 0)) {
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
		buf_printf(
		    &text, "socket:[%llu]", (unsigned long long)k->peer_inode);
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
	table_text(t, COL_TYPE, open_file_type(f, k));
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

/* ---- the last line ------------------------------------------------------- */

/* What one of each kind costs beside its buffers. */
static void
add_objects(const struct open_files *f, struct buf *out)
{
	static const enum socket_kind kinds[] = {
	    SOCKET_TCP, SOCKET_UDP, SOCKET_UNIX};
	bool there[SOCKET_KINDS] = {false}, any = false, whole = false;
	char text[UNITS_MAX];

	for (size_t i = 0; i < f->sockets.n; i++)
		there[f->sockets.list[i].kind] = true;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		uint64_t bytes =
		    there[kinds[i]] ? socket_object_bytes(kinds[i], &whole) : 0;

		if (bytes == 0)
			continue;
		buf_printf(out, "%s%s %s",
		    any ? ", "
			: "\nbeside its buffers, "
			  "a socket takes ",
		    units_bytes(text, (int64_t)bytes),
		    socket_kind_name(kinds[i]));
		any = true;
	}
	if (any)
		buf_puts(out, whole ? ", with inode and file"
				    : ", not counting inode and file");
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
		buf_printf(
		    out, " of %s soft", count_text(text, limit.rlim_cur));
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

/* ---- the command --------------------------------------------------------- */

static int
parse_by(const struct options *o, int *by, struct err *e)
{
	const char *name = option_text(o, "by");

	*by = name != NULL ? fds_by_find(name) : -1;
	if (name == NULL || *by >= 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "cannot group by \"%s\"; there are type, peer, state and path",
	    name);
}

static uint64_t
hidden_columns(const struct options *o, const struct open_files *f)
{
	uint64_t hidden =
	    BIT(COL_LOCAL) | BIT(COL_PEER) | BIT(COL_INODE) | BIT(COL_DROPPED);
	size_t width = cmd_columns(true);

	if (!option_given(o, "long"))
		hidden |= BIT(COL_FLAGS) | BIT(COL_POSITION) | BIT(COL_DETAIL);
	if (f->sockets.n == 0)
		hidden |= BIT(COL_STATE) | BIT(COL_RECEIVE) | BIT(COL_SEND) |
			  BIT(COL_MEMORY);
	if (width != 0 && width < NARROW)
		hidden |= BIT(COL_RECEIVE) | BIT(COL_SEND) | BIT(COL_POSITION);
	return hidden;
}

static void
write_text(const struct options *o, int32_t pid, const struct open_files *f,
    int by, int sort, struct buf *out)
{
	struct table *groups =
	    fds_groups(f, by < 0 ? FDS_BY_TYPE : (enum fds_by)by);
	struct table *rows = by < 0 ? rows_table(f) : NULL;
	struct table_options all = {
	    .columns = cmd_columns(true), .headings = true};

	if (rows != NULL) {
		table_out_order(groups, -1, FDS_GROUP_COUNT);
		table_draw(groups, &all, out);
		buf_puts(out, "\n");
		table_out_order(rows, sort, -1);
		table_out_text(o, rows, ROWS, hidden_columns(o, f), out);
	} else {
		table_out_order(groups, sort, FDS_GROUP_COUNT);
		table_out_text(o, groups, ROWS, 0, out);
	}
	add_totals(pid, f, out);
	table_free(rows);
	table_free(groups);
}

static void
write_json(const struct open_files *f, int by, int sort, struct buf *out)
{
	struct table *t =
	    by < 0 ? rows_table(f) : fds_groups(f, (enum fds_by)by);

	table_out_order(t, sort, by < 0 ? -1 : FDS_GROUP_COUNT);
	table_json(t, out);
	table_free(t);
}

static int
fds_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct open_files f;
	struct buf out = BUF_INIT;
	struct target *t;
	int by, sort, rc;

	(void)cmd;
	if (parse_by(o, &by, e) < 0 ||
	    table_out_sort(o,
		by < 0 ? columns : fds_group_columns((enum fds_by)by),
		by < 0 ? COL_COUNT : FDS_GROUP_COLUMNS, &sort, e) < 0 ||
	    (t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	rc = open_files_read(
	    t->pid, option_given(o, "long") ? FDS_INFO : FDS_LINKS, &f, e);
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
    .options = {fds_options, table_out_options, common_options},
    .min_operands = 1,
    .max_operands = 1,
    .run = fds_run,
};
