/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "symbol/rust_v0.h"
#include "symbol/rust.h"

#include <string.h>

void
v0_put_n(struct v0 *d, const char *text, size_t len)
{
	if (d->silent > 0 || d->failed || d->full)
		return;
	if (d->out->len + len > DEMANGLED_MAX) {
		d->full = true;
		return;
	}
	buf_add(d->out, text, len);
}

void
v0_put(struct v0 *d, const char *text)
{
	v0_put_n(d, text, strlen(text));
}

void
v0_put_number(struct v0 *d, uint64_t n)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%llu", (unsigned long long)n);
	v0_put(d, buf_text(&text));
	buf_free(&text);
}

bool
v0_stopped(const struct v0 *d)
{
	return d->failed || d->full;
}

char
v0_peek(const struct v0 *d)
{
	return d->at < d->len ? d->text[d->at] : '\0';
}

bool
v0_eat(struct v0 *d, char c)
{
	if (v0_stopped(d) || v0_peek(d) != c || c == '\0')
		return false;
	d->at++;
	return true;
}

char
v0_next(struct v0 *d)
{
	if (d->at >= d->len)
		d->failed = true;
	return v0_stopped(d) ? '\0' : d->text[d->at++];
}

bool
v0_enter(struct v0 *d)
{
	if (++d->depth > V0_DEPTH_MAX || ++d->steps > V0_STEPS_MAX)
		d->failed = true;
	return !v0_stopped(d);
}

uint64_t
v0_base62(struct v0 *d)
{
	uint64_t value = 0;
	unsigned digit;
	char c;

	if (v0_eat(d, '_'))
		return 0;
	while (!v0_stopped(d) && !v0_eat(d, '_')) {
		c = v0_next(d);
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

uint64_t
v0_optional_base62(struct v0 *d, char tag)
{
	uint64_t value;

	if (!v0_eat(d, tag))
		return 0;
	value = v0_base62(d);
	if (value == UINT64_MAX)
		d->failed = true;
	return value + 1;
}

struct v0_ident
v0_plain_ident(struct v0 *d)
{
	struct v0_ident id = { "", 0, false, 0 };
	size_t len = 0;
	char c;

	id.punycode = v0_eat(d, 'u');
	c = v0_next(d);
	if (c < '0' || c > '9') {
		d->failed = true;
		return id;
	}
	len = (size_t)(c - '0');
	while (len > 0 && len <= d->len && v0_peek(d) >= '0' &&
	    v0_peek(d) <= '9')
		len = len * 10 + (size_t)(v0_next(d) - '0');
	v0_eat(d, '_');
	if (v0_stopped(d) || len > d->len - d->at) {
		d->failed = true;
		return id;
	}
	id.text = d->text + d->at;
	id.len = len;
	d->at += len;
	return id;
}

struct v0_ident
v0_identifier(struct v0 *d)
{
	uint64_t disambiguator = v0_optional_base62(d, 's');
	struct v0_ident id = v0_plain_ident(d);

	id.disambiguator = disambiguator;
	return id;
}

void
v0_put_ident(struct v0 *d, const struct v0_ident *id)
{
	if (id->punycode)
		v0_put(d, "punycode{");
	v0_put_n(d, id->text, id->len);
	if (id->punycode)
		v0_put(d, "}");
}

void
v0_back_reference(struct v0 *d, void (*rule)(struct v0 *d, bool flag),
    bool flag)
{
	size_t start = d->at - 1, resume;
	uint64_t target = v0_base62(d);

	if (v0_stopped(d) || target >= start) {
		d->failed = true;
		return;
	}
	if (d->silent > 0)
		return;
	resume = d->at;
	d->at = (size_t)target;
	if (v0_enter(d))
		rule(d, flag);
	d->depth--;
	d->at = resume;
}

size_t
v0_list(struct v0 *d, void (*element)(struct v0 *d), const char *separator)
{
	size_t n = 0;

	while (!v0_stopped(d) && !v0_eat(d, 'E')) {
		if (n++ > 0)
			v0_put(d, separator);
		element(d);
	}
	return n;
}
