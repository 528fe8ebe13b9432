/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/elf_objects.h"
#include "base/xalloc.h"

#include <gelf.h>
#include <string.h>

static char *
find_in(const struct elf_file *f, unsigned type, uint64_t address,
    uint64_t *offset)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	const char *name;
	GElf_Shdr sh;
	GElf_Sym sym;

	while ((scn = elf_nextscn(f->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL && sh.sh_type == type)
			break;
	data = scn != NULL && sh.sh_entsize != 0 ? elf_getdata(scn, NULL) :
						   NULL;
	if (data == NULL || data->d_buf == NULL)
		return NULL;
	for (int i = 1; gelf_getsym(data, i, &sym) != NULL; i++) {
		if (GELF_ST_TYPE(sym.st_info) != STT_OBJECT ||
		    sym.st_shndx == SHN_UNDEF || address < sym.st_value ||
		    address - sym.st_value >= sym.st_size)
			continue;
		name = elf_strptr(f->elf, sh.sh_link, sym.st_name);
		if (name == NULL || name[0] == '\0')
			continue;
		*offset = address - sym.st_value;
		return xstrdup(name);
	}
	return NULL;
}

char *
elf_object_find(const struct elf_file *f, uint64_t address, uint64_t *offset)
{
	char *name = find_in(f, SHT_SYMTAB, address, offset);

	return name != NULL ? name :
			      find_in(f, SHT_DYNSYM, address, offset);
}
