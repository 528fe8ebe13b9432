/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_plots.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy, by column. */
struct history {
	size_t n;
	int64_t *times;
	double *of[WATCH_LINES];
};

static void
copy_history(struct watched *w, struct history *h, struct watch_memory *m)
{
	pthread_mutex_lock(&w->lock);
	*m = w->watch.memory;
	h->n = w->watch.n_history;
	h->times = xcalloc(h->n + 1, sizeof *h->times);
	for (int k = 0; k < WATCH_LINES; k++)
		h->of[k] = xcalloc(h->n + 1, sizeof *h->of[k]);
	for (size_t i = 0; i < h->n; i++) {
		h->times[i] = w->watch.history[i].time;
		for (int k = 0; k < WATCH_LINES; k++)
			h->of[k][i] = w->watch.history[i].of[k];
	}
	pthread_mutex_unlock(&w->lock);
}

static void
free_history(struct history *h)
{
	free(h->times);
	for (int k = 0; k < WATCH_LINES; k++)
		free(h->of[k]);
}

/* To add one: a row; at most three lines each. */
static const struct {
	const char *title;
	enum plot_unit unit;
	struct {
		const char *name;
		int style;
		enum watch_line line;
	} lines[3];
} figures[] = {
	{ "memory", PLOT_BYTES,
	    { { "resident", 0, WATCH_RSS }, { "live heap", 1, WATCH_LIVE },
		{ "retained", 2, WATCH_RETAINED } } },
	{ "descriptors", PLOT_COUNT,
	    { { "open", 0, WATCH_FDS }, { "soft limit", -1, WATCH_FDS_SOFT } } },
	{ "processors in use", PLOT_CORES, { { "used", 3, WATCH_CPU } } },
	{ "threads", PLOT_COUNT, { { "threads", 4, WATCH_THREADS } } },
};

static void
draw(const struct history *h, size_t figure, const char *title,
    source_plot_fn *fn, void *arg)
{
	struct plot_line lines[3];
	struct plot p = { .title = title, .unit = figures[figure].unit,
		.times = h->times, .n = h->n, .lines = lines };

	for (int i = 0; i < 3 && figures[figure].lines[i].name != NULL; i++)
		lines[p.n_lines++] = (struct plot_line){
			figures[figure].lines[i].name,
			figures[figure].lines[i].style,
			h->of[figures[figure].lines[i].line] };
	fn(arg, &p, NULL, NULL, 0);
}

/* Which colour a part has; those of the heap are the ones one looks for. */
static const int styles[LEDGER_PARTS] = {
	[LEDGER_LIVE] = 1,
	[LEDGER_RETAINED] = 2,
	[LEDGER_OVERHEAD] = 5,
	[LEDGER_HEAP] = 1,
	[LEDGER_DATA] = 6,
	[LEDGER_ANONYMOUS] = 3,
	[LEDGER_STACKS] = 4,
	[LEDGER_SHARED] = 7,
	[LEDGER_FILE] = 8,
	[LEDGER_AGENT] = 0,
	[LEDGER_UNKNOWN] = 9,
};

static void
draw_ledger(const struct watch_memory *m, source_plot_fn *fn, void *arg)
{
	struct plot_part parts[LEDGER_PARTS];
	size_t n = 0;

	for (int i = 0; m->time != 0 && i < LEDGER_PARTS; i++)
		if (m->known[i] && m->bytes[i] > 0)
			parts[n++] = (struct plot_part){ ledger_title(i),
				styles[i], (double)m->bytes[i] };
	if (n > 0)
		fn(arg, NULL, "resident memory", parts, n);
}

void
serve_plots(struct watched *w, bool brief, source_plot_fn *fn, void *arg)
{
	struct watch_memory m;
	struct history h;
	char name[64], title[96];

	copy_history(w, &h, &m);
	if (brief) {
		watched_name(w, name);
		snprintf(title, sizeof title, "%s (%d)", name, w->pid);
		draw(&h, 0, title, fn, arg);
	} else {
		draw_ledger(&m, fn, arg);
		for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
			draw(&h, i, figures[i].title, fn, arg);
	}
	free_history(&h);
}
