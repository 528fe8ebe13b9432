/* SPDX-License-Identifier: MIT */
/*
 * What the process was started with: read from the kernel's own place above
 * the initial stack, because the first allocation comes before libc has set
 * environ.
 */
#ifndef ULLAGE_AGENT_ENVIRONMENT_H
#define ULLAGE_AGENT_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/segment.h"

enum follow {
	FOLLOW_NONE,
	FOLLOW_FORK,
	FOLLOW_ALL,
};

struct environment {
	uint64_t interval;
	uint64_t random; /* from AT_RANDOM */
	uint64_t trim;	 /* as in the control word */
	uint64_t memory_limit;
	uint64_t lease;	 /* ns, 0: none */
	enum follow follow;
	bool disabled; /* ULLAGE_DISABLE, or a setuid program */
	bool filtered; /* started under a seccomp filter */
	bool shadowed; /* another object's malloc comes before ours */
	char dir[ULL_PATH]; /* ULLAGE_DIR, or "" */
};

/*
 * Reads it; when exec'ed children are not to be followed, takes the agent's
 * path out of LD_PRELOAD, in place. Once, before there are threads.
 */
void environment_read(struct environment *env)
    __attribute__((visibility("hidden")));

/* The same for who attaches; `how` has all its members. */
struct ull_arm;
void environment_take(struct environment *env, const struct ull_arm *how)
    __attribute__((visibility("hidden")));

#endif
