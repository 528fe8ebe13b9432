/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/escape.h"

#include <langinfo.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

/*
 * Decodes one character: its length in bytes, or 0 if the bytes are not valid
 * UTF-8 (overlong forms, surrogates and values past U+10FFFF included).
 */
static size_t
decode(const unsigned char *s, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;

	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2, *c = s[0] & 0x1f;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3, *c = s[0] & 0x0f;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4, *c = s[0] & 0x07;
	else
		return 0;
	if (len < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e ||
	    c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || c == 0x061c;
}

void
escape_terminal(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i = 0, n, j;
	uint32_t c;

	while (i < len) {
		for (n = 0; i + n < len && s[i + n] >= 0x20 && s[i + n] < 0x7f;)
			n++;
		if (n != 0) {
			buf_add(out, s + i, n);
			i += n;
			continue;
		}
		n = decode(s + i, len - i, &c);
		if (n != 0 && !is_control(c)) {
			buf_add(out, s + i, n);
		} else {
			if (n == 0)
				n = 1;
			for (j = 0; j < n; j++)
				buf_printf(out, "\\x%02x", s[i + j]);
		}
		i += n;
	}
}

void
escape_utf8(struct buf *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text), i = 0, n;
	uint32_t c;

	buf_add(out, "", 0);
	while (i < len) {
		n = decode(s + i, len - i, &c);
		if (n != 0)
			buf_add(out, s + i, n);
		else
			buf_printf(out, "\\x%02x", s[i]);
		i += n != 0 ? n : 1;
	}
}

bool
escape_is_utf8(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text), i, n;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = s[i] < 0x80 ? 1 : decode(s + i, len - i, &c);
		if (n == 0)
			return false;
	}
	return true;
}

/*
 * Columns of one character. The locale's wcwidth where it knows the
 * character; one column where it does not (the C locale knows ASCII alone).
 */
static size_t
columns_of(uint32_t c)
{
	int w = wcwidth((wchar_t)c);

	return w < 0 ? 1 : (size_t)w;
}

size_t
escape_fit(const char *text, size_t columns, size_t *used)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text), i = 0, n, w;
	uint32_t c;

	*used = 0;
	while (i < len) {
		n = decode(s + i, len - i, &c);
		if (n == 0)
			n = 1, c = '?';
		w = columns_of(c);
		if (*used + w > columns)
			break;
		*used += w;
		i += n;
	}
	return i;
}

size_t
escape_width(const char *text)
{
	size_t used;

	escape_fit(text, (size_t)-1, &used);
	return used;
}

const char *
escape_ellipsis(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "\xe2\x80\xa6" :
							    "...";
}

size_t
escape_cut(struct buf *out, const char *text, size_t columns)
{
	const char *dots = escape_ellipsis();
	size_t dots_width = escape_width(dots), used, fit;
	struct buf safe = BUF_INIT;

	escape_terminal(&safe, text, strlen(text));
	fit = escape_fit(buf_text(&safe), columns, &used);
	if (fit == safe.len) {
		buf_add(out, safe.bytes, fit);
	} else {
		if (dots_width > columns)
			dots = "", dots_width = 0;
		fit = escape_fit(safe.bytes, columns - dots_width, &used);
		buf_add(out, safe.bytes, fit);
		buf_puts(out, dots);
		used += dots_width;
	}
	buf_free(&safe);
	return used;
}
