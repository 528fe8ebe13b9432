/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/snapshot.h"
#include "abi/segment.h"
#include "base/xalloc.h"
#include "target/presence.h"
#include "target/snapshot_tables.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	const char *text;
} loss_reasons[] = {
#define X(name, text) { #name, text },
	ULL_LOSSES(X)
#undef X
};

/* ---- header ---------------------------------------------------------------------- */

static int
check_header(const struct ull_header *h, size_t len, struct err *e)
{
	if (len < ULL_MODULES_OFF || h->magic != ULL_MAGIC)
		return err_set(e, ERR_FAILED,
		    "this is not a segment (or its agent had not finished "
		    "starting)");
	if (h->abi_major != ULL_ABI_MAJOR)
		return err_set(e, ERR_FAILED,
		    "the segment has layout %u and this ullage reads layout %u; "
		    "use the ullage that the agent came with",
		    h->abi_major, ULL_ABI_MAJOR);
	if (h->total_size != ULL_TOTAL || len != ULL_TOTAL)
		return err_set(e, ERR_FAILED,
		    "the segment is %zu bytes and should be %u: it is "
		    "truncated or corrupt",
		    len, (unsigned)ULL_TOTAL);
	if (h->header_size < sizeof *h || h->modules_cap != ULL_MODULES ||
	    h->module_size != sizeof(struct ull_module) ||
	    h->stacks_cap != ULL_STACKS ||
	    h->stack_size != sizeof(struct ull_stack) ||
	    h->frames_cap != ULL_FRAMES || h->index_cap != ULL_INDEX ||
	    h->live_cap != ULL_LIVE ||
	    h->live_size != sizeof(struct ull_live) ||
	    h->modules_off != ULL_MODULES_OFF ||
	    h->index_off != ULL_INDEX_OFF ||
	    h->stacks_off != ULL_STACKS_OFF ||
	    h->frames_off != ULL_FRAMES_OFF || h->keys_off != ULL_KEYS_OFF ||
	    h->live_off != ULL_LIVE_OFF || h->fds_cap != ULL_FDS ||
	    h->fds_off != ULL_FDS_OFF || h->threads_cap != ULL_THREADS ||
	    h->thread_size != sizeof(struct ull_thread) ||
	    h->threads_off != ULL_THREADS_OFF)
		return err_set(e, ERR_FAILED,
		    "the segment's header contradicts its layout %u.%u: it is "
		    "corrupt",
		    h->abi_major, h->abi_minor);
	return 0;
}

static void
copy_header(struct snapshot *s, const struct ull_header *h)
{
	s->pid = h->pid;
	s->parent = h->parent_pid;
	s->nonce = h->nonce;
	s->start_ns = h->start_realtime;
	s->abi_major = h->abi_major;
	s->abi_minor = h->abi_minor;
	s->armed = h->state == ULL_STATE_ARMED && h->disarm == 0;
	s->shadowed = h->shadowed == 1;
	snprintf(s->version, sizeof s->version, "%.*s",
	    (int)sizeof h->agent_version, h->agent_version);
	if (h->tid_offset < 8192 && h->tid_offset % 4 == 0)
		s->tid_offset = h->tid_offset;
	if (h->stack_offset < 8192 && h->stack_offset % 8 == 0)
		s->stack_offset = h->stack_offset;
	s->exe = snapshot_text(h->exe, sizeof h->exe);
	s->allocator = snapshot_text(h->allocator, sizeof h->allocator);
}

static const char *const state_names[] = {
	[ULL_STATE_STARTING] = "starting",
	[ULL_STATE_ARMED] = "armed",
	[ULL_STATE_QUIET] = "quiet",
	[ULL_STATE_DORMANT] = "dormant",
};

static void
copy_presence(struct snapshot *s, const struct ull_header *h,
    const struct ull_presence *p)
{
	uint64_t n = sizeof state_names / sizeof state_names[0];

	snprintf(s->state, sizeof s->state, "%s",
	    s->armed	     ? "armed" :
		h->state < n && h->state != ULL_STATE_ARMED ?
			       state_names[h->state] :
			       "quiet");
	s->attached = p->origin == ULL_ORIGIN_ATTACHED;
	s->armings = p->armings;
	if (!s->armed && p->stopped != 0)
		s->stopped_ns = s->start_ns + p->stopped;
}

static uint32_t
at_most(uint32_t n, uint32_t cap)
{
	return n < cap ? n : cap;
}

static void
copy_counters(struct snapshot *s, const struct ull_control *control,
    const struct ull_counters *c)
{
	uint64_t asked = control->interval;

	s->interval_asked = asked;
	s->interval = asked != 0 && asked < c->interval_floor ?
	    c->interval_floor :
	    asked;
	s->doublings = c->doublings;
	s->samples = c->samples;
	s->frees = c->frees;
	s->children = c->children;
	s->live_bytes = c->live_bytes;
	s->peak_bytes = c->peak_bytes;
	s->peak_ns = c->peak_epoch != 0 ? s->start_ns + c->peak_time : 0;
	s->losses = xcalloc(ULL_LOSS_COUNT, sizeof *s->losses);
	s->n_losses = ULL_LOSS_COUNT;
	for (size_t i = 0; i < ULL_LOSS_COUNT; i++)
		s->losses[i] = (struct snapshot_loss){ loss_reasons[i].name,
			loss_reasons[i].text, c->losses[i] };
	s->fill[0] = (struct snapshot_fill){ "modules",
		at_most(c->modules_used, ULL_MODULES), ULL_MODULES };
	s->fill[1] = (struct snapshot_fill){ "stacks",
		at_most(c->stacks_used, ULL_STACKS), ULL_STACKS };
	s->fill[2] = (struct snapshot_fill){ "frames",
		at_most(c->frames_used, ULL_FRAMES), ULL_FRAMES };
	s->fill[3] = (struct snapshot_fill){ "live", c->live_entries,
		ULL_LIVE };
	s->fill[4] = (struct snapshot_fill){ "descriptors", 0, ULL_FDS };
	s->fill[5] = (struct snapshot_fill){ "threads", 0, ULL_THREADS };
}

/* ---- from bytes ------------------------------------------------------------------------ */

struct snapshot *
snapshot_parse(const void *bytes, size_t len, bool alive, struct err *e)
{
	const char *at = bytes;
	const struct ull_header *h = bytes;
	const struct ull_counters *c =
	    (const void *)(at + ULL_COUNTERS_OFF);
	struct snapshot *s;
	struct timespec now;
	uint64_t elapsed, lived;

	if (check_header(h, len, e) < 0)
		return NULL;
	s = xcalloc(1, sizeof *s);
	copy_header(s, h);
	copy_presence(s, h, (const void *)(at + ULL_PRESENCE_OFF));
	copy_counters(s, (const void *)(at + ULL_CONTROL_OFF), c);
	elapsed = snapshot_last_event(c->last_sample, (const void *)(at + ULL_FDS_OFF));
	if (alive && clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		elapsed = (uint64_t)now.tv_sec * 1000000000u +
		    (uint64_t)now.tv_nsec - h->start_monotonic;
	lived = elapsed;
	/* The heap that it holds is as of then, however long ago; what is
	 * open, and which threads there are, the kernel says now. */
	if (s->stopped_ns != 0)
		elapsed = s->stopped_ns - s->start_ns;
	s->time_ns = s->start_ns + elapsed;
	snapshot_copy_tables(s, at, c->peak_epoch, elapsed, lived);
	return s;
}

void
snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_modules; i++)
		free(s->modules[i].path);
	free(s->modules);
	free(s->stacks);
	free(s->live);
	free(s->fds);
	free(s->open);
	free(s->threads);
	free(s->losses);
	free(s->words);
	free(s->exe);
	free(s->allocator);
	free(s);
}

const char *
snapshot_heap_unseen(const struct snapshot *s)
{
	if (s->shadowed)
		return "another malloc comes before the agent's, so it sees "
		       "nothing";
	if (s->interval == 0)
		return "the sampler is off (interval 0), so the live heap is "
		       "not known";
	if (!s->armed)
		return "the agent does not record at present, so the live heap "
		       "is not known";
	if (s->attached)
		return "the agent was attached, and does not see what was "
		       "allocated before";
	return NULL;
}

void
snapshot_live_total(const struct snapshot *s, double *bytes, double *error)
{
	double sum = 0, variance = 0;

	for (size_t i = 0; i < s->n_live; i++) {
		double w = s->live[i].weight, b = w * (double)s->live[i].usable;

		sum += b;
		variance += b * b * (1.0 - 1.0 / w);
	}
	*bytes = sum;
	*error = sqrt(variance);
}

const struct snapshot_module *
snapshot_module(const struct snapshot *s, const struct snapshot_stack *stack,
    uint64_t address)
{
	/* The last one known then that covers it: an older one at the same
	 * place had been unloaded. One listed later may be the one that this
	 * very stack made known. */
	for (size_t i = stack->modules; i-- > 0;)
		if (address >= s->modules[i].start &&
		    address < s->modules[i].end)
			return &s->modules[i];
	for (size_t i = stack->modules; i < s->n_modules; i++)
		if (address >= s->modules[i].start &&
		    address < s->modules[i].end)
			return &s->modules[i];
	return NULL;
}

/* ---- from a target ------------------------------------------------------------------------ */

static int
read_at(int fd, char *bytes, size_t len, off_t off, struct err *e)
{
	while (len > 0) {
		ssize_t n = pread(fd, bytes, len, off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read the segment");
		if (n == 0)
			return err_set(e, ERR_FAILED,
			    "the segment was truncated while it was read");
		bytes += n;
		off += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * The order makes references good: entries name stacks, stacks name
 * frames and modules, and all but the tables of entries only grow. Holes read as
 * zeros without being filled.
 */
static int
read_tables(int fd, char *bytes, struct err *e)
{
	static const struct {
		size_t off, len;
	} parts[] = {
		{ ULL_KEYS_OFF, ULL_LIVE * 8 },
		{ ULL_LIVE_OFF, ULL_LIVE * sizeof(struct ull_live) },
		{ ULL_FDS_OFF, ULL_TOTAL - ULL_FDS_OFF },
		{ ULL_STACKS_OFF, ULL_STACKS * sizeof(struct ull_stack) },
		{ ULL_FRAMES_OFF, ULL_FRAMES * 8 },
		{ ULL_MODULES_OFF, ULL_MODULES * sizeof(struct ull_module) },
		{ 0, ULL_MODULES_OFF },
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (read_at(fd, bytes + parts[i].off, parts[i].len,
			(off_t)parts[i].off, e) < 0)
			return -1;
	return 0;
}

struct snapshot *
snapshot_take(const struct target *t, struct err *e)
{
	struct snapshot *s = NULL;
	struct stat st;
	char *bytes;

	if (target_need_agent(t, e) < 0)
		return NULL;
	presence_look(t);
	if (fstat(t->segment, &st) < 0) {
		err_errno(e, "cannot look at the segment");
		return NULL;
	}
	bytes = xcalloc(1, ULL_TOTAL);
	if (st.st_size != ULL_TOTAL) {
		/* Let the header say what it is, if it can. */
		size_t n = (size_t)st.st_size < ULL_TOTAL ?
		    (size_t)st.st_size :
		    ULL_TOTAL;

		if (read_at(t->segment, bytes, n, 0, e) == 0)
			s = snapshot_parse(bytes, (size_t)st.st_size,
			    t->alive, e);
	} else if (read_tables(t->segment, bytes, e) == 0) {
		s = snapshot_parse(bytes, ULL_TOTAL, t->alive, e);
	}
	free(bytes);
	if (s != NULL && !t->alive && s->pid != t->pid) {
		/* Nothing but its name says whose it is. */
		err_set(e, ERR_FAILED,
		    "this is the segment of process %d under a wrong name",
		    s->pid);
		snapshot_free(s);
		s = NULL;
	}
	if (s == NULL)
		err_prefix(e, "process %d: %s", t->pid, t->segment_path);
	else
		s->file_bytes = (uint64_t)st.st_blocks * 512;
	return s;
}
