/* SPDX-License-Identifier: MIT */
/*
 * The stack walk of the agent: from a caller's registers to return addresses.
 *
 * Steps by the unwind tables of the code (.eh_frame, found through glibc's
 * lock-free _dl_find_object), with a cache of one row per pc; by frame pointer
 * where a pc has no table and the candidate passes the range, alignment and
 * monotonic tests. Follows rsp, rbp and rip alone.
 *
 * Wait-free and async-signal-safe: no lock, no allocation, no system call, no
 * signal trick. Reads memory only in [rsp, hi) and in unwind tables of loaded
 * objects. Uses under 300 bytes of stack.
 */
#ifndef ULLAGE_AGENT_WALK_H
#define ULLAGE_AGENT_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct walk_regs {
	uint64_t pc; /* return address into the caller */
	uint64_t sp; /* the caller's stack pointer after the return */
	uint64_t fp; /* the caller's rbp */
};

enum walk_end {
	WALK_WHOLE,   /* reached the outermost frame */
	WALK_FOREIGN, /* would have left [sp, hi) */
	WALK_NO_CFI,  /* code without tables and without a usable rbp */
	WALK_BAD,     /* a rule that is not understood, or a CFA that sank */
	WALK_DEEP,    /* max frames */
};

/*
 * Called (rarely: on the first miss of the row cache in an object) with each
 * object that a pc was found in, so that it can be listed. May be NULL. Must
 * itself be wait-free. The walk that met the object returns after the call;
 * two threads that meet it at once may both call, and an object that another
 * has replaced at its address is a new one.
 */
struct dl_find_object;
extern void (*walk_object_seen)(const struct dl_find_object *object);

/* Announces the object that an address is in, as if a walk had met it. */
void walk_meet(uint64_t address);

/*
 * Forgets which objects were seen: each is announced again when a walk comes
 * through it. For a forked child, whose list of objects is empty.
 */
void walk_forget(void);

/*
 * Forgets all rows; one store. For whoever sees a library being unloaded:
 * without it the rows of that library's pcs are kept until an object is met
 * that was mapped since. Objects that are still there stay announced.
 */
void walk_forget_rows(void);

/* Differs after all rows were forgotten. */
uint64_t walk_generation(void);

/*
 * Which words of the stack the walk from r depends on: their distances from
 * r->sp in words, at most max of them. *fp_matters if it depends on r->fp.
 * Returns how many, or 0 where that cannot be said: too many of them, rules
 * out of the ordinary, a walk that does not reach the outermost frame. Slow.
 */
unsigned walk_words(const struct walk_regs *r, uint64_t hi, uint16_t *offsets,
    unsigned max, bool *fp_matters);

/*
 * Writes return addresses, leaf first, r->pc being the first; returns how
 * many. hi is one past the last readable byte of this stack, 8-aligned.
 *
 * What a signal interrupted is written as its pc plus one, so that all frames
 * are alike: the instruction meant is the one that ends before, or covers,
 * the address minus one. A handler on an alternate stack ends the walk as
 * WALK_FOREIGN when the stack that it interrupted is not below hi and above
 * the handler.
 */
unsigned walk(const struct walk_regs *r, uint64_t hi, uint64_t *frames,
    unsigned max, enum walk_end *end);

#endif
