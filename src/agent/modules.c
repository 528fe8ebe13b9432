/* SPDX-License-Identifier: MIT */
/*
 * Module table: which objects the walked code was in, so that addresses can
 * be named when the process has died or has unloaded them since.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/mini.h"
#include "agent/slots.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

/* A note's name and content are each padded to four bytes. */
static size_t
padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static uint32_t
build_id_in(const char *notes, size_t size, uint8_t *out, size_t room)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *n = (const Elf64_Nhdr *)notes;
		size_t name = padded(n->n_namesz), desc = padded(n->n_descsz);
		const char *text = notes + sizeof *n;

		if (name > size || desc > size ||
		    sizeof *n + name + desc > size)
			return 0;
		if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 &&
		    mini_equal(text, "GNU") && n->n_descsz <= room) {
			for (uint32_t i = 0; i < n->n_descsz; i++)
				out[i] = (uint8_t)text[name + i];
			return n->n_descsz;
		}
		notes += sizeof *n + name + desc;
		size -= sizeof *n + name + desc;
	}
	return 0;
}

/*
 * The program headers are in the first page of every object that the usual
 * linkers make; the ELF magic there says so.
 */
static uint32_t
build_id_of(const struct dl_find_object *o, uint8_t *out, size_t room)
{
	const char *base = o->dlfo_map_start;
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)base;
	uint64_t size = (uint64_t)((char *)o->dlfo_map_end - base);
	const Elf64_Phdr *ph;
	uint32_t n = 0;

	if (size < 4096 || eh->e_ident[0] != 0x7f || eh->e_ident[1] != 'E' ||
	    eh->e_ident[2] != 'L' || eh->e_ident[3] != 'F' ||
	    eh->e_phentsize != sizeof *ph ||
	    eh->e_phoff + eh->e_phnum * sizeof *ph > 4096)
		return 0;
	ph = (const Elf64_Phdr *)(base + eh->e_phoff);
	for (unsigned i = 0; i < eh->e_phnum && n == 0; i++) {
		const char *at;

		if (ph[i].p_type != PT_NOTE)
			continue;
		at = (const char *)(o->dlfo_link_map->l_addr + ph[i].p_vaddr);
		if (at >= base && at < base + size &&
		    ph[i].p_memsz <= (uint64_t)(base + size - at))
			n = build_id_in(at, ph[i].p_memsz, out, room);
	}
	return n;
}

HIDDEN void
modules_note(const struct dl_find_object *o)
{
	struct ull_counters *c = tables.counters;
	uint32_t n = load(&c->modules_used);
	struct ull_module *m;

	slots_meet(o->dlfo_link_map->l_addr);
	/* Each turn that fails has let another thread list one. */
	do {
		if (n >= ULL_MODULES ||
		    !segment_reserve(ULL_MODULES_OFF + n * sizeof *m,
			sizeof *m)) {
			loss(ULL_LOSS_MODULES_FULL);
			return;
		}
	} while (!__atomic_compare_exchange_n(&c->modules_used, &n, n + 1,
	    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	m = &tables.modules[n];
	m->start = (uint64_t)o->dlfo_map_start;
	m->end = (uint64_t)o->dlfo_map_end;
	m->bias = o->dlfo_link_map->l_addr;
	m->build_id_len = build_id_of(o, m->build_id, sizeof m->build_id);
	mini_copy(m->path, sizeof m->path, o->dlfo_link_map->l_name);
	release(&m->ready, 1);
}
