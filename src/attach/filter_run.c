/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF as seccomp runs it, with values that may be unknown: a branch
 * on one of those is taken both ways, and the worst answer counts. Programs
 * only jump forward, so every way ends; there may be many of them.
 */
#include "config.h"

#include "attach/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

/* Instructions of one call, all ways together. Filters that are in use take
 * some hundreds. */
#define STEPS_MAX 200000

struct word {
	uint32_t value;
	bool known;
};

struct state {
	struct word a, x, memory[BPF_MEMWORDS];
	size_t pc;
};

struct run {
	const struct sock_filter *program;
	size_t n;
	const struct filter_call *call;
	size_t steps;
	uint32_t worst;
};

static const struct word unknown = { 0, false };

static struct word
known(uint32_t value)
{
	return (struct word){ value, true };
}

/* ---- data ---------------------------------------------------------------------- */

/* struct seccomp_data: nr, arch, instruction_pointer, args[6]. */
static bool
load(const struct run *r, uint32_t offset, struct word *out)
{
	uint32_t i;

	if (offset % 4 != 0 || offset >= sizeof(struct seccomp_data))
		return false;
	*out = unknown;
	if (offset == offsetof(struct seccomp_data, nr)) {
		*out = known((uint32_t)r->call->number);
	} else if (offset == offsetof(struct seccomp_data, arch)) {
		*out = known(AUDIT_ARCH_X86_64);
	} else if (offset >= offsetof(struct seccomp_data, args)) {
		offset -= offsetof(struct seccomp_data, args);
		i = offset / 8;
		if ((r->call->known >> i & 1) != 0)
			*out = known((uint32_t)(r->call->args[i] >>
			    (offset % 8 * 8)));
	}
	return true;
}

static bool
load_word(const struct run *r, const struct state *s,
    const struct sock_filter *i, struct word *out)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		*out = known(i->k);
		return true;
	case BPF_ABS:
		return load(r, i->k, out);
	case BPF_MEM:
		if (i->k >= BPF_MEMWORDS)
			return false;
		*out = s->memory[i->k];
		return true;
	case BPF_LEN:
		*out = known(sizeof(struct seccomp_data));
		return true;
	default:
		return false;
	}
}

/* ---- arithmetic --------------------------------------------------------------------- */

static bool
calculate(uint16_t code, struct word *a, struct word b)
{
	const uint32_t v = b.value;

	if (BPF_OP(code) == BPF_NEG) {
		a->value = 0u - a->value;
		return true;
	}
	if (BPF_OP(code) == BPF_DIV && b.known && v == 0)
		return false;
	if (BPF_OP(code) == BPF_AND &&
	    ((a->known && a->value == 0) || (b.known && v == 0))) {
		*a = known(0);
		return true;
	}
	a->known = a->known && b.known;
	if (!a->known)
		return true;
	switch (BPF_OP(code)) {
	case BPF_ADD:
		a->value += v;
		return true;
	case BPF_SUB:
		a->value -= v;
		return true;
	case BPF_MUL:
		a->value *= v;
		return true;
	case BPF_DIV:
		a->value /= v;
		return true;
	case BPF_AND:
		a->value &= v;
		return true;
	case BPF_OR:
		a->value |= v;
		return true;
	case BPF_XOR:
		a->value ^= v;
		return true;
	case BPF_LSH:
		a->value = v < 32 ? a->value << v : 0;
		return true;
	case BPF_RSH:
		a->value = v < 32 ? a->value >> v : 0;
		return true;
	default:
		return false;
	}
}

/* ---- a way through -------------------------------------------------------------------- */

/* The kernel takes the least action, as a signed number. */
static void
answer(struct run *r, uint32_t value)
{
	if ((int32_t)(value & SECCOMP_RET_ACTION_FULL) <
	    (int32_t)(r->worst & SECCOMP_RET_ACTION_FULL))
		r->worst = value;
}

static bool
holds(uint16_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	default:
		return (a & b) != 0;
	}
}

static void walk(struct run *r, struct state s);

/* False: this way has been followed to its end, or makes no sense. */
static bool
jump(struct run *r, struct state *s, const struct sock_filter *i)
{
	struct word b = BPF_SRC(i->code) == BPF_X ? s->x : known(i->k);
	struct state other;

	if (BPF_OP(i->code) == BPF_JA) {
		s->pc += i->k < r->n ? i->k : r->n;
		return true;
	}
	if (s->a.known && b.known) {
		s->pc += holds(i->code, s->a.value, b.value) ? i->jt : i->jf;
		return true;
	}
	if (i->jt != i->jf) {
		other = *s;
		other.pc += i->jt;
		walk(r, other);
	}
	s->pc += i->jf;
	return true;
}

static bool
step(struct run *r, struct state *s, const struct sock_filter *i)
{
	struct word b = BPF_SRC(i->code) == BPF_X ? s->x : known(i->k);

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		return load_word(r, s, i, &s->a);
	case BPF_LDX:
		return load_word(r, s, i, &s->x);
	case BPF_ST:
	case BPF_STX:
		if (i->k >= BPF_MEMWORDS)
			return false;
		s->memory[i->k] = BPF_CLASS(i->code) == BPF_ST ? s->a : s->x;
		return true;
	case BPF_ALU:
		/* Division by what is not known may be by zero. */
		if (calculate(i->code, &s->a, b))
			return true;
		answer(r, SECCOMP_RET_KILL_PROCESS);
		return false;
	case BPF_JMP:
		return jump(r, s, i);
	case BPF_MISC:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			s->x = s->a;
		else
			s->a = s->x;
		return true;
	default:
		return false;
	}
}

static void
walk(struct run *r, struct state s)
{
	const struct sock_filter *i;

	while (r->worst != SECCOMP_RET_KILL_PROCESS) {
		if (s.pc >= r->n || r->steps++ >= STEPS_MAX) {
			answer(r, SECCOMP_RET_KILL_PROCESS);
			return;
		}
		i = &r->program[s.pc++];
		if (BPF_CLASS(i->code) == BPF_RET) {
			if (BPF_RVAL(i->code) == BPF_K)
				answer(r, i->k);
			else
				answer(r, s.a.known ? s.a.value :
						      SECCOMP_RET_KILL_PROCESS);
			return;
		}
		if (!step(r, &s, i)) {
			answer(r, SECCOMP_RET_KILL_PROCESS);
			return;
		}
	}
}

uint32_t
filter_run(const struct sock_filter *program, size_t n,
    const struct filter_call *call)
{
	struct run r = { program, n, call, 0, SECCOMP_RET_ALLOW };
	struct state s;

	memset(&s, 0, sizeof s);
	s.a.known = s.x.known = true;
	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		s.memory[i].known = true;
	walk(&r, s);
	return r.worst;
}
