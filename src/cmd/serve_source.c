/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_source.h"
#include "base/xalloc.h"
#include "cmd/serve_metrics.h"
#include "cmd/serve_plots.h"
#include "cmd/serve_tables.h"
#include "profile/kind.h"
#include "profile/kind_cpu.h"
#include "profile/kind_threads.h"
#include "profile/symbolize.h"
#include "target/snapshot.h"
#include "unwind/cpu.h"
#include "unwind/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CMDLINE_MAX (1 << 20)

static int
get_pids(void *arg, int32_t **pids, size_t *n, struct err *e)
{
	struct serving *s = arg;
	struct watched **list;

	(void)e;
	*n = serve_targets_all(&s->targets, &list);
	*pids = xcalloc(*n + 1, sizeof **pids);
	for (size_t i = 0; i < *n; i++) {
		(*pids)[i] = list[i]->pid;
		serve_targets_put(&s->targets, list[i]);
	}
	free(list);
	return 0;
}

static int
get_name(void *arg, int32_t pid, char out[64], struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);

	if (w == NULL)
		return -1;
	watched_name(w, out);
	serve_targets_put(&s->targets, w);
	return 0;
}

/* Kept across requests, so that the second finds its names. */
static struct symbolizer *
names_of(const struct serving *s, struct watched *w, struct handle *h)
{
	if (h->names == NULL)
		h->names = symbolizer_new(h->t->root, s->debug_dirs, w->pid,
		    h->t->process.ns_pid);
	return h->names;
}

static struct profile *
build_threads(struct watched *w, struct err *e)
{
	struct threads *t;
	struct profile *p;

	/* It has no agent, or one that is of no use here. */
	pthread_mutex_lock(&w->tracing);
	t = threads_take(w->pid, e);
	pthread_mutex_unlock(&w->tracing);
	if (t == NULL)
		return NULL;
	p = threads_profile(t);
	threads_free(t);
	return p;
}

static struct profile *
build_kind(const struct handle *h, const char *name, struct err *e)
{
	const struct kind *kind = kind_find(name);
	struct snapshot *shot;
	struct profile *p;

	if (kind == NULL) {
		err_set(e, ERR_GONE, "Unknown profile");
		return NULL;
	}
	if (target_need_agent(h->t, e) < 0) {
		e->status = ERR_GONE;
		return NULL;
	}
	if ((shot = kind_snapshot(kind, h->t, e)) == NULL)
		return NULL;
	p = kind->build(shot);
	snapshot_free(shot);
	return p;
}

static struct profile *
get_profile(void *arg, int32_t pid, const char *name, struct err *e)
{
	struct serving *s = arg;
	struct profile *p = NULL;
	struct watched *w;
	struct handle *h;

	if ((w = serve_targets_get(&s->targets, pid, e)) == NULL)
		return NULL;
	if ((h = watched_open(w, e)) != NULL) {
		p = strcmp(name, "threads") == 0 ? build_threads(w, e) :
						   build_kind(h, name, e);
		if (p != NULL) {
			pthread_mutex_lock(&h->names_lock);
			profile_symbolize(p, names_of(s, w, h));
			pthread_mutex_unlock(&h->names_lock);
		}
		watched_close(w, h);
	}
	serve_targets_put(&s->targets, w);
	return p;
}

/* One at a time of each process. */
static bool
begin_cpu(struct watched *w)
{
	bool free_hand;

	pthread_mutex_lock(&w->lock);
	free_hand = !w->cpu_profile;
	w->cpu_profile = true;
	pthread_mutex_unlock(&w->lock);
	return free_hand;
}

static struct profile *
build_cpu(struct serving *s, struct watched *w, uint64_t duration_ns,
    const volatile int *stop, struct err *e)
{
	struct cpu *c = cpu_take(w->pid, CPU_HZ, duration_ns, stop, e);
	struct profile *p = NULL;
	struct handle *h;

	pthread_mutex_lock(&w->lock);
	w->cpu_profile = false;
	pthread_mutex_unlock(&w->lock);
	if (c == NULL)
		return NULL;
	if ((h = watched_open(w, e)) != NULL) {
		p = cpu_profile(c);
		pthread_mutex_lock(&h->names_lock);
		profile_symbolize(p, names_of(s, w, h));
		pthread_mutex_unlock(&h->names_lock);
		watched_close(w, h);
	}
	cpu_free(c);
	return p;
}

static struct profile *
get_cpu(void *arg, int32_t pid, uint64_t duration_ns,
    const volatile int *stop, bool *busy, struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);
	struct profile *p = NULL;

	if (w == NULL)
		return NULL;
	*busy = !begin_cpu(w);
	if (!*busy)
		p = build_cpu(s, w, duration_ns, stop, e);
	serve_targets_put(&s->targets, w);
	return p;
}

static int
get_cmdline(void *arg, int32_t pid, struct buf *out, struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);
	char path[64];
	int rc;

	if (w == NULL)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	rc = buf_read_file(out, path, CMDLINE_MAX, e);
	serve_targets_put(&s->targets, w);
	return rc;
}

static void
take_name(void *arg, const struct symbol_frame *frames, size_t n)
{
	struct buf *out = arg;

	/* The outermost: the function that the address is in. */
	if (n > 0)
		buf_puts(out, frames[n - 1].name);
}

static void
look_up(struct symbolizer *names, const struct snapshot *shot,
    uint64_t address, struct buf *out)
{
	for (size_t i = shot->n_modules; i-- > 0;) {
		const struct snapshot_module *m = &shot->modules[i];
		struct symbol_module module = { .path = *m->path != '\0' ?
			    m->path : shot->exe,
			.build_id = m->build_id, .bias = m->bias,
			.start = m->start, .limit = m->end };

		if (address < m->start || address >= m->end)
			continue;
		symbolizer_lookup(names, &module, address, take_name, out);
		return;
	}
}

static int
get_symbols(void *arg, int32_t pid, const uint64_t *addresses, size_t n,
    source_symbol_fn *fn, void *fn_arg, struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);
	struct snapshot *shot = NULL;
	struct buf name = BUF_INIT;
	struct handle *h;
	int rc = -1;

	if (w == NULL)
		return -1;
	if ((h = watched_open(w, e)) == NULL)
		goto out;
	rc = 0;
	if (n > 0 && h->t->segment >= 0)
		shot = snapshot_take(h->t, e);
	for (size_t i = 0; shot != NULL && i < n; i++) {
		name.len = 0;
		pthread_mutex_lock(&h->names_lock);
		look_up(names_of(s, w, h), shot, addresses[i], &name);
		pthread_mutex_unlock(&h->names_lock);
		if (name.len > 0)
			fn(fn_arg, addresses[i], buf_text(&name));
	}
	snapshot_free(shot);
	buf_free(&name);
	watched_close(w, h);
out:
	serve_targets_put(&s->targets, w);
	return rc;
}

static void
get_metrics(void *arg, struct metrics *m)
{
	serve_metrics(&((struct serving *)arg)->targets, m);
}

static struct table *
get_overview(void *arg)
{
	return serve_overview(&((struct serving *)arg)->targets);
}

static int
get_plots(void *arg, int32_t pid, bool brief, source_plot_fn *fn, void *fn_arg,
    struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);

	if (w == NULL)
		return -1;
	serve_plots(w, brief, fn, fn_arg);
	serve_targets_put(&s->targets, w);
	return 0;
}

static int
get_sections(void *arg, int32_t pid, source_section_fn *fn, void *fn_arg,
    struct err *e)
{
	struct serving *s = arg;
	struct watched *w = serve_targets_get(&s->targets, pid, e);
	struct handle *h;
	int rc = -1;

	if (w == NULL)
		return -1;
	if ((h = watched_open(w, e)) != NULL) {
		rc = serve_sections(w, h, fn, fn_arg, e);
		watched_close(w, h);
	}
	serve_targets_put(&s->targets, w);
	return rc;
}

/* Those of a snapshot, and those that need no agent. */
static struct source_kind *
list_kinds(void)
{
	struct source_kind *list;
	size_t n = 0;

	while (kinds[n] != NULL)
		n++;
	list = xcalloc(n + 3, sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct source_kind){ kinds[i]->name,
			kinds[i]->summary };
	list[n] = (struct source_kind){ "threads",
		"show where every thread is now" };
	list[n + 1] = (struct source_kind){ "cpu",
		"show what uses processor time, for 30 seconds" };
	return list;
}

void
serve_source_init(struct serving *s, bool all_agents)
{
	serve_targets_init(&s->targets, all_agents);
	s->kinds = list_kinds();
	s->source = (struct source){ s, s->kinds, get_pids, get_name,
		get_profile, get_cpu, get_cmdline, get_symbols, get_metrics,
		get_overview, get_plots, get_sections };
}

void
serve_source_fini(struct serving *s)
{
	serve_targets_fini(&s->targets);
	free(s->kinds);
}
