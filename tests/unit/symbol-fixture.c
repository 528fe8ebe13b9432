/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char fixture_dir[64];

static const char outer_c[] =
    "#include \"inner.h\"\n"
    "static int hidden(int n);\n"
    "__attribute__((visibility(\"default\"), noinline)) int\n"
    "first(int n)\n"
    "{\n"
    "	int i, sum = 0;\n"
    "	for (i = 0; i < n; i++)\n"
    "		sum += middle(sum ^ i);\n"
    "	return hidden(sum) + 1;\n"
    "}\n"
    "static __attribute__((noinline)) int\n"
    "hidden(int n)\n"
    "{\n"
    "	volatile int v = n;\n"
    "	return v * 3 + v / 7;\n"
    "}\n"
    "__attribute__((visibility(\"default\"), noinline)) int\n"
    "last(int n)\n"
    "{\n"
    "	return middle(hidden(n) + 5);\n"
    "}\n";

static const char inner_h[] =
    "int opaque(int n);\n"
    "static inline __attribute__((always_inline)) int\n"
    "innermost(int n)\n"
    "{\n"
    "	volatile int v = n;\n"
    "	v += n * n;\n"
    "	return v ^ 0x55;\n"
    "}\n"
    "static inline __attribute__((always_inline)) int\n"
    "middle(int n)\n"
    "{\n"
    "	int m = opaque(n);\n"
    "	return innermost(m + 1) + m;\n"
    "}\n";

static const char opaque_c[] =
    "int opaque(int n);\n"
    "__attribute__((noinline)) int opaque(int n) { return n * 31 + 7; }\n";

static const char main_c[] =
    "#include <stdio.h>\n"
    "#include <unistd.h>\n"
    "int first(int n);\n"
    "int last(int n);\n"
    "int\n"
    "main(void)\n"
    "{\n"
    "	printf(\"%p %d\\n\", (void *)&first, last(2));\n"
    "	fflush(stdout);\n"
    "	alarm(60);\n"
    "	return getchar() == 'x' ? first(3) : 0;\n"
    "}\n";

static const char shapes_cc[] =
    "#include <vector>\n"
    "#include <string>\n"
    "namespace shop {\n"
    "template <typename T> struct shelf {\n"
    "	std::vector<T> items;\n"
    "	__attribute__((noinline)) void put(T t) { items.push_back(t); }\n"
    "};\n"
    "namespace {\n"
    "__attribute__((noinline)) int count(const std::string &s) {\n"
    "	return (int)s.size() + 1;\n"
    "}\n"
    "}\n"
    "struct till {\n"
    "	virtual ~till();\n"
    "	int operator()(long n, const char *s) const;\n"
    "};\n"
    "till::~till() {}\n"
    "int till::operator()(long n, const char *s) const {\n"
    "	shelf<long> k; k.put(n);\n"
    "	auto f = [&](int m) { return count(std::string(s)) + m; };\n"
    "	return f(2) + (int)k.items.size();\n"
    "}\n"
    "}\n"
    "extern \"C\" int entry(long n) { return shop::till()(n, \"abc\"); }\n";

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

int
fixture_setup(void **state)
{
	(void)state;
	/* Nothing here may wait; a test that does must end. */
	alarm(300);
	strcpy(fixture_dir, "/tmp/ullage-symbol-XXXXXX");
	if (mkdtemp(fixture_dir) == NULL)
		return -1;
	setenv("CC", "cc", 0);
	setenv("CXX", "c++", 0);
	setenv("LC_ALL", "C", 1);
	write_file("outer.c", outer_c);
	write_file("inner.h", inner_h);
	write_file("opaque.c", opaque_c);
	write_file("main.c", main_c);
	write_file("shapes.cc", shapes_cc);
	shell("$CC -g -O2 -fPIC -fvisibility=hidden -shared "
	      "-Wl,--build-id -o lib.so outer.c opaque.c");
	shell("$CC -g -O2 -Wl,--build-id -o prog main.c outer.c opaque.c");
	return 0;
}

int
fixture_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", fixture_dir);
	return system(command);
}

void
shell(const char *fmt, ...)
{
	char command[2048], all[2304];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	snprintf(all, sizeof all, "cd '%s' && %s", fixture_dir, command);
	if (system(all) != 0)
		fail_msg("failed: %s", command);
}

const char *
output_of(const char *fmt, ...)
{
	static char line[1024];
	char command[2048], all[2304];
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	snprintf(all, sizeof all, "cd '%s' && %s", fixture_dir, command);
	f = popen(all, "r");
	assert_non_null(f);
	line[0] = '\0';
	if (fgets(line, sizeof line, f) != NULL)
		line[strcspn(line, "\n")] = '\0';
	while (fgetc(f) != EOF)
		;
	pclose(f);
	return line;
}

const char *
at(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", fixture_dir, name);
	return path;
}

uint64_t
value_of(const char *file, const char *symbol)
{
	const char *hex = output_of(
	    "nm %s | awk '$3 == \"%s\" { print $1 }'", file, symbol);

	assert_true(hex[0] != '\0');
	return strtoull(hex, NULL, 16);
}

uint64_t
size_of(const char *file, const char *symbol)
{
	const char *hex = output_of(
	    "nm -S %s | awk '$4 == \"%s\" { print $2 }'", file, symbol);

	assert_true(hex[0] != '\0');
	return strtoull(hex, NULL, 16);
}

const char *
id_of(const char *file)
{
	static char id[128];

	snprintf(id, sizeof id, "%s", output_of(
	    "readelf -n %s | awk '/Build ID/ { print $3 }'", file));
	assert_true(id[0] != '\0');
	return id;
}

void
keep_answer(void *arg, const struct symbol_frame *frames, size_t n)
{
	struct answer *a = arg;
	size_t i;

	a->calls++;
	a->n = n;
	for (i = 0; i < n && i < 16; i++) {
		snprintf(a->frames[i].name, sizeof a->frames[i].name, "%s",
		    frames[i].name);
		snprintf(a->frames[i].system_name,
		    sizeof a->frames[i].system_name, "%s",
		    frames[i].system_name);
		snprintf(a->frames[i].file, sizeof a->frames[i].file, "%s",
		    frames[i].file);
		a->frames[i].line = frames[i].line;
		a->frames[i].start_line = frames[i].start_line;
	}
}

struct answer
look_up(const char *root, const char *debug_dirs, const char *path,
    const char *build_id, uint64_t address)
{
	struct symbol_module m = { .path = path, .build_id = build_id,
		.bias = 0x7f0000000000, .start = 0x7f0000000000,
		.limit = 0x7f0000100000 };
	struct symbolizer *s = symbolizer_new(root, debug_dirs, 0, 0);
	struct answer a = { 0 };

	symbolizer_lookup(s, &m, m.bias + address, keep_answer, &a);
	assert_int_equal(a.calls, 1);
	symbolizer_free(s);
	return a;
}
