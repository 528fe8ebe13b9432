/* SPDX-License-Identifier: MIT */
/* What speaks against changing a limit: the kernel, the target, good sense. */
#ifndef ULLAGE_TUNE_REFUSE_H
#define ULLAGE_TUNE_REFUSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "tune/setlimit.h"

/*
 * Fails if the kernel would refuse the change, with the true cause and what
 * would work. It looks at what the kernel looks at; a security module may
 * still say no.
 */
int refuse_denied(const struct limit_change *c, struct err *e);

/* The sentence for an EPERM of the kernel. Returns -1. */
int refuse_explain(const struct limit_change *c, struct err *e);

/*
 * Fails if the change harms the process: below what it uses, or a limit that
 * kills it. The sentence names the consequence; --force overrides it.
 */
int refuse_harm(const struct limit_change *c, struct err *e);

/*
 * Appends sentences about what may surprise, a line each. imports_select:
 * the program uses select(), and cannot with descriptors above 1,023.
 */
void refuse_warn(const struct limit_change *c, bool imports_select,
    struct buf *lines);

/* True if the answer to that question matters for the change. */
bool refuse_wants_select(const struct limit_change *c);

#endif
