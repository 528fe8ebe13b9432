/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "top/model.h"
#include "base/xalloc.h"
#include "top/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
source_list_free(struct source_list *l)
{
	if (l == NULL)
		return;
	free(l->rows);
	free(l);
}

void
source_detail_free(struct source_detail *d)
{
	if (d == NULL)
		return;
	profile_free(d->profile);
	profile_free(d->whole);
	table_free(d->table);
	table_free(d->receipts);
	free(d->text);
	free(d);
}

void
model_init(struct model *m)
{
	memset(m, 0, sizeof *m);
	m->sort = list_column_find("cpu");
}

void
model_free(struct model *m)
{
	free(m->all);
	free(m->shown);
	memset(m, 0, sizeof *m);
}

/* So far ahead a limit is of interest only if much of it is in use. */
#define FAR_NS INT64_C(1800000000000)

/* ---- one process ------------------------------------------------------------ */

static void
push(struct process_view *p, enum model_history which, double value)
{
	p->history[which][p->n_history] = (float)value;
}

static double
known(uint64_t v)
{
	return v == NOT_KNOWN ? -1 : (double)v;
}

/* Everything moves one to the left once the history is full. */
static void
make_room(struct process_view *p)
{
	if (p->n_history < HISTORY)
		return;
	for (int i = 0; i < HISTORIES; i++)
		memmove(p->history[i], p->history[i] + 1,
		    (HISTORY - 1) * sizeof p->history[i][0]);
	p->n_history = HISTORY - 1;
}

static void
remember(struct process_view *p)
{
	make_room(p);
	push(p, HISTORY_RSS, known(p->row.rss));
	push(p, HISTORY_FDS, known(p->row.fds));
	push(p, HISTORY_LIVE, known(p->row.live));
	push(p, HISTORY_CPU, p->cpu);
	push(p, HISTORY_ALLOCS, p->allocs);
	p->n_history++;
}

static void
consider(struct process_view *p, const char *name, uint64_t used,
    uint64_t soft)
{
	double f;

	if (used >= NOT_KNOWN || soft >= NOT_KNOWN || soft == 0)
		return;
	f = (double)used / (double)soft;
	if (p->tightest == NULL || f > p->fraction) {
		p->tightest = name;
		p->fraction = f;
	}
}

/* The trend of descriptors; a flat line needs no arithmetic. */
static void
ask_trend(const struct model *m, struct process_view *p)
{
	static struct trend scratch; /* on the thread that draws alone */
	int n = p->n_history < m->n_times ? p->n_history : m->n_times;
	const float *v = p->history[HISTORY_FDS] + p->n_history - n;
	const int64_t *t = m->times + m->n_times - n;
	bool moves = false;

	p->trend = (struct trend_answer){ .verdict = TREND_TOO_FEW };
	for (int i = 0; i < n; i++) {
		if (v[i] < 0)
			return;
		moves = moves || v[i] != v[0];
	}
	if (!moves) {
		if (n >= TREND_SAMPLES_MIN)
			p->trend.verdict = TREND_STABLE;
		if (p->row.soft_nofile < NOT_KNOWN &&
		    p->row.fds >= p->row.soft_nofile)
			p->trend.verdict = TREND_FULL;
		return;
	}
	scratch.n = 0;
	for (int i = 0; i < n; i++)
		trend_add(&scratch, t[i], v[i]);
	p->trend = trend_ask(&scratch, p->row.soft_nofile >= NOT_KNOWN ? -1.0 :
	    (double)p->row.soft_nofile, 1);
	/* Hours ahead, a few descriptors more or less say nothing. */
	if (p->trend.verdict == TREND_FULL_IN && p->trend.left > FAR_NS &&
	    (double)p->row.fds < 0.2 * (double)p->row.soft_nofile)
		p->trend.verdict = TREND_GROWING;
}

static void
judge(const struct model *m, struct process_view *p)
{
	p->tightest = NULL;
	p->fraction = 0;
	consider(p, "nofile", p->row.fds, p->row.soft_nofile);
	if (p->row.uid != 0)
		consider(p, "nproc", p->row.user_threads, p->row.soft_nproc);
	consider(p, "as", p->row.size, p->row.soft_as);
	if (p->row.soft_cpu < NOT_KNOWN / 1000000000u)
		consider(p, "cpu", p->row.cpu / 1000000000u, p->row.soft_cpu);
	ask_trend(m, p);
	p->pressed = p->fraction >= PRESSURE_FRACTION ||
	    (p->trend.verdict == TREND_FULL_IN &&
		p->trend.left < PRESSURE_NS);
}

/* Differences between two lists, if it is the same process in both. */
static void
update(const struct model *m, struct process_view *p,
    const struct source_row *row)
{
	double seconds = (double)(m->time - m->last) / 1e9;
	bool same = p->was && m->last != 0 && seconds > 0;

	p->cpu = p->allocs = -1;
	if (same && row->cpu >= p->row.cpu)
		p->cpu = (double)(row->cpu - p->row.cpu) / 1e9 / seconds;
	if (same && row->samples < NOT_KNOWN && p->row.samples < NOT_KNOWN &&
	    row->samples >= p->row.samples && row->interval < NOT_KNOWN)
		p->allocs = (double)(row->samples - p->row.samples) *
		    (double)row->interval / seconds;
	p->row = *row;
	p->was = true;
	remember(p);
	judge(m, p);
}

/* ---- lists ------------------------------------------------------------------- */

static void
take_time(struct model *m, int64_t time)
{
	m->last = m->time;
	m->time = time;
	if (m->n_times == HISTORY)
		memmove(m->times, m->times + 1,
		    --m->n_times * sizeof m->times[0]);
	m->times[m->n_times++] = time;
	m->lists++;
}

void
model_take(struct model *m, struct source_list *l)
{
	struct process_view *was = m->all;
	size_t n_was = m->n, at = 0;

	take_time(m, l->time);
	m->machine = l->machine;
	m->all = xcalloc(l->n, sizeof *m->all);
	m->n = l->n;
	for (size_t i = 0; i < l->n; i++) {
		const struct source_row *row = &l->rows[i];

		while (at < n_was && was[at].row.pid < row->pid)
			at++;
		if (at < n_was && was[at].row.pid == row->pid &&
		    was[at].row.start == row->start)
			m->all[i] = was[at];
		update(m, &m->all[i], row);
	}
	free(was);
	source_list_free(l);
	model_arrange(m);
}

struct process_view *
model_find(const struct model *m, int32_t pid)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->all[mid].row.pid == pid)
			return &m->all[mid];
		if (m->all[mid].row.pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

struct process_view *
model_at(const struct model *m, size_t i)
{
	return i < m->n_shown ? &m->all[m->shown[i]] : NULL;
}

long
model_index(const struct model *m, int32_t pid)
{
	for (size_t i = 0; i < m->n_shown; i++)
		if (m->all[m->shown[i]].row.pid == pid)
			return (long)i;
	return -1;
}

void
model_baseline(struct model *m)
{
	m->growth = !m->growth;
	for (size_t i = 0; i < m->n; i++) {
		const struct source_row *r = &m->all[i].row;

		m->all[i].has_base = m->growth;
		m->all[i].base = (struct process_base){ r->rss, r->size,
			r->threads, r->fds, r->live, r->retained };
	}
	model_arrange(m);
}

/* ---- what is shown, in order --------------------------------------------------- */

bool
model_matches(const struct process_view *p, const char *text)
{
	char pid[16];

	if (*text == '\0')
		return true;
	snprintf(pid, sizeof pid, "%d", p->row.pid);
	return strcasestr(p->row.name, text) != NULL ||
	    strcasestr(p->row.command, text) != NULL ||
	    strcasestr(p->row.user, text) != NULL || strcmp(pid, text) == 0;
}

static bool
is_wanted(const struct model *m, const struct process_view *p)
{
	if (p->row.kernel && !m->kernel_threads)
		return false;
	if (m->user[0] != '\0' && strcmp(m->user, p->row.user) != 0)
		return false;
	if (m->n_only != 0) {
		for (size_t i = 0; i < m->n_only; i++)
			if (m->only[i] == p->row.pid)
				return model_matches(p, m->filter);
		return false;
	}
	return model_matches(p, m->filter);
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct model *m = arg;
	const struct process_view *x = &m->all[*(const uint32_t *)a];
	const struct process_view *y = &m->all[*(const uint32_t *)b];
	int order;

	if (x->pressed != y->pressed)
		return x->pressed ? -1 : 1;
	order = list_column_compare(m->sort, m, x, y);
	if (order != 0)
		return order;
	return x->row.pid < y->row.pid ? -1 : 1;
}

/* Puts the children of a process behind it, in the order that they have. */
static void
add_children(struct model *m, const uint32_t *order, size_t n, bool *taken,
    uint32_t *out, size_t *n_out, uint32_t parent, int depth)
{
	for (size_t i = 0; i < n; i++) {
		struct process_view *p = &m->all[order[i]];

		if (taken[i] || p->row.ppid != m->all[parent].row.pid)
			continue;
		taken[i] = true;
		p->depth = depth;
		out[(*n_out)++] = order[i];
		if (depth < 64)
			add_children(m, order, n, taken, out, n_out, order[i],
			    depth + 1);
	}
}

static bool
parent_is_shown(const struct model *m, const uint32_t *order, size_t n,
    const struct process_view *p)
{
	for (size_t i = 0; i < n; i++)
		if (m->all[order[i]].row.pid == p->row.ppid)
			return p->row.ppid != p->row.pid;
	return false;
}

static void
make_tree(struct model *m)
{
	size_t n = m->n_shown, n_out = 0;
	uint32_t *out = xcalloc(n, sizeof *out);
	bool *taken = xcalloc(n, sizeof *taken);

	for (size_t i = 0; i < n; i++) {
		if (taken[i] ||
		    parent_is_shown(m, m->shown, n, &m->all[m->shown[i]]))
			continue;
		taken[i] = true;
		m->all[m->shown[i]].depth = 0;
		out[n_out++] = m->shown[i];
		add_children(m, m->shown, n, taken, out, &n_out, m->shown[i],
		    1);
	}
	/* A ring of parents cannot be; the list is read while it changes. */
	for (size_t i = 0; i < n; i++)
		if (!taken[i])
			out[n_out++] = m->shown[i];
	memcpy(m->shown, out, n * sizeof *out);
	free(out);
	free(taken);
}

void
model_arrange(struct model *m)
{
	free(m->shown);
	m->shown = xcalloc(m->n, sizeof *m->shown);
	m->n_shown = 0;
	for (size_t i = 0; i < m->n; i++) {
		m->all[i].depth = 0;
		if (is_wanted(m, &m->all[i]))
			m->shown[m->n_shown++] = (uint32_t)i;
	}
	if (m->n_shown > 1)
		qsort_r(m->shown, m->n_shown, sizeof *m->shown, compare, m);
	if (m->tree && m->n_shown > 1)
		make_tree(m);
}
