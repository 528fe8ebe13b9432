/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/glance.h"
#include "abi/segment.h"
#include "base/xalloc.h"
#include "target/segment_file.h"
#include "target/words.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(ULL_LOSS_COUNT <= GLANCE_LOSSES, "one for each");

static const char *const loss_names[] = {
#define X(name, text) #name,
	ULL_LOSSES(X)
#undef X
};

const char *
glance_loss_name(size_t i)
{
	return i < ULL_LOSS_COUNT ? loss_names[i] : NULL;
}

int
target_glance(const struct target *t, struct glance *g, struct err *e)
{
	struct ull_header h;
	struct ull_control control;
	struct ull_presence presence;
	struct ull_counters c;
	struct stat st;

	memset(g, 0, sizeof *g);
	if (target_need_agent(t, e) < 0 ||
	    words_read(t, &h, sizeof h, 0, e) < 0 ||
	    words_read(t, &control, sizeof control, ULL_CONTROL_OFF, e) < 0 ||
	    words_read(t, &presence, sizeof presence, ULL_PRESENCE_OFF, e) < 0 ||
	    words_read(t, &c, sizeof c, ULL_COUNTERS_OFF, e) < 0)
		return -1;
	if (h.magic != ULL_MAGIC ||
	    h.abi_major != ULL_ABI_MAJOR)
		return err_set(e, ERR_FAILED,
		    "%s is of another version of the agent", t->segment_path);
	g->shadowed = h.shadowed == 1;
	g->armed = h.state == ULL_STATE_ARMED;
	g->attached = presence.origin == ULL_ORIGIN_ATTACHED;
	g->live_bytes = c.live_bytes;
	g->peak_bytes = c.peak_bytes;
	g->samples = c.samples;
	g->frees = c.frees;
	g->interval = control.interval;
	if (g->interval != 0 && g->interval < c.interval_floor)
		g->interval = c.interval_floor;
	for (int i = 0; i < ULL_LOSS_COUNT; i++)
		g->lost += g->losses[i] = c.losses[i];
	if (fstat(t->segment, &st) == 0)
		g->file_bytes = (uint64_t)st.st_blocks * 512;
	return 0;
}

struct hints {
	uint64_t ns;
	int32_t *pids;
	size_t n, cap;
};

static void
add_hint(void *arg, uint64_t ns, int32_t pid, const char *path)
{
	struct hints *h = arg;

	(void)path;
	if (ns != h->ns)
		return;
	h->pids = xgrow(h->pids, h->n, &h->cap, sizeof *h->pids);
	h->pids[h->n++] = pid;
}

size_t
target_hints(int32_t **pids)
{
	struct hints h = { .ns = process_pid_namespace(getpid()) };

	segment_each(add_hint, &h);
	*pids = h.pids;
	return h.n;
}
