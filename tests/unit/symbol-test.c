/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/symbol.h"
#include "symbol-fixture.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/elf_file.h"

/* No debug folders of the machine: only what a test makes counts. */
#define NO_DIRS "/nonexistent"

static struct answer
look_at(const char *file, uint64_t address)
{
	return look_up("", NO_DIRS, at(file), "", address);
}

static void
assert_named(const struct answer *a, const char *name)
{
	assert_int_not_equal(a->n, 0);
	assert_string_equal(a->frames[a->n - 1].name, name);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Looks for an address of `first` where two calls are inlined. */
static void
check_inlined_chain(const char *file)
{
	uint64_t start = value_of(file, "first"), i;
	uint64_t size = size_of(file, "first");
	struct answer a;

	for (i = 0; i < size; i++) {
		a = look_at(file, start + i);
		if (a.n == 3)
			break;
	}
	assert_int_equal(a.n, 3);
	assert_string_equal(a.frames[0].name, "innermost");
	assert_string_equal(a.frames[1].name, "middle");
	assert_string_equal(a.frames[2].name, "first");
	assert_true(ends_with(a.frames[0].file, "/inner.h"));
	assert_true(ends_with(a.frames[1].file, "/inner.h"));
	assert_true(ends_with(a.frames[2].file, "/outer.c"));
	assert_in_range(a.frames[0].line, 3, 8);
	assert_int_equal(a.frames[1].line, 13);
	assert_int_equal(a.frames[2].line, 8);
	assert_int_equal(a.frames[0].start_line, 3);
	assert_int_equal(a.frames[1].start_line, 10);
	assert_int_equal(a.frames[2].start_line, 4);
	assert_string_equal(a.frames[2].system_name, "first");
}

static void
inlined_calls_are_named_callee_first(void **state)
{
	(void)state;
	check_inlined_chain("lib.so");
}

static void
dwarf_4_is_understood_as_dwarf_5_is(void **state)
{
	(void)state;
	shell("$CC -gdwarf-4 -O2 -fPIC -shared -o four.so outer.c opaque.c");
	check_inlined_chain("four.so");
	shell("$CC -gdwarf-5 -O2 -fPIC -shared -o five.so outer.c opaque.c");
	check_inlined_chain("five.so");
}

static void
compressed_sections_are_understood(void **state)
{
	(void)state;
	shell("objcopy --compress-debug-sections=zlib lib.so packed.so");
	check_inlined_chain("packed.so");
	shell("objcopy --compress-debug-sections=zlib-gnu lib.so old.so");
	check_inlined_chain("old.so");
}

static void
a_file_without_aranges_is_named_all_the_same(void **state)
{
	(void)state;
	shell("objcopy --remove-section .debug_aranges lib.so noaranges.so");
	check_inlined_chain("noaranges.so");
}

static void
sources_have_absolute_paths(void **state)
{
	struct answer a = look_at("lib.so", value_of("lib.so", "hidden"));

	(void)state;
	assert_int_equal(a.n, 1);
	assert_string_equal(a.frames[0].file, at("outer.c"));
	assert_in_range(a.frames[0].line, 12, 15);
}

/* Reads "name\nfile:line\n" pairs of addr2line up to the next address. */
static void
compare_with_oracle(FILE *oracle, const struct answer *a, size_t *compared,
    size_t *other_names)
{
	char name[2048], place[2048], *colon;
	const char *base;
	size_t i;
	int c;

	for (i = 0;; i++) {
		c = fgetc(oracle);
		ungetc(c, oracle);
		if (c == EOF || c == '0')
			break;
		assert_non_null(fgets(name, sizeof name, oracle));
		assert_non_null(fgets(place, sizeof place, oracle));
		/* addr2line names the padding between functions too. */
		if (i >= a->n || a->frames[i].line == 0)
			continue;
		name[strcspn(name, "\n")] = '\0';
		/* The part of a function that is moved away has its name. */
		if (strstr(name, " [clone .cold]") != NULL)
			*strstr(name, " [clone .cold]") = '\0';
		if (strstr(name, ".cold") != NULL)
			*strstr(name, ".cold") = '\0';
		colon = strrchr(place, ':');
		assert_non_null(colon);
		*colon = '\0';
		base = strrchr(a->frames[i].file, '/');
		/*
		 * An inlined lambda or constructor may have no linkage name of
		 * its own; addr2line then gives that of the function around.
		 */
		if (i + 1 == a->n)
			assert_string_equal(a->frames[i].name, name);
		else if (strcmp(a->frames[i].name, name) != 0)
			(*other_names)++;
		assert_int_equal(a->frames[i].line, strtol(colon + 1, NULL,
		    10));
		assert_true(ends_with(place, base != NULL ? base : ""));
		(*compared)++;
	}
	if (a->n > 0 && a->frames[0].line > 0)
		assert_int_equal(a->n, i);
}

static void
check_against_addr2line(const char *file, size_t at_least)
{
	struct symbol_module m = { .path = at(file), .build_id = "",
		.limit = 1 << 20 };
	char command[512], line[64];
	struct symbolizer *s;
	size_t compared = 0, other_names = 0;
	uint64_t low, size;
	struct answer a;
	FILE *oracle;

	low = strtoull(output_of("readelf -SW %s | sed 's/^ *\\[ *//' | "
	    "awk '$2 == \".text\" { print $4 }'", file), NULL, 16);
	size = strtoull(output_of("readelf -SW %s | sed 's/^ *\\[ *//' | "
	    "awk '$2 == \".text\" { print $6 }'", file), NULL, 16);
	assert_in_range(size, 16, 100000);
	snprintf(command, sizeof command,
	    "seq %llu %llu | xargs printf '0x%%x\\n' | "
	    "addr2line -a -i -f -C -e '%s'", (unsigned long long)low,
	    (unsigned long long)(low + size - 1), at(file));
	oracle = popen(command, "r");
	assert_non_null(oracle);
	s = symbolizer_new("", NO_DIRS, 0, 0);
	while (fgets(line, sizeof line, oracle) != NULL) {
		memset(&a, 0, sizeof a);
		symbolizer_lookup(s, &m, strtoull(line, NULL, 16), keep_answer,
		    &a);
		compare_with_oracle(oracle, &a, &compared, &other_names);
	}
	assert_int_equal(pclose(oracle), 0);
	symbolizer_free(s);
	assert_true(compared >= at_least);
	assert_true(other_names <= compared / 10);
}

static void
every_address_agrees_with_addr2line(void **state)
{
	(void)state;
	shell("$CC -gdwarf-4 -O2 -fPIC -shared -o old-c.so outer.c opaque.c");
	check_against_addr2line("old-c.so", 100);
	shell("$CXX -gdwarf-4 -O1 -fPIC -shared -o old-cxx.so shapes.cc");
	check_against_addr2line("old-cxx.so", 300);
	/* binutils before 2.41 do not read the ranges that clang writes. */
	if (system("$CC --version | grep -q clang") == 0)
		return;
	check_against_addr2line("lib.so", 100);
	check_against_addr2line("prog", 100);
	shell("$CXX -g -O2 -fPIC -shared -o shapes.so shapes.cc");
	check_against_addr2line("shapes.so", 300);
}

static void
cxx_functions_are_named_from_their_symbols_too(void **state)
{
	const char *mangled = "_ZNK4shop4tillclElPKc";
	uint64_t value;
	struct answer a;

	(void)state;
	shell("$CXX -O2 -fPIC -shared -s -o stripped-cc.so shapes.cc");
	shell("$CXX -O2 -fPIC -shared -o plain-cc.so shapes.cc");
	value = value_of("plain-cc.so", mangled);
	a = look_at("stripped-cc.so", value + 4);
	assert_named(&a, "shop::till::operator()(long, char const*) const");
	assert_string_equal(a.frames[0].system_name, mangled);
	assert_int_equal(a.frames[0].line, 0);
	assert_string_equal(a.frames[0].file, "");
}

static void
an_export_does_not_name_its_static_neighbour(void **state)
{
	uint64_t hidden = value_of("lib.so", "hidden");
	uint64_t first = value_of("lib.so", "first");
	uint64_t size = size_of("lib.so", "first"), i;
	struct answer a;

	(void)state;
	shell("strip -o stripped.so lib.so");
	a = look_at("stripped.so", first);
	assert_named(&a, "first");
	a = look_at("stripped.so", first + size - 1);
	assert_named(&a, "first");
	for (i = 0; i < size_of("lib.so", "hidden"); i++) {
		a = look_at("stripped.so", hidden + i);
		assert_int_equal(a.n, 0);
	}
	assert_int_equal(look_at("stripped.so", first + size).n, 0);
}

static void
a_symbol_table_names_static_functions(void **state)
{
	struct answer a;

	(void)state;
	shell("strip -g -o symtab.so lib.so");
	a = look_at("symtab.so", value_of("lib.so", "hidden") + 2);
	assert_named(&a, "hidden");
	assert_int_equal(a.frames[0].line, 0);
}

static void
a_label_without_size_reaches_to_the_next_symbol(void **state)
{
	FILE *f = fopen(at("labels.s"), "w");
	uint64_t bare;
	struct answer a;

	(void)state;
	assert_non_null(f);
	fputs(".text\n.globl bare\nbare:\n.skip 32, 0x90\nret\n"
	      ".globl sized\n.type sized, @function\nsized:\n.skip 16, 0x90\n"
	      "inside:\n.skip 16, 0x90\nret\n.size sized, . - sized\n"
	      ".skip 16, 0x90\n"
	      ".section .note.GNU-stack,\"\",@progbits\n", f);
	fclose(f);
	shell("$CC -shared -o labels.so labels.s outer.c opaque.c -fPIC");
	bare = value_of("labels.so", "bare");
	a = look_at("labels.so", bare);
	assert_named(&a, "bare");
	a = look_at("labels.so", bare + 32);
	assert_named(&a, "bare");
	a = look_at("labels.so", bare + 33);
	assert_named(&a, "sized");
	a = look_at("labels.so", value_of("labels.so", "inside") + 1);
	assert_named(&a, "sized");
	/* The table that exports leave is not complete: no reaching there. */
	shell("strip -o labels-stripped.so labels.so");
	assert_int_equal(look_at("labels-stripped.so", bare + 4).n, 0);
}

static void
a_version_is_no_part_of_a_name(void **state)
{
	struct answer a;

	(void)state;
	shell("echo 'V1 { global: first; last; local: *; };' > v.map && "
	      "$CC -O2 -fPIC -shared -Wl,--version-script=v.map -o v.so "
	      "outer.c opaque.c");
	a = look_at("v.so", strtoull(output_of(
	    "nm v.so | awk '$3 ~ /^first/ { print $1 }'"), NULL, 16));
	assert_named(&a, "first");
}

static void
what_is_no_code_has_no_name(void **state)
{
	(void)state;
	assert_int_equal(look_at("lib.so", 0).n, 0);
	assert_int_equal(look_at("lib.so", 0x40).n, 0);
	assert_int_equal(look_at("lib.so", UINT64_MAX).n, 0);
	assert_int_equal(look_at("lib.so", 1 << 30).n, 0);
	assert_int_equal(look_up("", NO_DIRS, "/none", "", 0x1100).n, 0);
	assert_int_equal(look_up("", NO_DIRS, "", "", 0x1100).n, 0);
	assert_int_equal(look_up("", NO_DIRS, NULL, NULL, 0x1100).n, 0);
	assert_int_equal(look_up("", NO_DIRS, "lib.so", "", 0x1100).n, 0);
}

static void
split_debug_file(void)
{
	shell("rm -rf split && mkdir -p split/.debug split/dirs && "
	      "objcopy --only-keep-debug lib.so split/lib.debug && "
	      "strip -o split/lib.so lib.so && cd split && "
	      "objcopy --add-gnu-debuglink=lib.debug lib.so");
}

static void
a_debug_file_is_found_by_link(void **state)
{
	uint64_t hidden = value_of("lib.so", "hidden");
	struct answer a;

	(void)state;
	split_debug_file();
	check_inlined_chain("lib.so");
	a = look_at("split/lib.so", hidden);
	assert_named(&a, "hidden");
	assert_in_range(a.frames[0].line, 12, 15);
	shell("mv split/lib.debug split/.debug/lib.debug");
	a = look_at("split/lib.so", hidden);
	assert_named(&a, "hidden");
	shell("mkdir -p split/dirs%s/split && "
	      "mv split/.debug/lib.debug split/dirs%s/split/", fixture_dir,
	    fixture_dir);
	assert_int_equal(look_at("split/lib.so", hidden).n, 0);
	a = look_up("", at("split/dirs"), at("split/lib.so"), "", hidden);
	assert_named(&a, "hidden");
}

static void
a_link_with_another_checksum_is_refused(void **state)
{
	uint64_t hidden = value_of("lib.so", "hidden");

	(void)state;
	split_debug_file();
	shell("printf x >> split/lib.debug");
	assert_int_equal(look_at("split/lib.so", hidden).n, 0);
}

static void
a_debug_file_is_found_by_build_id(void **state)
{
	uint64_t hidden = value_of("lib.so", "hidden");
	char id[128], dirs[256];
	struct answer a;

	(void)state;
	split_debug_file();
	snprintf(id, sizeof id, "%s", id_of("lib.so"));
	shell("mkdir -p split/dirs/.build-id/%.2s && "
	      "mv split/lib.debug split/dirs/.build-id/%.2s/%s.debug", id, id,
	    id + 2);
	snprintf(dirs, sizeof dirs, "/none:relative:%s", at("split/dirs"));
	a = look_up("", dirs, at("split/lib.so"), id, hidden);
	assert_named(&a, "hidden");
	assert_in_range(a.frames[0].line, 12, 15);
	/* Also when the module is known without its id, or is gone. */
	a = look_up("", dirs, at("split/lib.so"), "", hidden);
	assert_named(&a, "hidden");
	a = look_up("", dirs, "/gone/lib.so", id, hidden);
	assert_named(&a, "hidden");
	/* In our own root, for a target whose root has none. */
	a = look_up(at("split"), dirs, "/lib.so", id, hidden);
	assert_named(&a, "hidden");
	/* A file in that place with another id is not it. */
	shell("cp prog split/dirs/.build-id/%.2s/%s.debug", id, id + 2);
	assert_int_equal(look_up("", dirs, at("split/lib.so"), id, hidden).n,
	    0);
}

static void
a_replaced_file_gives_no_name(void **state)
{
	uint64_t first = value_of("lib.so", "first");
	struct symbol_module m = { .path = at("lib.so"), .build_id = "",
		.limit = 1 << 20, .deleted = true };
	struct symbolizer *s = symbolizer_new("", NO_DIRS, 0, 0);
	struct answer a = { 0 };
	char id[128];

	(void)state;
	snprintf(id, sizeof id, "%s", id_of("lib.so"));
	a = look_up("", NO_DIRS, at("lib.so"), id, first);
	assert_named(&a, "first");
	id[0] = id[0] == '0' ? '1' : '0';
	assert_int_equal(look_up("", NO_DIRS, at("lib.so"), id, first).n, 0);
	shell("objcopy --remove-section .note.gnu.build-id lib.so noid.so");
	assert_int_equal(look_up("", NO_DIRS, at("noid.so"), id, first).n, 0);
	/* Without an id there is only the mark. */
	symbolizer_lookup(s, &m, first, keep_answer, &a);
	assert_int_equal(a.n, 0);
	m.deleted = false;
	symbolizer_lookup(s, &m, first, keep_answer, &a);
	assert_named(&a, "first");
	symbolizer_free(s);
}

static void
answers_outlive_the_files_they_are_from(void **state)
{
	uint64_t first = value_of("lib.so", "first");
	struct symbol_module m = { .path = at("lib.so"), .build_id = "",
		.limit = 1 << 20 };
	struct symbolizer *s = symbolizer_new("", NO_DIRS, 0, 0);
	struct answer before = { 0 }, after = { 0 };

	(void)state;
	symbolizer_lookup(s, &m, first, keep_answer, &before);
	assert_named(&before, "first");
	/* Used since the last time; then not any more. */
	assert_false(symbolizer_rest(s));
	assert_true(symbolizer_rest(s));
	assert_false(symbolizer_rest(s));
	symbolizer_lookup(s, &m, first, keep_answer, &after);
	assert_memory_equal(&after, &before, sizeof after);
	/* What was not asked before is read again. */
	memset(&after, 0, sizeof after);
	symbolizer_lookup(s, &m, first + 1, keep_answer, &after);
	assert_named(&after, "first");
	symbolizer_free(s);
}

struct child {
	pid_t pid;
	int in;
	FILE *out;
	uint64_t first; /* where it has that function */
};

static struct child
start(const char *file, const char *library_path)
{
	int in[2], out[2];
	struct child c;
	void *first;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		setenv("LD_LIBRARY_PATH", library_path, 1);
		execl(at(file), file, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	c.in = in[1];
	c.out = fdopen(out[0], "r");
	assert_int_equal(fscanf(c.out, "%p", &first), 1);
	c.first = (uint64_t)(uintptr_t)first;
	return c;
}

static void
end(struct child *c)
{
	close(c->in);
	fclose(c->out);
	waitpid(c->pid, NULL, 0);
}

static void
a_deleted_program_is_named_through_proc(void **state)
{
	struct symbol_module m = { .path = at("sleeper"), .deleted = true };
	struct answer a = { 0 };
	struct symbolizer *s;
	struct child c;
	char id[128];

	(void)state;
	shell("cp prog sleeper");
	snprintf(id, sizeof id, "%s", id_of("prog"));
	c = start("sleeper", "");
	m.bias = c.first - value_of("prog", "first");
	m.build_id = id;
	shell("rm sleeper");
	s = symbolizer_new("", NO_DIRS, c.pid, c.pid);
	symbolizer_lookup(s, &m, c.first + 1, keep_answer, &a);
	assert_named(&a, "first");
	/* And without an id, since the link says which file it is. */
	m.build_id = "";
	symbolizer_lookup(s, &m, c.first + 1, keep_answer, &a);
	assert_named(&a, "first");
	/* The program by no name at all. */
	m.path = "";
	m.deleted = false;
	symbolizer_lookup(s, &m, c.first + 1, keep_answer, &a);
	assert_named(&a, "first");
	/* But not another file. */
	m.path = at("another");
	symbolizer_lookup(s, &m, c.first + 1, keep_answer, &a);
	assert_int_equal(a.n, 0);
	symbolizer_free(s);
	end(&c);
}

static void
a_deleted_library_is_named_through_its_mapping(void **state)
{
	struct symbol_module m = { .path = at("libgone.so"), .build_id = "",
		.deleted = true };
	struct answer a = { 0 };
	struct symbolizer *s;
	struct child c;

	(void)state;
	if (access("/proc/self/map_files", X_OK) != 0 || geteuid() != 0)
		skip();
	shell("cp lib.so libgone.so && $CC -O2 -o user main.c -L. -lgone");
	c = start("user", fixture_dir);
	shell("cp prog other && mv other libgone.so");
	m.bias = c.first - value_of("lib.so", "first");
	m.start = m.bias;
	m.limit = m.bias + 0x4000;
	s = symbolizer_new("", NO_DIRS, c.pid, c.pid);
	symbolizer_lookup(s, &m, c.first + 1, keep_answer, &a);
	assert_named(&a, "first");
	symbolizer_free(s);
	end(&c);
}

static void
paths_are_resolved_in_the_root_of_the_target(void **state)
{
	uint64_t hidden = value_of("lib.so", "hidden");
	struct answer a;

	(void)state;
	shell("rm -rf root && mkdir -p root/lib && cp lib.so root/lib/real.so "
	      "&& ln -s /lib/real.so root/lib/link.so && "
	      "ln -s %s root/lib/out.so && ln -s ../../lib.so "
	      "root/lib/up.so", at("lib.so"));
	a = look_up(at("root"), NO_DIRS, "/lib/real.so", "", hidden);
	assert_named(&a, "hidden");
	a = look_up(at("root"), NO_DIRS, "/lib/link.so", "", hidden);
	assert_named(&a, "hidden");
	assert_int_equal(look_up(at("root"), NO_DIRS, "/lib/out.so", "",
	    hidden).n, 0);
	assert_int_equal(look_up(at("root"), NO_DIRS, "/lib/up.so", "",
	    hidden).n, 0);
	assert_int_equal(look_up(at("absent"), NO_DIRS, at("lib.so"), "",
	    hidden).n, 0);
}

static void
a_fifo_is_not_waited_for(void **state)
{
	char id[128], alternate[160];
	struct answer a;
	FILE *f;

	(void)state;
	split_debug_file();
	snprintf(id, sizeof id, "%s", id_of("lib.so"));
	shell("mkfifo fifo && rm split/lib.debug && mkfifo split/lib.debug && "
	      "mkdir -p split/dirs/.build-id/%.2s && "
	      "mkfifo split/dirs/.build-id/%.2s/%s.debug", id, id, id + 2);
	assert_int_equal(look_at("fifo", 0x1100).n, 0);
	a = look_up("", at("split/dirs"), at("split/lib.so"), id,
	    value_of("lib.so", "first"));
	assert_named(&a, "first");
	/* libdw would open this one by itself. */
	snprintf(alternate, sizeof alternate, "%s", at("fifo"));
	f = fopen(at("altlink"), "w");
	assert_non_null(f);
	fwrite(alternate, 1, strlen(alternate) + 1, f);
	fwrite("01234567890123456789", 1, 20, f);
	fclose(f);
	shell("objcopy --add-section .gnu_debugaltlink=altlink lib.so alt.so");
	a = look_at("alt.so", value_of("lib.so", "hidden"));
	assert_named(&a, "hidden");
	assert_int_equal(a.frames[0].line, 0);
}

static void
damaged_files_are_survived(void **state)
{
	size_t size, i;
	char *bytes;
	FILE *f;

	(void)state;
	f = fopen(at("lib.so"), "r");
	assert_non_null(f);
	bytes = malloc(1 << 20);
	size = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	for (i = 0; i < size; i += size / 97) {
		f = fopen(at("short.so"), "w");
		assert_non_null(f);
		fwrite(bytes, 1, i, f);
		fclose(f);
		look_at("short.so", 0x1100);
	}
	srand(1);
	for (i = 0; i < 100; i++) {
		f = fopen(at("bent.so"), "w");
		assert_non_null(f);
		bytes[(size_t)rand() % size] ^= (char)(1 << rand() % 8);
		bytes[64 + (size_t)rand() % 1024] = (char)rand();
		fwrite(bytes, 1, size, f);
		fclose(f);
		look_at("bent.so", 0x1100);
	}
	free(bytes);
	shell("mkdir -p folder && : > empty && echo text > text");
	assert_int_equal(look_at("folder", 0x1100).n, 0);
	assert_int_equal(look_at("empty", 0x1100).n, 0);
	assert_int_equal(look_at("text", 0x1100).n, 0);
}

static void
jit_code_is_named_by_its_perf_map(void **state)
{
	struct symbol_module anonymous = { .path = "//anon", .build_id = "" };
	struct symbolizer *s;
	struct answer a = { 0 };

	(void)state;
	shell("mkdir -p jit/tmp && printf '%%s\\n' '1000 20 old one' "
	      "'1020 10 LazyCompile:~walk /app/x.js:12' nonsense '' '1040' "
	      "'zz 10 x' '1050 0 empty' '1060 10' '-1 5 y' '1000 10 new' "
	      "'ffffffffffffffff 10 wraps' '0x2000 0x8 prefixed' "
	      "> jit/tmp/perf-77.map && printf '3000 10 cut' "
	      ">> jit/tmp/perf-77.map");
	s = symbolizer_new(at("jit"), NO_DIRS, 0, 77);
	symbolizer_lookup(s, NULL, 0x1000, keep_answer, &a);
	assert_named(&a, "new");
	assert_int_equal(a.frames[0].line, 0);
	/* The old one's memory was used again, so all of it is gone. */
	symbolizer_lookup(s, NULL, 0x1018, keep_answer, &a);
	assert_int_equal(a.n, 0);
	symbolizer_lookup(s, &anonymous, 0x102f, keep_answer, &a);
	assert_named(&a, "LazyCompile:~walk /app/x.js:12");
	symbolizer_lookup(s, NULL, 0x1030, keep_answer, &a);
	assert_int_equal(a.n, 0);
	symbolizer_lookup(s, NULL, 0x2007, keep_answer, &a);
	assert_named(&a, "prefixed");
	symbolizer_lookup(s, NULL, 0x3000, keep_answer, &a);
	assert_int_equal(a.n, 0);
	symbolizer_free(s);
	shell("mv jit/tmp/perf-77.map jit/tmp/x && "
	      "ln -s x jit/tmp/perf-77.map");
	s = symbolizer_new(at("jit"), NO_DIRS, 0, 77);
	symbolizer_lookup(s, NULL, 0x1000, keep_answer, &a);
	assert_int_equal(a.n, 0);
	symbolizer_free(s);
}

static void
the_vdso_names_its_functions(void **state)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
	void *function = vdso ? dlsym(vdso, "__vdso_clock_gettime") : NULL;
	char *start_of = (char *)getauxval(AT_SYSINFO_EHDR);
	struct symbol_module m = { .path = "linux-vdso.so.1" };
	struct answer a = { 0 };
	struct elf_file *f;
	struct symbolizer *s;

	(void)state;
	if (function == NULL || start_of == NULL)
		skip();
	f = elf_file_memory(start_of, 4096);
	assert_non_null(f);
	m.bias = (uint64_t)(uintptr_t)start_of;
	m.build_id = f->build_id;
	s = symbolizer_new("", NO_DIRS, 0, 0);
	symbolizer_lookup(s, &m, (uint64_t)(uintptr_t)function, keep_answer,
	    &a);
	assert_int_equal(a.n, 1);
	assert_non_null(strstr(a.frames[0].name, "clock_gettime"));
	m.build_id = "";
	symbolizer_lookup(s, &m, (uint64_t)(uintptr_t)function, keep_answer,
	    &a);
	assert_int_equal(a.n, 0);
	symbolizer_free(s);
	elf_file_free(f);
	dlclose(vdso);
}

static void
compressed_symbols_in_a_stripped_file_are_used(void **state)
{
	uint64_t hidden = value_of("lib.so", "hidden");
	struct answer a;

	(void)state;
	if (system("command -v xz >/dev/null") != 0)
		skip();
	shell("strip -g -o mini lib.so && xz -f mini && "
	      "strip -o mini.so lib.so && "
	      "objcopy --add-section .gnu_debugdata=mini.xz mini.so");
	a = look_at("mini.so", hidden + 1);
	assert_named(&a, "hidden");
	/* Not from a file that others may have written. */
	shell("chmod o+w mini.so");
	assert_int_equal(look_at("mini.so", hidden + 1).n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inlined_calls_are_named_callee_first),
		cmocka_unit_test(dwarf_4_is_understood_as_dwarf_5_is),
		cmocka_unit_test(compressed_sections_are_understood),
		cmocka_unit_test(a_file_without_aranges_is_named_all_the_same),
		cmocka_unit_test(sources_have_absolute_paths),
		cmocka_unit_test(every_address_agrees_with_addr2line),
		cmocka_unit_test(
		    cxx_functions_are_named_from_their_symbols_too),
		cmocka_unit_test(an_export_does_not_name_its_static_neighbour),
		cmocka_unit_test(a_symbol_table_names_static_functions),
		cmocka_unit_test(
		    a_label_without_size_reaches_to_the_next_symbol),
		cmocka_unit_test(a_version_is_no_part_of_a_name),
		cmocka_unit_test(what_is_no_code_has_no_name),
		cmocka_unit_test(a_debug_file_is_found_by_link),
		cmocka_unit_test(a_link_with_another_checksum_is_refused),
		cmocka_unit_test(a_debug_file_is_found_by_build_id),
		cmocka_unit_test(a_replaced_file_gives_no_name),
		cmocka_unit_test(a_deleted_program_is_named_through_proc),
		cmocka_unit_test(
		    a_deleted_library_is_named_through_its_mapping),
		cmocka_unit_test(paths_are_resolved_in_the_root_of_the_target),
		cmocka_unit_test(a_fifo_is_not_waited_for),
		cmocka_unit_test(damaged_files_are_survived),
		cmocka_unit_test(answers_outlive_the_files_they_are_from),
		cmocka_unit_test(jit_code_is_named_by_its_perf_map),
		cmocka_unit_test(the_vdso_names_its_functions),
		cmocka_unit_test(
		    compressed_symbols_in_a_stripped_file_are_used),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
