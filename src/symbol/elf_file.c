/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/elf_file.h"
#include "base/xalloc.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Debug sections shrink to a third or a fifth; a file that promises more
 * than this for its size is made to fill our memory.
 */
#define INFLATE_RATIO_MAX 64
#define INFLATE_FREE (UINT64_C(64) << 20)

void
build_id_text(char out[BUILD_ID_TEXT], const void *id, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = id;
	size_t i;

	if (n > (BUILD_ID_TEXT - 1) / 2)
		n = 0;
	for (i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static void
find_code(struct elf_file *f)
{
	size_t i, n;
	GElf_Phdr ph;

	if (elf_getphdrnum(f->elf, &n) != 0)
		return;
	for (i = 0; i < n && f->n_code < ELF_CODE_MAX; i++) {
		if (gelf_getphdr(f->elf, (int)i, &ph) == NULL)
			return;
		if (ph.p_type != PT_LOAD || (ph.p_flags & PF_X) == 0 ||
		    ph.p_vaddr + ph.p_memsz < ph.p_vaddr)
			continue;
		f->code[f->n_code].low = ph.p_vaddr;
		f->code[f->n_code++].high = ph.p_vaddr + ph.p_memsz;
	}
}

static struct elf_file *
look_into(Elf *elf, int fd)
{
	struct elf_file *f;
	const void *id;
	ssize_t n;

	if (elf == NULL || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	f = xcalloc(1, sizeof *f);
	f->elf = elf;
	f->fd = fd;
	n = dwelf_elf_gnu_build_id(elf, &id);
	if (n > 0)
		build_id_text(f->build_id, id, (size_t)n);
	find_code(f);
	return f;
}

struct elf_file *
elf_file_open(int fd)
{
	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	return look_into(elf_begin(fd, ELF_C_READ, NULL), fd);
}

struct elf_file *
elf_file_open_compressed(int fd)
{
	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	return look_into(dwelf_elf_begin(fd), fd);
}

struct elf_file *
elf_file_memory(char *bytes, size_t size)
{
	elf_version(EV_CURRENT);
	return look_into(elf_memory(bytes, size), -1);
}

void
elf_file_free(struct elf_file *f)
{
	if (f == NULL)
		return;
	elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}

bool
elf_file_has_code(const struct elf_file *f, uint64_t address)
{
	size_t i;

	for (i = 0; i < f->n_code; i++)
		if (address >= f->code[i].low && address < f->code[i].high)
			return true;
	return false;
}

Elf_Scn *
elf_file_section(const struct elf_file *f, const char *name)
{
	Elf_Scn *scn = NULL;
	const char *text;
	size_t names;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(f->elf, &names) != 0)
		return NULL;
	while ((scn = elf_nextscn(f->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &sh) == NULL)
			continue;
		text = elf_strptr(f->elf, names, sh.sh_name);
		if (text != NULL && strcmp(text, name) == 0)
			return scn;
	}
	return NULL;
}

bool
elf_file_has_symtab(const struct elf_file *f)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(f->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL &&
		    sh.sh_type == SHT_SYMTAB && sh.sh_size > 0)
			return true;
	return false;
}

bool
elf_file_has_dwarf(const struct elf_file *f)
{
	static const char *const names[] = { ".debug_info", ".zdebug_info",
		".debug_line", ".zdebug_line" };
	GElf_Shdr sh;
	Elf_Scn *scn;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		scn = elf_file_section(f, names[i]);
		if (scn != NULL && gelf_getshdr(scn, &sh) != NULL &&
		    sh.sh_type != SHT_NOBITS)
			return true;
	}
	return false;
}

/* The old form: "ZLIB" and the size, big endian, before the stream. */
static uint64_t
zdebug_size(Elf_Scn *scn)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	const unsigned char *bytes;
	uint64_t size = 0;
	int i;

	if (data == NULL || data->d_buf == NULL || data->d_size < 12 ||
	    memcmp(data->d_buf, "ZLIB", 4) != 0)
		return 0;
	bytes = data->d_buf;
	for (i = 4; i < 12; i++)
		size = size << 8 | bytes[i];
	return size;
}

bool
elf_file_inflates_sanely(const struct elf_file *f)
{
	uint64_t total = 0, size, limit;
	Elf_Scn *scn = NULL;
	const char *name;
	size_t names;
	GElf_Shdr sh;
	GElf_Chdr ch;
	struct stat st;

	if (f->fd < 0 || fstat(f->fd, &st) != 0 ||
	    elf_getshdrstrndx(f->elf, &names) != 0)
		return false;
	limit = (uint64_t)st.st_size * INFLATE_RATIO_MAX + INFLATE_FREE;
	while ((scn = elf_nextscn(f->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &sh) == NULL)
			continue;
		size = 0;
		name = elf_strptr(f->elf, names, sh.sh_name);
		if ((sh.sh_flags & SHF_COMPRESSED) != 0) {
			if (gelf_getchdr(scn, &ch) != NULL)
				size = ch.ch_size;
		} else if (name != NULL && strncmp(name, ".zdebug", 7) == 0) {
			size = zdebug_size(scn);
		}
		if (size > limit || total + size > limit)
			return false;
		total += size;
	}
	return true;
}

/* The usual CRC-32, as of zlib and Ethernet; the polynomial reversed. */
static void
make_crc_table(uint32_t table[256])
{
	uint32_t i, c;
	int bit;

	for (i = 0; i < 256; i++) {
		for (c = i, bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ UINT32_C(0xedb88320) : c >> 1;
		table[i] = c;
	}
}

bool
elf_file_crc(const struct elf_file *f, uint32_t *crc)
{
	unsigned char *chunk = xmalloc(1 << 18);
	uint32_t table[256], c = UINT32_MAX;
	off_t at = 0;
	ssize_t i, n;

	make_crc_table(table);
	while ((n = pread(f->fd, chunk, 1 << 18, at)) > 0) {
		for (i = 0; i < n; i++)
			c = c >> 8 ^ table[(c ^ chunk[i]) & 255];
		at += n;
	}
	*crc = ~c;
	free(chunk);
	return n == 0;
}
