/* SPDX-License-Identifier: MIT */
/*
 * The ceilings of plan.h: one function for each thing that a limit can stand
 * in the way of, and one list, ranked.
 */
#include "config.h"

#include "tune/plan.h"
#include "base/xalloc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room above the need when a command is proposed, and a round number. */
#define SPARE 1.05
#define ROUND 1024.0
#define MIB 1048576.0

struct scene {
	const struct plan_model *m;
	const struct plan_facts *facts;
	double target;
	struct plan_obstacles *out;
};

static double
number(uint64_t v)
{
	return v == CEILING_UNKNOWN ? PLAN_UNKNOWN : (double)v;
}

/* What may be no growth at all is not said to break anything. */
static double
each(const struct scene *s, enum plan_metric k)
{
	const struct plan_cost *c = &s->m->of[k];

	return c->how == COST_FITTED && !plan_grows(c) ? 0 : c->each;
}

/* What of the metric will be needed at the target, with room to spare. */
static double
need(const struct scene *s, enum plan_metric k)
{
	double error, v = plan_predict(s->m, k, s->target, &error);

	return ceil((v + 2 * error) * SPARE / ROUND) * ROUND;
}

/* An unknown limit is left out; an infinite one is INFINITY. */
static struct plan_obstacle *
add(struct scene *s, const char *name, bool bytes, double limit, double used,
    double per)
{
	struct plan_obstacles *o = s->out;
	struct plan_obstacle *p;

	if (isnan(limit))
		return NULL;
	o->list = xgrow(o->list, o->n, &o->cap, sizeof *o->list);
	p = &o->list[o->n++];
	memset(p, 0, sizeof *p);
	p->name = name;
	p->bytes = bytes;
	p->limit = limit;
	p->used = used;
	p->each = per;
	if (isinf(limit) || (isfinite(per) && per <= 0))
		p->breaks_at = INFINITY;
	else if (!isfinite(used) || !isfinite(per))
		p->breaks_at = PLAN_UNKNOWN;
	else
		p->breaks_at = fmax(0, s->m->at + (limit - used) / per);
	p->breaks = p->breaks_at < s->target;
	return p;
}

/* The command is of use only for what is in the way. */
static void __attribute__((format(printf, 2, 3)))
command(struct plan_obstacle *p, const char *fmt, ...)
{
	va_list ap;

	if (p == NULL || !p->breaks)
		return;
	va_start(ap, fmt);
	vsnprintf(p->command, sizeof p->command, fmt, ap);
	va_end(ap);
}

/*
 * Who may name control groups is not always root, and a command is there to
 * be pasted: a path that quotes do not hold is not offered.
 */
static void
group_command(struct plan_obstacle *p, const struct cgroup_limit *g,
    const char *controller, double value)
{
	for (const char *c = g->path; *c != '\0'; c++)
		if (*c == '\'' || (unsigned char)*c < ' ' || *c == 0x7f)
			return;
	command(p, "echo %.0f > '/sys/fs/cgroup%s%s%s/%s'", value,
	    g->version == 1 ? "/" : "", g->version == 1 ? controller : "",
	    strcmp(g->path, "/") != 0 ? g->path : "", g->file);
}

static double
limit_of(uint64_t v)
{
	return v == LIMIT_INFINITY ? (double)INFINITY : (double)v;
}

/* ---- descriptors --------------------------------------------------------- */

static void
descriptors(struct scene *s)
{
	const struct limit *l = &s->facts->limits.of[LIMIT_nofile];
	const struct ceilings *c = &s->facts->ceilings;
	double error, least = plan_predict(s->m, METRIC_FDS, s->target, &error);
	double want = need(s, METRIC_FDS), used = s->m->of[METRIC_FDS].now;
	double top = number(c->of[CEILING_nr_open].limit);
	double per = each(s, METRIC_FDS);
	const struct ceiling *files = &c->of[CEILING_file_max];
	int pid = s->facts->pid;

	/* No spare room is worth a second ceiling. */
	if (want > top && least <= top)
		want = top;
	if (l->known) {
		bool fits = want <= limit_of(l->hard);

		command(
		    add(s, "nofile, soft", false, limit_of(l->soft), used, per),
		    fits ? "ullage limits %d nofile=%.0f:"
			 : "ullage limits %d nofile=%.0f",
		    pid, want);
		command(
		    add(s, "nofile, hard", false, limit_of(l->hard), used, per),
		    "ullage limits %d nofile=%.0f", pid, want);
	}
	command(add(s, "fs.nr_open", false,
		    number(c->of[CEILING_nr_open].limit), used, per),
	    "sysctl -w fs.nr_open=%.0f", want);
	command(add(s, "fs.file-max", false, number(files->limit),
		    number(files->used), per),
	    "sysctl -w fs.file-max=%.0f", number(files->used) + want - used);
	command(
	    add(s, "fs.epoll.max_user_watches", false, s->facts->max_watches,
		s->m->of[METRIC_WATCHES].now, each(s, METRIC_WATCHES)),
	    "sysctl -w fs.epoll.max_user_watches=%.0f",
	    need(s, METRIC_WATCHES));
}

/* ---- threads and mappings ------------------------------------------------ */

static void
threads(struct scene *s)
{
	const struct limit *l = &s->facts->limits.of[LIMIT_nproc];
	const struct ceilings *c = &s->facts->ceilings;
	const struct cgroup_limit *pids = &s->facts->cgroups.pids;
	double per = each(s, METRIC_THREADS);
	double more = need(s, METRIC_THREADS) - s->m->of[METRIC_THREADS].now;
	double all = number(c->of[CEILING_threads_max].used);

	if (l->known && s->facts->nproc_binds)
		command(add(s, "nproc, soft", false, limit_of(l->soft),
			    s->facts->user_threads, per),
		    "ullage limits %d nproc=%.0f:", s->facts->pid,
		    s->facts->user_threads + more);
	command(add(s, "kernel.threads-max", false,
		    number(c->of[CEILING_threads_max].limit), all, per),
	    "sysctl -w kernel.threads-max=%.0f", all + more);
	command(add(s, "kernel.pid_max", false,
		    number(c->of[CEILING_pid_max].limit), all, per),
	    "sysctl -w kernel.pid_max=%.0f", all + more);
	if (pids->known && pids->limit != CGROUP_NO_LIMIT)
		group_command(
		    add(s, "cgroup pids", false, (double)pids->limit,
			pids->used_known ? (double)pids->used : PLAN_UNKNOWN,
			per),
		    pids, "pids", (double)pids->used + more);
	command(add(s, "vm.max_map_count", false,
		    number(c->of[CEILING_max_map_count].limit),
		    s->m->of[METRIC_MAPS].now, each(s, METRIC_MAPS)),
	    "sysctl -w vm.max_map_count=%.0f", need(s, METRIC_MAPS));
}

/* ---- the network --------------------------------------------------------- */

static void
backlog(struct scene *s)
{
	const struct ceiling *c = &s->facts->ceilings.of[CEILING_somaxconn];
	double max = number(c->limit);
	struct plan_obstacle *p;

	p = add(s, "listen backlog", false, s->facts->backlog, PLAN_UNKNOWN,
	    PLAN_UNKNOWN);
	if (p == NULL)
		return;
	p->note =
	    "bounds a burst of connections, not their number; read when the "
	    "server starts to listen";
	if (isfinite(max) && s->facts->backlog >= max &&
	    s->facts->backlog < s->target)
		snprintf(p->command, sizeof p->command,
		    "sysctl -w net.core.somaxconn=%.0f", fmax(4096, max * 4));
}

static void
network(struct scene *s)
{
	const struct ceilings *c = &s->facts->ceilings;
	const struct ceiling *track = &c->of[CEILING_conntrack];
	const struct ceiling *tcp = &c->of[CEILING_tcp_mem];
	double outgoing = s->m->of[METRIC_OUTGOING].now;
	double more = s->target - s->m->at, pages;
	struct plan_obstacle *p;

	if (s->m->unit != PLAN_CONNECTIONS)
		return;
	backlog(s);
	if (outgoing > 0)
		command(add(s, "ip_local_port_range", false,
			    number(c->of[CEILING_ports].limit), outgoing,
			    each(s, METRIC_OUTGOING)),
		    "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"");
	command(add(s, "nf_conntrack_max", false, number(track->limit),
		    number(track->used), 1),
	    "sysctl -w net.netfilter.nf_conntrack_max=%.0f",
	    ceil((number(track->used) + more) * SPARE));
	p = add(s, "tcp_mem", true, number(tcp->limit), number(tcp->used),
	    each(s, METRIC_BUFFERS));
	pages = (number(tcp->used) + each(s, METRIC_BUFFERS) * more) * SPARE /
		(double)sysconf(_SC_PAGESIZE);
	/* In the proportions that the kernel chooses by itself. */
	command(p, "sysctl -w net.ipv4.tcp_mem=\"%.0f %.0f %.0f\"",
	    ceil(pages / 2), ceil(pages * 2 / 3), ceil(pages));
}

/* ---- memory -------------------------------------------------------------- */

/* What one more takes of the machine: what is unknown is not counted. */
static double
memory_each(const struct scene *s)
{
	static const enum plan_metric kernel[] = {
	    METRIC_BUFFERS, METRIC_OBJECTS};
	double sum = each(s, METRIC_RSS);

	for (size_t i = 0; i < sizeof kernel / sizeof kernel[0]; i++)
		if (isfinite(each(s, kernel[i])))
			sum += each(s, kernel[i]);
	return sum;
}

static void
bounded(struct scene *s, enum limit_id id, const char *name, enum plan_metric k)
{
	const struct limit *l = &s->facts->limits.of[id];

	if (l->known && l->soft != LIMIT_INFINITY)
		command(add(s, name, true, (double)l->soft, s->m->of[k].now,
			    each(s, k)),
		    "ullage limits %d %s=%.0f:", s->facts->pid,
		    resources[id].name, need(s, k));
}

static void
memory(struct scene *s)
{
	const struct ceilings *c = &s->facts->ceilings;
	const struct cgroup_limit *g = &s->facts->cgroups.memory;
	double per = memory_each(s);
	double more = ceil(per * (s->target - s->m->at) * SPARE);
	struct plan_obstacle *p;

	p = add(s, "memory of the machine", true,
	    number(c->of[CEILING_memory].limit),
	    number(c->of[CEILING_memory].used), per);
	if (p != NULL && p->breaks)
		p->note = "more memory, or fewer bytes for each";
	if (g->known && g->limit != CGROUP_NO_LIMIT)
		group_command(
		    add(s, "cgroup memory", true, (double)g->limit,
			g->used_known ? (double)g->used : PLAN_UNKNOWN, per),
		    g, "memory", ceil(((double)g->used + more) / MIB) * MIB);
	if (c->overcommit == 2) {
		p = add(s, "vm.overcommit_memory=2", true,
		    number(c->of[CEILING_commit].limit),
		    number(c->of[CEILING_commit].used), each(s, METRIC_DATA));
		command(p, "sysctl -w vm.overcommit_memory=0");
	}
	bounded(s, LIMIT_as, "as, soft", METRIC_SPACE);
	bounded(s, LIMIT_data, "data, soft", METRIC_DATA);
}

/* ---- the list ------------------------------------------------------------ */

/* What breaks first, then what never does, then what is not known. */
static int
by_rank(const void *a, const void *b)
{
	const struct plan_obstacle *x = a, *y = b;

	if (isnan(x->breaks_at) || isnan(y->breaks_at))
		return isnan(x->breaks_at) - isnan(y->breaks_at);
	return (x->breaks_at > y->breaks_at) - (x->breaks_at < y->breaks_at);
}

void
plan_obstacles(const struct plan_model *m, const struct plan_facts *facts,
    double target, struct plan_obstacles *out)
{
	struct scene s = {m, facts, target, out};

	memset(out, 0, sizeof *out);
	descriptors(&s);
	threads(&s);
	network(&s);
	memory(&s);
	if (out->n != 0)
		qsort(out->list, out->n, sizeof *out->list, by_rank);
}

void
plan_obstacles_free(struct plan_obstacles *o)
{
	free(o->list);
	memset(o, 0, sizeof *o);
}
