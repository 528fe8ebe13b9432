/* SPDX-License-Identifier: MIT */
/*
 * A segment in plain memory and a process around it, so that one file of the
 * agent can be compiled into a test and driven there, under sanitizers too.
 */
#ifndef ULLAGE_TESTS_AGENT_FAKE_H
#define ULLAGE_TESTS_AGENT_FAKE_H

#include "agent/agent.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An empty segment that samples every `interval` bytes. */
void fake_segment(uint64_t interval);

/* How many bytes more segment_reserve gives; UINT64_MAX: any number. */
extern uint64_t fake_room;

/* What agent_armed says. */
#define fake_armed agent.armed

/* What the stub of walk returns: `fake_depth` frames, the first of which is
 * the caller's pc. */
extern unsigned fake_depth;

/* Runs f(i) in n threads that begin together, and waits for them. */
void fake_threads(unsigned n, void (*f)(unsigned i));

uint64_t fake_losses(enum ull_loss reason);

/* A generator of the test's own: seeded, the same everywhere. */
static inline uint64_t
next_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

#endif
