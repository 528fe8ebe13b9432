/* SPDX-License-Identifier: MIT */
/*
 * A library that can be attached and does nothing: counts how often it was
 * armed and disarmed, in memory that a test can look at. ULLAGE_ARM_LINES in
 * the target's environment makes it say so on standard error.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/arm.h"

static unsigned armed, disarmed;

/* As most libraries do when they are loaded. */
__attribute__((constructor)) static void
construct(void)
{
	void *blocks[200];

	for (unsigned i = 0; i < 200; i++)
		blocks[i] = malloc(1 + i * 7919 % 3000);
	for (unsigned i = 0; i < 200; i += 2)
		free(blocks[i]);
	for (unsigned i = 1; i < 200; i += 2)
		free(blocks[i]);
}

static void
tell(const char *what, unsigned n)
{
	sigset_t blocked;
	int count = 0;

	if (getenv("ULLAGE_ARM_LINES") == NULL)
		return;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < 32; i++)
		count += sigismember(&blocked, i);
	dprintf(2, "%s %u, %d signals blocked\n", what, n, count);
}

int
ullage_arm(const struct ull_arm *how)
{
	if (how == NULL)
		return armed > disarmed ? ULL_ARM_ALREADY : ULL_ARM_DORMANT;
	if (how->size != sizeof *how || how->abi != ULL_ARM_ABI)
		return ULL_ARM_SKEW;
	tell("armed", ++armed);
	return ULL_ARM_OK;
}

int
ullage_disarm(void)
{
	if (armed == disarmed)
		return ULL_ARM_DORMANT;
	tell("disarmed", ++disarmed);
	return ULL_ARM_OK;
}
