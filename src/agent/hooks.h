/* SPDX-License-Identifier: MIT */
/*
 * The hooks by name, for attaching: which function a slot of that name is
 * made to lead to, and which one it must lead to now.
 *
 * To hook one more: what HACKING.md says of hooks; a name of calls.h is here
 * by itself.
 */
#ifndef ULLAGE_AGENT_HOOKS_H
#define ULLAGE_AGENT_HOOKS_H

#include "agent/agent.h"

struct hook {
	const char *name;
	const void *entry; /* what a slot leads to when it is patched */
	/*
	 * What the function of that name is in this process: a slot that
	 * leads elsewhere is somebody else's and stays as it is. Holds NULL
	 * while nobody defines it, or when nothing is gained by hooking it.
	 */
	void *const *original;
	/* Gives something back: patched before what takes, so that nothing is
	 * recorded whose end would go unseen. */
	bool gives_back;
};

/* Finds the originals, those of libraries loaded since too. Before the rest;
 * for real_locked. */
void hooks_prepare(void *unused) HIDDEN;

/* The hook of that name, NULL if there is none. */
const struct hook *hooks_find(const char *name) HIDDEN;

/* hook_new.c: the rows of all forms of new and delete. Those that are not the
 * allocator's own come by malloc anyway and have no original. */
#define HOOK_NEW_FORMS 20
void hook_new_prepare(struct hook *out) HIDDEN;

#endif
