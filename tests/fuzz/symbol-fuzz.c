/* SPDX-License-Identifier: MIT */
/*
 * Files that were never ELF, and names that were never mangled. An input that
 * starts as an ELF file does is looked into as one; any other is demangled
 * and read as a perf map.
 */
#include "config.h"

#include "base/xalloc.h"
#include "symbol/perf_map.h"
#include "symbol/symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void
touch(void *arg, const struct symbol_frame *frames, size_t n)
{
	size_t *sum = arg, i;

	for (i = 0; i < n; i++)
		*sum += strlen(frames[i].name) +
		    strlen(frames[i].system_name) + strlen(frames[i].file);
}

static void
look_into(const unsigned char *bytes, size_t size)
{
	struct symbol_module m = { .build_id = "", .limit = UINT64_MAX };
	struct symbolizer *s;
	size_t sum = 0, i;
	uint64_t address;
	char path[64];
	int fd;

	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	m.path = path;
	s = symbolizer_new("", "/nonexistent", 0, 0);
	for (address = 0x1000; address < 0x1400; address += 7)
		symbolizer_lookup(s, &m, address, touch, &sum);
	/* Wherever a damaged header puts its code. */
	for (i = 0; i < 8 && size >= 16 + 8 * i + 8; i++) {
		memcpy(&address, bytes + size - 8 * i - 8, 8);
		symbolizer_lookup(s, &m, address, touch, &sum);
	}
	symbolizer_free(s);
	close(fd);
}

static void
read_text(const unsigned char *bytes, size_t size)
{
	char *text = xmalloc(size + 1), *name;
	struct perf_map *map;

	memcpy(text, bytes, size);
	text[size] = '\0';
	name = symbol_demangle(text);
	if (name != NULL && strlen(name) > 20000)
		abort();
	free(name);
	map = perf_map_parse(text, size);
	perf_map_find(map, 0x1000);
	perf_map_free(map);
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	if (size >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
		look_into(bytes, size);
	else
		read_text(bytes, size);
	return 0;
}
