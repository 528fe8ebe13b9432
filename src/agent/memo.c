/* SPDX-License-Identifier: MIT */
/*
 * Stacks that were walked before, known again without a walk.
 *
 * For calls that are recorded one by one. A walk is a function of the
 * caller's registers, the unwind tables and the words of the stack that it
 * reads. So a stack on which these words (the return addresses, and what rbp
 * is restored from where a later frame needs it) are as they were is the same
 * stack: it is enough to look at them, which is a few independent loads from
 * known places instead of a chain of dependent ones, a hash and a look-up.
 *
 * A fixed number of places, by the caller's pc and sp; the last one walked has
 * the place. A reader sees by the sequence number that a place changed under
 * it, and walks.
 */
#include "config.h"

#include "agent/agent.h"

#define MEMOS 64
#define WORDS 48

#if defined(__SANITIZE_ADDRESS__)
#define READS_STACKS __attribute__((no_sanitize("address")))
#else
#define READS_STACKS
#endif

struct memo {
	uint32_t sequence; /* odd while it changes */
	uint32_t stack;
	uint32_t arming;
	uint32_t n;
	uint64_t pc, sp, hi;
	uint64_t fp;	   /* if it matters */
	uint64_t fp_mask;  /* all ones if it does, else 0 */
	uint64_t generation;
	uint64_t words[WORDS];
	uint16_t offsets[WORDS]; /* from sp, in words */
};

static struct memo memos[MEMOS] __attribute__((aligned(64)));

static struct memo *
place_of(const struct walk_regs *r)
{
	uint64_t h = (r->pc ^ r->sp << 20) * UINT64_C(0x9e3779b97f4a7c15);

	return &memos[h >> 58];
}

_Static_assert(MEMOS == 1 << (64 - 58), "the shift above");

HIDDEN GROUPED READS_STACKS bool
memo_find(const struct walk_regs *r, uint64_t hi, uint32_t *stack)
{
	const struct memo *m = place_of(r);
	uint32_t sequence = acquire(&m->sequence), n = load(&m->n);
	uint64_t differs = (load(&m->pc) ^ r->pc) | (load(&m->sp) ^ r->sp) |
	    (load(&m->hi) ^ hi) | ((load(&m->fp) ^ r->fp) & load(&m->fp_mask)) |
	    (load(&m->generation) ^ walk_generation()) |
	    (load(&m->arming) ^ agent.arming);
	const uint64_t *at = (const uint64_t *)(uintptr_t)r->sp;
	uint64_t room = (hi - r->sp) / 8;

	if (differs != 0 || sequence % 2 != 0 || n > WORDS)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		/* An offset may be one of another stack by now. */
		uint16_t off = load(&m->offsets[i]);

		if (UNLIKELY(off >= room))
			return false;
		differs |= at[off] ^ load(&m->words[i]);
	}
	*stack = load(&m->stack);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return differs == 0 && load(&m->sequence) == sequence;
}

HIDDEN READS_STACKS void
memo_keep(const struct walk_regs *r, uint64_t hi, uint64_t generation,
    uint32_t stack)
{
	struct memo *m = place_of(r);
	uint32_t sequence = load(&m->sequence);
	const uint64_t *at = (const uint64_t *)(uintptr_t)r->sp;
	uint16_t offsets[WORDS];
	bool fp_matters;
	unsigned n = walk_words(r, hi, offsets, WORDS, &fp_matters);

	if (n == 0 || sequence % 2 != 0 ||
	    !__atomic_compare_exchange_n(&m->sequence, &sequence,
		sequence + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	store(&m->pc, r->pc);
	store(&m->sp, r->sp);
	store(&m->hi, hi);
	store(&m->fp, r->fp);
	store(&m->fp_mask, fp_matters ? ~UINT64_C(0) : 0);
	store(&m->generation, generation);
	store(&m->arming, agent.arming);
	store(&m->stack, stack);
	store(&m->n, n);
	for (unsigned i = 0; i < n; i++) {
		store(&m->offsets[i], offsets[i]);
		store(&m->words[i], at[offsets[i]]);
	}
	release(&m->sequence, sequence + 2);
}
