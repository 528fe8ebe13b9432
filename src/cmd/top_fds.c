/* SPDX-License-Identifier: MIT */
/* Descriptors for the live view: who opened them, and what does not come
 * back. */
#include "config.h"

#include "base/units.h"
#include "cmd/fds_groups.h"
#include "cmd/fds_openers.h"
#include "cmd/table_out.h"
#include "cmd/top_source.h"
#include "proc/open_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Time between the looks that are compared; half of what ullage fds --leaks
 * takes by itself is enough, for it goes on. */
#define LOOK_NS INT64_C(2000000000)

void
top_order(struct table *t, const struct source_request *r, size_t n,
    int otherwise)
{
	int column = r->sort >= 0 ? r->sort % (int)n : otherwise;

	table_sort(t, (size_t)column, r->invert);
}

/* ---- one by one ------------------------------------------------------------ */

enum {
	FD_NUMBER,
	FD_TYPE,
	FD_STATE,
	FD_MEMORY,
	FD_AGE,
	FD_OPENER,
	FD_TARGET,
	FD_COLUMNS,
};

static const struct column fd_columns[FD_COLUMNS] = {
	[FD_NUMBER] = { "fd", "FD", CELL_ID, "descriptor", false, false },
	[FD_TYPE] = { "type", "TYPE", CELL_TEXT, "what it is", true, false },
	[FD_STATE] = { "state", "STATE", CELL_TEXT, "of a socket", true,
	    false },
	[FD_MEMORY] = { "memory", "KERNEL", CELL_BYTES,
	    "kernel memory of its buffers", false, false },
	[FD_AGE] = { "age", "AGE", CELL_DURATION, "since it was opened", false,
	    false },
	[FD_OPENER] = { "opened_by", "OPENED BY", CELL_TEXT,
	    "function and line that opened it", true, false },
	[FD_TARGET] = { "target", "TARGET", CELL_TEXT, "where it leads", true,
	    true },
};

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
	buf_free(&text);
}

static void
add_fd(struct table *t, const struct fd *f, const struct socket *k,
    const struct openers *w)
{
	struct buf text = BUF_INIT;

	table_row(t);
	table_u64(t, FD_NUMBER, (uint64_t)f->fd);
	table_text(t, FD_TYPE, open_file_type(f, k));
	if (k != NULL && socket_state_name(k)[0] != '\0')
		table_text(t, FD_STATE, socket_state_name(k));
	if (k != NULL && k->has_memory)
		table_u64(t, FD_MEMORY, k->memory);
	add_opener(t, w, f->fd);
	if (k != NULL && (k->local != NULL || k->peer != NULL))
		buf_printf(&text, "%s%s%s", k->local ? k->local : "",
		    k->peer ? " -> " : "", k->peer ? k->peer : "");
	else if (f->target != NULL)
		buf_puts(&text, f->target);
	table_text(t, FD_TARGET, buf_text(&text));
	buf_free(&text);
}

/* ---- by opener ---------------------------------------------------------------- */

enum {
	OPENER_MARK,
	OPENER_COUNT,
	OPENER_OPENED,
	OPENER_GREW,
	OPENER_NEWEST,
	OPENER_OLDEST,
	OPENER_TYPE,
	OPENER_WHERE,
	OPENER_COLUMNS,
};

static const struct column opener_columns[OPENER_COLUMNS] = {
	[OPENER_MARK] = { "suspect", " ", CELL_TEXT,
	    "! marks what may be a leak", true, false },
	[OPENER_COUNT] = { "count", "OPEN", CELL_COUNT,
	    "descriptors that are open", false, false },
	[OPENER_OPENED] = { "opened", "OPENED", CELL_COUNT,
	    "since the agent began", false, false },
	[OPENER_GREW] = { "grew", "STAY", CELL_COUNT,
	    "how many more are open for long than at the first look", false,
	    false },
	[OPENER_NEWEST] = { "newest", "NEWEST", CELL_DURATION,
	    "age of the newest", false, false },
	[OPENER_OLDEST] = { "oldest", "OLDEST", CELL_DURATION,
	    "age of the oldest", false, false },
	[OPENER_TYPE] = { "type", "TYPE", CELL_TEXT, "what they are", true,
	    false },
	[OPENER_WHERE] = { "stack", "OPENED BY", CELL_TEXT,
	    "function and line outside libc, and its callers", true, true },
};

static void
add_opener_row(struct table *t, const struct openers *w, uint32_t stack,
    const struct opener_group *g, const struct leak *leak)
{
	struct buf where = BUF_INIT;

	table_row(t);
	table_text(t, OPENER_MARK, leak != NULL ? "!" : " ");
	table_u64(t, OPENER_COUNT, g->count);
	table_text(t, OPENER_TYPE, g->type);
	if (stack != SNAPSHOT_NO_STACK) {
		table_u64(t, OPENER_OPENED, w->s->stacks[stack].opened_fds);
		table_u64(t, OPENER_OLDEST, g->oldest);
		table_u64(t, OPENER_NEWEST, g->newest);
		sites_chain(w->sites, stack, &where);
	} else {
		buf_puts(&where, "before or past the agent");
	}
	if (leak != NULL)
		table_u64(t, OPENER_GREW, leak->long_last - leak->long_first);
	table_text(t, OPENER_WHERE, buf_text(&where));
	buf_free(&where);
}

static struct table *
by_opener(const struct openers *w, const struct open_files *f,
    const struct leak *leaks, size_t n_leaks)
{
	struct table *t = table_new(opener_columns, OPENER_COLUMNS);
	size_t n = w->s->n_stacks;
	struct opener_group *all = openers_group(w, f);

	for (size_t i = 0; i <= n; i++) {
		const struct leak *leak = NULL;

		for (size_t k = 0; k < n_leaks; k++)
			if (leaks[k].stack == i)
				leak = &leaks[k];
		if (all[i].count != 0)
			add_opener_row(t, w, i < n ? (uint32_t)i :
				SNAPSHOT_NO_STACK, &all[i], leak);
	}
	free(all);
	return t;
}

/* ---- suspects ------------------------------------------------------------------ */

void
top_forget_looks(struct top_source *s)
{
	for (size_t i = 0; i < s->n_looks; i++)
		leak_look_free(&s->looks[i]);
	s->n_looks = 0;
	s->looked = 0;
}

static struct leak *
find_suspects(struct top_source *s, const struct snapshot *now, size_t *n)
{
	*n = 0;
	if (s->n_looks == 0 || top_now() - s->looked >= LOOK_NS) {
		if (s->n_looks == TOP_LOOKS) {
			leak_look_free(&s->looks[0]);
			memmove(s->looks, s->looks + 1,
			    (TOP_LOOKS - 1) * sizeof *s->looks);
			s->n_looks--;
		}
		leak_look_take(&s->looks[s->n_looks++], now);
		s->looked = top_now();
	}
	return s->n_looks < TOP_LOOKS ? NULL :
	    leaks_find(s->looks, s->n_looks, now->n_stacks, n);
}

static void
tell_suspects(const struct top_source *s, size_t n, struct source_detail *d)
{
	size_t at = strlen(d->note);

	if (s->n_looks < TOP_LOOKS)
		snprintf(d->note + at, sizeof d->note - at,
		    "; looking for leaks: %zu of %d looks", s->n_looks,
		    TOP_LOOKS);
	else if (n == 0)
		snprintf(d->note + at, sizeof d->note - at,
		    "; no leak suspects");
	else
		snprintf(d->note + at, sizeof d->note - at, "; ! %zu leak "
		    "suspect%s: outlives what is closed, and there is more "
		    "of it at each look", n, n == 1 ? "" : "s");
}

static void
fds_note(const struct open_files *f, struct source_detail *d)
{
	char text[COUNT_MAX], sockets[COUNT_MAX], bytes[UNITS_MAX];
	uint64_t memory = 0, known = 0;

	for (size_t i = 0; i < f->sockets.n; i++) {
		known += f->sockets.list[i].has_memory;
		memory += f->sockets.list[i].memory;
	}
	count_text(text, f->fds.n);
	if (f->sockets.n == 0)
		snprintf(d->note, sizeof d->note, "%s descriptor%s", text,
		    f->fds.n == 1 ? "" : "s");
	else if (known == 0 || memory == 0)
		snprintf(d->note, sizeof d->note, "%s descriptors, %s socket%s",
		    text, count_text(sockets, f->sockets.n),
		    f->sockets.n == 1 ? "" : "s");
	else
		snprintf(d->note, sizeof d->note, "%s descriptors, %s socket%s "
		    "with %s of buffers in the kernel", text,
		    count_text(sockets, f->sockets.n),
		    f->sockets.n == 1 ? "" : "s",
		    units_bytes(bytes, (int64_t)memory));
}

/* ---- all ways --------------------------------------------------------------------- */

static void
make_table(struct top_source *s, const struct source_request *r,
    const struct open_files *f, const struct openers *w,
    struct source_detail *d)
{
	static const enum fds_by groups[FDS_WAYS] = {
		[FDS_WAY_TYPE] = FDS_BY_TYPE,
		[FDS_WAY_STATE] = FDS_BY_STATE,
		[FDS_WAY_PEER] = FDS_BY_PEER,
		[FDS_WAY_PATH] = FDS_BY_PATH,
	};
	struct leak *leaks;
	size_t n;

	switch (d->way) {
	case FDS_WAY_OPENER:
		leaks = find_suspects(s, w->s, &n);
		d->table = by_opener(w, f, leaks, n);
		top_order(d->table, r, OPENER_COLUMNS, OPENER_COUNT);
		/* What to look at first. */
		if (n > 0 && r->sort < 0)
			table_sort(d->table, OPENER_GREW, r->invert);
		tell_suspects(s, n, d);
		free(leaks);
		break;
	case FDS_WAY_EACH:
		d->table = table_new(fd_columns, FD_COLUMNS);
		for (size_t i = 0; i < f->fds.n; i++)
			add_fd(d->table, &f->fds.fds[i], f->socket_of[i], w);
		if (r->sort >= 0 || r->invert)
			top_order(d->table, r, FD_COLUMNS, FD_NUMBER);
		d->hidden = f->sockets.n == 0 ?
		    UINT64_C(1) << FD_STATE | UINT64_C(1) << FD_MEMORY : 0;
		d->hidden |= w->s == NULL ?
		    UINT64_C(1) << FD_AGE | UINT64_C(1) << FD_OPENER : 0;
		break;
	default:
		d->table = fds_groups(f, groups[d->way]);
		top_order(d->table, r, FDS_GROUP_COLUMNS, FDS_GROUP_COUNT);
		if (f->sockets.n == 0)
			d->hidden = UINT64_C(1) << FDS_GROUP_RECEIVE |
			    UINT64_C(1) << FDS_GROUP_SEND |
			    UINT64_C(1) << FDS_GROUP_MEMORY |
			    UINT64_C(1) << FDS_GROUP_EACH;
	}
}

void
top_fds(struct top_source *s, const struct source_request *r,
    struct source_detail *d)
{
	struct openers w = { NULL, NULL };
	struct open_files f;
	struct err e = { ERR_FAILED, "" };

	d->way = r->way >= 0 && r->way < FDS_WAYS ? r->way : FDS_WAY_OPENER;
	if (d->way == FDS_WAY_OPENER && s->target->segment < 0)
		d->way = FDS_WAY_TYPE;
	if (open_files_read(r->pid, FDS_LINKS, &f, &e) < 0) {
		snprintf(d->problem, sizeof d->problem, "%s", e.text);
		open_files_free(&f);
		return;
	}
	fds_note(&f, d);
	if ((d->way == FDS_WAY_OPENER || d->way == FDS_WAY_EACH) &&
	    openers_look(&w, s->target, &f, top_names(s), &e) < 0 &&
	    d->way == FDS_WAY_OPENER)
		d->way = FDS_WAY_TYPE;
	make_table(s, r, &f, &w, d);
	openers_free(&w);
	open_files_free(&f);
}
