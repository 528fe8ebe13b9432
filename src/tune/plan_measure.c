/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/plan_measure.h"
#include "base/buf.h"
#include "base/xalloc.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "target/snapshot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- connections --------------------------------------------------------- */

static bool
is_listener(const struct socket *k)
{
	return k->state == SOCKET_LISTEN &&
	       (k->kind == SOCKET_TCP || k->kind == SOCKET_UNIX);
}

/*
 * Datagram sockets have no connections. The two ends of a socketpair have no
 * name and are nobody's client.
 */
static bool
is_connection(const struct socket *k)
{
	if (k->state != SOCKET_ESTABLISHED)
		return false;
	return k->kind == SOCKET_TCP ||
	       (k->kind == SOCKET_UNIX && !k->datagram &&
		   (k->local != NULL || k->peer != NULL));
}

static bool
accepted_on(const struct socket *k, const struct socket *listener)
{
	if (k->kind != listener->kind)
		return false;
	if (k->kind == SOCKET_TCP)
		return k->local_port == listener->local_port;
	return k->local != NULL && listener->local != NULL &&
	       strcmp(k->local, listener->local) == 0;
}

static int
by_peer(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The longest run of equal texts. */
static uint64_t
most_frequent(const char **texts, size_t n)
{
	uint64_t run = 0, most = 0;

	qsort(texts, n, sizeof(const char *), by_peer);
	for (size_t i = 0; i < n; i++) {
		run =
		    i > 0 && strcmp(texts[i], texts[i - 1]) == 0 ? run + 1 : 1;
		if (run > most)
			most = run;
	}
	return most;
}

void
plan_count_connections(
    const struct sockets *s, struct plan_shape *out, uint64_t *busiest)
{
	const struct socket **listeners =
	    xcalloc(s->n + 1, sizeof(struct socket *));
	const char **peers = xcalloc(s->n + 1, sizeof(char *));
	size_t n = 0, n_peers = 0;

	out->established = out->accepted = out->outgoing = 0;
	out->backlog = PLAN_UNKNOWN;
	for (size_t i = 0; i < s->n; i++) {
		const struct socket *k = &s->list[i];

		if (!is_listener(k))
			continue;
		listeners[n++] = k;
		/* The queue of a listener is how many it lets wait. */
		if (k->has_queues && k->send_queue != 0)
			out->backlog =
			    isnan(out->backlog)
				? (double)k->send_queue
				: fmin(out->backlog, (double)k->send_queue);
	}
	out->listens = n != 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct socket *k = &s->list[i];
		bool ours = false;

		if (!is_connection(k))
			continue;
		out->established++;
		for (size_t l = 0; l < n && !ours; l++)
			ours = accepted_on(k, listeners[l]);
		out->accepted += ours;
		out->outgoing += !ours;
		if (!ours && k->kind == SOCKET_TCP && k->peer != NULL)
			peers[n_peers++] = k->peer;
	}
	*busiest = most_frequent(peers, n_peers);
	free(listeners);
	free(peers);
}

/* ---- one look ------------------------------------------------------------ */

static void
take_sockets(const struct open_files *f, struct plan_shape *out)
{
	double *of = out->sample.of;
	bool all_known = true, whole;
	uint64_t memory = 0, busiest, sizes[SOCKET_KINDS];
	double objects = 0;

	for (int k = 0; k < SOCKET_KINDS; k++)
		sizes[k] = socket_object_bytes((enum socket_kind)k, &whole);
	for (size_t i = 0; i < f->sockets.n; i++) {
		const struct socket *k = &f->sockets.list[i];

		/* One that was never connected has no buffers to speak of. */
		all_known = all_known && (k->has_memory || k->state == 0);
		memory += k->memory;
		objects +=
		    sizes[k->kind] != 0 ? (double)sizes[k->kind] : PLAN_UNKNOWN;
	}
	plan_count_connections(&f->sockets, out, &busiest);
	of[METRIC_OUTGOING] = (double)busiest;
	of[METRIC_BUFFERS] = all_known ? (double)memory : PLAN_UNKNOWN;
	of[METRIC_OBJECTS] = objects;
}

static void
take_watches(const struct open_files *f, struct plan_sample *s)
{
	double n = 0;

	for (size_t i = 0; i < f->fds.n; i++)
		if (f->fds.fds[i].type == FD_EPOLL)
			n += f->fds.fds[i].has_info
				 ? (double)f->fds.fds[i].watches
				 : PLAN_UNKNOWN;
	s->of[METRIC_WATCHES] = n;
}

static void
take_heap(const struct target *t, struct plan_sample *s)
{
	struct err ignored;
	struct snapshot *shot;
	double bytes, error;

	if (t->segment < 0 || (shot = snapshot_take(t, &ignored)) == NULL)
		return;
	if (!shot->shadowed) {
		snapshot_live_total(shot, &bytes, &error);
		s->of[METRIC_HEAP] = bytes;
		s->heap_error = error;
	}
	snapshot_free(shot);
}

static int
take_status(int32_t pid, struct plan_sample *s, struct err *e)
{
	struct status status;
	struct usage usage;
	struct err ignored;

	if (status_read(pid, &status, e) < 0)
		return -1;
	s->of[METRIC_THREADS] = status.threads;
	if (status.has_memory) {
		s->of[METRIC_RSS] = (double)(status.rss + status.swap);
		s->of[METRIC_DATA] = (double)status.data;
		s->of[METRIC_SPACE] = (double)status.vm_size;
	}
	if (usage_read(pid, USAGE_MAPS, &usage, &ignored) == 0 &&
	    usage.maps_known)
		s->of[METRIC_MAPS] = (double)usage.maps;
	return 0;
}

/*
 * Memory is read right after the list of sockets: while connections come, the
 * list lags behind by what its reading takes.
 */
int
plan_measure(const struct target *t, enum plan_unit unit,
    struct plan_shape *out, struct err *e)
{
	struct open_files f;
	int rc;

	memset(out, 0, sizeof *out);
	for (int k = 0; k < PLAN_METRICS; k++)
		out->sample.of[k] = PLAN_UNKNOWN;
	rc = open_files_read(t->pid, FDS_EPOLL, &f, e);
	if (rc == 0)
		rc = take_status(t->pid, &out->sample, e);
	if (rc == 0) {
		take_sockets(&f, out);
		take_watches(&f, &out->sample);
		take_heap(t, &out->sample);
		out->sample.of[METRIC_FDS] = (double)f.fds.n;
		out->sample.at = unit == PLAN_FDS ? (double)f.fds.n
				 : unit == PLAN_THREADS
				     ? out->sample.of[METRIC_THREADS]
				 : out->listens ? (double)out->accepted
						: (double)out->established;
	}
	open_files_free(&f);
	return rc;
}

/* ---- what is around it --------------------------------------------------- */

static double
max_watches(void)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	double v = PLAN_UNKNOWN;

	if (buf_read_file(&text, "/proc/sys/fs/epoll/max_user_watches", 64,
		&ignored) == 0)
		v = strtod(buf_text(&text), NULL);
	buf_free(&text);
	return v;
}

int
plan_facts_read(const struct target *t, struct plan_facts *out, struct err *e)
{
	struct status status;
	struct err ignored;
	uint64_t threads;

	memset(out, 0, sizeof *out);
	out->pid = t->pid;
	out->user_threads = out->backlog = PLAN_UNKNOWN;
	if (limits_read(t->pid, &out->limits, e) < 0 ||
	    status_read(t->pid, &status, e) < 0)
		return -1;
	ceilings_read(t->pid, &out->ceilings);
	cgroups_read(t->pid, &out->cgroups);
	out->nproc_binds = usage_binds(LIMIT_nproc, &status);
	if (out->nproc_binds &&
	    usage_user_threads(status.uids[0], &threads, &ignored) == 0)
		out->user_threads = (double)threads;
	out->max_watches = max_watches();
	return 0;
}
