/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_targets.h"
#include "base/escape.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_EVERY 500000000u /* ns, for agents that are new */

uint64_t
serve_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
serve_targets_init(struct serve_targets *s, bool all_agents)
{
	*s = (struct serve_targets){ .all_agents = all_agents };
	pthread_mutex_init(&s->lock, NULL);
}

static void
handle_free(struct handle *h)
{
	symbolizer_free(h->names);
	target_free(h->t);
	pthread_mutex_destroy(&h->names_lock);
	free(h);
}

static void
watched_free(struct watched *w)
{
	if (w->handle != NULL)
		handle_free(w->handle);
	watch_free(&w->watch);
	pthread_mutex_destroy(&w->lock);
	pthread_mutex_destroy(&w->tracing);
	free(w);
}

void
serve_targets_fini(struct serve_targets *s)
{
	for (size_t i = 0; i < s->n; i++)
		watched_free(s->list[i]);
	free(s->list);
	pthread_mutex_destroy(&s->lock);
}

/* ---- the list; its lock is held, or nobody else is there yet ----------------- */

static void
insert(struct serve_targets *s, const struct process *p, bool named)
{
	struct watched *w = xcalloc(1, sizeof *w);
	size_t at = s->n;

	w->pid = p->pid;
	w->start_ticks = p->start_ticks;
	w->named = named;
	w->listed = true;
	snprintf(w->name, sizeof w->name, "%s", p->name);
	pthread_mutex_init(&w->lock, NULL);
	pthread_mutex_init(&w->tracing, NULL);
	s->list = xgrow(s->list, s->n, &s->cap, sizeof *s->list);
	for (; at > 0 && s->list[at - 1]->pid > w->pid; at--)
		s->list[at] = s->list[at - 1];
	s->list[at] = w;
	s->n++;
}

static struct watched *
find(const struct serve_targets *s, int32_t pid)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i]->pid == pid)
			return s->list[i];
	return NULL;
}

/* One that nobody asked for by name is forgotten when it ends. */
static void
forget(struct serve_targets *s, size_t i)
{
	struct watched *w = s->list[i];

	memmove(&s->list[i], &s->list[i + 1],
	    (s->n - i - 1) * sizeof *s->list);
	s->n--;
	w->listed = false;
	if (w->users == 0)
		watched_free(w);
}

static void
rename_watched(struct watched *w, const char *name)
{
	pthread_mutex_lock(&w->lock);
	snprintf(w->name, sizeof w->name, "%s", name);
	pthread_mutex_unlock(&w->lock);
}

static void
check_ended(struct serve_targets *s)
{
	struct process p;
	struct err ignored;

	for (size_t i = 0; i < s->n;) {
		struct watched *w = s->list[i];

		if (!w->ended && (process_read(w->pid, &p, &ignored) < 0 ||
				     p.state == 'Z' || p.state == 'X' ||
				     p.start_ticks != w->start_ticks))
			w->ended = true;
		else if (!w->ended)
			rename_watched(w, p.name);
		if (w->ended && !w->named)
			forget(s, i);
		else
			i++;
	}
}

static void
look_for_agents(struct serve_targets *s)
{
	struct process p;
	struct err ignored;
	int32_t *pids;
	size_t n;

	if (!s->all_agents ||
	    (s->looked != 0 && serve_now() - s->looked < LOOK_EVERY))
		return;
	s->looked = serve_now();
	if (target_list_agents(&pids, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct watched *w = find(s, pids[i]);

		if (w != NULL && !w->ended)
			continue;
		if (process_read(pids[i], &p, &ignored) < 0)
			continue;
		if (w != NULL)
			for (size_t k = 0; k < s->n; k++)
				if (s->list[k] == w) {
					forget(s, k);
					break;
				}
		insert(s, &p, false);
	}
	free(pids);
}

/* ---- from outside ------------------------------------------------------------ */

int
serve_targets_name(struct serve_targets *s, const char *pid_or_name,
    struct err *e)
{
	struct process p;
	int32_t pid;

	if (target_pid(pid_or_name, &pid, e) < 0 ||
	    process_read(pid, &p, e) < 0)
		return -1;
	if (find(s, pid) == NULL)
		insert(s, &p, true);
	return 0;
}

size_t
serve_targets_all(struct serve_targets *s, struct watched ***list)
{
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	check_ended(s);
	look_for_agents(s);
	*list = xcalloc(s->n + 1, sizeof **list);
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i]->ended) {
			s->list[i]->users++;
			(*list)[n++] = s->list[i];
		}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void
explain(struct watched *w, int32_t pid, struct err *e)
{
	struct buf name = BUF_INIT;
	char text[64];

	if (w != NULL) {
		watched_name(w, text);
		escape_terminal(&name, text, strlen(text));
		err_set(e, ERR_GONE, "process %d (%s) has ended", pid,
		    buf_text(&name));
	} else {
		err_set(e, ERR_GONE,
		    "process %d is not served here, or has ended", pid);
	}
	buf_free(&name);
}

struct watched *
serve_targets_get(struct serve_targets *s, int32_t pid, struct err *e)
{
	struct watched *w;

	pthread_mutex_lock(&s->lock);
	check_ended(s);
	look_for_agents(s);
	w = find(s, pid);
	if (w == NULL || w->ended) {
		explain(w, pid, e);
		w = NULL;
	} else {
		w->users++;
	}
	pthread_mutex_unlock(&s->lock);
	return w;
}

void
serve_targets_put(struct serve_targets *s, struct watched *w)
{
	bool last;

	pthread_mutex_lock(&s->lock);
	last = --w->users == 0 && !w->listed;
	pthread_mutex_unlock(&s->lock);
	if (last)
		watched_free(w);
}

/* The segment that was opened is still the one that has its name. */
static bool
is_current(const struct target *t)
{
	struct stat now, opened;

	return t != NULL && t->segment >= 0 &&
	    stat(t->segment_path, &now) == 0 &&
	    fstat(t->segment, &opened) == 0 && now.st_ino == opened.st_ino &&
	    now.st_dev == opened.st_dev;
}

void
watched_name(struct watched *w, char out[64])
{
	pthread_mutex_lock(&w->lock);
	snprintf(out, 64, "%s", w->name);
	pthread_mutex_unlock(&w->lock);
}

static struct handle *
find_again(const struct watched *w, struct err *e)
{
	struct handle *h;
	struct target *t;
	char pid[16];

	snprintf(pid, sizeof pid, "%d", w->pid);
	t = target_find(pid, e);
	if (t != NULL && (!t->alive ||
			     t->process.start_ticks != w->start_ticks)) {
		target_free(t);
		t = NULL;
		err_set(e, ERR_GONE, "process %d has ended", w->pid);
	}
	if (t == NULL)
		return NULL;
	h = xcalloc(1, sizeof *h);
	h->t = t;
	pthread_mutex_init(&h->names_lock, NULL);
	return h;
}

struct handle *
watched_open(struct watched *w, struct err *e)
{
	struct handle *h;

	pthread_mutex_lock(&w->lock);
	h = w->handle;
	if (h == NULL || !is_current(h->t)) {
		if (h != NULL && h->users == 0)
			handle_free(h);
		h = w->handle = find_again(w, e);
	}
	if (h != NULL)
		h->users++;
	pthread_mutex_unlock(&w->lock);
	return h;
}

void
watched_close(struct watched *w, struct handle *h)
{
	bool last;

	pthread_mutex_lock(&w->lock);
	last = --h->users == 0 && w->handle != h;
	pthread_mutex_unlock(&w->lock);
	if (last)
		handle_free(h);
}
