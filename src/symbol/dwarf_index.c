/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/dwarf_index.h"
#include "base/xalloc.h"
#include "symbol/dwarf_unit.h"
#include "symbol/range_map.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

struct dwarf_index {
	Dwarf *dwarf;
	const struct elf_file *code;
	struct dwarf_unit *units;
	size_t n_units, cap_units;
	struct range_map map; /* ids are indexes of units */
};

static bool
holds_code(const Dwarf_Die *die)
{
	switch (dwarf_tag((Dwarf_Die *)die)) {
	case DW_TAG_compile_unit:
	case DW_TAG_skeleton_unit:
		return true;
	default:
		return false;
	}
}

struct dwarf_index *
dwarf_index_new(Dwarf *dwarf, const struct elf_file *code)
{
	struct dwarf_index *x = xcalloc(1, sizeof *x);
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	size_t i;

	x->dwarf = dwarf;
	x->code = code;
	/*
	 * Without asking for the split half of a skeleton unit: libdw would
	 * open whatever path the unit names.
	 */
	while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0) {
		if (!holds_code(&die))
			continue;
		x->units = xgrow(x->units, x->n_units, &x->cap_units,
		    sizeof *x->units);
		x->units[x->n_units++] = (struct dwarf_unit){ .die = die };
	}
	for (i = 0; i < x->n_units; i++)
		dwarf_add_ranges(&x->map, &x->units[i].die, (uint32_t)i, 0,
		    DWARF_UNIT_RANGES_MAX, code);
	range_map_sort(&x->map);
	return x;
}

void
dwarf_index_free(struct dwarf_index *x)
{
	size_t i;

	if (x == NULL)
		return;
	for (i = 0; i < x->n_units; i++)
		dwarf_unit_fini(&x->units[i]);
	free(x->units);
	range_map_free(&x->map);
	free(x);
}

size_t
dwarf_index_find(struct dwarf_index *x, uint64_t address,
    struct dwarf_frame frames[DWARF_FRAMES_MAX])
{
	struct dwarf_frame place = { .file = "" };
	struct dwarf_unit *u;
	size_t i, n;

	frames[0] = place;
	for (i = range_map_find(&x->map, address); i != RANGE_NONE;
	     i = range_map_outer(&x->map, i, address)) {
		u = &x->units[x->map.ranges[i].id];
		n = dwarf_unit_find(u, x->code, address, frames);
		if (n > 0)
			return n;
		/* Assembly may have lines without functions. */
		if (place.line == 0)
			place = frames[0];
	}
	frames[0] = place;
	return 0;
}
