/* SPDX-License-Identifier: MIT */
/*
 * Parts of a target's segment, read as they are, and words of it, which is how
 * its agent is commanded. The target has a segment.
 */
#ifndef ULLAGE_TARGET_WORDS_H
#define ULLAGE_TARGET_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/segment.h"
#include "base/err.h"
#include "target/target.h"

/* Where a word of the control page is. */
#define WORDS_CONTROL(word)                                                    \
	((off_t)(ULL_CONTROL_OFF + offsetof(struct ull_control, word)))

/* All of `size` bytes, or an error. */
int words_read(const struct target *t, void *out, size_t size, off_t at,
    struct err *e);

int words_write(const struct target *t, off_t at, uint64_t value,
    struct err *e);

/* Never the same twice, even in two of us at once; never 0. */
uint64_t words_ticket(void);

#endif
