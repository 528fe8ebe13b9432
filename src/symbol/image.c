/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/image.h"
#include "base/xalloc.h"
#include "symbol/elf_objects.h"
#include "symbol/image_file.h"

#include <elfutils/libdwelf.h>
#include <stdlib.h>
#include <string.h>

struct image {
	struct elf_file *main, *debug, *alternate, *mini; /* any may be NULL */
	const struct elf_file *code; /* the one that says where code is */
	Dwarf *dwarf, *alternate_dwarf;
	struct dwarf_index *index;
	struct elf_symbols *symbols; /* NULL until needed */
};

/*
 * Gives libdw the file that dwz moved common parts to. False if there is one
 * but it cannot be had: libdw would then look for it by itself, open whatever
 * is there and wait for it if it is a FIFO.
 */
static bool
join_alternate(struct image *image, const struct image_search *search,
    const struct elf_file *of)
{
	char build_id[BUILD_ID_TEXT];
	const char *name;
	const void *id;
	ssize_t n;

	n = dwelf_dwarf_gnu_debugaltlink(image->dwarf, &name, &id);
	if (n == 0)
		return true;
	if (n < 0)
		return false;
	build_id_text(build_id, id, (size_t)n);
	image->alternate = debug_file_alternate(&search->root, &search->dirs,
	    of, name, build_id);
	if (image->alternate == NULL ||
	    !elf_file_inflates_sanely(image->alternate))
		return false;
	image->alternate_dwarf = dwarf_begin_elf(image->alternate->elf,
	    DWARF_C_READ, NULL);
	if (image->alternate_dwarf == NULL)
		return false;
	dwarf_setalt(image->dwarf, image->alternate_dwarf);
	return true;
}

static void
open_dwarf(struct image *image, const struct image_search *search,
    const struct elf_file *f)
{
	if (!elf_file_has_dwarf(f) || !elf_file_inflates_sanely(f))
		return;
	image->dwarf = dwarf_begin_elf(f->elf, DWARF_C_READ, NULL);
	if (image->dwarf == NULL)
		return;
	if (join_alternate(image, search, f)) {
		image->index = dwarf_index_new(image->dwarf, image->code);
		return;
	}
	dwarf_end(image->dwarf);
	image->dwarf = NULL;
	elf_file_free(image->alternate);
	image->alternate = NULL;
}

struct image *
image_open(const struct image_search *search,
    const struct symbol_module *module)
{
	const char *id = module->build_id != NULL ? module->build_id : "";
	struct image *image = xcalloc(1, sizeof *image);

	image->main = image_file_open(search, module);
	/* The module may be known without an id and the file have one. */
	if (id[0] == '\0' && image->main != NULL)
		id = image->main->build_id;
	image->debug = debug_file_by_id(&search->root, &search->dirs, id);
	if (image->debug == NULL && image->main != NULL &&
	    module->path != NULL)
		image->debug = debug_file_by_link(&search->root,
		    &search->dirs, image->main, module->path);
	if (image->main != NULL && !elf_file_has_symtab(image->main) &&
	    image->debug == NULL)
		image->mini = image_file_mini(search, image->main);
	image->code = image->main != NULL ? image->main : image->debug;
	if (image->debug != NULL)
		open_dwarf(image, search, image->debug);
	if (image->dwarf == NULL && image->main != NULL)
		open_dwarf(image, search, image->main);
	return image;
}

void
image_free(struct image *image)
{
	if (image == NULL)
		return;
	elf_symbols_free(image->symbols);
	dwarf_index_free(image->index);
	if (image->dwarf != NULL)
		dwarf_end(image->dwarf);
	if (image->alternate_dwarf != NULL)
		dwarf_end(image->alternate_dwarf);
	elf_file_free(image->alternate);
	elf_file_free(image->mini);
	elf_file_free(image->debug);
	elf_file_free(image->main);
	free(image);
}

static bool
find_symbol(struct image *image, uint64_t address, struct elf_symbol *symbol)
{
	if (image->symbols == NULL)
		image->symbols = elf_symbols_new(image->debug, image->main,
		    image->mini);
	return elf_symbols_find(image->symbols, address, symbol);
}

/*
 * Line tables alone (-g1, clang's -gmlt) give a C++ or Rust function its
 * short name; the symbol that starts where it does has the whole one.
 */
static void
prefer_mangled(struct image *image, uint64_t address, struct dwarf_frame *f)
{
	struct elf_symbol symbol;

	if (f->linkage == NULL && f->entry != 0 &&
	    find_symbol(image, address, &symbol) && symbol.start == f->entry &&
	    symbol.name[0] == '_' &&
	    (symbol.name[1] == 'Z' || symbol.name[1] == 'R'))
		f->linkage = symbol.name;
}

static size_t
without_nameless(struct dwarf_frame *frames, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		if ((frames[i].linkage != NULL &&
			frames[i].linkage[0] != '\0') ||
		    (frames[i].name != NULL && frames[i].name[0] != '\0'))
			frames[kept++] = frames[i];
	return kept;
}

size_t
image_find(struct image *image, uint64_t address,
    struct dwarf_frame frames[DWARF_FRAMES_MAX])
{
	struct elf_symbol symbol;
	size_t n = 0;

	if (image->code == NULL || !elf_file_has_code(image->code, address))
		return 0;
	frames[0] = (struct dwarf_frame){ .file = "" };
	if (image->index != NULL) {
		n = dwarf_index_find(image->index, address, frames);
		if (n > 0)
			prefer_mangled(image, address, &frames[n - 1]);
	}
	/* A function without a name leaves its line to the symbol's. */
	if (n <= 1 && without_nameless(frames, n) == 0) {
		if (!find_symbol(image, address, &symbol))
			return 0;
		frames[0].linkage = symbol.name;
		frames[0].start_line = 0;
		return 1;
	}
	return without_nameless(frames, n);
}

char *
image_find_object(struct image *image, uint64_t address, uint64_t *offset)
{
	char *name = NULL;

	if (image->debug != NULL)
		name = elf_object_find(image->debug, address, offset);
	if (name == NULL && image->main != NULL)
		name = elf_object_find(image->main, address, offset);
	return name;
}
