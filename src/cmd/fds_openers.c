/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/fds_openers.h"
#include "base/xalloc.h"
#include "cmd/profile_out.h"

#include <stdlib.h>
#include <string.h>

const struct column by_stack_columns[BY_STACK_COLUMNS] = {
    [BY_STACK_COUNT] = {"count", "OPEN", CELL_COUNT,
	"descriptors that are open", false, false},
    [BY_STACK_OPENED] = {"opened", "OPENED", CELL_COUNT,
	"that were opened since the agent began", false, false},
    [BY_STACK_OLDEST] = {"oldest", "OLDEST", CELL_DURATION,
	"age of the oldest that is open", false, false},
    [BY_STACK_NEWEST] = {"newest", "NEWEST", CELL_DURATION,
	"age of the newest that is open", false, false},
    [BY_STACK_TYPE] = {"type", "TYPE", CELL_TEXT, "what they are", true, false},
    [BY_STACK_WHERE] = {"stack", "OPENED BY", CELL_TEXT,
	"function and line outside libc, and its callers", true, true},
};

/* ---- reading ------------------------------------------------------------- */

int
openers_look(struct openers *w, const struct target *t,
    const struct open_files *list, struct symbolizer *names, struct err *e)
{
	memset(w, 0, sizeof *w);
	if (t->segment < 0)
		return 0;
	if ((w->s = snapshot_take(t, e)) == NULL)
		return -1;
	snapshot_match_fds(w->s, t, list);
	w->sites = sites_new(w->s);
	for (size_t i = 0; i < w->s->n_open; i++)
		sites_want_stack(w->sites, w->s->open[i].stack);
	sites_resolve(w->sites, names);
	return 0;
}

int
openers_read(struct openers *w, const struct options *o, const struct target *t,
    const struct open_files *list, struct err *e)
{
	struct symbolizer *names =
	    profile_out_symbolizer(o, t->root, t->pid, t->process.ns_pid);
	int rc = openers_look(w, t, list, names, e);

	symbolizer_free(names);
	return rc;
}

void
openers_free(struct openers *w)
{
	sites_free(w->sites);
	snapshot_free(w->s);
}

const struct snapshot_open *
openers_find(const struct openers *w, int32_t fd)
{
	size_t low = 0, high = w->s != NULL ? w->s->n_open : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct snapshot_open *o = &w->s->open[mid];

		if (o->fd == fd)
			return o->stack != SNAPSHOT_NO_STACK ? o : NULL;
		if (o->fd < fd)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void
openers_caveat(const struct openers *w, struct buf *out)
{
	if (w->s != NULL && !w->s->armed)
		buf_printf(out,
		    "the agent is %s: what was opened since has no opener, or "
		    "that of an earlier\none of its number\n",
		    w->s->state);
}

/* ---- by stack ------------------------------------------------------------ */

static void
group_add(struct opener_group *g, const struct snapshot_open *o,
    const char *type)
{
	if (g->count++ == 0) {
		g->type = type;
		g->newest = UINT64_MAX;
	}
	if (strcmp(g->type, type) != 0)
		g->type = "mixed";
	if (o == NULL)
		return;
	if (o->age > g->oldest)
		g->oldest = o->age;
	if (o->age < g->newest)
		g->newest = o->age;
}

struct opener_group *
openers_group(const struct openers *w, const struct open_files *list)
{
	size_t n = w->s->n_stacks;
	struct opener_group *groups = xcalloc(n + 1, sizeof *groups);

	for (size_t i = 0; i < list->fds.n; i++) {
		const struct fd *f = &list->fds.fds[i];
		const struct snapshot_open *o = openers_find(w, f->fd);

		group_add(&groups[o != NULL ? o->stack : n], o,
		    open_file_type(f, list->socket_of[i]));
	}
	return groups;
}

static void
add_row(struct table *out, const struct openers *w, uint32_t stack,
    const struct opener_group *g)
{
	bool known = stack != SNAPSHOT_NO_STACK;
	struct buf where = BUF_INIT;

	table_row(out);
	table_u64(out, BY_STACK_COUNT, g->count);
	table_text(out, BY_STACK_TYPE, g->type);
	if (known) {
		table_u64(
		    out, BY_STACK_OPENED, w->s->stacks[stack].opened_fds);
		table_u64(out, BY_STACK_OLDEST, g->oldest);
		table_u64(out, BY_STACK_NEWEST, g->newest);
	}
	sites_chain(w->sites, stack, &where);
	table_text(out, BY_STACK_WHERE, buf_text(&where));
	buf_free(&where);
}

struct table *
openers_by_stack(const struct openers *w, const struct open_files *list)
{
	struct table *out = table_new(by_stack_columns, BY_STACK_COLUMNS);
	size_t n = w->s->n_stacks;
	struct opener_group *groups = openers_group(w, list);

	for (size_t i = 0; i <= n; i++)
		if (groups[i].count != 0)
			add_row(out, w,
			    i < n ? (uint32_t)i : SNAPSHOT_NO_STACK,
			    &groups[i]);
	free(groups);
	return out;
}
