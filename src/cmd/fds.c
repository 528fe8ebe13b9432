/* SPDX-License-Identifier: MIT */
/* ullage fds: what is open, and what its sockets cost the kernel. */
#include "config.h"

#include "base/output.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "cmd/fds_groups.h"
#include "cmd/fds_openers.h"
#include "cmd/profile_out.h"
#include "cmd/table_out.h"
#include "proc/open_files.h"
#include "table/table.h"
#include "target/target.h"

#include <stdlib.h>
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
	COL_AGE,
	COL_OPENER,
	COL_STACK,
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
    [COL_AGE] = {"age", "AGE", CELL_DURATION,
	"since it was opened (with an agent)", false, false},
    [COL_OPENER] = {"opened_by", "OPENED BY", CELL_TEXT,
	"function and line that opened it (with an agent)", true, false},
    [COL_STACK] = {"stack", "STACK", CELL_TEXT,
	"the same with its callers (with an agent)", true, false},
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
    {0, "by", OPT_TEXT, "WHAT",
	"totals only, by type, peer, state, path or stack", false},
    {0, "older", OPT_DURATION, "AGE",
	"only those opened at least that long ago (10m); needs the agent",
	false},
    {0, "leaks", OPT_FLAG, NULL,
	"look several times and show the stacks whose descriptors stay open",
	false},
    {'d', "seconds", OPT_DURATION, "N", "how long --leaks looks (10)", false},
    {'o', "output", OPT_TEXT, "FILE",
	"write the profile of opening stacks to FILE (- is standard output)",
	false},
    {0, "type", OPT_TEXT, "NAME",
	"value of the profile: open_fds or opened_fds", false},
    {'F', "format", OPT_TEXT, "NAME",
	"the profile as pprof, text, collapsed or json", false},
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
add_opener(struct table *t, const struct openers *w, int32_t fd)
{
	const struct snapshot_open *o = openers_find(w, fd);
	struct buf text = BUF_INIT;

	if (o == NULL)
		return;
	table_u64(t, COL_AGE, o->age);
	sites_where(w->sites, o->stack, &text);
	table_text(t, COL_OPENER, buf_text(&text));
	text.len = 0;
	sites_chain(w->sites, o->stack, &text);
	table_text(t, COL_STACK, buf_text(&text));
	buf_free(&text);
}

static void
add_row(struct table *t, const struct fd *f, const struct socket *k,
    const struct openers *w)
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
	add_opener(t, w, f->fd);
	add_target(t, f, k);
}

static struct table *
rows_table(const struct open_files *f, const struct openers *w)
{
	struct table *t = table_new(columns, COL_COUNT);

	for (size_t i = 0; i < f->fds.n; i++)
		add_row(t, &f->fds.fds[i], f->socket_of[i], w);
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

/* With --older: what was left out, and why. */
static void
add_left_out(const struct options *o, size_t shown, size_t all, size_t unknown,
    struct buf *out)
{
	char age[UNITS_MAX], count[COUNT_MAX];

	units_duration(age, (int64_t)option_value(o, "older", 0));
	buf_printf(out, "\n%s of ", count_text(count, shown));
	buf_printf(out, "%s descriptors were opened at least %s ago",
	    count_text(count, all), age);
	if (unknown != 0)
		buf_printf(out, "; the age of %s is not known",
		    count_text(count, unknown));
	buf_puts(out, "\n");
}

/* ---- the command --------------------------------------------------------- */

/* What is shown, and of what. */
struct view {
	struct open_files f;
	struct openers who;
	int by; /* enum fds_by, BY_STACK, or -1: each one */
	int sort;
	size_t all, unknown; /* before --older took its choice */
};

#define BY_STACK FDS_BY_COUNT

static int
parse_by(const struct options *o, int *by, struct err *e)
{
	const char *name = option_text(o, "by");

	*by = name == NULL			? -1
	      : strcmp(name, "stack") == 0 ? BY_STACK
						: fds_by_find(name);
	if (name == NULL || *by >= 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "cannot group by \"%s\"; there are type, peer, state, path and "
	    "stack",
	    name);
}

static int
parse_sort(const struct options *o, struct view *v, struct err *e)
{
	if (v->by < 0)
		return table_out_sort(o, columns, COL_COUNT, &v->sort, e);
	if (v->by == BY_STACK)
		return table_out_sort(
		    o, by_stack_columns, BY_STACK_COLUMNS, &v->sort, e);
	return table_out_sort(o, fds_group_columns((enum fds_by)v->by),
	    FDS_GROUP_COLUMNS, &v->sort, e);
}

static uint64_t
hidden_columns(const struct options *o, const struct view *v)
{
	uint64_t hidden = BIT(COL_LOCAL) | BIT(COL_PEER) | BIT(COL_INODE) |
			  BIT(COL_DROPPED) | BIT(COL_STACK);
	size_t width = cmd_columns(true);

	if (!option_given(o, "long"))
		hidden |= BIT(COL_FLAGS) | BIT(COL_POSITION) | BIT(COL_DETAIL);
	if (v->f.sockets.n == 0)
		hidden |= BIT(COL_STATE) | BIT(COL_RECEIVE) | BIT(COL_SEND) |
			  BIT(COL_MEMORY);
	if (v->who.s == NULL)
		hidden |= BIT(COL_AGE) | BIT(COL_OPENER);
	if (width != 0 && width < NARROW)
		hidden |= BIT(COL_RECEIVE) | BIT(COL_SEND) | BIT(COL_POSITION);
	return hidden;
}

/* Drops those that are younger, or of unknown age. */
static void
keep_older(struct view *v, uint64_t ns)
{
	struct fds *f = &v->f.fds;
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct snapshot_open *o =
		    openers_find(&v->who, f->fds[i].fd);

		v->unknown += o == NULL;
		if (o != NULL && o->age >= ns) {
			struct fd swap = f->fds[kept];

			f->fds[kept] = f->fds[i];
			f->fds[i] = swap;
			v->f.socket_of[kept++] = v->f.socket_of[i];
		}
	}
	/* The rest is behind the end, where fds_free does not look. */
	for (size_t i = kept; i < f->n; i++) {
		free(f->fds[i].target);
		free(f->fds[i].detail);
	}
	f->n = kept;
}

static struct table *
make_groups(const struct view *v, int by)
{
	return by == BY_STACK ? openers_by_stack(&v->who, &v->f)
			      : fds_groups(&v->f, (enum fds_by)by);
}

static void
write_text(const struct options *o, int32_t pid, const struct view *v,
    struct buf *out)
{
	struct table *groups = make_groups(v, v->by < 0 ? FDS_BY_TYPE : v->by);
	struct table *rows = v->by < 0 ? rows_table(&v->f, &v->who) : NULL;
	struct table_options all = {
	    .columns = cmd_columns(true), .headings = true};
	int count = v->by == BY_STACK ? BY_STACK_COUNT : FDS_GROUP_COUNT;

	if (rows != NULL) {
		table_out_order(groups, -1, count);
		table_draw(groups, &all, out);
		buf_puts(out, "\n");
		table_out_order(rows, v->sort, -1);
		table_out_text(o, rows, ROWS, hidden_columns(o, v), out);
	} else {
		table_out_order(groups, v->sort, count);
		table_out_text(o, groups, ROWS, 0, out);
	}
	if (option_given(o, "older"))
		add_left_out(o, v->f.fds.n, v->all, v->unknown, out);
	else
		add_totals(pid, &v->f, out);
	openers_caveat(&v->who, out);
	table_free(rows);
	table_free(groups);
}

static void
write_json(const struct view *v, struct buf *out)
{
	struct table *t = v->by < 0 ? rows_table(&v->f, &v->who)
				    : make_groups(v, v->by);

	table_out_order(t, v->sort,
	    v->by < 0		? -1
	    : v->by == BY_STACK ? BY_STACK_COUNT
				: FDS_GROUP_COUNT);
	table_json(t, out);
	table_free(t);
}

static int
look(const struct options *o, const struct target *t, struct view *v,
    struct err *e)
{
	if ((option_given(o, "older") || v->by == BY_STACK) &&
	    target_need_agent(t, e) < 0)
		return -1;
	if (open_files_read(t->pid,
		option_given(o, "long") ? FDS_INFO : FDS_LINKS, &v->f, e) < 0)
		return -1;
	if (openers_read(&v->who, o, t, &v->f, e) < 0)
		return -1;
	if (!target_is_same(t))
		return err_set(
		    e, ERR_GONE, "process %d ended meanwhile", t->pid);
	v->all = v->f.fds.n;
	if (option_given(o, "older"))
		keep_older(v, option_value(o, "older", 0));
	return 0;
}

static int
show(const struct options *o, const struct target *t, struct view *v,
    struct err *e)
{
	struct buf out = BUF_INIT;
	int rc;

	if ((rc = look(o, t, v, e)) == 0) {
		if (option_given(o, "json"))
			write_json(v, &out);
		else
			write_text(o, t->pid, v, &out);
		rc = output_write(NULL, out.bytes, out.len, e);
	}
	buf_free(&out);
	openers_free(&v->who);
	open_files_free(&v->f);
	return rc;
}

static int
fds_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	bool profile = option_given(o, "output") || option_given(o, "format");
	struct view v = {.by = -1};
	struct target *t;
	int rc;

	(void)cmd;
	if (parse_by(o, &v.by, e) < 0 || parse_sort(o, &v, e) < 0 ||
	    (profile && profile_out_check(o, e) < 0) ||
	    (t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	if (profile)
		rc = profile_out_kind(o, t, "fds", e);
	else if (option_given(o, "leaks"))
		rc = fds_leaks(o, t, e);
	else
		rc = show(o, t, &v, e);
	target_free(t);
	return rc;
}

const struct cmd cmd_fds = {
    .name = "fds",
    .operands = "PID",
    .summary = "show open descriptors, and what sockets cost the kernel",
    .details = "Totals by type come first, then a row for each "
	       "descriptor. Who opened it and when, the profile, --older and "
	       "--leaks need a process that has an agent; the rest does not.",
    .options = {fds_options, table_out_options, symbol_options, common_options},
    .min_operands = 1,
    .max_operands = 1,
    .run = fds_run,
};
