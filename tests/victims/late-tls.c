/* SPDX-License-Identifier: MIT */
/* A library that takes almost all of what glibc keeps for the static TLS of
 * those that are loaded later (1,664 bytes in 2.36). */
#include "config.h"

char *late_tls(void);

static _Thread_local char room[TLS_SIZE]
    __attribute__((tls_model("initial-exec")));

char *
late_tls(void)
{
	return room;
}
