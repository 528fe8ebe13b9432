/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/serve_metrics.h"
#include "base/xalloc.h"
#include "proc/cgroup.h"
#include "proc/stat.h"
#include "proc/status.h"
#include "proc/usage.h"
#include "target/glance.h"
#include "target/knob.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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
	U_MEMORY_SUM,
	U_MEMORY_AGE,
	U_KERNEL,
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
	U_RETAINED,
	U_RETURN,
	U_PEAK,
	U_SAMPLES,
	U_FREES,
	U_INTERVAL,
	U_LOST,
	U_SEGMENT,
	U_AGENT_MEMORY,
	U_TRIM_PERCENT,
	U_TRIM_LIMIT,
	U_TRIMS,
	U_TRIM_RETURNED,
	U_TRIM_WORK,
	U_TRIM_STALL,
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
	    "Resident memory by part of the ledger; the parts of a process "
	    "add up to ullage_memory_accounted_bytes.", false },
	[U_MEMORY_SUM] = { "ullage_memory_accounted_bytes",
	    "Resident memory when the ledger was made.", false },
	[U_MEMORY_AGE] = { "ullage_memory_age_seconds",
	    "Time since the ledger was made.", false },
	[U_KERNEL] = { "ullage_memory_kernel_bytes",
	    "Memory as the kernel counts it; anonymous, file and shared make "
	    "up the resident size.", false },
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
	    "Standard error of the heap memory held, when the ledger was "
	    "made.", false },
	[U_RETAINED] = { "ullage_heap_retained_bytes",
	    "Resident heap memory that is free, but kept by the allocator; "
	    "of the ledger.", false },
	[U_RETURN] = { "ullage_trim_estimate_bytes",
	    "Memory that a trim would give back, estimated.", false },
	[U_PEAK] = { "ullage_heap_peak_bytes",
	    "Heap memory held at the high-water mark, estimated.", false },
	[U_SAMPLES] = { "ullage_heap_samples_total",
	    "Allocations that were sampled.", true },
	[U_FREES] = { "ullage_heap_sampled_frees_total",
	    "Sampled allocations that were freed.", true },
	[U_INTERVAL] = { "ullage_heap_sample_interval_bytes",
	    "Mean bytes between two samples.", false },
	[U_LOST] = { "ullage_lost_total",
	    "What the agent could not record, by reason.", true },
	[U_SEGMENT] = { "ullage_agent_segment_bytes",
	    "Memory that the agent's tables occupy.", false },
	[U_AGENT_MEMORY] = { "ullage_agent_resident_bytes",
	    "Memory of the process that the agent takes up: its tables, code "
	    "and data.", false },
	[U_TRIM_PERCENT] = { "ullage_trim_percent",
	    "The trim knob; +Inf is off.", false },
	[U_TRIM_LIMIT] = { "ullage_trim_limit_bytes",
	    "The soft memory limit of the trim knob; +Inf is none.", false },
	[U_TRIMS] = { "ullage_trims_total", "Trims.", true },
	[U_TRIM_RETURNED] = { "ullage_trim_returned_bytes_total",
	    "Memory that trims gave back since this server began.", true },
	[U_TRIM_WORK] = { "ullage_trim_work_seconds_total",
	    "Time that trims worked since this server began.", true },
	[U_TRIM_STALL] = { "ullage_trim_longest_stall_seconds",
	    "Longest single step of the last trim, for which a lock of the "
	    "allocator may have been held.", false },
	[M_TARGETS] = { "ullage_targets", "Processes that are served.",
	    false },
	[M_BUILD] = { "ullage_build_info", "1, with the version.", false },
	[M_DURATION] = { "ullage_scrape_duration_seconds",
	    "Time that it took to measure all this.", false },
};

/* One process while it is measured. */
struct scrape {
	struct metrics *m;
	char pid[16], name[64];
	struct knob knob; /* large; used again for the next */
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
	struct trend_answer a = trend_ask(&w->watch.trends[id], soft,
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

/* Caller holds the lock of the watched process, for the trends. */
static void
add_limits(struct scrape *s, const struct watched *w,
    const struct status *st, const struct limits *l, const struct usage *u)
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
		/* One that does not bind this process leaves room for ever. */
		if (!usage_binds((enum limit_id)i, st))
			continue;
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
		add(s, U_KERNEL, "part", parts[i].part,
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
add_process(struct scrape *s, struct watched *w)
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
	pthread_mutex_lock(&w->lock);
	add_limits(s, w, &status, &limits, &usage);
	pthread_mutex_unlock(&w->lock);
}

/* Of the last look. */
static void
add_ledger(struct scrape *s, const struct watch_memory *m)
{
	if (m->time == 0)
		return;
	for (int i = 0; i < LEDGER_PARTS; i++)
		if (m->known[i])
			add(s, U_MEMORY, "part", ledger_key(i),
			    (double)m->bytes[i]);
	add(s, U_MEMORY_SUM, NULL, NULL, (double)m->rss);
	add(s, U_MEMORY_AGE, NULL, NULL,
	    (double)(serve_now() - m->time) / 1e9);
	if (m->known[LEDGER_AGENT])
		add(s, U_AGENT_MEMORY, NULL, NULL,
		    (double)m->bytes[LEDGER_AGENT]);
	if (!m->watched)
		return;
	add(s, U_LIVE_ERROR, NULL, NULL, (double)m->live_error);
	if (m->known[LEDGER_RETAINED])
		add(s, U_RETAINED, NULL, NULL,
		    (double)m->bytes[LEDGER_RETAINED]);
	if (m->returned != UINT64_MAX)
		add(s, U_RETURN, NULL, NULL, (double)m->returned);
}

static void
add_trims(struct scrape *s, const struct target *t,
    const struct watch_trims *sum)
{
	struct knob *k = &s->knob;
	struct err ignored;

	if (knob_read(t, k, &ignored) < 0)
		return;
	add(s, U_TRIM_PERCENT, NULL, NULL, k->percent == KNOB_OFF ? INFINITY :
		(double)k->percent / (double)KNOB_PERCENT);
	add(s, U_TRIM_LIMIT, NULL, NULL,
	    k->limit == 0 ? INFINITY : (double)k->limit);
	add(s, U_TRIMS, NULL, NULL, (double)k->written);
	if (!sum->begun)
		return;
	add(s, U_TRIM_RETURNED, NULL, NULL, (double)sum->returned);
	add(s, U_TRIM_WORK, NULL, NULL, (double)sum->work / 1e9);
	add(s, U_TRIM_STALL, NULL, NULL, (double)sum->longest / 1e9);
}

static void
add_agent(struct scrape *s, const struct target *t)
{
	const char *reason;
	struct err ignored;
	struct glance g;
	bool has = t->segment >= 0 && target_glance(t, &g, &ignored) == 0;

	add(s, U_AGENT, NULL, NULL, has);
	if (!has)
		return;
	if (!g.shadowed && g.interval != 0) {
		add(s, U_LIVE, NULL, NULL, (double)g.live_bytes);
		add(s, U_PEAK, NULL, NULL, (double)g.peak_bytes);
	}
	add(s, U_SAMPLES, NULL, NULL, (double)g.samples);
	add(s, U_FREES, NULL, NULL, (double)g.frees);
	add(s, U_INTERVAL, NULL, NULL, (double)g.interval);
	add(s, U_SEGMENT, NULL, NULL, (double)g.file_bytes);
	for (size_t i = 0; (reason = glance_loss_name(i)) != NULL; i++)
		add(s, U_LOST, "reason", reason, (double)g.losses[i]);
}

static void
add_watched(struct scrape *s, struct watched *w)
{
	struct watch_memory memory;
	struct watch_trims trims;
	struct handle *h;
	struct err ignored;

	watched_name(w, s->name);
	snprintf(s->pid, sizeof s->pid, "%d", w->pid);
	if ((h = watched_open(w, &ignored)) == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	memory = w->watch.memory;
	trims = w->watch.trims;
	pthread_mutex_unlock(&w->lock);
	add_process(s, w);
	add_agent(s, h->t);
	add_ledger(s, &memory);
	if (h->t->segment >= 0)
		add_trims(s, h->t, &trims);
	watched_close(w, h);
}

void
serve_metrics(struct serve_targets *s, struct metrics *m)
{
	const struct metric_label version[] = {
		{ "version", ULLAGE_VERSION }, { NULL, NULL } };
	struct scrape *scrape = xcalloc(1, sizeof *scrape);
	uint64_t start = serve_now();
	struct watched **list;
	size_t n = serve_targets_all(s, &list);

	scrape->m = m;
	for (size_t i = 0; i < n; i++) {
		add_watched(scrape, list[i]);
		serve_targets_put(s, list[i]);
	}
	free(list);
	free(scrape);
	metrics_add(m, &families[M_TARGETS], NULL, (double)n);
	metrics_add(m, &families[M_BUILD], version, 1);
	metrics_add(m, &families[M_DURATION], NULL,
	    (double)(serve_now() - start) / 1e9);
}

void
serve_metrics_tick(struct serve_targets *s, bool maps)
{
	struct watched **list;
	size_t n = serve_targets_all(s, &list);

	for (size_t i = 0; i < n; i++) {
		watch_look(list[i], maps);
		serve_targets_put(s, list[i]);
	}
	free(list);
}
