/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "symbol/rust.h"
#include "symbol/symbol.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * The C++ demangler of libstdc++ in the form that hands out pieces; only the
 * static library has it. __cxa_demangle would do, but a name of a hundred
 * bytes can demangle to gigabytes, and only from a callback can it be left:
 * it holds nothing but its stack. It refuses names beyond 1 kB by itself.
 */
int __gcclibcxx_demangle_callback(const char *mangled,
    void (*callback)(const char *text, size_t len, void *arg), void *arg);

struct pieces {
	struct buf out;
	jmp_buf enough;
};

static void
take_piece(const char *text, size_t len, void *arg)
{
	struct pieces *p = arg;

	if (p->out.len + len > DEMANGLED_MAX) {
		buf_puts(&p->out, "...");
		longjmp(p->enough, 1);
	}
	buf_add(&p->out, text, len);
}

/* The pieces are the caller's, for what setjmp does to our own variables. */
static bool
collect(const char *name, struct pieces *p)
{
	if (setjmp(p->enough) != 0)
		return true;
	return __gcclibcxx_demangle_callback(name, take_piece, p) == 0;
}

static char *
cxx_demangle(const char *name)
{
	struct pieces *p = xcalloc(1, sizeof *p);
	char *text = NULL;

	if (collect(name, p) && p->out.len > 0) {
		text = p->out.bytes;
		p->out = (struct buf)BUF_INIT;
	}
	buf_free(&p->out);
	free(p);
	return text;
}

char *
symbol_demangle(const char *name)
{
	struct buf out = BUF_INIT;

	if (rust_v0_demangle(name, &out) || rust_legacy_demangle(name, &out))
		return out.bytes;
	buf_free(&out);
	if (strncmp(name, "_Z", 2) == 0)
		return cxx_demangle(name);
	return NULL;
}
