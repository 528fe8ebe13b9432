/* SPDX-License-Identifier: MIT */
/*
 * Attached: arming and disarming, on a thread that somebody else made for it.
 *
 * The order of arming: a segment first; then the agent records; then the
 * slots, those of what gives back before those of what takes. Of disarming:
 * first it records no more, so that all hooks only forward; then the slots;
 * then the keeper goes, and whoever is inside of a hook.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/keeper.h"
#include "agent/mini.h"
#include "agent/real.h"
#include "agent/slots.h"

#include <errno.h>
#include <time.h>

#define WAIT_MS 1000 /* for threads inside of hooks */

/* ---- one at a time --------------------------------------------------------- */

/* The pid of who arms or disarms, or follows what is loaded; a forked child
 * inherits the word, but not the thread. */
static uint32_t commander;
#define FOLLOWS (UINT32_C(1) << 31)

static bool
take(uint32_t own, uint32_t as)
{
	uint32_t holder = 0;

	while (!__atomic_compare_exchange_n(&commander, &holder, as, false,
	    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		if ((holder & ~FOLLOWS) == own)
			return false;
	return true;
}

HIDDEN bool
arm_follow(void)
{
	uint32_t own = (uint32_t)mini_call1(SYS_getpid, 0);

	return take(own, own | FOLLOWS);
}

static void nap(void);

/* Waits for the keeper, which is done soon. */
static bool
arm_begin(void)
{
	uint32_t own = (uint32_t)mini_call1(SYS_getpid, 0);

	for (int i = 0; i < WAIT_MS; i++) {
		if (take(own, own))
			return true;
		if (load(&commander) == own)
			return false;
		nap();
	}
	return false;
}

HIDDEN void
arm_end(void)
{
	release(&commander, 0);
}

/* ---- the thread that we are on ------------------------------------------------ */

static uint32_t flags; /* of the last arming */

/* Nothing that it does is recorded. */
static void
step_aside(void)
{
	self.busy = 1;
	self.countdown = UINT64_MAX >> 1;
	/* Numbers that the program may count on stay free. */
	if (flags & ULL_ARM_OWN_FILES)
		mini_own_files();
}

static void
step_back(void)
{
	self.countdown = 0;
	self.busy = 0;
}

/* ---- other copies -------------------------------------------------------------- */

/*
 * Another file of the agent in the same process has its own idea of all this.
 * Of two that arm at the same time, each sees that the other has begun.
 */
static void
ask_others(void *arg)
{
	const struct link_map *own = real_self();
	enum ull_arm_result *answer = arg;

	for (const struct link_map *l = real_scope(); l != NULL; l = l->l_next) {
		ull_arm_fn *other;
		int rc;

		if (l == own)
			continue;
		other = (ull_arm_fn *)real_in(l, "ullage_arm");
		if (other == NULL)
			continue;
		rc = other(NULL);
		if (rc == ULL_ARM_BUSY)
			*answer = ULL_ARM_BUSY;
		else if (rc != ULL_ARM_DORMANT)
			*answer = ULL_ARM_OTHER;
	}
}

/* ---- arming ----------------------------------------------------------------------- */

static void
nap(void)
{
	struct timespec t = { 0, 1000000 };

	mini_call2(SYS_nanosleep, &t, NULL);
}

/* True when nobody is inside and there is no keeper, within the time. */
static bool
wait_until_idle(void)
{
	for (int i = 0; i < WAIT_MS; i++) {
		if (agent_inside() == 0 && keeper_gone())
			return true;
		nap();
	}
	return false;
}

static int disarm(void);

static enum ull_arm_result
arm_late(const struct ull_arm *how)
{
	enum ull_arm_result rc = ULL_ARM_OK;

	real_locked(ask_others, &rc);
	if (rc != ULL_ARM_OK)
		return rc;
	/* Of the arming before. */
	if (!wait_until_idle())
		return ULL_ARM_INSIDE;
	if ((rc = agent_launch(how)) != ULL_ARM_OK)
		return rc;
	self.arming = agent.arming;
	rc = slots_patch(tables.presence);
	if (rc != ULL_ARM_OK && rc != ULL_ARM_LIBRARIES) {
		disarm();
		return rc;
	}
	keeper_allow();
	return ULL_ARM_OK;
}

/* A preloaded one begins anew with what it is told now; as by the words. */
static enum ull_arm_result
arm_preloaded(const struct ull_arm *how)
{
	struct ull_control *c = tables.control;

	if (agent_phase() != PHASE_QUIET)
		return ULL_ARM_DISABLED;
	store(&c->interval, how->interval);
	store(&c->trim, how->trim);
	store(&c->memory_limit, how->memory_limit);
	store(&c->lease, how->lease);
	store(&tables.header->disarm, 0);
	store(&c->start, 1);
	if (!wait_until_idle())
		return ULL_ARM_INSIDE;
	return agent_armed() ? ULL_ARM_OK : ULL_ARM_SEGMENT;
}

static enum ull_arm_result
state(void)
{
	switch (agent_phase()) {
	case PHASE_STARTING:
		return ULL_ARM_BUSY;
	case PHASE_ARMED:
		return ULL_ARM_ALREADY;
	default:
		return ULL_ARM_DORMANT;
	}
}

/* Of another program, shorter or longer. */
static bool
read_how(struct ull_arm *how, const struct ull_arm *from)
{
	const size_t least = offsetof(struct ull_arm, dir);
	const char *bytes = (const char *)from;
	size_t n = from->size < sizeof *how ? from->size : sizeof *how;

	if (from->abi != ULL_ARM_ABI || n < least)
		return false;
	*how = (struct ull_arm){ .trim = ULL_TRIM_OFF };
	for (size_t i = 0; i < n; i++)
		((char *)how)[i] = bytes[i];
	how->dir[sizeof how->dir - 1] = '\0';
	return true;
}

EXPORT int
ullage_arm(const struct ull_arm *from)
{
	int error = errno;
	enum ull_arm_result rc;
	struct ull_arm how;

	if (from == NULL)
		return load(&commander) ==
			(uint32_t)mini_call1(SYS_getpid, 0) ?
		    ULL_ARM_BUSY :
		    state();
	if (!read_how(&how, from))
		return ULL_ARM_SKEW;
	if (!arm_begin())
		return ULL_ARM_BUSY;
	flags = how.flags;
	step_aside();
	if (agent_phase() == PHASE_ARMED && (agent_writes() || agent_begin()))
		rc = ULL_ARM_ALREADY;
	else
		rc = agent_late() ? arm_late(&how) : arm_preloaded(&how);
	step_back();
	arm_end();
	errno = error;
	return rc;
}

/* ---- disarming ---------------------------------------------------------------------- */

static int
disarm_late(bool own)
{
	unsigned kept = slots_restore();
	bool idle = wait_until_idle();
	uint64_t inside = agent_inside();

	if (own) {
		struct ull_presence *p = tables.presence;

		store(&p->stop, ULL_STOP_DETACHED);
		store(&p->slots, 0);
		store(&p->objects, 0);
		store(&p->kept, kept);
		store(&p->inside, (uint32_t)inside);
		release(&tables.header->state, ULL_STATE_DORMANT);
	}
	agent_sleep();
	return kept != 0 ? ULL_ARM_KEPT : idle ? ULL_ARM_OK : ULL_ARM_INSIDE;
}

static int
disarm(void)
{
	bool own = agent_owns_tables();

	if (own)
		agent_stop(ULL_STOP_TOLD);
	if (agent_late())
		return disarm_late(own);
	return wait_until_idle() ? ULL_ARM_OK : ULL_ARM_INSIDE;
}

EXPORT int
ullage_disarm(void)
{
	int error = errno, rc = ULL_ARM_DORMANT;

	if (!arm_begin())
		return ULL_ARM_BUSY;
	step_aside();
	if (agent_phase() == PHASE_ARMED ||
	    (agent_late() && agent_phase() != PHASE_DORMANT))
		rc = disarm();
	step_back();
	arm_end();
	errno = error;
	return rc;
}
