/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/elf_layout.h"

#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)
#define VERSION_HIDDEN 0x8000

static Elf_Data *
section_data(const struct elf_file *f, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = elf_file_section(f, name);

	if (scn == NULL || gelf_getshdr(scn, sh) == NULL)
		return NULL;
	return elf_getdata(scn, NULL);
}

/* ---- exports ------------------------------------------------------------------- */

static bool
is_hidden(Elf_Data *versions, int index)
{
	GElf_Versym v;

	return versions != NULL &&
	    gelf_getversym(versions, index, &v) != NULL &&
	    (v & VERSION_HIDDEN) != 0;
}

static bool
find_export(const struct elf_file *f, const char *name, bool function,
    GElf_Sym *found)
{
	GElf_Shdr sh, vsh;
	Elf_Data *data = section_data(f, ".dynsym", &sh);
	Elf_Data *versions = section_data(f, ".gnu.version", &vsh);
	const char *text;

	if (data == NULL || sh.sh_type != SHT_DYNSYM)
		return false;
	for (int i = 0; gelf_getsym(data, i, found) != NULL; i++) {
		if (found->st_shndx == SHN_UNDEF || found->st_value == 0)
			continue;
		text = elf_strptr(f->elf, sh.sh_link, found->st_name);
		if (text == NULL || strcmp(text, name) != 0)
			continue;
		if (!function)
			return true;
		if (GELF_ST_TYPE(found->st_info) == STT_FUNC &&
		    !is_hidden(versions, i))
			return true;
	}
	return false;
}

bool
elf_layout_export(const struct elf_file *f, const char *name,
    uint64_t *address, uint64_t *size)
{
	GElf_Sym sym;

	if (!find_export(f, name, true, &sym))
		return false;
	*address = sym.st_value;
	*size = sym.st_size;
	return true;
}

bool
elf_layout_exports(const struct elf_file *f, const char *name)
{
	GElf_Sym sym;

	return find_export(f, name, false, &sym);
}

int
elf_layout_glibc(const struct elf_file *f)
{
	GElf_Shdr sh;
	Elf_Data *data = section_data(f, ".gnu.version_d", &sh);
	int newest = -1, minor, offset = 0;
	const char *name;
	GElf_Verdaux aux;
	GElf_Verdef def;

	/* A chain of offsets that only go up ends. */
	while (data != NULL && gelf_getverdef(data, offset, &def) != NULL) {
		if (gelf_getverdaux(data, offset + (int)def.vd_aux, &aux) !=
			NULL &&
		    (name = elf_strptr(f->elf, sh.sh_link, aux.vda_name)) !=
			NULL &&
		    sscanf(name, "GLIBC_2.%d", &minor) == 1 && minor > newest)
			newest = minor;
		if (def.vd_next == 0)
			break;
		offset += (int)(def.vd_next & 0xffffff);
	}
	return newest;
}

/* ---- headers --------------------------------------------------------------------- */

static bool
header_at(const struct elf_file *f, size_t i, GElf_Phdr *ph)
{
	size_t n;

	return elf_getphdrnum(f->elf, &n) == 0 && i < n &&
	    gelf_getphdr(f->elf, (int)i, ph) != NULL;
}

bool
elf_layout_interpreter(const struct elf_file *f, char *out, size_t room)
{
	GElf_Phdr ph;
	size_t want;
	ssize_t n;

	for (size_t i = 0; header_at(f, i, &ph); i++) {
		if (ph.p_type != PT_INTERP)
			continue;
		want = ph.p_filesz < room ? (size_t)ph.p_filesz : room - 1;
		n = pread(f->fd, out, want, (off_t)ph.p_offset);
		out[n > 0 ? n : 0] = '\0';
		return n > 0;
	}
	return false;
}

bool
elf_layout_tail(const struct elf_file *f, uint32_t flag, struct elf_tail *tail)
{
	GElf_Phdr ph;

	for (size_t i = 0; header_at(f, i, &ph); i++) {
		if (ph.p_type != PT_LOAD || (ph.p_flags & flag) == 0 ||
		    ph.p_vaddr + ph.p_memsz + PAGE < ph.p_vaddr)
			continue;
		tail->start = ph.p_vaddr;
		tail->end = ph.p_vaddr + ph.p_memsz;
		tail->page_end = (tail->end + PAGE - 1) & ~(PAGE - 1);
		return true;
	}
	return false;
}

bool
elf_layout_base(const struct elf_file *f, uint64_t *address)
{
	GElf_Phdr ph;

	for (size_t i = 0; header_at(f, i, &ph); i++) {
		if (ph.p_type != PT_LOAD)
			continue;
		*address = (ph.p_vaddr - ph.p_offset) & ~(PAGE - 1);
		return true;
	}
	return false;
}

/* ---- the dynamic section ------------------------------------------------------------ */

static Elf_Data *
dynamic(const struct elf_file *f, GElf_Shdr *sh)
{
	Elf_Data *data = section_data(f, ".dynamic", sh);

	return sh->sh_type == SHT_DYNAMIC ? data : NULL;
}

const char *
elf_layout_soname(const struct elf_file *f)
{
	GElf_Shdr sh = { 0 };
	Elf_Data *data = dynamic(f, &sh);
	const char *name;
	GElf_Dyn d;

	for (int i = 0; data != NULL && gelf_getdyn(data, i, &d) != NULL; i++)
		if (d.d_tag == DT_SONAME &&
		    (name = elf_strptr(f->elf, sh.sh_link, d.d_un.d_val)) !=
			NULL)
			return name;
	return "";
}

void
elf_layout_needed(const struct elf_file *f,
    void (*fn)(void *arg, const char *name), void *arg)
{
	GElf_Shdr sh = { 0 };
	Elf_Data *data = dynamic(f, &sh);
	const char *name;
	GElf_Dyn d;

	for (int i = 0; data != NULL && gelf_getdyn(data, i, &d) != NULL; i++)
		if (d.d_tag == DT_NEEDED &&
		    (name = elf_strptr(f->elf, sh.sh_link, d.d_un.d_val)) !=
			NULL)
			fn(arg, name);
}

void
elf_layout_tls(const struct elf_file *f, uint64_t *size, bool *is_static)
{
	GElf_Shdr sh = { 0 };
	Elf_Data *data = dynamic(f, &sh);
	GElf_Phdr ph;
	GElf_Dyn d;

	*size = 0;
	*is_static = false;
	for (size_t i = 0; header_at(f, i, &ph); i++)
		if (ph.p_type == PT_TLS)
			*size = ph.p_memsz;
	for (int i = 0; data != NULL && gelf_getdyn(data, i, &d) != NULL; i++)
		if (d.d_tag == DT_FLAGS && (d.d_un.d_val & DF_STATIC_TLS) != 0)
			*is_static = true;
}
