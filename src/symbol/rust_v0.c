/* SPDX-License-Identifier: MIT */
/*
 * The grammar is that of RFC 2603; each function below reads one of its
 * rules and writes what it means. Names are input from others: depth, steps
 * and output are bounded, since back references make short names long.
 */
#include "config.h"

#include "symbol/rust.h"

#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 200
#define STEPS_MAX 100000

struct v0 {
	const char *text; /* after "_R" */
	size_t len, at;
	struct buf *out;
	unsigned depth, steps;
	unsigned silent;  /* parsing what is not shown */
	uint64_t binders; /* lifetimes bound so far */
	bool failed, full;
};

struct v0_ident {
	const char *text;
	size_t len;
	bool punycode;
	uint64_t disambiguator;
};

static void path(struct v0 *d, bool in_value);
static void type(struct v0 *d);
static void constant(struct v0 *d, bool in_value);

static void
put_n(struct v0 *d, const char *text, size_t len)
{
	if (d->silent > 0 || d->failed || d->full)
		return;
	if (d->out->len + len > DEMANGLED_MAX) {
		d->full = true;
		return;
	}
	buf_add(d->out, text, len);
}

static void
put(struct v0 *d, const char *text)
{
	put_n(d, text, strlen(text));
}

static void
put_number(struct v0 *d, uint64_t n)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%llu", (unsigned long long)n);
	put(d, buf_text(&text));
	buf_free(&text);
}

static bool
stopped(const struct v0 *d)
{
	return d->failed || d->full;
}

static char
peek(const struct v0 *d)
{
	return d->at < d->len ? d->text[d->at] : '\0';
}

static bool
eat(struct v0 *d, char c)
{
	if (stopped(d) || peek(d) != c || c == '\0')
		return false;
	d->at++;
	return true;
}

static char
next(struct v0 *d)
{
	if (d->at >= d->len)
		d->failed = true;
	return stopped(d) ? '\0' : d->text[d->at++];
}

static bool
enter(struct v0 *d)
{
	if (++d->depth > DEPTH_MAX || ++d->steps > STEPS_MAX)
		d->failed = true;
	return !stopped(d);
}

static uint64_t
base62(struct v0 *d)
{
	uint64_t value = 0;
	unsigned digit;
	char c;

	if (eat(d, '_'))
		return 0;
	while (!stopped(d) && !eat(d, '_')) {
		c = next(d);
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'z')
			digit = (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'Z')
			digit = (unsigned)(c - 'A') + 36;
		else
			digit = 62;
		if (digit == 62 || value > (UINT64_MAX - 62) / 62)
			d->failed = true;
		else
			value = value * 62 + digit;
	}
	if (value == UINT64_MAX)
		d->failed = true;
	return value + 1;
}

static uint64_t
optional_base62(struct v0 *d, char tag)
{
	uint64_t value;

	if (!eat(d, tag))
		return 0;
	value = base62(d);
	if (value == UINT64_MAX)
		d->failed = true;
	return value + 1;
}

static struct v0_ident
plain_ident(struct v0 *d)
{
	struct v0_ident id = { "", 0, false, 0 };
	size_t len = 0;
	char c;

	id.punycode = eat(d, 'u');
	c = next(d);
	if (c < '0' || c > '9') {
		d->failed = true;
		return id;
	}
	len = (size_t)(c - '0');
	while (len > 0 && peek(d) >= '0' && peek(d) <= '9' && len <= d->len)
		len = len * 10 + (size_t)(next(d) - '0');
	eat(d, '_');
	if (stopped(d) || len > d->len - d->at) {
		d->failed = true;
		return id;
	}
	id.text = d->text + d->at;
	id.len = len;
	d->at += len;
	return id;
}

static struct v0_ident
identifier(struct v0 *d)
{
	uint64_t disambiguator = optional_base62(d, 's');
	struct v0_ident id = plain_ident(d);

	id.disambiguator = disambiguator;
	return id;
}

static void
put_ident(struct v0 *d, const struct v0_ident *id)
{
	if (id->punycode)
		put(d, "punycode{");
	put_n(d, id->text, id->len);
	if (id->punycode)
		put(d, "}");
}

/*
 * A back reference points to something earlier; what is not shown is not
 * followed, which keeps hidden parts from costing time.
 */
static void
back_reference(struct v0 *d, void (*rule)(struct v0 *d, bool flag), bool flag)
{
	size_t start = d->at - 1, resume;
	uint64_t target = base62(d);

	if (stopped(d) || target >= start) {
		d->failed = true;
		return;
	}
	if (d->silent > 0)
		return;
	resume = d->at;
	d->at = (size_t)target;
	if (enter(d))
		rule(d, flag);
	d->depth--;
	d->at = resume;
}

static void
type_rule(struct v0 *d, bool flag)
{
	(void)flag;
	type(d);
}

static void
lifetime(struct v0 *d, uint64_t index)
{
	uint64_t depth;
	char letter[3] = "'_";

	if (index == 0) {
		put(d, "'_");
		return;
	}
	if (index > d->binders) {
		d->failed = true;
		return;
	}
	depth = d->binders - index;
	if (depth < 26) {
		letter[1] = (char)('a' + depth);
		put(d, letter);
	} else {
		put(d, "'_");
		put_number(d, depth);
	}
}

/* for<'a, 'b>; the number of lifetimes that it binds. */
static uint64_t
binder(struct v0 *d)
{
	uint64_t bound = optional_base62(d, 'G'), i;

	if (bound == 0)
		return 0;
	if (bound > DEPTH_MAX) {
		d->failed = true;
		return 0;
	}
	put(d, "for<");
	for (i = 0; i < bound; i++) {
		if (i > 0)
			put(d, ", ");
		d->binders++;
		lifetime(d, 1);
	}
	put(d, "> ");
	return bound;
}

static void
generic_argument(struct v0 *d)
{
	if (eat(d, 'L'))
		lifetime(d, base62(d));
	else if (eat(d, 'K'))
		constant(d, false);
	else
		type(d);
}

/* Elements up to E; the number of them. */
static size_t
list(struct v0 *d, void (*element)(struct v0 *d), const char *separator)
{
	size_t n = 0;

	while (!stopped(d) && !eat(d, 'E')) {
		if (n++ > 0)
			put(d, separator);
		element(d);
	}
	return n;
}

static void
nested_path(struct v0 *d, bool in_value)
{
	char space = next(d);
	struct v0_ident id;

	path(d, in_value);
	id = identifier(d);
	if (space >= 'A' && space <= 'Z') {
		put(d, "::{");
		if (space == 'C')
			put(d, "closure");
		else if (space == 'S')
			put(d, "shim");
		else
			put_n(d, &space, 1);
		if (id.len > 0) {
			put(d, ":");
			put_ident(d, &id);
		}
		put(d, "#");
		put_number(d, id.disambiguator);
		put(d, "}");
	} else if (space < 'a' || space > 'z') {
		d->failed = true;
	} else if (id.len > 0) {
		put(d, "::");
		put_ident(d, &id);
	}
}

/* <T>, <T as Trait>; where the impl block stands is not shown. */
static void
impl_path(struct v0 *d, char tag)
{
	if (tag != 'Y') {
		optional_base62(d, 's');
		d->silent++;
		path(d, false);
		d->silent--;
	}
	put(d, "<");
	type(d);
	if (tag != 'M') {
		put(d, " as ");
		path(d, false);
	}
	put(d, ">");
}

static void
path(struct v0 *d, bool in_value)
{
	struct v0_ident id;
	char tag;

	if (!enter(d))
		goto out;
	tag = next(d);
	switch (tag) {
	case 'C':
		id = identifier(d);
		put_ident(d, &id);
		break;
	case 'N':
		nested_path(d, in_value);
		break;
	case 'M':
	case 'X':
	case 'Y':
		impl_path(d, tag);
		break;
	case 'I':
		path(d, in_value);
		put(d, in_value ? "::<" : "<");
		list(d, generic_argument, ", ");
		put(d, ">");
		break;
	case 'B':
		back_reference(d, path, in_value);
		break;
	default:
		d->failed = true;
	}
out:
	d->depth--;
}

static const char *
basic_type(char tag)
{
	static const char *const names['z' - 'a' + 1] = { "i8", "bool", "char",
		"f64", "str", "f32", NULL, "u8", "isize", "usize", NULL, "i32",
		"u32", "i128", "u128", "_", NULL, NULL, "i16", "u16", "()",
		"...", NULL, "i64", "u64", "!" };

	return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

static void
function_type(struct v0 *d)
{
	uint64_t bound = binder(d);
	struct v0_ident abi;
	size_t i;

	if (eat(d, 'U'))
		put(d, "unsafe ");
	if (eat(d, 'K')) {
		put(d, "extern \"");
		if (eat(d, 'C')) {
			put(d, "C");
		} else {
			abi = plain_ident(d);
			for (i = 0; i < abi.len; i++)
				put_n(d, abi.text[i] == '_' ? "-" :
				    &abi.text[i], 1);
		}
		put(d, "\" ");
	}
	put(d, "fn(");
	list(d, type, ", ");
	put(d, ")");
	if (!eat(d, 'u')) {
		put(d, " -> ");
		type(d);
	}
	d->binders -= bound;
}

/* A path whose generic arguments are left open: dyn Trait<A, Item = B>. */
static void
open_path(struct v0 *d, bool *open)
{
	size_t resume, start = d->at;
	uint64_t target;

	if (!enter(d))
		goto out;
	if (eat(d, 'B')) {
		target = base62(d);
		if (stopped(d) || target >= start) {
			d->failed = true;
		} else if (d->silent == 0) {
			resume = d->at;
			d->at = (size_t)target;
			open_path(d, open);
			d->at = resume;
		}
	} else if (eat(d, 'I')) {
		path(d, false);
		put(d, "<");
		list(d, generic_argument, ", ");
		*open = true;
	} else {
		path(d, false);
	}
out:
	d->depth--;
}

static void
dyn_trait(struct v0 *d)
{
	struct v0_ident id;
	bool open = false;

	open_path(d, &open);
	while (eat(d, 'p')) {
		put(d, open ? ", " : "<");
		open = true;
		id = plain_ident(d);
		put_ident(d, &id);
		put(d, " = ");
		type(d);
	}
	if (open)
		put(d, ">");
}

static void
dyn_type(struct v0 *d)
{
	uint64_t bound, index;

	put(d, "dyn ");
	bound = binder(d);
	list(d, dyn_trait, " + ");
	d->binders -= bound;
	if (!eat(d, 'L')) {
		d->failed = true;
		return;
	}
	index = base62(d);
	if (index != 0) {
		put(d, " + ");
		lifetime(d, index);
	}
}

static void
reference_type(struct v0 *d, char tag)
{
	uint64_t index;

	put(d, "&");
	if (eat(d, 'L')) {
		index = base62(d);
		if (index != 0) {
			lifetime(d, index);
			put(d, " ");
		}
	}
	if (tag == 'Q')
		put(d, "mut ");
	type(d);
}

static void
type(struct v0 *d)
{
	const char *basic;
	char tag;

	if (!enter(d))
		goto out;
	tag = next(d);
	basic = basic_type(tag);
	if (basic != NULL) {
		put(d, basic);
		goto out;
	}
	switch (tag) {
	case 'R':
	case 'Q':
		reference_type(d, tag);
		break;
	case 'P':
	case 'O':
		put(d, tag == 'P' ? "*const " : "*mut ");
		type(d);
		break;
	case 'A':
	case 'S':
		put(d, "[");
		type(d);
		if (tag == 'A') {
			put(d, "; ");
			constant(d, true);
		}
		put(d, "]");
		break;
	case 'T':
		put(d, "(");
		if (list(d, type, ", ") == 1)
			put(d, ",");
		put(d, ")");
		break;
	case 'F':
		function_type(d);
		break;
	case 'D':
		dyn_type(d);
		break;
	case 'B':
		back_reference(d, type_rule, false);
		break;
	default:
		if (!stopped(d)) {
			d->at--;
			path(d, false);
		}
	}
out:
	d->depth--;
}

/* Hex digits up to an underscore; where they start, and how many. */
static const char *
nibbles(struct v0 *d, size_t *n)
{
	const char *start = d->text + d->at;
	char c;

	for (*n = 0; (c = next(d)) != '_' && !stopped(d); (*n)++)
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
	if (stopped(d))
		return;
	if (small_number(digits, n, &value)) {
		put_number(d, value);
	} else {
		put(d, "0x");
		put_n(d, digits, n);
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
	put(d, buf_text(&text));
	buf_free(&text);
}

static void
put_string(struct v0 *d)
{
	const char *digits;
	size_t i, n;
	unsigned c;

	digits = nibbles(d, &n);
	if (stopped(d) || n % 2 != 0) {
		d->failed = true;
		return;
	}
	put(d, "\"");
	for (i = 0; i < n; i += 2) {
		c = nibble(digits[i]) << 4 | nibble(digits[i + 1]);
		/* UTF-8 stays as it is; views check it. */
		if (c >= 0x80)
			put_n(d, &(char){ (char)c }, 1);
		else
			put_literal(d, c, '"');
	}
	put(d, "\"");
}

static void
scalar(struct v0 *d, char tag)
{
	const char *digits;
	uint64_t value;
	size_t n;

	if (tag != 'b' && tag != 'c') {
		if (strchr("aslxni", tag) != NULL && eat(d, 'n'))
			put(d, "-");
		put_integer(d);
		return;
	}
	digits = nibbles(d, &n);
	if (stopped(d) || !small_number(digits, n, &value) ||
	    value > (tag == 'b' ? 1 : 0x10ffff)) {
		d->failed = true;
	} else if (tag == 'b') {
		put(d, value ? "true" : "false");
	} else {
		put(d, "'");
		put_literal(d, value, '\'');
		put(d, "'");
	}
}

static void
element(struct v0 *d)
{
	constant(d, true);
}

static void
field(struct v0 *d)
{
	struct v0_ident id = identifier(d);

	put_ident(d, &id);
	put(d, ": ");
	constant(d, true);
}

/* A struct or a variant of an enum, by how its fields are written. */
static void
aggregate(struct v0 *d)
{
	path(d, true);
	switch (next(d)) {
	case 'U':
		break;
	case 'T':
		put(d, "(");
		list(d, element, ", ");
		put(d, ")");
		break;
	case 'S':
		put(d, " { ");
		list(d, field, ", ");
		put(d, " }");
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
		put(d, "*");
		put_string(d);
		break;
	case 'R':
	case 'Q':
		if (tag == 'R' && eat(d, 'e')) {
			put_string(d);
			break;
		}
		put(d, tag == 'R' ? "&" : "&mut ");
		constant(d, true);
		break;
	case 'A':
		put(d, "[");
		list(d, element, ", ");
		put(d, "]");
		break;
	case 'T':
		put(d, "(");
		if (list(d, element, ", ") == 1)
			put(d, ",");
		put(d, ")");
		break;
	case 'V':
		aggregate(d);
		break;
	default:
		d->failed = true;
	}
}

static void
constant(struct v0 *d, bool in_value)
{
	bool braces;
	char tag;

	if (!enter(d))
		goto out;
	tag = next(d);
	if (tag == '\0') {
		d->failed = true;
	} else if (tag == 'p') {
		put(d, "_");
	} else if (strchr("hptmyojaslxnibc", tag) != NULL) {
		scalar(d, tag);
	} else if (tag == 'B') {
		back_reference(d, constant, in_value);
	} else {
		braces = !in_value && !(tag == 'R' && peek(d) == 'e');
		put(d, braces ? "{" : "");
		compound(d, tag);
		put(d, braces ? "}" : "");
	}
out:
	d->depth--;
}

bool
rust_v0_demangle(const char *name, struct buf *out)
{
	struct v0 d = { .out = out };
	size_t before = out->len;

	if (strncmp(name, "_R", 2) != 0 || name[2] < 'A' || name[2] > 'Z')
		return false;
	d.text = name + 2;
	/* A suffix is of LLVM's making: .llvm.1234, .cold. */
	d.len = strcspn(d.text, ".$");
	path(&d, true);
	if (!stopped(&d) && d.at < d.len) {
		/* The crate that asked for this instance of a generic. */
		d.silent++;
		path(&d, false);
		d.silent--;
	}
	if (d.full)
		buf_puts(out, "...");
	if (d.failed || (!d.full && d.at < d.len)) {
		out->len = before;
		if (out->bytes != NULL)
			out->bytes[before] = '\0';
		return false;
	}
	return true;
}
