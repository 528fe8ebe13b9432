/* SPDX-License-Identifier: MIT */
/*
 * Names that the Rust compiler mangled, in both of its schemes. Both write
 * names without the hash of the crate, as people know them.
 */
#ifndef ULLAGE_SYMBOL_RUST_H
#define ULLAGE_SYMBOL_RUST_H

#include <stdbool.h>

#include "base/buf.h"

/* A demangled name is cut at this length. */
#define DEMANGLED_MAX 16384

/* _ZN…17h<16 hex digits>E. False, and nothing appended, if it is not one. */
bool rust_legacy_demangle(const char *name, struct buf *out);

/* _R…, RFC 2603. The same. */
bool rust_v0_demangle(const char *name, struct buf *out);

#endif
