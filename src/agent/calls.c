/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/calls.h"
#include "agent/real.h"

#include <errno.h>

HIDDEN void *calls[CALLS_COUNT] __attribute__((aligned(64)));

static const char *const names[] = {
#define X(name) #name,
	CALLS(X)
#undef X
};

/* Has the result of all that a libc may lack: those return a number. */
static long
missing(void)
{
	errno = ENOSYS;
	return -1;
}

/* Another thread may do the same at the same time and finds the same. */
HIDDEN void
calls_resolve(void)
{
	const struct link_map *own = real_self();
	void *found[CALLS_COUNT] = { NULL };

	if (load(&calls[CALLS_COUNT - 1]) != NULL)
		return;
	if (own != NULL)
		real_fill(own->l_next, names, found, CALLS_COUNT);
	for (unsigned i = 0; i < CALLS_COUNT; i++)
		release(&calls[i],
		    found[i] != NULL ? found[i] : (void *)missing);
}
