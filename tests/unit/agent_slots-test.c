/* SPDX-License-Identifier: MIT */
/* Slots of objects that no linker made, flush against memory that is not
 * there; and lines of /proc/self/maps. */
#include "config.h"

#include "agent/pages.h"
#include "agent/slots_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define PAGE 4096

/* ---- an object: code and tables in two pages, data in a third -------------- */

enum {
	AT_DYNAMIC = 0,
	AT_SYMBOLS = 512,
	AT_NAMES = 1024,
	AT_RELA = 1536,
	AT_JUMP = 2048,
	AT_CODE = PAGE,
	AT_SLOTS = 2 * PAGE,
};

static char *image; /* three pages, then nothing */
static Elf64_Phdr headers[4];
static struct slots_object object;

static void
put_dynamic(unsigned i, int64_t tag, uint64_t value)
{
	Elf64_Dyn *d = (Elf64_Dyn *)(image + AT_DYNAMIC) + i;

	d->d_tag = tag;
	d->d_un.d_val = value;
}

static uint64_t
address(uint64_t off)
{
	return (uint64_t)image + off;
}

static void
put_relocation(uint64_t table, unsigned i, uint64_t slot, uint32_t symbol,
    uint32_t type, int64_t addend)
{
	((Elf64_Rela *)(image + table))[i] = (Elf64_Rela){ slot,
		ELF64_R_INFO((uint64_t)symbol, type), addend };
}

static int
make(void **state)
{
	static const char names[] = "\0malloc\0free\0other";
	static const uint8_t stub[] = { 0x68, 1, 0, 0, 0, 0xe9, 0, 0, 0, 0 };
	static const uint8_t marked[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x68, 2, 0, 0,
		0, 0xf2, 0xe9 };
	Elf64_Sym *symbols;

	(void)state;
	image = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image == MAP_FAILED || mprotect(image + 3 * PAGE, PAGE, PROT_NONE))
		return -1;
	symbols = (Elf64_Sym *)(image + AT_SYMBOLS);
	symbols[1].st_name = 1;
	symbols[2].st_name = 8;
	symbols[3].st_name = 13;
	memcpy(image + AT_NAMES, names, sizeof names);
	memcpy(image + AT_CODE, stub, sizeof stub);
	memcpy(image + AT_CODE + 16, marked, sizeof marked);
	put_dynamic(0, DT_SYMTAB, address(AT_SYMBOLS));
	put_dynamic(1, DT_SYMENT, sizeof(Elf64_Sym));
	put_dynamic(2, DT_STRTAB, address(AT_NAMES));
	put_dynamic(3, DT_STRSZ, sizeof names);
	put_dynamic(4, DT_RELA, address(AT_RELA));
	put_dynamic(5, DT_RELASZ, 4 * sizeof(Elf64_Rela));
	put_dynamic(6, DT_RELAENT, sizeof(Elf64_Rela));
	put_dynamic(7, DT_RELACOUNT, 1);
	put_dynamic(8, DT_JMPREL, address(AT_JUMP));
	put_dynamic(9, DT_PLTRELSZ, 3 * sizeof(Elf64_Rela));
	put_dynamic(10, DT_PLTREL, DT_RELA);
	put_dynamic(11, DT_NULL, 0);
	put_relocation(AT_RELA, 0, AT_SLOTS, 0, R_X86_64_RELATIVE, 5);
	put_relocation(AT_RELA, 1, AT_SLOTS + 8, 1, R_X86_64_GLOB_DAT, 0);
	put_relocation(AT_RELA, 2, AT_SLOTS + 16, 2, R_X86_64_64, 0);
	put_relocation(AT_RELA, 3, AT_SLOTS + 24, 2, R_X86_64_64, 8);
	put_relocation(AT_JUMP, 0, AT_SLOTS + 32, 1, R_X86_64_JUMP_SLOT, 0);
	put_relocation(AT_JUMP, 1, AT_SLOTS + 40, 2, R_X86_64_JUMP_SLOT, 0);
	put_relocation(AT_JUMP, 2, AT_SLOTS + 48, 3, R_X86_64_JUMP_SLOT, 0);
	*(uint64_t *)(image + AT_SLOTS + 40) = address(AT_CODE);
	*(uint64_t *)(image + AT_SLOTS + 48) = address(AT_CODE + 16);
	headers[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R,
		.p_vaddr = 0, .p_memsz = PAGE };
	headers[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X,
		.p_vaddr = PAGE, .p_memsz = PAGE };
	headers[2] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W,
		.p_vaddr = 2 * PAGE, .p_memsz = PAGE };
	headers[3] = (Elf64_Phdr){ .p_type = PT_DYNAMIC, .p_flags = PF_R,
		.p_vaddr = AT_DYNAMIC, .p_memsz = 12 * sizeof(Elf64_Dyn) };
	object = (struct slots_object){ (uint64_t)image, headers, 4, 0 };
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	return munmap(image, 4 * PAGE);
}

static struct {
	char names[16][16];
	uint64_t offsets[16];
	bool lazy[16];
	unsigned n;
} seen;

static void
note(void *arg, const struct slots_found *f)
{
	(void)arg;
	if (seen.n < 16) {
		strncpy(seen.names[seen.n], f->name, 15);
		seen.offsets[seen.n] = (uint64_t)f->slot - (uint64_t)image;
		seen.lazy[seen.n] = f->lazy;
	}
	seen.n++;
}

static unsigned
scan(void)
{
	memset(&seen, 0, sizeof seen);
	slots_scan(&object, note, NULL);
	return seen.n;
}

static void
slots_of_all_kinds_are_found(void **state)
{
	(void)state;
	assert_int_equal(scan(), 5);
	assert_string_equal(seen.names[0], "malloc");
	assert_int_equal(seen.offsets[0], AT_SLOTS + 8);
	assert_string_equal(seen.names[1], "free");
	assert_int_equal(seen.offsets[1], AT_SLOTS + 16);
	assert_string_equal(seen.names[2], "malloc");
	assert_int_equal(seen.offsets[2], AT_SLOTS + 32);
	assert_false(seen.lazy[2]);
	assert_int_equal(object.unread, 0);
}

static void
a_stub_of_the_slot_is_told_from_that_of_another(void **state)
{
	(void)state;
	scan();
	assert_true(seen.lazy[3]);
	assert_true(seen.lazy[4]);
	/* The stub of number 1 in the slot of number 2. */
	*(uint64_t *)(image + AT_SLOTS + 48) = address(AT_CODE);
	scan();
	assert_false(seen.lazy[4]);
	/* In data, or so near the end that it may not be read. */
	*(uint64_t *)(image + AT_SLOTS + 48) = address(AT_SLOTS);
	scan();
	assert_false(seen.lazy[4]);
	*(uint64_t *)(image + AT_SLOTS + 48) = address(2 * PAGE - 4);
	scan();
	assert_false(seen.lazy[4]);
}

static void
tables_that_the_loader_did_not_relocate_are_found(void **state)
{
	(void)state;
	put_dynamic(0, DT_SYMTAB, AT_SYMBOLS);
	put_dynamic(2, DT_STRTAB, AT_NAMES);
	put_dynamic(4, DT_RELA, AT_RELA);
	put_dynamic(8, DT_JMPREL, AT_JUMP);
	assert_int_equal(scan(), 5);
}

static void
what_leads_out_of_the_object_is_not_read(void **state)
{
	(void)state;
	/* A slot outside, in code, and astride the end; a symbol far away. */
	put_relocation(AT_JUMP, 0, 3 * PAGE, 1, R_X86_64_JUMP_SLOT, 0);
	put_relocation(AT_JUMP, 1, AT_CODE, 1, R_X86_64_JUMP_SLOT, 0);
	put_relocation(AT_JUMP, 2, AT_SLOTS + 48, 0xffffffff,
	    R_X86_64_JUMP_SLOT, 0);
	assert_int_equal(scan(), 2);
	assert_int_equal(object.unread, 3);
	put_relocation(AT_JUMP, 0, 3 * PAGE - 4, 1, R_X86_64_JUMP_SLOT, 0);
	put_relocation(AT_JUMP, 1, (uint64_t)-1, 1, R_X86_64_JUMP_SLOT, 0);
	((Elf64_Sym *)(image + AT_SYMBOLS))[3].st_name = 100000;
	put_relocation(AT_JUMP, 2, AT_SLOTS + 48, 3, R_X86_64_JUMP_SLOT, 0);
	assert_int_equal(scan(), 2);
}

static void
sizes_that_are_too_large_end_the_table(void **state)
{
	static const uint64_t sizes[] = { (uint64_t)-24, PAGE * 24, 25, 1,
		UINT64_MAX };

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		put_dynamic(5, DT_RELASZ, sizes[i]);
		assert_int_equal(scan(), 3);
	}
	put_dynamic(9, DT_PLTRELSZ, (uint64_t)-24);
	assert_int_equal(scan(), 0);
}

static void
names_without_an_end_are_not_read(void **state)
{
	(void)state;
	put_dynamic(3, DT_STRSZ, 4);
	assert_int_equal(scan(), 0);
	put_dynamic(3, DT_STRSZ, 4 * PAGE);
	assert_int_equal(scan(), 0);
	put_dynamic(3, DT_STRSZ, 0);
	assert_int_equal(scan(), 0);
}

static void
a_dynamic_section_without_an_end_is_bounded(void **state)
{
	(void)state;
	put_dynamic(11, DT_DEBUG, 0);
	assert_int_equal(scan(), 5);
	headers[3].p_memsz = 5 * PAGE;
	assert_int_equal(scan(), 0);
	headers[3].p_vaddr = 4 * PAGE;
	assert_int_equal(scan(), 0);
}

/* ---- lines of the map ---------------------------------------------------------- */

static void
a_line_of_the_map_is_read(void **state)
{
	const char *text = "7f0000001000-7f0000003000 r-xp 00000000 00:00 0\n";
	struct pages_range r;

	(void)state;
	assert_true(pages_parse(&text, &r));
	assert_int_equal(r.start, 0x7f0000001000);
	assert_int_equal(r.end, 0x7f0000003000);
	assert_int_equal(r.protection, PROT_READ | PROT_EXEC);
	assert_int_equal(*text, '\n');
}

static void
what_is_no_line_of_it_is_not(void **state)
{
	static const char *const bad[] = { "", "-", "1000", "1000-", "1000-2000",
		"2000-1000 rw-p", "1000-1000 rw-p", "1000-2000 rq-p",
		"x-2000 rw-p", "1000-2000 r" };
	struct pages_range r;

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *text = bad[i];

		assert_false(pages_parse(&text, &r));
	}
}

static void
the_page_of_an_address_is_found(void **state)
{
	struct pages_range ranges[] = { { 0x1000, 0x2000, PROT_READ },
		{ 0x2000, 0x4000, PROT_WRITE }, { 0x8000, 0x9000, 0 } };
	struct pages p = { ranges, 3 };
	uint64_t protection;

	(void)state;
	assert_false(pages_find(&p, 0xfff, &protection));
	assert_true(pages_find(&p, 0x1000, &protection));
	assert_int_equal(protection, PROT_READ);
	assert_true(pages_find(&p, 0x1fff, &protection));
	assert_int_equal(protection, PROT_READ);
	assert_true(pages_find(&p, 0x3fff, &protection));
	assert_int_equal(protection, PROT_WRITE);
	assert_false(pages_find(&p, 0x4000, &protection));
	assert_true(pages_find(&p, 0x8fff, &protection));
	assert_false(pages_find(&p, 0x9000, &protection));
	p.n = 0;
	assert_false(pages_find(&p, 0x1000, &protection));
}

static uint64_t
protection_of(const void *at)
{
	struct pages p;
	uint64_t protection = 999;

	assert_true(pages_read(&p));
	assert_true(pages_find(&p, (uint64_t)at, &protection));
	pages_free(&p);
	return protection;
}

static void
a_page_is_written_and_protected_as_before(void **state)
{
	struct page page = { 0, 0 };

	(void)state;
	assert_int_equal(mprotect(image, 2 * PAGE, PROT_READ), 0);
	assert_true(page_open(&page, (uint64_t)image + 8, PROT_READ));
	image[8] = 1;
	assert_true(page_open(&page, (uint64_t)image + 16, PROT_READ));
	image[16] = 1;
	/* Opening the next closes the one before. */
	assert_true(page_open(&page, (uint64_t)image + PAGE, PROT_READ));
	assert_int_equal(protection_of(image), PROT_READ);
	assert_int_equal(protection_of(image + PAGE), PROT_READ | PROT_WRITE);
	page_close(&page);
	assert_int_equal(protection_of(image + PAGE), PROT_READ);
	/* One that can be written already is left as it is. */
	assert_true(page_open(&page, (uint64_t)image + 2 * PAGE,
	    PROT_READ | PROT_WRITE));
	page_close(&page);
	assert_int_equal(protection_of(image + 2 * PAGE),
	    PROT_READ | PROT_WRITE);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(slots_of_all_kinds_are_found),
		TEST(a_stub_of_the_slot_is_told_from_that_of_another),
		TEST(tables_that_the_loader_did_not_relocate_are_found),
		TEST(what_leads_out_of_the_object_is_not_read),
		TEST(sizes_that_are_too_large_end_the_table),
		TEST(names_without_an_end_are_not_read),
		TEST(a_dynamic_section_without_an_end_is_bounded),
		TEST(a_line_of_the_map_is_read),
		TEST(what_is_no_line_of_it_is_not),
		TEST(the_page_of_an_address_is_found),
		TEST(a_page_is_written_and_protected_as_before),
	};

	return cmocka_run_group_tests_name("agent_slots", tests, NULL, NULL);
}
