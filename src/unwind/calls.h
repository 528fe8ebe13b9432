/* SPDX-License-Identifier: MIT */
/* The system calls that threads wait in, by number. */
#ifndef ULLAGE_UNWIND_CALLS_H
#define ULLAGE_UNWIND_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* "epoll_wait", or NULL for one that is not in the table. */
const char *call_name(int64_t number);

/* Whether one that was interrupted by no signal has to be started over. */
bool call_again(int64_t number);

#endif
