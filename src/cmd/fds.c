/* SPDX-License-Identifier: MIT */
/* ullage fds: what is open, and what its sockets cost the kernel. */
#include "config.h"

#include "base/output.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "cmd/fds_groups.h"
#include "cmd/fds_openers.h"
#include "cmd/fds_rows.h"
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
		return table_out_sort(o, fds_columns, FDS_COLUMNS, &v->sort, e);
	if (v->by == BY_STACK)
		return table_out_sort(
		    o, by_stack_columns, BY_STACK_COLUMNS, &v->sort, e);
	return table_out_sort(o, fds_group_columns((enum fds_by)v->by),
	    FDS_GROUP_COLUMNS, &v->sort, e);
}

static uint64_t
hidden_columns(const struct options *o, const struct view *v)
{
	uint64_t hidden = BIT(FD_LOCAL) | BIT(FD_PEER) | BIT(FD_INODE) |
			  BIT(FD_DROPPED) | BIT(FD_STACK);
	size_t width = cmd_columns(true);

	if (!option_given(o, "long"))
		hidden |= BIT(FD_FLAGS) | BIT(FD_POSITION) | BIT(FD_DETAIL);
	if (v->f.sockets.n == 0)
		hidden |= BIT(FD_STATE) | BIT(FD_RECEIVE) | BIT(FD_SEND) |
			  BIT(FD_MEMORY);
	if (v->who.s == NULL)
		hidden |= BIT(FD_AGE) | BIT(FD_OPENER);
	if (width != 0 && width < NARROW)
		hidden |= BIT(FD_RECEIVE) | BIT(FD_SEND) | BIT(FD_POSITION);
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
	struct table *rows = v->by < 0 ? fds_rows(&v->f, &v->who) : NULL;
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
	struct table *t = v->by < 0 ? fds_rows(&v->f, &v->who)
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
