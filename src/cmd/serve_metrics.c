/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_metrics.h"
#include "proc/cgroup.h"
#include "proc/stat.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "target/snapshot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TREND_WINDOW 600000000000 /* ns of history */

enum {
	P_CPU,
	P_RSS,
	P_VIRTUAL,
	P_VIRTUAL_MAX,
	P_FDS,
	P_MAX_FDS,
	P_START,
	P_THREADS,
	U_MEMORY,
	U_CGROUP_LIMIT,
	U_CGROUP_USED,
	U_LIMIT_SOFT,
	U_LIMIT_HARD,
	U_LIMIT_USED,
	U_HEADROOM,
	U_EXHAUSTION,
	U_AGENT,
	U_LIVE,
	U_LIVE_ERROR,
	U_PEAK,
	U_SAMPLES,
	U_INTERVAL,
	U_LOST,
	U_SEGMENT,
	M_TARGETS,
	M_BUILD,
	M_DURATION,
	FAMILIES,
};

/* To add one: a name above, a row here, and an ADD below. */
static const struct metric_family families[FAMILIES] = {
	[P_CPU] = { "process_cpu_seconds_total",
	    "User and system CPU time spent.", true },
	[P_RSS] = { "process_resident_memory_bytes",
	    "Resident memory size.", false },
	[P_VIRTUAL] = { "process_virtual_memory_bytes",
	    "Virtual memory size.", false },
	[P_VIRTUAL_MAX] = { "process_virtual_memory_max_bytes",
	    "Maximum virtual memory available.", false },
	[P_FDS] = { "process_open_fds", "Open file descriptors.", false },
	[P_MAX_FDS] = { "process_max_fds",
	    "Maximum number of open file descriptors.", false },
	[P_START] = { "process_start_time_seconds",
	    "Start time of the process since the epoch.", false },
	[P_THREADS] = { "process_threads", "Threads.", false },
	[U_MEMORY] = { "ullage_memory_bytes",
	    "Memory as the kernel counts it, by part; anonymous, file and "
	    "shared make up the resident size.", false },
	[U_CGROUP_LIMIT] = { "ullage_cgroup_memory_limit_bytes",
	    "The tightest memory limit of the control groups.", false },
	[U_CGROUP_USED] = { "ullage_cgroup_memory_used_bytes",
	    "Memory used in the group that has this limit.", false },
	[U_LIMIT_SOFT] = { "ullage_limit_soft",
	    "Soft limit in the unit of the resource; +Inf is none.", false },
	[U_LIMIT_HARD] = { "ullage_limit_hard",
	    "Hard limit in the unit of the resource; +Inf is none.", false },
	[U_LIMIT_USED] = { "ullage_limit_used",
	    "How much of a limited resource is in use.", false },
	[U_HEADROOM] = { "ullage_limit_headroom_ratio",
	    "Part of the soft limit that is free; below 0 it is exceeded.",
	    false },
	[U_EXHAUSTION] = { "ullage_limit_exhaustion_seconds",
	    "Time until the soft limit is met, at the pace of the last ten "
	    "minutes; +Inf if it does not grow.", false },
	[U_AGENT] = { "ullage_agent",
	    "1 if the process has an agent, else 0.", false },
	[U_LIVE] = { "ullage_heap_live_bytes",
	    "Heap memory held now, estimated.", false },
	[U_LIVE_ERROR] = { "ullage_heap_live_error_bytes",
	    "Standard error of the heap memory held.", false },
	[U_PEAK] = { "ullage_heap_peak_bytes",
	    "Heap memory held at the high-water mark, estimated.", false },
	[U_SAMPLES] = { "ullage_heap_samples_total",
	    "Allocations that were sampled.", true },
	[U_INTERVAL] = { "ullage_heap_sample_interval_bytes",
	    "Mean bytes between two samples.", false },
	[U_LOST] = { "ullage_lost_total",
	    "What the agent could not record, by reason.", true },
	[U_SEGMENT] = { "ullage_agent_segment_bytes",
	    "Memory that the agent's tables occupy.", false },
	[M_TARGETS] = { "ullage_targets", "Processes that are served.",
	    false },
	[M_BUILD] = { "ullage_build_info", "1, with the version.", false },
	[M_DURATION] = { "ullage_scrape_duration_seconds",
	    "Time that it took to measure all this.", false },
};

/* One process while it is measured. */
struct scrape {
	struct metrics *m;
	char pid[16];
	const char *name;
};

static void
add(struct scrape *s, int family, const char *key, const char *text,
    double value)
{
	struct metric_label labels[] = {
		{ "pid", s->pid },
		{ "name", s->name },
		{ key != NULL ? key : "-", key != NULL ? text : NULL },
		{ NULL, NULL },
	};

	metrics_add(s->m, &families[family], labels, value);
}

static double
limit_value(uint64_t limit)
{
	return limit == LIMIT_INFINITY ? INFINITY : (double)limit;
}

static double
exhaustion(const struct watched *w, int id, double soft)
{
	struct trend_answer a = trend_ask(&w->trends[id], soft,
	    resources[id].unit == LIMIT_BYTES ? 4096 : 1);

	switch (a.verdict) {
	case TREND_FULL:
		return 0;
	case TREND_FULL_IN:
		return (double)a.left / 1e9;
	case TREND_TOO_FEW:
		return NAN;
	default:
		return INFINITY;
	}
}

static void
add_limits(struct scrape *s, const struct watched *w, const struct limits *l,
    const struct usage *u)
{
	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		const char *name = resources[i].name;
		double soft, left;

		if (!l->of[i].known || !resources[i].enforced)
			continue;
		soft = limit_value(l->of[i].soft);
		add(s, U_LIMIT_SOFT, "resource", name, soft);
		add(s, U_LIMIT_HARD, "resource", name,
		    limit_value(l->of[i].hard));
		if (!u->known[i] || resources[i].use != LIMIT_STOCK)
			continue;
		add(s, U_LIMIT_USED, "resource", name, (double)u->used[i]);
		add(s, U_HEADROOM, "resource", name, isinf(soft) ? 1 :
			soft > 0 ? 1 - (double)u->used[i] / soft : 0);
		/* Too few samples yet: no value is better than a wrong one. */
		left = isinf(soft) ? INFINITY : exhaustion(w, i, soft);
		if (!isnan(left))
			add(s, U_EXHAUSTION, "resource", name, left);
	}
}

static void
add_memory(struct scrape *s, const struct status *st)
{
	const struct {
		const char *part;
		uint64_t bytes;
	} parts[] = {
		{ "anonymous", st->rss_anon },
		{ "file", st->rss_file },
		{ "shared", st->rss_shmem },
		{ "swap", st->swap },
		{ "page_tables", st->page_tables },
	};

	add(s, P_THREADS, NULL, NULL, st->threads);
	if (!st->has_memory)
		return;
	add(s, P_RSS, NULL, NULL, (double)st->rss);
	add(s, P_VIRTUAL, NULL, NULL, (double)st->vm_size);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		add(s, U_MEMORY, "part", parts[i].part,
		    (double)parts[i].bytes);
}

static void
add_cgroup(struct scrape *s, int32_t pid)
{
	struct cgroups *c = malloc(sizeof *c);

	if (c == NULL)
		return;
	cgroups_read(pid, c);
	if (c->memory.known && c->memory.limit != CGROUP_NO_LIMIT) {
		add(s, U_CGROUP_LIMIT, NULL, NULL, (double)c->memory.limit);
		if (c->memory.used_known)
			add(s, U_CGROUP_USED, NULL, NULL,
			    (double)c->memory.used);
	}
	free(c);
}

/* When the machine was started, seconds since the epoch. */
static double
boot_time(void)
{
	struct timespec wall, boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (double)(wall.tv_sec - boot.tv_sec) +
	    (double)(wall.tv_nsec - boot.tv_nsec) / 1e9;
}

static void
add_process(struct scrape *s, const struct watched *w)
{
	struct proc_stat stat;
	struct status status;
	struct limits limits;
	struct usage usage = { .maps = 0 };
	struct err ignored;
	int64_t fds;

	if (proc_stat_read(w->pid, &stat, &ignored) < 0 ||
	    status_read(w->pid, &status, &ignored) < 0)
		return;
	add(s, P_CPU, NULL, NULL,
	    (double)(stat.user_time + stat.system_time) / 1e9);
	/* To a hundredth, the kernel's grain: it is the process' identity and
	 * must not tremble with the clocks. */
	add(s, P_START, NULL, NULL, floor((boot_time() +
	    (double)stat.start_ticks / (double)sysconf(_SC_CLK_TCK)) * 10 +
	    0.5) / 10);
	add_memory(s, &status);
	add_cgroup(s, w->pid);
	usage_from_status(&usage, &status);
	usage_from_stat(&usage, &stat);
	if ((fds = usage_descriptors(w->pid)) >= 0) {
		add(s, P_FDS, NULL, NULL, (double)fds);
		usage.used[LIMIT_nofile] = (uint64_t)fds;
		usage.known[LIMIT_nofile] = true;
	}
	if (limits_read(w->pid, &limits, &ignored) < 0)
		return;
	if (limits.of[LIMIT_nofile].known)
		add(s, P_MAX_FDS, NULL, NULL,
		    limit_value(limits.of[LIMIT_nofile].soft));
	if (limits.of[LIMIT_as].known)
		add(s, P_VIRTUAL_MAX, NULL, NULL,
		    limit_value(limits.of[LIMIT_as].soft));
	add_limits(s, w, &limits, &usage);
}

static void
add_agent(struct scrape *s, const struct watched *w)
{
	struct snapshot *shot = NULL;
	double live, error;
	struct err ignored;

	if (w->t->segment >= 0)
		shot = snapshot_take(w->t, &ignored);
	add(s, U_AGENT, NULL, NULL, shot != NULL);
	if (shot == NULL)
		return;
	snapshot_live_total(shot, &live, &error);
	add(s, U_LIVE, NULL, NULL, floor(live));
	add(s, U_LIVE_ERROR, NULL, NULL, error < 0 ? NAN : floor(error));
	add(s, U_PEAK, NULL, NULL, (double)shot->peak_bytes);
	add(s, U_SAMPLES, NULL, NULL, (double)shot->samples);
	add(s, U_INTERVAL, NULL, NULL, (double)shot->interval);
	add(s, U_SEGMENT, NULL, NULL, (double)shot->file_bytes);
	for (size_t i = 0; i < shot->n_losses; i++)
		add(s, U_LOST, "reason", shot->losses[i].name,
		    (double)shot->losses[i].count);
	snapshot_free(shot);
}

static void
add_watched(struct metrics *m, struct watched *w)
{
	struct scrape s = { .m = m, .name = w->name };
	struct err ignored;

	snprintf(s.pid, sizeof s.pid, "%d", w->pid);
	if (watched_lock(w, &ignored) < 0)
		return;
	add_process(&s, w);
	add_agent(&s, w);
	watched_unlock(w);
}

void
serve_metrics(struct serve_targets *s, struct metrics *m)
{
	const struct metric_label version[] = {
		{ "version", ULLAGE_VERSION }, { NULL, NULL } };
	uint64_t start = serve_now();
	struct watched **list;
	size_t n = serve_targets_all(s, &list);

	for (size_t i = 0; i < n; i++) {
		add_watched(m, list[i]);
		serve_targets_put(s, list[i]);
	}
	free(list);
	metrics_add(m, &families[M_TARGETS], NULL, (double)n);
	metrics_add(m, &families[M_BUILD], version, 1);
	metrics_add(m, &families[M_DURATION], NULL,
	    (double)(serve_now() - start) / 1e9);
}

static void
sample(struct watched *w)
{
	struct usage u;
	struct err ignored;
	int64_t t = (int64_t)serve_now();

	if (usage_read(w->pid, 0, &u, &ignored) < 0)
		return;
	for (int i = 0; i < LIMIT_RESOURCES; i++) {
		if (!u.known[i] || resources[i].use != LIMIT_STOCK)
			continue;
		trend_add(&w->trends[i], t, (double)u.used[i]);
		trend_trim(&w->trends[i], TREND_WINDOW);
	}
}

void
serve_metrics_tick(struct serve_targets *s)
{
	struct watched **list;
	size_t n = serve_targets_all(s, &list);
	struct err ignored;

	for (size_t i = 0; i < n; i++) {
		if (watched_lock(list[i], &ignored) == 0) {
			sample(list[i]);
			watched_unlock(list[i]);
		}
		serve_targets_put(s, list[i]);
	}
	free(list);
}
