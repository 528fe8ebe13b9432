/* SPDX-License-Identifier: MIT */
/* ullage fds --leaks: several looks, and what does not come back. */
#include "config.h"

#include "base/output.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/fds_openers.h"
#include "cmd/profile_out.h"
#include "cmd/table_out.h"
#include "profile/leaks.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define LOOKS 6
#define SECONDS UINT64_C(10)

enum {
	COL_GREW,
	COL_LONG,
	COL_OPEN,
	COL_OPENED,
	COL_OLDEST,
	COL_CLOSED,
	COL_LIVED,
	COL_WHERE,
	COL_COUNT,
};

static const struct column columns[COL_COUNT] = {
    [COL_GREW] = {"grew", "GREW", CELL_COUNT,
	"how many more have been open for long than at the first look", false,
	false},
    [COL_LONG] = {"long_open", "LONG", CELL_COUNT,
	"how many have been open for long", false, false},
    [COL_OPEN] = {"open", "OPEN", CELL_COUNT, "how many are open", false,
	false},
    [COL_OPENED] = {"opened", "OPENED", CELL_COUNT,
	"how many were opened since the agent began", false, false},
    [COL_OLDEST] = {"oldest", "OLDEST", CELL_DURATION, "age of the oldest",
	false, false},
    [COL_CLOSED] = {"closed", "CLOSED", CELL_COUNT,
	"how many of those at one look were gone at the next", false, false},
    [COL_LIVED] = {"lived", "LIVED", CELL_DURATION,
	"longest life of those, at most", false, false},
    [COL_WHERE] = {"stack", "OPENED BY", CELL_TEXT,
	"function and line outside libc, and its callers", true, true},
};

static void
wait_until(uint64_t ns)
{
	struct timespec end = {
	    (time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) ==
	       EINTR)
		;
}

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Types alone: what sockets are connected to does not matter here. */
static struct snapshot *
take(const struct target *t, struct err *e)
{
	struct open_files list = {.socket_of = NULL};
	struct snapshot *s = NULL;

	if (fds_read(t->pid, FDS_LINKS, &list.fds, e) == 0) {
		list.socket_of = xcalloc(list.fds.n + 1, sizeof(void *));
		if ((s = snapshot_take(t, e)) != NULL)
			snapshot_match_fds(s, t, &list);
	}
	open_files_free(&list);
	return s;
}

static int
look_all(const struct target *t, uint64_t ns, struct leak_look *looks,
    struct snapshot **last, struct err *e)
{
	uint64_t begin = now();

	for (size_t i = 0; i < LOOKS; i++) {
		struct snapshot *s;

		wait_until(begin + ns / (LOOKS - 1) * i);
		if (!target_is_same(t))
			return err_set(e, ERR_GONE,
			    "process %d ended meanwhile", t->pid);
		if ((s = take(t, e)) == NULL)
			return -1;
		if (!s->armed) {
			err_set(e, ERR_FAILED,
			    "the agent in process %d is %s and sees nothing "
			    "opened; arm it with: ullage attach %d",
			    t->pid, s->state, t->pid);
			snapshot_free(s);
			return -1;
		}
		leak_look_take(&looks[i], s);
		snapshot_free(*last);
		*last = s;
	}
	return 0;
}

static struct table *
make_table(const struct leak *leaks, size_t n, const struct snapshot *s,
    const struct sites *sites)
{
	struct table *out = table_new(columns, COL_COUNT);

	for (size_t i = 0; i < n; i++) {
		const struct leak *l = &leaks[i];
		struct buf where = BUF_INIT;

		table_row(out);
		table_u64(out, COL_GREW, l->long_last - l->long_first);
		table_u64(out, COL_LONG, l->long_last);
		table_u64(out, COL_OPEN, l->open);
		table_u64(out, COL_OPENED, s->stacks[l->stack].opened_fds);
		table_u64(out, COL_OLDEST, l->oldest);
		table_u64(out, COL_CLOSED, l->closed);
		if (l->closed != 0)
			table_u64(out, COL_LIVED, l->lived);
		sites_chain(sites, l->stack, &where);
		table_text(out, COL_WHERE, buf_text(&where));
		buf_free(&where);
	}
	return out;
}

static void
write_out(const struct options *o, struct table *t, uint64_t ns,
    const struct snapshot *s, struct buf *out)
{
	char text[UNITS_MAX], count[COUNT_MAX];
	size_t n = table_rows(t), unseen = 0;

	if (option_given(o, "json")) {
		table_json(t, out);
		return;
	}
	units_duration(text, (int64_t)ns);
	if (n != 0) {
		table_out_text(o, t, 50, 0, out);
		buf_printf(out,
		    "\n%zu suspect%s in %s: what was opened there stays open "
		    "longer than twice\nthe life of what was closed, and there "
		    "was more of it at each look\n",
		    n, n == 1 ? "" : "s", text);
	} else {
		buf_printf(out, "no suspects in %s\n", text);
	}
	for (size_t i = 0; i < s->n_open; i++)
		unseen += s->open[i].stack == SNAPSHOT_NO_STACK;
	if (unseen != 0)
		buf_printf(out,
		    "%s of %zu descriptors were opened past the agent and not "
		    "looked at\n",
		    count_text(count, unseen), s->n_open);
}

int
fds_leaks(const struct options *o, const struct target *t, struct err *e)
{
	uint64_t ns = option_value(o, "seconds", SECONDS * 1000000000u);
	struct leak_look looks[LOOKS] = {{0}};
	struct snapshot *s = NULL;
	struct symbolizer *names;
	struct buf out = BUF_INIT;
	struct sites *sites;
	struct leak *leaks;
	struct table *table;
	size_t n;
	int rc;

	if (target_need_agent(t, e) < 0)
		return -1;
	if (!t->alive)
		return err_set(e, ERR_GONE,
		    "process %d has ended: nothing grows there", t->pid);
	if ((rc = look_all(t, ns, looks, &s, e)) == 0) {
		leaks = leaks_find(looks, LOOKS, s->n_stacks, &n);
		sites = sites_new(s);
		for (size_t i = 0; i < n; i++)
			sites_want_stack(sites, leaks[i].stack);
		names = profile_out_symbolizer(
		    o, t->root, t->pid, t->process.ns_pid);
		sites_resolve(sites, names);
		symbolizer_free(names);
		table = make_table(leaks, n, s, sites);
		write_out(o, table, ns, s, &out);
		rc = output_write(NULL, out.bytes, out.len, e);
		table_free(table);
		sites_free(sites);
		free(leaks);
	}
	for (size_t i = 0; i < LOOKS; i++)
		leak_look_free(&looks[i]);
	snapshot_free(s);
	buf_free(&out);
	return rc;
}
