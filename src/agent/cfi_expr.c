/* SPDX-License-Identifier: MIT */
/*
 * Expressions in unwind entries (DWARF 5, section 2.5).
 *
 * They are evaluated once, when the row is made, and not at each step: rip is
 * known then, and what compilers and linkers write comes down to "register +
 * offset", perhaps dereferenced, perhaps with something added. That covers
 * the PLT (rsp + 8 + ((rip & 15) >= 11) * 8), frames that gcc realigns
 * (*(rbp - 8)), the hand-written code of OpenSSL (*(rsp + 40) + 8) and the
 * kernel's signal frame (*(rsp + 160)).
 */
#include "config.h"

#include "agent/cfi.h"

#include <stddef.h>

#define REG_FP 6
#define REG_SP 7
#define REG_RA 16

#define EXPR_STACK 4
#define EXPR_OPS 64

enum {
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S = 0x09,
	OP_CONST2U = 0x0a,
	OP_CONST2S = 0x0b,
	OP_CONST4U = 0x0c,
	OP_CONST4S = 0x0d,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_AND = 0x1a,
	OP_MINUS = 0x1c,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_SHL = 0x24,
	OP_GE = 0x2a,
	OP_GT = 0x2b,
	OP_LE = 0x2c,
	OP_LT = 0x2d,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
	OP_NOP = 0x96,
};

struct cfi_value
cfi_value(uint8_t base, int64_t off)
{
	if (off != (int32_t)off)
		return (struct cfi_value){.base = CFI_OTHER};
	return (struct cfi_value){.base = base, .off = (int32_t)off};
}

uint8_t
cfi_base(uint64_t reg)
{
	return reg == REG_SP ? CFI_SP : reg == REG_FP ? CFI_FP : CFI_OTHER;
}

/*
 * While an expression runs, constants are 64 bits wide (rip is one); the
 * result must fit the row.
 */
struct cell {
	uint8_t base;
	bool deref;
	int64_t off; /* of a constant: the value */
	int64_t add;
};

static void
cell_add(struct cell *c, uint64_t n)
{
	if (c->deref)
		c->add = (int64_t)((uint64_t)c->add + n);
	else
		c->off = (int64_t)((uint64_t)c->off + n);
}

/* a = a op b; of values with a register only sums are known. */
static void
cell_binary(struct cell *a, const struct cell *b, uint8_t op)
{
	uint64_t n = (uint64_t)b->off;

	if (op == OP_PLUS && a->base == CFI_CONST && b->base != CFI_CONST) {
		n = (uint64_t)a->off;
		*a = *b;
		cell_add(a, n);
		return;
	}
	if (b->base == CFI_CONST && (op == OP_PLUS || op == OP_MINUS)) {
		cell_add(a, op == OP_PLUS ? n : -n);
		return;
	}
	if (a->base != CFI_CONST || b->base != CFI_CONST) {
		a->base = CFI_OTHER;
		return;
	}
	switch (op) {
	case OP_AND:
		a->off &= b->off;
		break;
	case OP_SHL:
		a->off = n < 64 ? (int64_t)((uint64_t)a->off << n) : 0;
		break;
	case OP_GE:
		a->off = a->off >= b->off;
		break;
	case OP_GT:
		a->off = a->off > b->off;
		break;
	case OP_LE:
		a->off = a->off <= b->off;
		break;
	case OP_LT:
		a->off = a->off < b->off;
		break;
	}
}

/* The operators that push a value; false if op is none of them. */
static bool
cell_push(struct cfi_cursor *c, uint8_t op, uint64_t pc, struct cell *out)
{
	*out = (struct cell){.base = CFI_CONST};
	if (op >= OP_LIT0 && op <= OP_LIT31) {
		out->off = op - OP_LIT0;
		return true;
	}
	if (op >= OP_BREG0 && op <= OP_BREG31) {
		out->off = cfi_sleb(c);
		if (op - OP_BREG0 == REG_RA)
			cell_add(out, pc);
		else
			out->base = cfi_base(op - OP_BREG0);
		return true;
	}
	switch (op) {
	case OP_CONST1U:
		out->off = (int64_t)cfi_fixed(c, 1);
		return true;
	case OP_CONST1S:
		out->off = (int8_t)cfi_fixed(c, 1);
		return true;
	case OP_CONST2U:
		out->off = (int64_t)cfi_fixed(c, 2);
		return true;
	case OP_CONST2S:
		out->off = (int16_t)cfi_fixed(c, 2);
		return true;
	case OP_CONST4U:
		out->off = (int64_t)cfi_fixed(c, 4);
		return true;
	case OP_CONST4S:
		out->off = (int32_t)cfi_fixed(c, 4);
		return true;
	case OP_CONSTU:
		out->off = (int64_t)cfi_uleb(c);
		return true;
	case OP_CONSTS:
		out->off = cfi_sleb(c);
		return true;
	}
	return false;
}

static bool
cell_step(struct cfi_cursor *c, uint8_t op, struct cell *stack, unsigned *n)
{
	struct cell *top = &stack[*n - 1];

	if (*n == 0)
		return false;
	switch (op) {
	case OP_NOP:
		return true;
	case OP_PLUS_UCONST:
		cell_add(top, cfi_uleb(c));
		return true;
	case OP_DEREF:
		if (top->deref || top->base == CFI_CONST)
			top->base = CFI_OTHER;
		top->deref = true;
		return true;
	case OP_PLUS:
	case OP_MINUS:
	case OP_AND:
	case OP_SHL:
	case OP_GE:
	case OP_GT:
	case OP_LE:
	case OP_LT:
		if (*n < 2)
			return false;
		cell_binary(top - 1, top, op);
		--*n;
		return true;
	}
	return false;
}

struct cfi_value
cfi_expression(struct cfi_cursor c, bool push_cfa, uint64_t pc)
{
	const struct cfi_value other = {.base = CFI_OTHER};
	struct cell stack[EXPR_STACK], *top;
	struct cfi_value v;
	unsigned n = 0;

	if (push_cfa)
		stack[n++] = (struct cell){.base = CFI_CFA};
	for (unsigned ops = 0; c.p < c.end; ops++) {
		uint8_t op = (uint8_t)cfi_fixed(&c, 1);
		struct cell pushed;

		if (ops == EXPR_OPS)
			return other;
		if (cell_push(&c, op, pc, &pushed)) {
			if (n == EXPR_STACK)
				return other;
			stack[n++] = pushed;
		} else if (!cell_step(&c, op, stack, &n)) {
			return other;
		}
	}
	if (c.bad || n == 0)
		return other;
	top = &stack[n - 1];
	v = cfi_value(top->base, top->off);
	v.deref = top->deref;
	v.add = (int16_t)top->add;
	return v.add == top->add ? v : other;
}
