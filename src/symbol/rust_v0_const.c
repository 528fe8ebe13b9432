/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/rust_v0.h"

#include <string.h>

/* Hex digits up to an underscore; where they start, and how many. */
static const char *
nibbles(struct v0 *d, size_t *n)
{
	const char *start = d->text + d->at;
	char c;

	for (*n = 0; (c = v0_next(d)) != '_' && !v0_stopped(d); (*n)++)
		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			d->failed = true;
	return start;
}

static unsigned
nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The number, or false if it has more than 64 bits. */
static bool
small_number(const char *digits, size_t n, uint64_t *value)
{
	*value = 0;
	for (; n > 0 && *digits == '0'; n--)
		digits++;
	if (n > 16)
		return false;
	for (; n > 0; n--)
		*value = *value << 4 | nibble(*digits++);
	return true;
}

static void
put_integer(struct v0 *d)
{
	const char *digits;
	uint64_t value;
	size_t n;

	digits = nibbles(d, &n);
	if (v0_stopped(d))
		return;
	if (small_number(digits, n, &value)) {
		v0_put_number(d, value);
	} else {
		v0_put(d, "0x");
		v0_put_n(d, digits, n);
	}
}

/* One character of a literal; quote is the one that needs a backslash. */
static void
put_literal(struct v0 *d, uint64_t c, char quote)
{
	struct buf text = BUF_INIT;

	if (c == (uint64_t)quote || c == '\\')
		buf_printf(&text, "\\%c", (int)c);
	else if (c >= 0x20 && c < 0x7f)
		buf_printf(&text, "%c", (int)c);
	else
		buf_printf(&text, "\\u{%llx}", (unsigned long long)c);
	v0_put(d, buf_text(&text));
	buf_free(&text);
}

static void
put_string(struct v0 *d)
{
	const char *digits;
	size_t i, n;
	unsigned c;

	digits = nibbles(d, &n);
	if (v0_stopped(d) || n % 2 != 0) {
		d->failed = true;
		return;
	}
	v0_put(d, "\"");
	for (i = 0; i < n; i += 2) {
		c = nibble(digits[i]) << 4 | nibble(digits[i + 1]);
		/* UTF-8 stays as it is; views check it. */
		if (c >= 0x80)
			v0_put_n(d, &(char){ (char)c }, 1);
		else
			put_literal(d, c, '"');
	}
	v0_put(d, "\"");
}

static void
scalar(struct v0 *d, char tag)
{
	const char *digits;
	uint64_t value;
	size_t n;

	if (tag != 'b' && tag != 'c') {
		if (strchr("aslxni", tag) != NULL && v0_eat(d, 'n'))
			v0_put(d, "-");
		put_integer(d);
		return;
	}
	digits = nibbles(d, &n);
	if (v0_stopped(d) || !small_number(digits, n, &value) ||
	    value > (tag == 'b' ? 1 : 0x10ffff)) {
		d->failed = true;
	} else if (tag == 'b') {
		v0_put(d, value ? "true" : "false");
	} else {
		v0_put(d, "'");
		put_literal(d, value, '\'');
		v0_put(d, "'");
	}
}

static void
element(struct v0 *d)
{
	v0_constant(d, true);
}

static void
field(struct v0 *d)
{
	struct v0_ident id = v0_identifier(d);

	v0_put_ident(d, &id);
	v0_put(d, ": ");
	v0_constant(d, true);
}

/* A struct or a variant of an enum, by how its fields are written. */
static void
aggregate(struct v0 *d)
{
	v0_path(d, true);
	switch (v0_next(d)) {
	case 'U':
		break;
	case 'T':
		v0_put(d, "(");
		v0_list(d, element, ", ");
		v0_put(d, ")");
		break;
	case 'S':
		v0_put(d, " { ");
		v0_list(d, field, ", ");
		v0_put(d, " }");
		break;
	default:
		d->failed = true;
	}
}

static void
compound(struct v0 *d, char tag)
{
	switch (tag) {
	case 'e':
		v0_put(d, "*");
		put_string(d);
		break;
	case 'R':
	case 'Q':
		if (tag == 'R' && v0_eat(d, 'e')) {
			put_string(d);
			break;
		}
		v0_put(d, tag == 'R' ? "&" : "&mut ");
		v0_constant(d, true);
		break;
	case 'A':
		v0_put(d, "[");
		v0_list(d, element, ", ");
		v0_put(d, "]");
		break;
	case 'T':
		v0_put(d, "(");
		if (v0_list(d, element, ", ") == 1)
			v0_put(d, ",");
		v0_put(d, ")");
		break;
	case 'V':
		aggregate(d);
		break;
	default:
		d->failed = true;
	}
}

void
v0_constant(struct v0 *d, bool in_value)
{
	bool braces;
	char tag;

	if (!v0_enter(d))
		goto out;
	tag = v0_next(d);
	if (tag == '\0') {
		d->failed = true;
	} else if (tag == 'p') {
		v0_put(d, "_");
	} else if (strchr("hptmyojaslxnibc", tag) != NULL) {
		scalar(d, tag);
	} else if (tag == 'B') {
		v0_back_reference(d, v0_constant, in_value);
	} else {
		braces = !in_value && !(tag == 'R' && v0_peek(d) == 'e');
		v0_put(d, braces ? "{" : "");
		compound(d, tag);
		v0_put(d, braces ? "}" : "");
	}
out:
	d->depth--;
}
