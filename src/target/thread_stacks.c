/* SPDX-License-Identifier: MIT */
/*
 * Threads: what glibc's control blocks say of those that the agent saw being
 * created. Where in the block that is the agent learnt in the process itself.
 */
#include "config.h"

#include "target/snapshot.h"

#include <sys/uio.h>

/* No stack is larger, and none of these numbers is past the user's half. */
#define STACK_MAX (UINT64_C(1) << 40)
#define ADDRESS_MAX (UINT64_C(1) << 47)

static bool
peek(int32_t pid, uint64_t address, void *out, size_t len)
{
	struct iovec here = { out, len };
	struct iovec there = { (void *)(uintptr_t)address, len };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static void
look(const struct snapshot *s, int32_t pid, struct snapshot_thread *h)
{
	uint64_t stack[2];

	if (!peek(pid, h->handle + s->tid_offset, &h->tid, sizeof h->tid) ||
	    h->tid < 0)
		return; /* joined, or its stack is gone */
	h->known = true;
	if (s->stack_offset == 0 ||
	    !peek(pid, h->handle + s->stack_offset, stack, sizeof stack) ||
	    stack[0] >= ADDRESS_MAX || stack[1] > STACK_MAX ||
	    h->handle < stack[0] || h->handle - stack[0] >= stack[1])
		return;
	h->stack_start = stack[0];
	h->stack_end = stack[0] + stack[1];
}

void
snapshot_match_threads(struct snapshot *s, const struct target *t)
{
	if (!t->alive || s->tid_offset == 0)
		return;
	for (size_t i = 0; i < s->n_threads; i++)
		look(s, t->pid, &s->threads[i]);
}
