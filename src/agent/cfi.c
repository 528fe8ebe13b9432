/* SPDX-License-Identifier: MIT */
/*
 * Finding the entry for a pc: the sorted table of .eh_frame_hdr, the FDE, and
 * its CIE. The formats are those of the Linux Standard Base (Core, chapter
 * 10.6, "Exception Frames") and of DWARF 5, section 6.4.
 */
#include "config.h"

#include "agent/cfi.h"

#include <stddef.h>

/* DW_EH_PE_*: how a pointer is written (low nibble) and what it is added to. */
#define ENC_OMIT 0xff
#define ENC_INDIRECT 0x80
#define ENC_BASE 0x70
#define ENC_PCREL 0x10
#define ENC_DATAREL 0x30
/* What every linker writes into the table: 4-byte offsets from the header. */
#define ENC_TABLE 0x3b

uint64_t
cfi_fixed(struct cfi_cursor *c, unsigned size)
{
	uint64_t v = 0;

	if ((size_t)(c->end - c->p) < size) {
		c->p = c->end;
		c->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)c->p[i] << 8 * i;
	c->p += size;
	return v;
}

static uint64_t
leb(struct cfi_cursor *c, bool is_signed)
{
	uint64_t v = 0;
	unsigned shift = 0;

	while (c->p < c->end) {
		uint8_t byte = *c->p++;

		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (byte & 0x80)
			continue;
		if (is_signed && byte & 0x40 && shift < 64)
			v |= UINT64_MAX << shift;
		return v;
	}
	c->bad = true;
	return 0;
}

uint64_t
cfi_uleb(struct cfi_cursor *c)
{
	return leb(c, false);
}

int64_t
cfi_sleb(struct cfi_cursor *c)
{
	return (int64_t)leb(c, true);
}

uint64_t
cfi_pointer(struct cfi_cursor *c, uint8_t encoding, uint64_t datarel)
{
	uint64_t here = (uintptr_t)c->p, v;

	switch (encoding & 0xf) {
	case 0x0:
	case 0x4:
	case 0xc:
		v = cfi_fixed(c, 8);
		break;
	case 0x1:
		v = cfi_uleb(c);
		break;
	case 0x2:
		v = cfi_fixed(c, 2);
		break;
	case 0x3:
		v = cfi_fixed(c, 4);
		break;
	case 0x9:
		v = (uint64_t)cfi_sleb(c);
		break;
	case 0xa:
		v = (uint64_t)(int16_t)cfi_fixed(c, 2);
		break;
	case 0xb:
		v = (uint64_t)(int32_t)cfi_fixed(c, 4);
		break;
	default:
		c->bad = true;
		return 0;
	}
	switch (encoding & ENC_BASE) {
	case 0:
		return v;
	case ENC_PCREL:
		return v + here;
	case ENC_DATAREL:
		return v + datarel;
	}
	c->bad = true;
	return 0;
}

static bool
inside(const struct cfi_view *v, uint64_t addr, size_t size)
{
	uint64_t lo = (uintptr_t)v->lo, hi = (uintptr_t)v->hi;

	return addr >= lo && addr <= hi && hi - addr >= size;
}

/*
 * A cursor over the entry at addr, after its length; bad if there is none.
 * An entry of length 0 ends the section: *next is NULL then.
 */
static struct cfi_cursor
entry_open(const struct cfi_view *v, uint64_t addr, const uint8_t **next)
{
	struct cfi_cursor c = {v->lo, v->hi, false};
	uint64_t length;

	*next = NULL;
	if (!inside(v, addr, 4)) {
		c.bad = true;
		return c;
	}
	c.p = v->lo + (addr - (uintptr_t)v->lo);
	length = cfi_fixed(&c, 4);
	if (length == 0xffffffff)
		length = cfi_fixed(&c, 8);
	if (c.bad || length > (uint64_t)(v->hi - c.p)) {
		c.bad = true;
		return c;
	}
	c.end = c.p + length;
	if (length > 0)
		*next = c.end;
	return c;
}

/* The letters after 'z', each with its datum, in order. */
static bool
augmentation_read(
    struct cfi_cursor *c, const uint8_t *letters, struct cfi_cie *cie)
{
	struct cfi_cursor d = *c;
	uint64_t length = cfi_uleb(&d);
	uint8_t personality;

	if (d.bad || length > (uint64_t)(d.end - d.p))
		return false;
	d.end = d.p + length;
	c->p = d.end;
	for (; *letters != '\0'; letters++) {
		switch (*letters) {
		case 'R':
			cie->encoding = (uint8_t)cfi_fixed(&d, 1);
			break;
		case 'L':
			cfi_fixed(&d, 1);
			break;
		case 'P':
			personality = (uint8_t)cfi_fixed(&d, 1);
			cfi_pointer(&d, personality & ~ENC_INDIRECT, 0);
			break;
		case 'S':
			cie->signal = true;
			break;
		default:
			return false;
		}
	}
	return !d.bad;
}

static bool
cie_read(const struct cfi_view *v, uint64_t addr, struct cfi_cie *cie)
{
	const uint8_t *next, *letters;
	struct cfi_cursor c = entry_open(v, addr, &next);
	uint8_t version;

	if (c.bad || next == NULL || cfi_fixed(&c, 4) != 0)
		return false;
	version = (uint8_t)cfi_fixed(&c, 1);
	letters = c.p;
	while (cfi_fixed(&c, 1) != 0)
		;
	if (c.bad || (version != 1 && version != 3 && version != 4))
		return false;
	if (version == 4 && (cfi_fixed(&c, 1) != 8 || cfi_fixed(&c, 1) != 0))
		return false;
	cie->code_align = cfi_uleb(&c);
	cie->data_align = cfi_sleb(&c);
	cie->ra_column = version == 1 ? cfi_fixed(&c, 1) : cfi_uleb(&c);
	cie->encoding = 0;
	cie->signal = false;
	cie->has_length = *letters == 'z';
	if (cie->has_length && !augmentation_read(&c, letters + 1, cie))
		return false;
	if (!cie->has_length && *letters != '\0')
		return false;
	cie->program = c.p;
	cie->end = c.end;
	return !c.bad;
}

/* e->program stands after the length of an FDE. */
static enum cfi_found
fde_read(const struct cfi_view *v, uint64_t pc, struct cfi_entry *e)
{
	struct cfi_cursor *c = &e->program;
	uint64_t here = (uintptr_t)c->p, back = cfi_fixed(c, 4);
	uint64_t size, length;

	if (c->bad || back == 0 || !cie_read(v, here - back, &e->cie))
		return CFI_MALFORMED;
	e->start = cfi_pointer(c, e->cie.encoding, (uintptr_t)v->hdr);
	size = cfi_pointer(c, e->cie.encoding & 0xf, 0);
	if (c->bad)
		return CFI_MALFORMED;
	if (pc - e->start >= size)
		return CFI_NONE;
	if (e->cie.has_length) {
		length = cfi_uleb(c);
		if (c->bad || length > (uint64_t)(c->end - c->p))
			return CFI_MALFORMED;
		c->p += length;
	}
	return CFI_FOUND;
}

static enum cfi_found
linear_find(
    const struct cfi_view *v, uint64_t at, uint64_t pc, struct cfi_entry *e)
{
	const uint8_t *next;

	do {
		struct cfi_cursor id;

		e->program = id = entry_open(v, at, &next);
		if (id.bad)
			return CFI_NONE;
		/* One foreign entry must not hide those behind it. */
		if (next != NULL && cfi_fixed(&id, 4) != 0 &&
		    fde_read(v, pc, e) == CFI_FOUND)
			return CFI_FOUND;
		at = (uintptr_t)next;
	} while (next != NULL);
	return CFI_NONE;
}

static int64_t
table_at(const uint8_t *table, uint64_t word)
{
	struct cfi_cursor c = {table + 4 * word, table + 4 * word + 4, false};

	return (int32_t)cfi_fixed(&c, 4);
}

/* The sorted table: pairs of first pc and FDE, as offsets from the header. */
static enum cfi_found
table_find(const struct cfi_view *v, const uint8_t *table, uint64_t count,
    uint64_t pc, struct cfi_entry *e)
{
	uint64_t base = (uintptr_t)v->hdr, low = 0, high = count;
	int64_t want = (int64_t)(pc - base);
	const uint8_t *next;

	/* The last pair whose first pc is not above ours. */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (table_at(table, 2 * middle) <= want)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return CFI_NONE;
	e->program =
	    entry_open(v, base + (uint64_t)table_at(table, 2 * low - 1), &next);
	if (e->program.bad || next == NULL)
		return CFI_MALFORMED;
	return fde_read(v, pc, e);
}

static enum cfi_found
entry_find(const struct cfi_view *v, uint64_t pc, struct cfi_entry *e)
{
	struct cfi_cursor c = {v->hdr, v->hi, false};
	uint64_t hdr = (uintptr_t)v->hdr, frames, count;
	uint8_t version, frames_enc, count_enc, table_enc;

	if (!inside(v, hdr, 4))
		return CFI_NONE;
	version = (uint8_t)cfi_fixed(&c, 1);
	frames_enc = (uint8_t)cfi_fixed(&c, 1);
	count_enc = (uint8_t)cfi_fixed(&c, 1);
	table_enc = (uint8_t)cfi_fixed(&c, 1);
	if (version != 1 || frames_enc == ENC_OMIT)
		return CFI_MALFORMED;
	frames = cfi_pointer(&c, frames_enc, hdr);
	if (c.bad)
		return CFI_MALFORMED;
	if (count_enc != ENC_OMIT && table_enc == ENC_TABLE) {
		count = cfi_pointer(&c, count_enc, hdr);
		if (c.bad || count > (uint64_t)(c.end - c.p) / 8)
			return CFI_MALFORMED;
		return table_find(v, c.p, count, pc, e);
	}
	return linear_find(v, frames, pc, e);
}

/*
 * Not inlined, so that what the search needs of the stack is given back
 * before the programs are run.
 */
static __attribute__((noinline)) enum cfi_found
entry_search(const struct cfi_view *v, const uint8_t *eh_frame, uint64_t pc,
    struct cfi_entry *e)
{
	if (eh_frame != NULL)
		return linear_find(v, (uintptr_t)eh_frame, pc, e);
	return entry_find(v, pc, e);
}

enum cfi_found
cfi_find_linear(const struct cfi_view *v, const uint8_t *eh_frame, uint64_t pc,
    struct cfi_row *row)
{
	struct cfi_entry e;
	enum cfi_found found = entry_search(v, eh_frame, pc, &e);

	if (found != CFI_FOUND)
		return found;
	return cfi_run(&e, pc, row) ? CFI_FOUND : CFI_MALFORMED;
}

enum cfi_found
cfi_find(const struct cfi_view *v, uint64_t pc, struct cfi_row *row)
{
	return cfi_find_linear(v, NULL, pc, row);
}
