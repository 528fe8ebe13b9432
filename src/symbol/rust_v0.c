/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/rust_v0.h"
#include "symbol/rust.h"

#include <string.h>

static void type(struct v0 *d);

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
		v0_put(d, "'_");
		return;
	}
	if (index > d->binders) {
		d->failed = true;
		return;
	}
	depth = d->binders - index;
	if (depth < 26) {
		letter[1] = (char)('a' + depth);
		v0_put(d, letter);
	} else {
		v0_put(d, "'_");
		v0_put_number(d, depth);
	}
}

/* for<'a, 'b>; the number of lifetimes that it binds. */
static uint64_t
binder(struct v0 *d)
{
	uint64_t bound = v0_optional_base62(d, 'G'), i;

	if (bound == 0)
		return 0;
	if (bound > V0_DEPTH_MAX) {
		d->failed = true;
		return 0;
	}
	v0_put(d, "for<");
	for (i = 0; i < bound; i++) {
		if (i > 0)
			v0_put(d, ", ");
		d->binders++;
		lifetime(d, 1);
	}
	v0_put(d, "> ");
	return bound;
}

static void
generic_argument(struct v0 *d)
{
	if (v0_eat(d, 'L'))
		lifetime(d, v0_base62(d));
	else if (v0_eat(d, 'K'))
		v0_constant(d, false);
	else
		type(d);
}

static void
nested_path(struct v0 *d, bool in_value)
{
	char space = v0_next(d);
	struct v0_ident id;

	v0_path(d, in_value);
	id = v0_identifier(d);
	if (space >= 'A' && space <= 'Z') {
		v0_put(d, "::{");
		if (space == 'C')
			v0_put(d, "closure");
		else if (space == 'S')
			v0_put(d, "shim");
		else
			v0_put_n(d, &space, 1);
		if (id.len > 0) {
			v0_put(d, ":");
			v0_put_ident(d, &id);
		}
		v0_put(d, "#");
		v0_put_number(d, id.disambiguator);
		v0_put(d, "}");
	} else if (space < 'a' || space > 'z') {
		d->failed = true;
	} else if (id.len > 0) {
		v0_put(d, "::");
		v0_put_ident(d, &id);
	}
}

/* <T>, <T as Trait>; where the impl block stands is not shown. */
static void
impl_path(struct v0 *d, char tag)
{
	if (tag != 'Y') {
		v0_optional_base62(d, 's');
		d->silent++;
		v0_path(d, false);
		d->silent--;
	}
	v0_put(d, "<");
	type(d);
	if (tag != 'M') {
		v0_put(d, " as ");
		v0_path(d, false);
	}
	v0_put(d, ">");
}

void
v0_path(struct v0 *d, bool in_value)
{
	struct v0_ident id;
	char tag;

	if (!v0_enter(d))
		goto out;
	tag = v0_next(d);
	switch (tag) {
	case 'C':
		id = v0_identifier(d);
		v0_put_ident(d, &id);
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
		v0_path(d, in_value);
		v0_put(d, in_value ? "::<" : "<");
		v0_list(d, generic_argument, ", ");
		v0_put(d, ">");
		break;
	case 'B':
		v0_back_reference(d, v0_path, in_value);
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

	if (v0_eat(d, 'U'))
		v0_put(d, "unsafe ");
	if (v0_eat(d, 'K')) {
		v0_put(d, "extern \"");
		if (v0_eat(d, 'C')) {
			v0_put(d, "C");
		} else {
			abi = v0_plain_ident(d);
			for (i = 0; i < abi.len; i++)
				v0_put_n(d, abi.text[i] == '_' ? "-" :
				    &abi.text[i], 1);
		}
		v0_put(d, "\" ");
	}
	v0_put(d, "fn(");
	v0_list(d, type, ", ");
	v0_put(d, ")");
	if (!v0_eat(d, 'u')) {
		v0_put(d, " -> ");
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

	if (!v0_enter(d))
		goto out;
	if (v0_eat(d, 'B')) {
		target = v0_base62(d);
		if (v0_stopped(d) || target >= start) {
			d->failed = true;
		} else if (d->silent == 0) {
			resume = d->at;
			d->at = (size_t)target;
			open_path(d, open);
			d->at = resume;
		}
	} else if (v0_eat(d, 'I')) {
		v0_path(d, false);
		v0_put(d, "<");
		v0_list(d, generic_argument, ", ");
		*open = true;
	} else {
		v0_path(d, false);
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
	while (v0_eat(d, 'p')) {
		v0_put(d, open ? ", " : "<");
		open = true;
		id = v0_plain_ident(d);
		v0_put_ident(d, &id);
		v0_put(d, " = ");
		type(d);
	}
	if (open)
		v0_put(d, ">");
}

static void
dyn_type(struct v0 *d)
{
	uint64_t bound, index;

	v0_put(d, "dyn ");
	bound = binder(d);
	v0_list(d, dyn_trait, " + ");
	d->binders -= bound;
	if (!v0_eat(d, 'L')) {
		d->failed = true;
		return;
	}
	index = v0_base62(d);
	if (index != 0) {
		v0_put(d, " + ");
		lifetime(d, index);
	}
}

static void
reference_type(struct v0 *d, char tag)
{
	uint64_t index;

	v0_put(d, "&");
	if (v0_eat(d, 'L')) {
		index = v0_base62(d);
		if (index != 0) {
			lifetime(d, index);
			v0_put(d, " ");
		}
	}
	if (tag == 'Q')
		v0_put(d, "mut ");
	type(d);
}

static void
type(struct v0 *d)
{
	const char *basic;
	char tag;

	if (!v0_enter(d))
		goto out;
	tag = v0_next(d);
	basic = basic_type(tag);
	if (basic != NULL) {
		v0_put(d, basic);
		goto out;
	}
	switch (tag) {
	case 'R':
	case 'Q':
		reference_type(d, tag);
		break;
	case 'P':
	case 'O':
		v0_put(d, tag == 'P' ? "*const " : "*mut ");
		type(d);
		break;
	case 'A':
	case 'S':
		v0_put(d, "[");
		type(d);
		if (tag == 'A') {
			v0_put(d, "; ");
			v0_constant(d, true);
		}
		v0_put(d, "]");
		break;
	case 'T':
		v0_put(d, "(");
		if (v0_list(d, type, ", ") == 1)
			v0_put(d, ",");
		v0_put(d, ")");
		break;
	case 'F':
		function_type(d);
		break;
	case 'D':
		dyn_type(d);
		break;
	case 'B':
		v0_back_reference(d, type_rule, false);
		break;
	default:
		if (!v0_stopped(d)) {
			d->at--;
			v0_path(d, false);
		}
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
	v0_path(&d, true);
	if (!v0_stopped(&d) && d.at < d.len) {
		/* The crate that asked for this instance of a generic. */
		d.silent++;
		v0_path(&d, false);
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
