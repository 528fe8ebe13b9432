/* SPDX-License-Identifier: MIT */
/*
 * The steps of the walk, and the cache of rows.
 *
 * A row of the unwind tables is packed into one word; what nearly all rows
 * say (the CFA is rsp or rbp plus a constant, the return address is just
 * below it, rbp is where it was or saved below that) takes a dozen
 * instructions without a branch that depends on the row. Rows of the other
 * kinds have bit 63 set: their offset is then so far below zero that the
 * bounds check of the common step refuses them, which is how the loop notices
 * them at no cost.
 *
 * The next row is not looked for: each slot has a hint, the slot that came
 * after it last time. It is checked against the pc that was read from the
 * stack, but the processor goes on with the hint before that load is done, so
 * the cost of a frame is not the latency of its return address.
 *
 * The cache is shared by all threads without a lock. A slot is two words, the
 * row and the row xor the key; a reader that sees halves of two writes gets a
 * key that is not its own and treats it as a miss.
 */
#include "config.h"

#include "agent/walk.h"

#include "agent/cfi.h"
#include "agent/row.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

/* Stacks have redzones under ASan; the walk reads across them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define READS_STACKS __attribute__((no_sanitize("address")))
#else
#define READS_STACKS
#endif

#define SETS 1024
#define WAYS 4 /* of 16 bytes: a set is one cache line */
#define SLOTS (SETS * WAYS)
#define HINTS 8192
#define GENERATION_SHIFT 47 /* above every address of user space */

struct slot {
	uint64_t check; /* row ^ key */
	uint64_t row;
};

/*
 * A hint is in units of eight bytes into slots, and of one byte into hints,
 * so that neither use needs a shift.
 */
#define HINT_UNIT 2

static struct slot slots[SLOTS] __attribute__((aligned(64)));
static uint16_t hints[HINTS];

/* Mixed into the key, so that one store forgets all rows. Never 0: pc 0 must
 * not be found in an empty slot. */
static uint64_t generation = UINT64_C(1) << GENERATION_SHIFT;

/* Objects that were met, by a hash of what identifies them; 0 is free. */
#define SEEN 1024
#define SEEN_PROBES 8
static uint64_t seen[SEEN];

void (*walk_object_seen)(const struct dl_find_object *object);

#define rare(condition) __builtin_expect(condition, 0)

static inline uint64_t
load64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void
store64(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static inline uint64_t
rotate(uint64_t v)
{
	return v >> 3 | v << 61;
}

/* ---- objects ---------------------------------------------------------- */

/*
 * A library may be unloaded and another be mapped at its address, with the
 * same link map even; the start of the table tells most of these apart.
 */
static uint64_t
object_stamp(const struct dl_find_object *o)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	const uint8_t *p = o->dlfo_eh_frame, *end = o->dlfo_map_end;
	uint64_t h = (uintptr_t)o->dlfo_map_start;

	h = (h ^ (uintptr_t)end) * k;
	h = (h ^ h >> 32 ^ (uintptr_t)o->dlfo_link_map) * k;
	h = (h ^ h >> 32 ^ (uintptr_t)p) * k;
	for (unsigned i = 0; i < 8 && p != NULL && end - p >= 8; i++, p += 8) {
		uint64_t word;

		__builtin_memcpy(&word, p, 8);
		h = (h ^ h >> 32 ^ word) * k;
	}
	return h != 0 ? h : 1;
}

/*
 * The object is announced before it is marked: a second thread may announce
 * it again, but no stack can be taken that has an unannounced object.
 */
static void
object_meet(const struct dl_find_object *o)
{
	uint64_t stamp = object_stamp(o), empty = 0;
	unsigned at = (unsigned)(stamp >> 40), i;
	void (*tell)(const struct dl_find_object *) =
	    __atomic_load_n(&walk_object_seen, __ATOMIC_RELAXED);
	uint64_t *place;

	for (i = 0; i < SEEN_PROBES; i++) {
		uint64_t s = load64(&seen[(at + i) % SEEN]);

		if (s == stamp)
			return;
		if (s == 0)
			break;
	}
	if (tell != NULL)
		tell(o);
	/* No room: whoever is pushed out is announced once more when met. */
	place = &seen[(at + i % SEEN_PROBES) % SEEN];
	if (i == SEEN_PROBES)
		store64(place, stamp);
	else
		__atomic_compare_exchange_n(place, &empty, stamp, false,
		    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	walk_forget_rows();
}

uint64_t
walk_generation(void)
{
	return __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
}

void
walk_meet(uint64_t address)
{
	struct dl_find_object o;

	if (_dl_find_object((void *)(uintptr_t)address, &o) == 0)
		object_meet(&o);
}

void
walk_forget(void)
{
	for (unsigned i = 0; i < SEEN; i++)
		store64(&seen[i], 0);
	/* Only a row that is missing leads to its object. */
	walk_forget_rows();
}

void
walk_forget_rows(void)
{
	uint64_t g = load64(&generation);

	do {
		uint64_t next = g + (UINT64_C(1) << GENERATION_SHIFT);

		if (next == 0)
			next = UINT64_C(1) << GENERATION_SHIFT;
		if (__atomic_compare_exchange_n(&generation, &g, next, false,
			__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	} while (true);
}

/* ---- the cache -------------------------------------------------------- */

/* Where in the walk we are; kept in registers while all goes well. */
struct at {
	uint64_t pc; /* one past an address inside the instruction */
	uint64_t sp;
	uint64_t fp;
	uint64_t generation; /* that rows are taken from */
	uint64_t row;
};

static unsigned
set_of(uint64_t pc)
{
	return (unsigned)((pc * UINT64_C(0x9e3779b97f4a7c15)) >> 54) % SETS;
}

/* A slot of an older generation if there is one, else any. */
static unsigned
victim(uint64_t pc, uint64_t generation_now)
{
	static unsigned turn;
	unsigned first = set_of(pc) * WAYS;

	for (unsigned i = 0; i < WAYS; i++) {
		const struct slot *s = &slots[first + i];
		uint64_t key = load64(&s->check) ^ load64(&s->row);

		if ((key ^ generation_now) >> GENERATION_SHIFT != 0)
			return first + i;
	}
	return first + __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % WAYS;
}

/*
 * The tables for a->pc; false if there are none. The generation is read after
 * the object was met and before its tables are, so that a row never outlives
 * the object that it is from. Not inlined: what the loader gives is large.
 */
static __attribute__((noinline)) bool
view_find(struct at *a, struct cfi_view *v)
{
	struct dl_find_object o;
	int missing = _dl_find_object((void *)(uintptr_t)(a->pc - 1), &o);

	if (missing == 0)
		object_meet(&o);
	a->generation = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
	if (missing != 0 || o.dlfo_eh_frame == NULL)
		return false;
	v->lo = o.dlfo_map_start;
	v->hi = o.dlfo_map_end;
	v->hdr = o.dlfo_eh_frame;
	return true;
}

static uint64_t
row_make(struct at *a)
{
	struct cfi_view view;
	struct cfi_row row;

	if (!view_find(a, &view))
		return row_odd(ROW_NONE);
	switch (cfi_find(&view, a->pc - 1, &row)) {
	case CFI_FOUND:
		return row_pack(&row);
	case CFI_NONE:
		return row_odd(ROW_NONE);
	case CFI_MALFORMED:
		break;
	}
	return row_odd(ROW_BAD);
}

static __attribute__((noinline)) unsigned
row_learn(struct at *a)
{
	uint64_t row = row_make(a);
	unsigned i = victim(a->pc, a->generation);

	store64(&slots[i].row, row);
	store64(&slots[i].check, row ^ a->pc ^ a->generation);
	a->row = row;
	return i;
}

/* The row of a->pc when the hint was wrong, and the right hint for it. */
static __attribute__((noinline)) unsigned
row_find(struct at *a)
{
	unsigned first = set_of(a->pc) * WAYS;
	uint64_t key;

	a->generation = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
	key = a->pc ^ a->generation;
	for (unsigned i = first; i < first + WAYS; i++) {
		a->row = load64(&slots[i].row);
		if ((load64(&slots[i].check) ^ a->row) == key)
			return i * HINT_UNIT;
	}
	return row_learn(a) * HINT_UNIT;
}

static inline unsigned
hint_at(unsigned hint, uint64_t sp)
{
	return (hint ^ (unsigned)(sp >> 3)) & (HINTS * 2 - 2);
}

/* at: byte offset into hints, in hint units. */
static inline unsigned
hint_load(unsigned at)
{
	return __atomic_load_n(
	    (uint16_t *)(void *)((char *)hints + at), __ATOMIC_RELAXED);
}

static inline void
hint_store(unsigned at, unsigned next)
{
	__atomic_store_n((uint16_t *)(void *)((char *)hints + at),
	    (uint16_t)next, __ATOMIC_RELAXED);
}

/* ---- steps ------------------------------------------------------------ */

static inline READS_STACKS uint64_t
word_at(uint64_t addr)
{
	return *(const uint64_t *)(uintptr_t)addr;
}

static READS_STACKS bool
peek(uint64_t sp, uint64_t hi, uint64_t addr, uint64_t *word)
{
	if (addr % 8 != 0 || addr < sp || addr >= hi)
		return false;
	*word = word_at(addr);
	return true;
}

/*
 * Code without tables: assembly, generated code. rbp is believed if it could
 * be the start of a chain, and what it gives is not plainly data.
 */
static int
step_by_fp(struct at *a, uint64_t hi)
{
	uint64_t fp, pc, sp = a->sp;

	if (a->fp < sp || !peek(sp, hi, a->fp, &fp) ||
	    !peek(sp, hi, a->fp + 8, &pc))
		return WALK_NO_CFI;
	if (pc < 4096 || pc >> 47 != 0 || (pc >= sp && pc < hi))
		return WALK_NO_CFI;
	a->pc = pc;
	a->sp = a->fp + 16;
	a->fp = fp;
	return -1;
}

static int
step_fp_rule(
    const struct at *a, uint64_t hi, uint64_t cfa, bool signal, uint64_t *fp)
{
	uint64_t off = (uint64_t)row_field(a->row, 26, 16);

	switch ((enum fp_rule)(a->row >> 6 & 3)) {
	case FP_SAME:
		*fp = a->fp;
		return -1;
	case FP_LOST:
		*fp = 0;
		return -1;
	case FP_AT_CFA:
		off += cfa;
		break;
	case FP_AT_BASE:
		off += signal ? a->sp : a->fp;
		break;
	}
	return peek(a->sp, hi, off, fp) ? -1 : WALK_FOREIGN;
}

/* A row that is all spelt out. */
static int
step_spelt(struct at *a, uint64_t hi, bool signal)
{
	uint64_t cfa = a->row & 1 << 4 ? a->fp : a->sp;
	uint64_t ra = (uint64_t)row_field(a->row, 52, 10), pc, fp;

	cfa += (uint64_t)row_field(a->row, 10, 16);
	if (a->row & 1 << 5) {
		if (!peek(a->sp, hi, cfa, &cfa))
			return WALK_FOREIGN;
		cfa += (uint64_t)row_field(a->row, 42, 10);
	}
	/* A handler's frame may be on another stack than what it interrupted.
	 */
	if (cfa > hi || (signal && cfa <= a->sp))
		return WALK_FOREIGN;
	if (cfa <= a->sp || cfa % 8 != 0)
		return WALK_BAD;
	ra += a->row & 1 << 8 ? a->sp : cfa;
	if (!peek(a->sp, hi, ra, &pc))
		return WALK_FOREIGN;
	if (step_fp_rule(a, hi, cfa, signal, &fp) >= 0)
		return WALK_FOREIGN;
	a->pc = signal ? pc + 1 : pc;
	a->sp = cfa;
	a->fp = fp;
	return -1;
}

/* Whatever the common step refused: -1 to go on, else enum walk_end. */
static __attribute__((noinline)) int
step_odd(struct at *a, uint64_t hi)
{
	uint64_t cfa;

	if (a->row & ROW_ODD) {
		switch ((enum row_kind)(a->row >> 1 & 7)) {
		case ROW_STEP:
			return step_spelt(a, hi, false);
		case ROW_SIGNAL:
			return step_spelt(a, hi, true);
		case ROW_END:
			return WALK_WHOLE;
		case ROW_NONE:
			return step_by_fp(a, hi);
		case ROW_BAD:
			break;
		}
		return WALK_BAD;
	}
	cfa = (a->row & ROW_FP ? a->fp : a->sp) + (a->row >> 32);
	return cfa > hi ? WALK_FOREIGN : WALK_BAD;
}

/* A struct of its own, so that the loop's are not in memory. */
static inline int
step_refused(
    uint64_t row, uint64_t hi, uint64_t *pc, uint64_t *sp, uint64_t *fp)
{
	struct at a = {.pc = *pc, .sp = *sp, .fp = *fp, .row = row};
	int stop = step_odd(&a, hi);

	*pc = a.pc;
	*sp = a.sp;
	*fp = a.fp;
	return stop;
}

/* Adds the word at addr once; false if there is no room for it. */
static bool
word_note(uint64_t addr, uint64_t sp, uint16_t *offsets, unsigned max,
    unsigned *n)
{
	uint64_t off = (addr - sp) / 8;

	if (off > UINT16_MAX)
		return false;
	for (unsigned i = 0; i < *n; i++)
		if (offsets[i] == off)
			return true;
	if (*n == max)
		return false;
	offsets[(*n)++] = (uint16_t)off;
	return true;
}

unsigned
walk_words(const struct walk_regs *r, uint64_t hi, uint16_t *offsets,
    unsigned max, bool *fp_matters)
{
	struct at a = {.pc = r->pc, .sp = r->sp, .fp = r->fp};
	uint64_t fp_from = 0, cfa, low; /* 0: rbp is still the register's */
	unsigned n = 0;

	*fp_matters = false;
	for (;;) {
		int64_t fp_off;

		row_find(&a);
		if (a.row == row_odd(ROW_END))
			return n;
		if (a.row & ROW_ODD)
			return 0;
		if (a.row & ROW_FP && fp_from == 0)
			*fp_matters = true;
		else if (a.row & ROW_FP &&
			 !word_note(fp_from, r->sp, offsets, max, &n))
			return 0;
		fp_off = (int16_t)(a.row >> 16);
		cfa = (a.row & ROW_FP ? a.fp : a.sp) +
		      (uint64_t)((int64_t)a.row >> 32);
		low = cfa + (uint64_t)fp_off;
		if (cfa <= a.sp || !peek(a.sp, hi, cfa - 8, &a.pc) ||
		    !word_note(cfa - 8, r->sp, offsets, max, &n))
			return 0;
		if (fp_off != FP_KEPT) {
			if (!peek(a.sp, hi, low, &a.fp))
				return 0;
			fp_from = low;
		}
		a.sp = cfa;
		if (a.pc == 0)
			return n;
	}
}

READS_STACKS unsigned
walk(const struct walk_regs *r, uint64_t hi, uint64_t *frames, unsigned max,
    enum walk_end *end)
{
	/* Scalars, not a struct at: none may live in memory in this loop. */
	uint64_t pc = r->pc, sp = r->sp, fp = r->fp, row, key_mask;
	struct at slow = {.pc = pc, .sp = sp, .fp = fp};
	uint64_t before = 0;
	unsigned n = 1, hint;

	*end = WALK_DEEP;
	if (max == 0)
		return 0;
	frames[0] = pc;
	*end = WALK_FOREIGN;
	if (sp % 8 != 0 || hi % 8 != 0 || sp >= hi)
		return 1;
	hint = row_find(&slow);
	row = slow.row;
	key_mask = slow.generation;
	for (;;) {
		const struct slot *s;
		unsigned from = hint_at(hint, before), next;
		uint64_t cfa, low, saved;
		int64_t fp_off = (int16_t)(row >> 16);

		/*
		 * One comparison refuses what is out of bounds, what is not
		 * aligned, a CFA that does not grow (rbp or, in its stead, the
		 * return address is read below it and at or above sp), and
		 * rows that are not plain. The rotation takes the low bits of
		 * a distance, 0 if aligned, to its top.
		 */
		before = sp;
		cfa = (row & ROW_FP ? fp : sp) + (uint64_t)((int64_t)row >> 32);
		low = cfa + (uint64_t)fp_off;
		if (rare(rotate(low - sp) >= (hi - sp) >> 3 || cfa > hi)) {
			int stop = step_refused(row, hi, &pc, &sp, &fp);

			if (stop >= 0) {
				*end = (enum walk_end)stop;
				return n;
			}
		} else {
			saved = word_at(low);
			/* Loaded in any case: a branch would be guessed. */
			__asm__("" : "+r"(saved));
			fp = fp_off == FP_KEPT ? fp : saved;
			pc = word_at(cfa - 8);
			sp = cfa;
		}
		/* gcc would keep the two in one vector register, and take
		 * sp out of it again at each step. */
		__asm__("" : "+r"(pc), "+r"(sp));
		if (rare(n == max)) {
			*end = pc == 0 ? WALK_WHOLE : WALK_DEEP;
			return n;
		}
		frames[n++] = pc;
		next = hint_load(from);
		s = (const struct slot *)(const void *)((const char *)slots +
							next * 8);
		row = load64(&s->row);
		if (rare((load64(&s->check) ^ row) != (pc ^ key_mask))) {
			if (pc == 0) {
				*end = WALK_WHOLE;
				return n - 1;
			}
			slow.pc = pc;
			next = row_find(&slow);
			hint_store(from, next);
			row = slow.row;
			key_mask = slow.generation;
		}
		hint = next;
	}
}
