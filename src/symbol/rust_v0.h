/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the demangler of Rust's v0 names share.
 *
 * The grammar is that of RFC 2603; each function reads one of its rules and
 * writes what it means. Names are input from others: depth, steps and output
 * are bounded, since back references make short names long. After a failure
 * nothing more is read or written.
 */
#ifndef ULLAGE_SYMBOL_RUST_V0_H
#define ULLAGE_SYMBOL_RUST_V0_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define V0_DEPTH_MAX 200
#define V0_STEPS_MAX 100000

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

/* rust_v0_text.c: characters in and out. */
bool v0_stopped(const struct v0 *d);
char v0_peek(const struct v0 *d);
bool v0_eat(struct v0 *d, char c);
char v0_next(struct v0 *d);
uint64_t v0_base62(struct v0 *d);
uint64_t v0_optional_base62(struct v0 *d, char tag);
struct v0_ident v0_plain_ident(struct v0 *d);
struct v0_ident v0_identifier(struct v0 *d);
void v0_put(struct v0 *d, const char *text);
void v0_put_n(struct v0 *d, const char *text, size_t len);
void v0_put_number(struct v0 *d, uint64_t n);
void v0_put_ident(struct v0 *d, const struct v0_ident *id);

/* Begins a rule; d->depth-- ends it, also when this is false. */
bool v0_enter(struct v0 *d);

/*
 * A back reference points to something earlier; what is not shown is not
 * followed, which keeps hidden parts from costing time.
 */
void v0_back_reference(struct v0 *d, void (*rule)(struct v0 *d, bool flag),
    bool flag);

/* Elements up to E; the number of them. */
size_t v0_list(struct v0 *d, void (*element)(struct v0 *d),
    const char *separator);

/* rust_v0.c */
void v0_path(struct v0 *d, bool in_value);

/* rust_v0_const.c: values of generic parameters. */
void v0_constant(struct v0 *d, bool in_value);

#endif
