/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/imports.h"
#include "symbol/elf_file.h"
#include "symbol/rooted.h"

#include <gelf.h>
#include <stdio.h>
#include <string.h>

static bool
is_listed(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool
file_imports(const struct elf_file *f, const char *const *names)
{
	Elf_Scn *scn = elf_file_section(f, ".dynsym");
	Elf_Data *data;
	GElf_Shdr sh;
	GElf_Sym sym;

	if (scn == NULL || gelf_getshdr(scn, &sh) == NULL ||
	    sh.sh_type != SHT_DYNSYM || (data = elf_getdata(scn, NULL)) == NULL)
		return false;
	for (int i = 0; gelf_getsym(data, i, &sym) != NULL; i++) {
		const char *name = elf_strptr(f->elf, sh.sh_link,
		    sym.st_name);

		if (sym.st_shndx == SHN_UNDEF && name != NULL &&
		    is_listed(name, names))
			return true;
	}
	return false;
}

bool
imports_any(int32_t pid, const char *const *names)
{
	struct elf_file *f;
	char path[64];
	bool yes;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	if ((fd = rooted_own_file(path)) < 0 || (f = elf_file_open(fd)) == NULL)
		return false;
	yes = file_imports(f, names);
	elf_file_free(f);
	return yes;
}
