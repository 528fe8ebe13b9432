/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent_fake.h"
#include "agent/keeper.h"
#include "agent/real.h"

struct tables tables;
_Thread_local struct thread self;
struct wiped wiped __attribute__((aligned(4096)));
bool agent_sandboxed;
void (*walk_object_seen)(const struct dl_find_object *object);

uint64_t fake_room = UINT64_MAX;
unsigned fake_depth = 3;

/* Parts of the agent that this test has not compiled in do nothing. */
#define WEAK __attribute__((weak))

void
fake_segment(uint64_t interval)
{
	static uint32_t armings = 1;
	static char *map;

	if (map == NULL && posix_memalign((void **)&map, 4096, ULL_TOTAL) != 0)
		abort();
	memset(map, 0, ULL_TOTAL);
	memset(&wiped, 0, sizeof wiped);
	tables = (struct tables){
		.header = (void *)map,
		.control = (void *)(map + ULL_CONTROL_OFF),
		.counters = (void *)(map + ULL_COUNTERS_OFF),
		.modules = (void *)(map + ULL_MODULES_OFF),
		.index = (void *)(map + ULL_INDEX_OFF),
		.stacks = (void *)(map + ULL_STACKS_OFF),
		.frames = (void *)(map + ULL_FRAMES_OFF),
		.keys = (void *)(map + ULL_KEYS_OFF),
		.live = (void *)(map + ULL_LIVE_OFF),
		.fds = (void *)(map + ULL_FDS_OFF),
		.thread_keys = (void *)(map + ULL_THREADS_OFF),
		.threads = (void *)(map + ULL_THREADS_OFF + ULL_THREADS * 8),
	};
	agent.fds = tables.fds;
	agent.stacks = tables.stacks;
	tables.header->nonce = 0x1234567;
	store(&tables.control->interval, interval);
	store(&tables.counters->stacks_used, 1);
	store(&tables.counters->thin_cursor, ULL_LIVE);
	fake_room = UINT64_MAX;
	fake_armed = true;
	store(&agent.vforks, 0);
	agent_sandboxed = false;
	agent.arming = ++armings;
	memset(&self, 0, sizeof self);
	live_forget();
	sample_forget();
}

uint64_t
fake_losses(enum ull_loss reason)
{
	return load(&tables.counters->losses[reason]);
}

bool
agent_begin(void)
{
	return false;
}

bool
agent_ask_vforked(void)
{
	return self.vforked != 0;
}

uint64_t
agent_rest(void)
{
	return fake_armed ? 0 : UINT64_MAX >> 1;
}

bool
agent_obey(void)
{
	fake_armed = false;
	return false;
}

void
agent_mind_lease(uint64_t now)
{
	(void)now;
}

uint32_t slots_stale;

bool
segment_reserve(uint64_t off, uint64_t len)
{
	uint64_t room = load(&fake_room);

	(void)off;
	if (room == UINT64_MAX)
		return true;
	if (room < len)
		return false;
	store(&fake_room, room - len);
	return true;
}

unsigned
walk(const struct walk_regs *r, uint64_t hi, uint64_t *frames, unsigned max,
    enum walk_end *end)
{
	(void)hi;
	for (unsigned i = 0; i < fake_depth && i < max; i++)
		frames[i] = r->pc + i * 16;
	*end = fake_depth > max ? WALK_DEEP : WALK_WHOLE;
	return fake_depth < max ? fake_depth : max;
}

uint64_t
stackend_find(uint64_t sp)
{
	return (sp | 4095) + 1;
}

WEAK void
keeper_thread_begins(void)
{
}

WEAK uint64_t
walk_generation(void)
{
	return 1;
}

void
walk_meet(uint64_t address)
{
	(void)address;
}

WEAK unsigned
walk_words(const struct walk_regs *r, uint64_t hi, uint16_t *offsets,
    unsigned max, bool *fp_matters)
{
	(void)r, (void)hi, (void)offsets, (void)max, (void)fp_matters;
	return 0;
}

bool
segment_reserved(uint64_t off)
{
	(void)off;
	return true;
}

WEAK bool
memo_find(const struct walk_regs *r, uint64_t hi, uint32_t *stack)
{
	(void)r, (void)hi, (void)stack;
	return false;
}

WEAK void
memo_keep(const struct walk_regs *r, uint64_t hi, uint64_t generation,
    uint32_t stack)
{
	(void)r, (void)hi, (void)generation, (void)stack;
}

size_t
real_usable(const void *p, size_t size)
{
	(void)p;
	return size;
}

WEAK void
live_forget(void)
{
}

WEAK void
keeper_attend(void)
{
}

WEAK void
live_thin(void)
{
}

WEAK bool
live_put(uint64_t addr, const struct taken *t)
{
	(void)addr, (void)t;
	return true;
}

WEAK bool
live_take(uint64_t addr, struct taken *t)
{
	(void)addr, (void)t;
	return false;
}

WEAK void
sample_forget(void)
{
}

WEAK uint64_t
sample_interval(void)
{
	return load(&tables.control->interval);
}

WEAK double
sample_chance(uint64_t size, uint64_t interval)
{
	(void)size, (void)interval;
	return 1.0;
}

WEAK double
sample_random(void)
{
	return 0.5;
}

WEAK uint32_t
stacks_put(const uint64_t *frames, unsigned depth, uint16_t cut)
{
	(void)frames, (void)depth, (void)cut;
	return ULL_STACK_LOST;
}

WEAK void
stacks_allocated(const struct taken *t)
{
	(void)t;
}

WEAK void
stacks_live(const struct taken *t, bool gone)
{
	(void)t, (void)gone;
}

/* ---- threads --------------------------------------------------------------- */

struct runner {
	void (*f)(unsigned i);
	unsigned i;
	pthread_barrier_t *together;
};

static void *
run(void *arg)
{
	struct runner *r = arg;

	pthread_barrier_wait(r->together);
	r->f(r->i);
	return NULL;
}

void
fake_threads(unsigned n, void (*f)(unsigned i))
{
	pthread_barrier_t together;
	struct runner runners[16];
	pthread_t threads[16];

	assert_true(n <= 16);
	pthread_barrier_init(&together, NULL, n);
	for (unsigned i = 0; i < n; i++) {
		runners[i] = (struct runner){ f, i, &together };
		assert_int_equal(pthread_create(&threads[i], NULL, run,
				     &runners[i]),
		    0);
	}
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
}
