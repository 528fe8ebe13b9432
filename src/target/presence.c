/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "target/presence.h"
#include "target/words.h"

#include <string.h>

static const char *const stops[] = {
#define X(name, text) text,
	ULL_STOPS(X)
#undef X
};

#define COUNT(array) (sizeof array / sizeof array[0])

int
presence_read(const struct target *t, struct presence *p, struct err *e)
{
	struct ull_presence u;
	struct ull_header h;

	memset(p, 0, sizeof *p);
	if (target_need_agent(t, e) < 0 ||
	    words_read(t, &h, sizeof h, 0, e) < 0 ||
	    words_read(t, &u, sizeof u, ULL_PRESENCE_OFF, e) < 0)
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
	return words_write(t, offsetof(struct ull_header, disarm), 1, e);
}

int
presence_start(const struct target *t, struct err *e)
{
	/* This order: with both set it would stay quiet. */
	if (words_write(t, offsetof(struct ull_header, disarm), 0, e) < 0)
		return -1;
	return words_write(t, WORDS_CONTROL(start), words_ticket(), e);
}

void
presence_look(const struct target *t)
{
	uint64_t lease = 0;
	struct err ignored;

	if (t->alive && t->segment >= 0 &&
	    words_read(t, &lease, sizeof lease, WORDS_CONTROL(lease), &ignored) == 0 &&
	    lease != 0)
		words_write(t, WORDS_CONTROL(look), words_ticket(), &ignored);
}
