/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/dwarf_unit.h"
#include "base/xalloc.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/* Blocks in blocks in blocks; compilers stop long before. */
#define DEPTH_MAX 512

/* A longer path of a source file is not a path. */
#define FILE_NAME_MAX 4096

static void
forget_functions(struct dwarf_unit *u)
{
	size_t i;

	for (i = 0; i < u->n_functions; i++) {
		range_map_free(&u->functions[i].map);
		free(u->functions[i].calls);
	}
	free(u->functions);
	range_map_free(&u->map);
}

void
dwarf_unit_fini(struct dwarf_unit *u)
{
	size_t i;

	forget_functions(u);
	for (i = 0; i < u->n_files; i++)
		free(u->paths[i]);
	free(u->paths);
}

void
dwarf_add_ranges(struct range_map *m, Dwarf_Die *die, uint32_t id,
    uint32_t rank, size_t max, const struct elf_file *code)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	size_t n;

	for (n = 0; n < max; n++) {
		at = dwarf_ranges(die, at, &base, &low, &high);
		if (at <= 0)
			return;
		if (elf_file_has_code(code, low))
			range_map_add(m, low, high, id, rank);
	}
}

static bool
has_addresses(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) ||
	    dwarf_hasattr(die, DW_AT_ranges);
}

/* Entries without addresses that own entries with addresses. */
static bool
may_own_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return true;
	default:
		return false;
	}
}

static void
add_function(struct dwarf_unit *u, Dwarf_Die *die,
    const struct elf_file *code, int depth)
{
	size_t before = u->map.n;

	dwarf_add_ranges(&u->map, die, (uint32_t)u->n_functions,
	    (uint32_t)depth, DWARF_FUNCTION_RANGES_MAX, code);
	if (u->map.n == before)
		return;
	u->functions = xgrow(u->functions, u->n_functions, &u->cap_functions,
	    sizeof *u->functions);
	u->functions[u->n_functions++] = (struct dwarf_function){ .die = *die };
}

/*
 * Bodies of functions are skipped, which is quick when the compiler wrote
 * DW_AT_sibling; only a deep scan finds functions nested in functions.
 */
static void
scan_functions(struct dwarf_unit *u, Dwarf_Die *parent,
    const struct elf_file *code, bool deep, int depth)
{
	Dwarf_Die die;
	bool descend;
	int tag;

	if (depth >= DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		tag = dwarf_tag(&die);
		descend = may_own_functions(tag);
		if (tag == DW_TAG_subprogram) {
			if (has_addresses(&die))
				add_function(u, &die, code, depth);
			descend = deep;
		} else if (tag == DW_TAG_lexical_block) {
			descend = deep;
		}
		if (descend && dwarf_haschildren(&die) == 1)
			scan_functions(u, &die, code, deep, depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static void
scan_unit(struct dwarf_unit *u, const struct elf_file *code, bool deep)
{
	if (deep ? u->scanned_deep : u->scanned)
		return;
	if (deep) {
		forget_functions(u);
		u->functions = NULL;
		u->n_functions = u->cap_functions = 0;
		u->scanned_deep = true;
	}
	u->scanned = true;
	scan_functions(u, &u->die, code, deep, 0);
	range_map_sort(&u->map);
}

static void
scan_calls(struct dwarf_function *f, Dwarf_Die *parent, uint32_t caller,
    const struct elf_file *code, int depth)
{
	uint32_t inner;
	Dwarf_Die die;
	int tag;

	if (depth >= DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		tag = dwarf_tag(&die);
		if (tag == DW_TAG_lexical_block) {
			scan_calls(f, &die, caller, code, depth + 1);
			continue;
		}
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		inner = (uint32_t)f->n_calls;
		dwarf_add_ranges(&f->map, &die, inner, (uint32_t)depth,
		    DWARF_FUNCTION_RANGES_MAX, code);
		f->calls = xgrow(f->calls, f->n_calls, &f->cap_calls,
		    sizeof *f->calls);
		f->calls[f->n_calls++] = (struct dwarf_inlined){ die,
			caller == UINT32_MAX ? inner : caller };
		if (dwarf_haschildren(&die) == 1)
			scan_calls(f, &die, inner, code, depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static void
read_lines(struct dwarf_unit *u)
{
	if (u->read_lines)
		return;
	u->read_lines = true;
	if (dwarf_getsrclines(&u->die, &u->lines, &u->n_lines) != 0)
		u->n_lines = 0;
	if (dwarf_getsrcfiles(&u->die, &u->files, &u->n_files) != 0)
		u->n_files = 0;
	u->paths = xcalloc(u->n_files, sizeof *u->paths);
}

/* Compilers name files relative to the folder where they ran. */
static const char *
path_of(struct dwarf_unit *u, size_t file)
{
	Dwarf_Attribute attr;
	const char *name, *dir;

	if (file >= u->n_files)
		return "";
	if (u->paths[file] != NULL)
		return u->paths[file];
	name = dwarf_filesrc(u->files, file, NULL, NULL);
	if (name == NULL || strcmp(name, "???") == 0)
		name = "";
	dir = dwarf_formstring(dwarf_attr(&u->die, DW_AT_comp_dir, &attr));
	if (strncmp(name, "./", 2) == 0)
		name += 2;
	if (name[0] == '\0' || name[0] == '/' || dir == NULL)
		dir = "";
	if (strlen(name) + strlen(dir) > FILE_NAME_MAX)
		name = dir = "";
	u->paths[file] = xasprintf("%s%s%s", dir, dir[0] ? "/" : "", name);
	return u->paths[file];
}

/* The last row at or before the address is the one in effect. */
static void
place_of(struct dwarf_unit *u, uint64_t address, struct dwarf_frame *f)
{
	size_t low = 0, high, middle, file;
	Dwarf_Files *files;
	Dwarf_Addr at;
	Dwarf_Line *row;
	bool end;
	int line;

	f->file = "";
	f->line = 0;
	read_lines(u);
	for (high = u->n_lines; low < high;) {
		middle = low + (high - low) / 2;
		row = dwarf_onesrcline(u->lines, middle);
		if (dwarf_lineaddr(row, &at) == 0 && at <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return;
	row = dwarf_onesrcline(u->lines, low - 1);
	if (dwarf_lineendsequence(row, &end) != 0 || end)
		return;
	if (dwarf_line_file(row, &files, &file) == 0 && files == u->files)
		f->file = path_of(u, file);
	if (dwarf_lineno(row, &line) == 0 && line > 0)
		f->line = line;
}

static int64_t
number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (dwarf_attr(die, name, &attr) == NULL ||
	    dwarf_formudata(&attr, &value) != 0 || value > INT32_MAX)
		return 0;
	return (int64_t)value;
}

/* Where an inlined call stands in the source of its caller. */
static void
call_place(struct dwarf_unit *u, Dwarf_Die *call, struct dwarf_frame *f)
{
	f->line = number(call, DW_AT_call_line);
	f->file = "";
	if (dwarf_hasattr(call, DW_AT_call_file))
		f->file = path_of(u, (size_t)number(call, DW_AT_call_file));
}

static void
identify(Dwarf_Die *die, struct dwarf_frame *f)
{
	Dwarf_Attribute attr;
	int line;

	f->linkage = dwarf_formstring(
	    dwarf_attr_integrate(die, DW_AT_linkage_name, &attr));
	if (f->linkage == NULL)
		f->linkage = dwarf_formstring(dwarf_attr_integrate(die,
		    DW_AT_MIPS_linkage_name, &attr));
	f->name = dwarf_diename(die);
	f->start_line = dwarf_decl_line(die, &line) == 0 && line > 0 ? line : 0;
	f->entry = 0;
}

size_t
dwarf_unit_find(struct dwarf_unit *u, const struct elf_file *code,
    uint64_t address, struct dwarf_frame frames[DWARF_FRAMES_MAX])
{
	struct dwarf_function *f;
	struct dwarf_inlined *call;
	Dwarf_Addr entry;
	size_t i, n = 0;
	uint32_t id;

	place_of(u, address, &frames[0]);
	scan_unit(u, code, false);
	i = range_map_find(&u->map, address);
	if (i == RANGE_NONE) {
		scan_unit(u, code, true);
		i = range_map_find(&u->map, address);
	}
	if (i == RANGE_NONE)
		return 0;
	f = &u->functions[u->map.ranges[i].id];
	if (!f->scanned) {
		f->scanned = true;
		scan_calls(f, &f->die, UINT32_MAX, code, 0);
		range_map_sort(&f->map);
	}
	i = range_map_find(&f->map, address);
	for (id = i == RANGE_NONE ? UINT32_MAX : f->map.ranges[i].id;
	     id != UINT32_MAX && n < DWARF_FRAMES_MAX - 1;
	     id = call->caller == id ? UINT32_MAX : call->caller) {
		call = &f->calls[id];
		identify(&call->die, &frames[n++]);
		call_place(u, &call->die, &frames[n]);
	}
	identify(&f->die, &frames[n]);
	if (dwarf_entrypc(&f->die, &entry) == 0)
		frames[n].entry = entry;
	return n + 1;
}
