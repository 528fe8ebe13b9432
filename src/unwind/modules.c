/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "unwind/modules.h"
#include "base/xalloc.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX 64
#define NOTES_MAX 4096
#define PAGE_MASK UINT64_C(0xfff)

/* Encodings of .eh_frame_hdr that every linker writes (LSB, DWARF EH). */
#define EH_UDATA4 0x03
#define EH_DATAREL_SDATA4 0x3b

/* ---- build id ----------------------------------------------------------------- */

static void
hex(char *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

static void
build_id_in(struct module *m, const uint8_t *notes, size_t len)
{
	Elf64_Nhdr note;
	size_t at = 0, name, text;

	while (len - at >= sizeof note) {
		memcpy(&note, notes + at, sizeof note);
		name = at + sizeof note;
		if (note.n_namesz > NOTES_MAX || note.n_descsz > NOTES_MAX)
			return;
		text = name + ((note.n_namesz + 3u) & ~3u);
		at = text + ((note.n_descsz + 3u) & ~3u);
		if (at > len)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0 &&
		    note.n_descsz * 2 < sizeof m->build_id) {
			hex(m->build_id, notes + text, note.n_descsz);
			return;
		}
	}
}

static void
read_notes(struct module *m, struct memory *memory, const Elf64_Phdr *p)
{
	uint8_t notes[NOTES_MAX];

	if (p->p_memsz <= sizeof notes &&
	    memory_read(memory, m->bias + p->p_vaddr, notes, p->p_memsz))
		build_id_in(m, notes, p->p_memsz);
}

/* ---- unwind table ---------------------------------------------------------------- */

static void
read_table(struct module *m, struct memory *memory, const Elf64_Phdr *p)
{
	uint64_t header = m->bias + p->p_vaddr;
	uint8_t bytes[12];
	uint32_t entries;

	/* Version, encodings of pointer, count and table; pointer; count. */
	if (p->p_memsz < sizeof bytes || header < m->start ||
	    header >= m->limit ||
	    !memory_read(memory, header, bytes, sizeof bytes) ||
	    bytes[0] != 1 || bytes[2] != EH_UDATA4 ||
	    bytes[3] != EH_DATAREL_SDATA4)
		return;
	memcpy(&entries, bytes + 8, sizeof entries);
	if (entries == 0 || entries > (p->p_memsz - sizeof bytes) / 8)
		return;
	m->header = header;
	m->table = header + sizeof bytes;
	m->table_entries = entries;
}

/* ---- modules ---------------------------------------------------------------------- */

/* Where the segments lie, if there are any and they make sense. */
static bool
extent(struct module *m, const Elf64_Phdr *p, size_t n, uint64_t start)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i].p_type != PT_LOAD || p[i].p_memsz == 0)
			continue;
		if (p[i].p_vaddr + p[i].p_memsz < p[i].p_vaddr)
			return false;
		if (p[i].p_vaddr < low)
			low = p[i].p_vaddr;
		if (p[i].p_vaddr + p[i].p_memsz > high)
			high = p[i].p_vaddr + p[i].p_memsz;
	}
	if (low > high)
		return false;
	low &= ~PAGE_MASK;
	m->start = start;
	m->bias = start - low;
	m->limit = (m->bias + high + PAGE_MASK) & ~PAGE_MASK;
	return m->limit > m->start;
}

static bool
read_module(struct module *m, struct memory *memory, const struct map *row)
{
	Elf64_Phdr p[SEGMENTS_MAX];
	Elf64_Ehdr head;

	memset(m, 0, sizeof *m);
	m->path = row->path;
	m->deleted = row->deleted;
	if (!memory_read(memory, row->start, &head, sizeof head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_phentsize != sizeof *p || head.e_phnum == 0 ||
	    head.e_phnum > SEGMENTS_MAX || head.e_phoff > (1u << 20) ||
	    !memory_read(memory, row->start + head.e_phoff, p,
		head.e_phnum * sizeof *p) ||
	    !extent(m, p, head.e_phnum, row->start))
		return false;
	for (size_t i = 0; i < head.e_phnum; i++) {
		if (p[i].p_type == PT_GNU_EH_FRAME)
			read_table(m, memory, &p[i]);
		else if (p[i].p_type == PT_NOTE && m->build_id[0] == '\0')
			read_notes(m, memory, &p[i]);
	}
	return true;
}

void
modules_find(struct modules *list, const struct maps *maps,
    struct memory *memory, const char *exe)
{
	static const char gone[] = " (deleted)";
	size_t exe_len = strlen(exe), tail = sizeof gone - 1;
	struct module m;

	/* As in the maps, what the link says of a lost file is no name. */
	if (exe_len > tail && strcmp(exe + exe_len - tail, gone) == 0)
		exe_len -= tail;
	list->program = SIZE_MAX;
	for (size_t i = 0; i < maps->n; i++) {
		const struct map *row = &maps->rows[i];

		/* A small file's first page may be mapped again, as data. */
		if (row->offset != 0 || row->path[0] == '\0' ||
		    (row->flags & MAP_READ) == 0 ||
		    (row->flags & MAP_WRITE) != 0 ||
		    (list->n > 0 &&
			row->start < list->list[list->n - 1].limit) ||
		    !read_module(&m, memory, row))
			continue;
		list->list = xgrow(list->list, list->n, &list->cap,
		    sizeof *list->list);
		if (list->program == SIZE_MAX &&
		    strlen(m.path) == exe_len &&
		    memcmp(m.path, exe, exe_len) == 0)
			list->program = list->n;
		list->list[list->n++] = m;
	}
	if (list->program == SIZE_MAX)
		list->program = list->n;
}

void
modules_free(struct modules *list)
{
	free(list->list);
	*list = (struct modules)MODULES_INIT;
}

const struct module *
modules_at(const struct modules *list, uint64_t address)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->list[middle].limit <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->n && list->list[low].start <= address ?
	    &list->list[low] :
	    NULL;
}
