/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/rust.h"

#include <stdlib.h>
#include <string.h>

/* "h", 16 hex digits. */
#define HASH_LEN 17

struct ident {
	const char *text;
	size_t len;
};

static bool
next_ident(const char **at, struct ident *id)
{
	size_t len = 0;

	if (**at < '1' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		len = len * 10 + (size_t)(**at - '0');
		if (len > DEMANGLED_MAX)
			return false;
	}
	if (strnlen(*at, len) < len)
		return false;
	*id = (struct ident){ *at, len };
	*at += len;
	return true;
}

/*
 * The scheme looks like C++; only the hash tells. A hash has many different
 * digits, which a C++ name of that shape would not.
 */
static bool
is_hash(const struct ident *id)
{
	unsigned seen = 0;
	size_t i;
	char c;

	if (id->len != HASH_LEN || id->text[0] != 'h')
		return false;
	for (i = 1; i < id->len; i++) {
		c = id->text[i];
		if (c >= '0' && c <= '9')
			seen |= 1u << (c - '0');
		else if (c >= 'a' && c <= 'f')
			seen |= 1u << (c - 'a' + 10);
		else
			return false;
	}
	return __builtin_popcount(seen) >= 5;
}

static void
put_character(struct buf *out, unsigned long c)
{
	char utf8[4];
	size_t n = 0;

	if (c < 0x80) {
		utf8[n++] = (char)c;
	} else if (c < 0x800) {
		utf8[n++] = (char)(0xc0 | c >> 6);
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		utf8[n++] = (char)(0xe0 | c >> 12);
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		utf8[n++] = (char)(0xf0 | c >> 18);
		utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	}
	buf_add(out, utf8, n);
}

/* $LT$ and its like at text; the length that it takes, or 0. */
static size_t
put_escape(struct buf *out, const char *text, size_t len)
{
	static const struct {
		const char *code, *is;
	} known[] = { { "SP", "@" }, { "BP", "*" }, { "RF", "&" },
		{ "LT", "<" }, { "GT", ">" }, { "LP", "(" }, { "RP", ")" },
		{ "C", "," } };
	const char *end = memchr(text + 1, '$', len - 1);
	size_t n, i;
	char digits[8], *rest;
	unsigned long c;

	if (end == NULL)
		return 0;
	n = (size_t)(end - text) - 1;
	for (i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strlen(known[i].code) == n &&
		    memcmp(known[i].code, text + 1, n) == 0) {
			buf_puts(out, known[i].is);
			return n + 2;
		}
	}
	if (n < 2 || n > sizeof digits || text[1] != 'u')
		return 0;
	memcpy(digits, text + 2, n - 1);
	digits[n - 1] = '\0';
	if (strspn(digits, "0123456789abcdef") != n - 1)
		return 0;
	c = strtoul(digits, &rest, 16);
	if (c < 0x20 || c == 0x7f || c > 0x10ffff ||
	    (c >= 0xd800 && c < 0xe000))
		return 0;
	put_character(out, c);
	return n + 2;
}

static void
put_ident(struct buf *out, const struct ident *id)
{
	size_t i = 0, n;

	/* An identifier may not begin with an escape, hence the underscore. */
	if (id->len > 1 && id->text[0] == '_' && id->text[1] == '$')
		i = 1;
	while (i < id->len) {
		n = 0;
		if (id->text[i] == '$')
			n = put_escape(out, id->text + i, id->len - i);
		if (n == 0 && id->text[i] == '.' && i + 1 < id->len &&
		    id->text[i + 1] == '.') {
			buf_puts(out, "::");
			n = 2;
		}
		if (n == 0) {
			buf_add(out, id->text + i, 1);
			n = 1;
		}
		i += n;
	}
}

bool
rust_legacy_demangle(const char *name, struct buf *out)
{
	struct ident id, last = { "", 0 };
	const char *at, *start;
	size_t i, n = 0;

	if (strncmp(name, "_ZN", 3) != 0)
		return false;
	start = at = name + 3;
	while (next_ident(&at, &id)) {
		last = id;
		n++;
	}
	/* What follows is of LLVM's making: .llvm.1234, .cold. */
	if (*at != 'E' || (at[1] != '\0' && at[1] != '.') || n < 2 ||
	    !is_hash(&last))
		return false;
	at = start;
	for (i = 0; i + 1 < n && next_ident(&at, &id); i++) {
		if (i > 0)
			buf_puts(out, "::");
		put_ident(out, &id);
	}
	return true;
}
