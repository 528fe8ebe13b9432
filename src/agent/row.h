/* SPDX-License-Identifier: MIT */
/* A row of the unwind tables in one word, as the cache keeps it. */
#ifndef ULLAGE_AGENT_ROW_H
#define ULLAGE_AGENT_ROW_H

#include "agent/cfi.h"

#include <stdint.h>

/*
 * A plain row:
 *   bit 0        the CFA is based on rbp, not rsp
 *   bits 16..31  where rbp is saved, from the CFA; -8 if it is not
 *   bits 32..63  the CFA, from its base; positive
 *
 * Any other row has bit 63 set and bits 62 and 0 clear. Of these, a step:
 *   bits 1..3    enum row_kind
 *   bit 4        the CFA is based on rbp
 *   bit 5        it is dereferenced
 *   bits 6..7    enum fp_rule
 *   bits 8..9    the return address is from: 0 CFA, 1 rsp
 *   bits 10..25  offset of the CFA
 *   bits 26..41  offset of rbp
 *   bits 42..51  what is added after dereferencing
 *   bits 52..61  offset of the return address
 */
#define ROW_FP UINT64_C(1)
#define ROW_ODD (UINT64_C(1) << 63)
#define FP_KEPT (-8)

enum row_kind {
	ROW_STEP,
	ROW_SIGNAL, /* the step of a frame that the kernel made */
	ROW_END,    /* outermost frame */
	ROW_NONE,   /* no tables here */
	ROW_BAD,
};

enum fp_rule {
	FP_SAME,
	FP_LOST,
	FP_AT_CFA,
	FP_AT_BASE, /* from rbp in a step, from rsp in a signal frame */
};

static inline uint64_t
row_odd(enum row_kind kind)
{
	return ROW_ODD | (uint64_t)kind << 1;
}

/* A signed field of a row. */
static inline int64_t
row_field(uint64_t row, unsigned shift, unsigned width)
{
	return (int64_t)(row << (64 - shift - width)) >> (64 - width);
}

/*
 * The word for a row; one of kind ROW_BAD for a row that has no such form.
 * Changes the row.
 */
uint64_t row_pack(struct cfi_row *r);

#endif
