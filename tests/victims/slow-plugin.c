/* SPDX-License-Identifier: MIT */
/* Takes a second and a half to load, with the loader's lock held. */
#include <poll.h>

__attribute__((constructor)) static void
construct(void)
{
	poll(0, 0, 1500);
}
