/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/elf_symbols.h"
#include "base/xalloc.h"
#include "symbol/range_map.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

struct elf_symbols {
	struct range_map map;
	const char **names; /* by the ranges' ids; borrowed from the files */
	char **owned;	    /* the few that had to be cut */
	size_t n, cap, n_owned, cap_owned;
};

/* A symbol without a size, waiting to learn where it ends. */
struct unsized {
	uint64_t start, section_end;
	const char *name;
	uint32_t rank;
};

struct reader {
	struct elf_symbols *t;
	Elf *elf;
	uint32_t source; /* higher is better */
	size_t strings;	 /* index of the section of names */
	bool has_locals;
	struct unsized *unsized;
	size_t n_unsized, cap_unsized;
	uint64_t *starts; /* of all symbols, for the ends of unsized ones */
	size_t n_starts, cap_starts;
};

/* A definition that can be versioned is written name@@VERSION. */
static const char *
without_version(struct elf_symbols *t, const char *name)
{
	const char *at = strchr(name, '@');
	char *cut;

	if (at == NULL || at == name)
		return name;
	cut = xstrdup(name);
	cut[at - name] = '\0';
	t->owned = xgrow(t->owned, t->n_owned, &t->cap_owned,
	    sizeof *t->owned);
	t->owned[t->n_owned++] = cut;
	return cut;
}

static void
add(struct elf_symbols *t, uint64_t low, uint64_t high, const char *name,
    uint32_t rank)
{
	if (t->n == UINT32_MAX)
		return;
	t->names = xgrow(t->names, t->n, &t->cap, sizeof *t->names);
	t->names[t->n] = without_version(t, name);
	range_map_add(&t->map, low, high, (uint32_t)t->n, rank);
	t->n++;
}

/* Of several names for one function the exported one is the known one. */
static uint32_t
rank_of(const struct reader *r, const GElf_Sym *sym)
{
	uint32_t rank = r->source * 16;

	switch (GELF_ST_BIND(sym->st_info)) {
	case STB_GLOBAL:
		rank += 8;
		break;
	case STB_WEAK:
		rank += 4;
		break;
	}
	if (GELF_ST_TYPE(sym->st_info) == STT_FUNC)
		rank += 2;
	return rank;
}

static void
take(struct reader *r, const GElf_Sym *sym)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);
	const char *name;
	GElf_Shdr sh;
	Elf_Scn *scn;

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return;
	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE)
		return;
	scn = elf_getscn(r->elf, sym->st_shndx);
	if (scn == NULL || gelf_getshdr(scn, &sh) == NULL ||
	    (sh.sh_flags & SHF_EXECINSTR) == 0 ||
	    sym->st_value < sh.sh_addr ||
	    sym->st_value - sh.sh_addr >= sh.sh_size)
		return;
	name = elf_strptr(r->elf, r->strings, sym->st_name);
	/* Mapping symbols ($x) and assembler-local labels name no function. */
	if (name == NULL || name[0] == '\0' || name[0] == '$' ||
	    strncmp(name, ".L", 2) == 0)
		return;
	if (type == STT_FUNC &&
	    GELF_ST_BIND(sym->st_info) == STB_LOCAL)
		r->has_locals = true;
	r->starts = xgrow(r->starts, r->n_starts, &r->cap_starts,
	    sizeof *r->starts);
	r->starts[r->n_starts++] = sym->st_value;
	if (sym->st_size > 0) {
		if (sym->st_size <= sh.sh_size -
		    (sym->st_value - sh.sh_addr))
			add(r->t, sym->st_value, sym->st_value + sym->st_size,
			    name, rank_of(r, sym));
		return;
	}
	r->unsized = xgrow(r->unsized, r->n_unsized, &r->cap_unsized,
	    sizeof *r->unsized);
	r->unsized[r->n_unsized++] = (struct unsized){ sym->st_value,
		sh.sh_addr + sh.sh_size, name, rank_of(r, sym) };
}

static int
by_value(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static uint64_t
next_start(const struct reader *r, uint64_t start)
{
	size_t low = 0, high = r->n_starts, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (r->starts[middle] <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->n_starts ? r->starts[low] : UINT64_MAX;
}

/*
 * Hand-written assembly often has no sizes; such a symbol reaches to the next
 * one of its section. A label inside a function that has a size is a place to
 * jump to, not a function.
 */
static void
add_unsized(struct reader *r)
{
	const struct unsized *u;
	uint64_t end;
	size_t i;
	bool *inside;

	qsort(r->starts, r->n_starts, sizeof *r->starts, by_value);
	range_map_sort(&r->t->map);
	inside = xcalloc(r->n_unsized, sizeof *inside);
	for (i = 0; i < r->n_unsized; i++)
		inside[i] = range_map_find(&r->t->map,
		    r->unsized[i].start) != RANGE_NONE;
	for (i = 0; i < r->n_unsized; i++) {
		u = &r->unsized[i];
		if (inside[i])
			continue;
		end = next_start(r, u->start);
		if (end > u->section_end)
			end = u->section_end;
		add(r->t, u->start, end, u->name, u->rank);
	}
	free(inside);
}

/*
 * complete: whether the table holds every function of the file. Only then is
 * the space after a symbol without a size its own; a table without a single
 * local function has been thinned out (strip -x).
 */
static void
read_table(struct elf_symbols *t, const struct elf_file *f, unsigned type,
    uint32_t source, bool complete)
{
	struct reader r = { .t = t, .elf = f->elf, .source = source };
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	GElf_Shdr sh;
	GElf_Sym sym;
	size_t i, n;

	while ((scn = elf_nextscn(f->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL && sh.sh_type == type)
			break;
	if (scn == NULL || sh.sh_entsize == 0)
		return;
	data = elf_getdata(scn, NULL);
	if (data == NULL || data->d_buf == NULL)
		return;
	r.strings = sh.sh_link;
	n = data->d_size / gelf_fsize(f->elf, ELF_T_SYM, 1, EV_CURRENT);
	for (i = 1; i < n && i <= INT32_MAX; i++)
		if (gelf_getsym(data, (int)i, &sym) != NULL)
			take(&r, &sym);
	if (complete && r.has_locals)
		add_unsized(&r);
	free(r.unsized);
	free(r.starts);
}

struct elf_symbols *
elf_symbols_new(const struct elf_file *debug, const struct elf_file *main,
    const struct elf_file *mini)
{
	struct elf_symbols *t = xcalloc(1, sizeof *t);

	if (debug != NULL)
		read_table(t, debug, SHT_SYMTAB, 4, true);
	if (main != NULL)
		read_table(t, main, SHT_SYMTAB, 3, true);
	if (mini != NULL)
		read_table(t, mini, SHT_SYMTAB, 2, false);
	if (main != NULL)
		read_table(t, main, SHT_DYNSYM, 1, false);
	range_map_sort(&t->map);
	return t;
}

void
elf_symbols_free(struct elf_symbols *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n_owned; i++)
		free(t->owned[i]);
	free(t->owned);
	free(t->names);
	range_map_free(&t->map);
	free(t);
}

bool
elf_symbols_find(const struct elf_symbols *t, uint64_t address,
    struct elf_symbol *found)
{
	size_t i = range_map_find(&t->map, address);

	if (i == RANGE_NONE)
		return false;
	found->name = t->names[t->map.ranges[i].id];
	found->start = t->map.ranges[i].low;
	return true;
}
