/* SPDX-License-Identifier: MIT */
/*
 * Running the program of an unwind entry (DWARF 5, section 6.4.2) up to a pc.
 */
#include "config.h"

#include "agent/cfi.h"

#include <stddef.h>

#define REG_FP 6

/* gcc never nests deeper than one; the standard gives no limit. */
#define REMEMBER_MAX 4

enum {
	CFA_ADVANCE = 0x40,
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,
	CFA_NOP = 0x00,
	CFA_SET_LOC = 0x01,
	CFA_ADVANCE1 = 0x02,
	CFA_ADVANCE2 = 0x03,
	CFA_ADVANCE4 = 0x04,
	CFA_OFFSET_EXT = 0x05,
	CFA_RESTORE_EXT = 0x06,
	CFA_UNDEFINED = 0x07,
	CFA_SAME = 0x08,
	CFA_REGISTER = 0x09,
	CFA_REMEMBER = 0x0a,
	CFA_RESTORE_STATE = 0x0b,
	CFA_DEF = 0x0c,
	CFA_DEF_REGISTER = 0x0d,
	CFA_DEF_OFFSET = 0x0e,
	CFA_DEF_EXPR = 0x0f,
	CFA_EXPR = 0x10,
	CFA_OFFSET_SF = 0x11,
	CFA_DEF_SF = 0x12,
	CFA_DEF_OFFSET_SF = 0x13,
	CFA_VAL_OFFSET = 0x14,
	CFA_VAL_OFFSET_SF = 0x15,
	CFA_VAL_EXPR = 0x16,
	CFA_GNU_ARGS_SIZE = 0x2e,
	CFA_GNU_NEGATIVE = 0x2f,
};

struct machine {
	struct cfi_cursor c;
	const struct cfi_cie *cie;
	uint64_t loc;
	uint64_t pc;
	struct cfi_row *now;
	unsigned depth;
	bool in_cie;
	struct cfi_row initial; /* once the CIE's program has run */
	struct cfi_row saved[REMEMBER_MAX];
};

static struct cfi_rule *
rule_of(struct machine *m, uint64_t reg)
{
	if (reg == REG_FP)
		return &m->now->fp;
	return reg == m->cie->ra_column ? &m->now->ra : NULL;
}

static void
rule_set(struct machine *m, uint64_t reg, uint8_t how, struct cfi_value v)
{
	struct cfi_rule *rule = rule_of(m, reg);

	if (rule != NULL)
		*rule = (struct cfi_rule){.how = how, .v = v};
}

/* factor comes from the file and may be anything; a wrap is a wrong row. */
static struct cfi_value
at_cfa(const struct machine *m, int64_t factor)
{
	int64_t off;

	if (__builtin_mul_overflow(factor, m->cie->data_align, &off))
		return (struct cfi_value){.base = CFI_OTHER};
	return cfi_value(CFI_CFA, off);
}

static void
rule_restore(struct machine *m, uint64_t reg)
{
	/* In a CIE there is nothing to go back to. */
	if (m->in_cie)
		m->c.bad = true;
	else if (reg == REG_FP)
		m->now->fp = m->initial.fp;
	else if (reg == m->cie->ra_column)
		m->now->ra = m->initial.ra;
}

/* The block of an expression, which is read over. */
static struct cfi_value
expression_take(struct machine *m, bool push_cfa)
{
	uint64_t length = cfi_uleb(&m->c);
	struct cfi_cursor block = m->c;

	if (m->c.bad || length > (uint64_t)(m->c.end - m->c.p)) {
		m->c.bad = true;
		return (struct cfi_value){.base = CFI_OTHER};
	}
	block.end = block.p + length;
	m->c.p = block.end;
	return cfi_expression(block, push_cfa, m->pc);
}

static void
cfa_offset(struct machine *m, int64_t off)
{
	struct cfi_value *cfa = &m->now->cfa;

	*cfa = cfa->deref ? cfi_value(CFI_OTHER, 0) : cfi_value(cfa->base, off);
}

static void
advance(struct machine *m, uint64_t by)
{
	if (__builtin_mul_overflow(by, m->cie->code_align, &by) ||
	    __builtin_add_overflow(m->loc, by, &m->loc))
		m->loc = UINT64_MAX;
}

static int64_t
factored(struct machine *m)
{
	int64_t off, n = cfi_sleb(&m->c);

	if (__builtin_mul_overflow(n, m->cie->data_align, &off))
		m->c.bad = true;
	return m->c.bad ? 0 : off;
}

/* DW_CFA_def_cfa and its kin; false if op is none of them. */
static bool
step_cfa(struct machine *m, uint8_t op)
{
	struct cfi_cursor *c = &m->c;
	uint64_t reg;

	switch (op) {
	case CFA_DEF:
		reg = cfi_uleb(c);
		m->now->cfa = cfi_value(cfi_base(reg), (int64_t)cfi_uleb(c));
		return true;
	case CFA_DEF_SF:
		reg = cfi_uleb(c);
		m->now->cfa = cfi_value(cfi_base(reg), factored(m));
		return true;
	case CFA_DEF_REGISTER:
		if (m->now->cfa.deref)
			m->now->cfa = cfi_value(CFI_OTHER, 0);
		/* Through r10 and back, in prologues: the offset survives. */
		m->now->cfa.base = cfi_base(cfi_uleb(c));
		return true;
	case CFA_DEF_OFFSET:
		cfa_offset(m, (int64_t)cfi_uleb(c));
		return true;
	case CFA_DEF_OFFSET_SF:
		cfa_offset(m, factored(m));
		return true;
	case CFA_DEF_EXPR:
		m->now->cfa = expression_take(m, false);
		return true;
	case CFA_REMEMBER:
		if (m->depth == REMEMBER_MAX)
			c->bad = true;
		else
			m->saved[m->depth++] = *m->now;
		return true;
	case CFA_RESTORE_STATE:
		if (m->depth == 0)
			c->bad = true;
		else
			*m->now = m->saved[--m->depth];
		return true;
	}
	return false;
}

/* The rules of single registers; false if op is none of them. */
static bool
step_register(struct machine *m, uint8_t op)
{
	const struct cfi_value none = {.base = CFI_OTHER};
	struct cfi_cursor *c = &m->c;
	uint64_t reg = cfi_uleb(c);

	switch (op) {
	case CFA_OFFSET_EXT:
		rule_set(m, reg, CFI_AT, at_cfa(m, (int64_t)cfi_uleb(c)));
		return true;
	case CFA_OFFSET_SF:
		rule_set(m, reg, CFI_AT, at_cfa(m, cfi_sleb(c)));
		return true;
	case CFA_GNU_NEGATIVE:
		rule_set(m, reg, CFI_AT, at_cfa(m, (int64_t)-cfi_uleb(c)));
		return true;
	case CFA_VAL_OFFSET:
		rule_set(m, reg, CFI_IS, at_cfa(m, (int64_t)cfi_uleb(c)));
		return true;
	case CFA_VAL_OFFSET_SF:
		rule_set(m, reg, CFI_IS, at_cfa(m, cfi_sleb(c)));
		return true;
	case CFA_EXPR:
		rule_set(m, reg, CFI_AT, expression_take(m, true));
		return true;
	case CFA_VAL_EXPR:
		rule_set(m, reg, CFI_IS, expression_take(m, true));
		return true;
	case CFA_REGISTER:
		cfi_uleb(c);
		rule_set(m, reg, CFI_IS, none);
		return true;
	case CFA_UNDEFINED:
		rule_set(m, reg, CFI_UNDEFINED, none);
		return true;
	case CFA_SAME:
		rule_set(m, reg, CFI_SAME, none);
		return true;
	case CFA_RESTORE_EXT:
		rule_restore(m, reg);
		return true;
	}
	return false;
}

static void
step(struct machine *m)
{
	struct cfi_cursor *c = &m->c;
	uint8_t op = (uint8_t)cfi_fixed(c, 1), low = op & 0x3f;

	switch (op & 0xc0) {
	case CFA_ADVANCE:
		advance(m, low);
		return;
	case CFA_OFFSET:
		rule_set(m, low, CFI_AT, at_cfa(m, (int64_t)cfi_uleb(c)));
		return;
	case CFA_RESTORE:
		rule_restore(m, low);
		return;
	}
	switch (op) {
	case CFA_NOP:
		return;
	case CFA_SET_LOC:
		m->loc = cfi_pointer(c, m->cie->encoding, 0);
		return;
	case CFA_ADVANCE1:
		advance(m, cfi_fixed(c, 1));
		return;
	case CFA_ADVANCE2:
		advance(m, cfi_fixed(c, 2));
		return;
	case CFA_ADVANCE4:
		advance(m, cfi_fixed(c, 4));
		return;
	case CFA_GNU_ARGS_SIZE:
		cfi_uleb(c);
		return;
	}
	if (!step_cfa(m, op) && !step_register(m, op))
		c->bad = true;
}

bool
cfi_run(const struct cfi_entry *e, uint64_t pc, struct cfi_row *row)
{
	struct machine m;

	*row = (struct cfi_row){
	    .cfa.base = CFI_OTHER,
	    .fp.how = CFI_SAME,
	    .signal = e->cie.signal,
	};
	m.c = (struct cfi_cursor){e->cie.program, e->cie.end, false};
	m.cie = &e->cie;
	m.loc = e->start;
	m.pc = pc;
	m.now = row;
	m.depth = 0;
	m.in_cie = true;
	while (!m.c.bad && m.c.p < m.c.end)
		step(&m);
	if (m.c.bad)
		return false;
	m.initial = *row;
	m.in_cie = false;
	m.c = e->program;
	m.loc = e->start;
	m.depth = 0;
	while (!m.c.bad && m.c.p < m.c.end && m.loc <= pc)
		step(&m);
	return !m.c.bad;
}
