/* SPDX-License-Identifier: MIT */
/*
 * The keeper comes and goes while threads look, writers turn the knob and give
 * orders, and an allocator of the test's own is trimmed. There is never more
 * than one, each order is served, and it is gone in the end.
 */
#include "config.h"

#include "agent_fake.h"
#include "agent/alloc.h"
#include "agent/keeper.h"
#include "agent/real.h"
#include "agent/slots.h"

#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

/* ---- an allocator ------------------------------------------------------------ */

static uint64_t trims, at_once, most_at_once, offers, leaves;
static uint64_t frees, reaches;

static bool
found(const struct link_map *owner)
{
	(void)owner;
	return true;
}

static bool
not_found(const struct link_map *owner)
{
	(void)owner;
	return false;
}

static void
version(char *out, size_t size)
{
	(void)size;
	out[0] = '1';
	out[1] = '\0';
}

static void
statistics(struct ull_statistics *s, struct ull_arena *arenas, uint64_t *n)
{
	arenas[0] = (struct ull_arena){ 1, 2, 3, 4 };
	*n = 1;
	s->allocated = 1000;
}

static void
shrink(struct alloc_pass *p)
{
	uint64_t n = add(&at_once, 1) + 1;
	bool more = true;

	if (n > load(&most_at_once))
		store(&most_at_once, n);
	for (int i = 0; i < 100 && more; i++) {
		uint64_t began = alloc_began(p);

		p->released += 4096;
		p->chunks++;
		more = alloc_ended(p, began);
	}
	p->flags |= ULL_TRIM_EXHAUSTED;
	add(&trims, 1);
	add(&at_once, (uint64_t)-1);
}

static bool
set(unsigned setting, int64_t value, int64_t *old)
{
	*old = 7;
	return setting == ULL_SETTING_DIRTY_DECAY && value == 5;
}

static bool
offer(void)
{
	add(&offers, 1);
	return true;
}

/* Keeps every other chunk. */
static bool
freed(void *p)
{
	(void)p;
	return add(&frees, 1) % 2 == 0;
}

/* One more arena every tenth time. */
static size_t
reach(size_t *ever)
{
	*ever = add(&reaches, 1) / 10;
	return 1;
}

static void
leave(void)
{
	add(&leaves, 1);
}

const struct alloc alloc_jemalloc = { .id = ULL_ALLOCATOR_JEMALLOC,
	.find = found,
	.version = version,
	.statistics = statistics,
	.shrink = shrink,
	.set = set,
	.offer = offer,
	.freed = freed,
	.reach = reach,
	.leave = leave };
const struct alloc alloc_glibc = { .find = not_found },
		   alloc_tcmalloc = { .find = not_found },
		   alloc_mimalloc = { .find = not_found };

/* ---- the rest of the agent ---------------------------------------------------- */

struct real real;
struct inside insides[INSIDES];

/* All is libc but this. */
static const char program[1];

const struct link_map *
real_owner(const void *p)
{
	static struct link_map libc, other;

	return p == program ? &other : &libc;
}

const struct link_map *
real_scope(void)
{
	static struct link_map map;

	return &map;
}

const struct link_map *
real_libc(void)
{
	return NULL;
}

/* No library is loaded here. */
void
slots_follow(void)
{
	store(&slots_stale, 0);
}

/* Libc's, or the sanitizer's in front of it. */
void *
real_from(const struct link_map *from, const char *name)
{
	(void)from;
	return dlsym(RTLD_DEFAULT, name);
}

/* ---- driving it ---------------------------------------------------------------- */

#define ROUNDS 60
#define LOOKERS 4

static uint32_t stop;

static void
begin(void)
{
	fake_segment(512);
	tables.receipts = (void *)((char *)tables.header + ULL_RECEIPTS_OFF);
	tables.keeper = (void *)((char *)tables.header + ULL_KEEPER_OFF);
	tables.header->pid = (int32_t)getpid();
	store(&tables.counters->peak_bytes, UINT64_C(100) << 20);
	keeper_forget();
	keeper_configure(ULL_TRIM_OFF, 0, false);
	keeper_allow();
	store(&stop, 0);
}

static void
attend(void)
{
	add(&tables.control->attention, 2);
}

/* Until it is so; half a minute is never. */
static bool
becomes(const uint64_t *word, uint64_t value)
{
	time_t end = time(NULL) + 30;

	while (acquire(word) != value) {
		if (time(NULL) > end)
			return false;
		keeper_look();
		sched_yield();
	}
	return true;
}

static void
look_or_turn(unsigned i)
{
	uint64_t ticket = 1;

	if (i >= 1) {
		while (load(&stop) == 0) {
			keeper_look();
			keeper_look_freed(&ticket, program);
			sched_yield();
		}
		return;
	}
	for (int k = 0; k < ROUNDS; k++) {
		store(&tables.control->trim, k % 2 ? ULL_TRIM_OFF : 0);
		attend();
		if (k % 3 == 0) {
			store(&tables.control->trim_now, ++ticket);
			attend();
			assert_true(becomes(&tables.keeper->trim_now, ticket));
		}
		if (k % 5 == 0) {
			store(&tables.control->report, ++ticket);
			attend();
			assert_true(becomes(&tables.keeper->report, ticket));
		}
	}
	store(&tables.control->trim, ULL_TRIM_OFF);
	attend();
	assert_true(becomes(&tables.keeper->state, ULL_KEEPER_NONE));
	store(&stop, 1);
}

static void
it_comes_and_goes_and_is_never_two(void **state)
{
	(void)state;
	begin();
	fake_threads(LOOKERS + 1, look_or_turn);
	assert_true(load(&trims) >= ROUNDS / 3);
	assert_int_equal(load(&most_at_once), 1);
	assert_int_equal(load(&tables.keeper->tid), 0);
	assert_true(load(&tables.keeper->starts) >= 1);
	assert_true(load(&offers) >= 1);
	assert_int_equal(load(&leaves), load(&tables.keeper->starts));
	assert_true(load(&tables.keeper->receipts) >= ROUNDS / 3);
}

static void
who_frees_makes_it_and_libc_does_not(void **state)
{
	char chunk[8];
	bool kept = false;

	(void)state;
	begin();
	assert_false(keeper_look_freed(chunk, program));
	store(&tables.control->trim, 0);
	attend();
	assert_false(keeper_look_freed(chunk, becomes));
	assert_true(keeper_gone());
	for (int i = 0; i < 2; i++)
		kept |= keeper_look_freed(chunk, program);
	assert_true(kept);
	assert_false(keeper_gone());
	store(&tables.control->trim, ULL_TRIM_OFF);
	attend();
	assert_true(becomes(&tables.keeper->state, ULL_KEEPER_NONE));
}

static void
an_order_is_served_with_the_knob_off(void **state)
{
	uint64_t word = ull_setting_word(ULL_SETTING_DIRTY_DECAY, 3, 5);

	(void)state;
	begin();
	keeper_look();
	assert_int_equal(load(&tables.keeper->state), ULL_KEEPER_NONE);
	store(&tables.control->setting, word);
	attend();
	assert_true(becomes(&tables.keeper->setting, word));
	assert_int_equal(load(&tables.keeper->setting_ok), 1);
	assert_int_equal((int64_t)load(&tables.keeper->setting_old), 7);
	assert_true(becomes(&tables.keeper->state, ULL_KEEPER_NONE));
}

static void
under_a_filter_there_is_none_and_it_says_why(void **state)
{
	(void)state;
	begin();
	agent_sandboxed = true;
	store(&tables.control->trim, 0);
	attend();
	keeper_look();
	assert_int_equal(load(&tables.keeper->state), ULL_KEEPER_NONE);
	assert_int_equal(load(&tables.keeper->reason), ULL_REASON_SECCOMP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_and_goes_and_is_never_two),
		cmocka_unit_test(who_frees_makes_it_and_libc_does_not),
		cmocka_unit_test(an_order_is_served_with_the_knob_off),
		cmocka_unit_test(under_a_filter_there_is_none_and_it_says_why),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("keeper_thread", tests, NULL, NULL);
}
