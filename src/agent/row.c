/* SPDX-License-Identifier: MIT */
/* Packing rows: what the tables say, into what the walk steps by. */
#include "config.h"

#include "agent/row.h"

static uint64_t
bits(int64_t v, unsigned shift, unsigned width)
{
	return ((uint64_t)v & ((UINT64_C(1) << width) - 1)) << shift;
}

static bool
fits(int64_t v, unsigned width)
{
	return v >= -(INT64_C(1) << (width - 1)) && v < INT64_C(1)
							    << (width - 1);
}

static bool
is_saved(const struct cfi_rule *r, uint8_t base)
{
	return r->how == CFI_AT && r->v.base == base && !r->v.deref;
}

/*
 * In an epilogue, rbp was popped already and gcc still says where it was.
 * What is below the stack pointer is not read.
 */
static bool
is_popped(const struct cfi_row *r)
{
	return is_saved(&r->fp, CFI_CFA) && r->cfa.base == CFI_SP &&
	       !r->cfa.deref && (int64_t)r->cfa.off + r->fp.v.off < 0;
}

static uint64_t
row_pack_plain(const struct cfi_row *r)
{
	int64_t fp = r->fp.how == CFI_SAME ? FP_KEPT : r->fp.v.off;

	if (r->signal || r->cfa.deref || r->cfa.off % 8 != 0 ||
	    r->cfa.off < 8 || r->cfa.off >= 1 << 30)
		return 0;
	if (!is_saved(&r->ra, CFI_CFA) || r->ra.v.off != -8)
		return 0;
	if (r->fp.how != CFI_SAME && !is_saved(&r->fp, CFI_CFA))
		return 0;
	if (r->fp.how != CFI_SAME && fp > -16)
		return 0;
	if (fp % 8 != 0 || !fits(fp, 16))
		return 0;
	return (r->cfa.base == CFI_FP ? ROW_FP : 0) | bits(fp, 16, 16) |
	       bits(r->cfa.off, 32, 32);
}

/* How rbp is found; false if it cannot be said in a row. */
static bool
row_pack_fp(const struct cfi_row *r, uint64_t *row)
{
	uint8_t base = r->signal ? CFI_SP : CFI_FP;
	enum fp_rule rule = FP_LOST;

	if (r->fp.how == CFI_SAME || r->fp.how == CFI_UNSET)
		rule = FP_SAME;
	else if (is_saved(&r->fp, CFI_CFA))
		rule = FP_AT_CFA;
	else if (is_saved(&r->fp, base))
		rule = FP_AT_BASE;
	*row |= (uint64_t)rule << 6;
	if (rule == FP_SAME || rule == FP_LOST)
		return true;
	*row |= bits(r->fp.v.off, 26, 16);
	return fits(r->fp.v.off, 16);
}

uint64_t
row_pack(struct cfi_row *r)
{
	uint64_t row;

	if (is_popped(r))
		r->fp.how = CFI_SAME;
	if (r->ra.how == CFI_UNDEFINED)
		return row_odd(ROW_END);
	if (r->cfa.base != CFI_SP && r->cfa.base != CFI_FP)
		return row_odd(ROW_BAD);
	if ((row = row_pack_plain(r)) != 0)
		return row;
	row = row_odd(r->signal ? ROW_SIGNAL : ROW_STEP);
	row |= r->cfa.base == CFI_FP ? 1 << 4 : 0;
	row |= r->cfa.deref ? 1 << 5 : 0;
	row |= is_saved(&r->ra, CFI_SP) ? 1 << 8 : 0;
	row |= bits(r->cfa.off, 10, 16);
	row |= bits(r->cfa.add, 42, 10);
	row |= bits(r->ra.v.off, 52, 10);
	if (!is_saved(&r->ra, CFI_SP) && !is_saved(&r->ra, CFI_CFA))
		return row_odd(ROW_BAD);
	if (!row_pack_fp(r, &row) || !fits(r->cfa.off, 16) ||
	    !fits(r->cfa.add, 10) || !fits(r->ra.v.off, 10))
		return row_odd(ROW_BAD);
	return row;
}
