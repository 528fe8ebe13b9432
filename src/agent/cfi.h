/* SPDX-License-Identifier: MIT */
/*
 * Unwind tables: from .eh_frame_hdr and a pc to a row.
 *
 * A row says how the canonical frame address (CFA, the stack pointer before
 * the call) is computed at one pc, and where the caller's rbp and the return
 * address are. Of the registers only rsp, rbp and rip are followed; rules of
 * the others are read over.
 *
 * Pure functions of the bytes they are given: no state, no calls, no
 * allocation. Every read is inside the view; every loop ends with the bytes.
 */
#ifndef ULLAGE_AGENT_CFI_H
#define ULLAGE_AGENT_CFI_H

#include <stdbool.h>
#include <stdint.h>

/* What may be read: the mapping of one object. hdr is its .eh_frame_hdr. */
struct cfi_view {
	const uint8_t *lo;
	const uint8_t *hi; /* one past the last byte */
	const uint8_t *hdr;
};

/*
 * A value that is known but for the registers and the memory:
 * base + off, or, with deref, *(base + off) + add.
 */
enum cfi_base {
	CFI_CONST, /* no register: off is the value */
	CFI_SP,
	CFI_FP,
	CFI_CFA,
	CFI_OTHER, /* cannot be computed from what is followed */
};

struct cfi_value {
	uint8_t base; /* enum cfi_base */
	bool deref;
	int16_t add; /* bytes; 0 without deref */
	int32_t off; /* bytes */
};

enum cfi_how {
	CFI_UNSET,     /* no rule was given */
	CFI_SAME,      /* the register still has the caller's value */
	CFI_UNDEFINED, /* the caller's value is gone */
	CFI_AT,	       /* the caller's value is in memory, at the value */
	CFI_IS,	       /* the caller's value is the value */
};

struct cfi_rule {
	uint8_t how; /* enum cfi_how */
	struct cfi_value v;
};

struct cfi_row {
	struct cfi_value cfa;
	struct cfi_rule fp;
	struct cfi_rule ra;
	bool signal; /* the frame that the kernel made for a handler */
};

enum cfi_found {
	CFI_FOUND,
	CFI_NONE,      /* no entry covers the pc */
	CFI_MALFORMED, /* an entry does, and it is not understood */
};

/* pc is an address inside the instruction, not the one after it. */
enum cfi_found cfi_find(
    const struct cfi_view *v, uint64_t pc, struct cfi_row *row);

/* The same by reading .eh_frame from its first entry on; slow. */
enum cfi_found cfi_find_linear(const struct cfi_view *v,
    const uint8_t *eh_frame, uint64_t pc, struct cfi_row *row);

/* ---- between cfi.c, cfi_run.c and cfi_expr.c -------------------------- */

/* Reading past the end gives zeros and sets bad. */
struct cfi_cursor {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

struct cfi_cie {
	const uint8_t *program;
	const uint8_t *end;
	uint64_t code_align;
	int64_t data_align;
	uint64_t ra_column;
	uint8_t encoding; /* of addresses in the FDE */
	bool has_length;  /* the FDE has augmentation data */
	bool signal;
};

/* An FDE with its CIE. */
struct cfi_entry {
	struct cfi_cie cie;
	struct cfi_cursor program;
	uint64_t start; /* first address that it covers */
};

uint64_t cfi_fixed(struct cfi_cursor *c, unsigned size);
uint64_t cfi_uleb(struct cfi_cursor *c);
int64_t cfi_sleb(struct cfi_cursor *c);

/* An encoded pointer, as an address; indirection is not followed. */
uint64_t cfi_pointer(struct cfi_cursor *c, uint8_t encoding, uint64_t datarel);

/*
 * Runs the two programs up to pc; false if they are not understood. Sets all
 * of the row.
 */
bool cfi_run(const struct cfi_entry *e, uint64_t pc, struct cfi_row *row);

/* base + off; CFI_OTHER if off is too large for a row. */
struct cfi_value cfi_value(uint8_t base, int64_t off);

/* Which of enum cfi_base a register is, by its DWARF number. */
uint8_t cfi_base(uint64_t reg);

/* Evaluates a DWARF expression as far as it can be without registers. */
struct cfi_value cfi_expression(
    struct cfi_cursor c, bool push_cfa, uint64_t pc);

#endif
