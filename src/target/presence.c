/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/presence.h"
#include "abi/segment.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const stops[] = {
#define X(name, text) text,
	ULL_STOPS(X)
#undef X
};

#define COUNT(array) (sizeof array / sizeof array[0])

static int
read_part(const struct target *t, void *out, size_t len, off_t at,
    struct err *e)
{
	ssize_t n = pread(t->segment, out, len, at);

	if (n == (ssize_t)len)
		return 0;
	return n < 0 ? err_errno(e, "cannot read %s", t->segment_path) :
		       err_set(e, ERR_FAILED, "%s is cut short",
			   t->segment_path);
}

static int
write_word(const struct target *t, off_t at, uint64_t value, struct err *e)
{
	if (pwrite(t->segment, &value, sizeof value, at) == sizeof value)
		return 0;
	return err_errno(e,
	    "cannot command the agent in process %d; that takes root or the "
	    "user of its segment",
	    t->pid);
}

static uint64_t
ticket(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) |
	    1;
}

int
presence_read(const struct target *t, struct presence *p, struct err *e)
{
	struct ull_presence u;
	struct ull_header h;

	memset(p, 0, sizeof *p);
	if (target_need_agent(t, e) < 0 ||
	    read_part(t, &h, sizeof h, 0, e) < 0 ||
	    read_part(t, &u, sizeof u, ULL_PRESENCE_OFF, e) < 0)
		return -1;
	if (h.magic != ULL_MAGIC)
		return err_set(e, ERR_FAILED, "%s is no segment of an agent",
		    t->segment_path);
	p->attached = u.origin == ULL_ORIGIN_ATTACHED;
	p->state = h.state == ULL_STATE_ARMED ? PRESENCE_ARMED :
	    h.state == ULL_STATE_QUIET	      ? PRESENCE_QUIET :
	    h.state == ULL_STATE_DORMANT      ? PRESENCE_DORMANT :
						PRESENCE_STARTING;
	p->told = h.disarm != 0 && h.state == ULL_STATE_ARMED;
	p->armings = u.armings;
	p->slots = u.slots;
	p->objects = u.objects;
	p->foreign = u.foreign;
	p->unbound = u.unbound;
	p->refused = u.refused;
	p->kept = u.kept;
	p->inside = u.inside;
	if (u.stop != ULL_STOP_NONE && u.stop < COUNT(stops))
		p->stop = stops[u.stop];
	p->size = h.total_size;
	return 0;
}

int
presence_quiet(const struct target *t, struct err *e)
{
	return write_word(t, offsetof(struct ull_header, disarm), 1, e);
}

int
presence_start(const struct target *t, struct err *e)
{
	const off_t control = ULL_CONTROL_OFF;

	/* This order: with both set it would stay quiet. */
	if (write_word(t, offsetof(struct ull_header, disarm), 0, e) < 0)
		return -1;
	return write_word(t,
	    control + (off_t)offsetof(struct ull_control, start), ticket(), e);
}

void
presence_look(const struct target *t)
{
	const off_t look = ULL_CONTROL_OFF +
	    (off_t)offsetof(struct ull_control, look);
	uint64_t lease = 0;
	struct err ignored;

	if (t->alive && t->segment >= 0 &&
	    pread(t->segment, &lease, sizeof lease,
		ULL_CONTROL_OFF + (off_t)offsetof(struct ull_control, lease)) ==
		sizeof lease &&
	    lease != 0)
		write_word(t, look, ticket(), &ignored);
}
