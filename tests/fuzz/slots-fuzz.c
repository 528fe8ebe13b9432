/* SPDX-License-Identifier: MIT */
/* Dynamic sections and relocations that no linker wrote. */
#include "config.h"

#include "agent/slots_scan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

struct place {
	uint64_t start, end;
};

static void
note(void *arg, const struct slots_found *f)
{
	const struct place *p = arg;
	volatile size_t n = strlen(f->name);

	(void)n;
	if ((uint64_t)f->slot < p->start || (uint64_t)f->slot + 8 > p->end)
		abort();
}

/* The first half is tables and code, the second what may be written. Offsets
 * are taken as addresses too, as they are not relocated. */
int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	size_t half = size / 2 & ~(size_t)15;
	char *image = half >= 256 ? aligned_alloc(16, 2 * half) : NULL;
	Elf64_Phdr headers[] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_memsz = half },
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = half,
		    .p_memsz = half },
		{ .p_type = PT_DYNAMIC, .p_memsz = 256 },
	};
	struct slots_object o = { (uint64_t)image, headers, 3, 0 };
	struct place p = { (uint64_t)image + half, (uint64_t)image + 2 * half };

	if (image == NULL)
		return 0;
	memcpy(image, bytes, 2 * half);
	slots_scan(&o, note, &p);
	free(image);
	return 0;
}
