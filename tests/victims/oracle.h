/* SPDX-License-Identifier: MIT */
/*
 * The oracle: a program that knows what each of its call sites allocated and
 * holds, to the byte. A site is a function whose name begins with site_; all
 * that it allocates it tells, and what it keeps it returns.
 */
#ifndef ULLAGE_TESTS_ORACLE_H
#define ULLAGE_TESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __clang__ /* clones nothing */
#define SITE __attribute__((noinline))
#else
#define SITE __attribute__((noinline, noclone))
#endif

/* How what a site returned is given back. */
enum by {
	BY_FREE,
	BY_DELETE,
	BY_DELETE_ARRAY,
	BY_DELETE_SIZED,
	BY_DELETE_ARRAY_SIZED,
	BY_DELETE_NOTHROW,
	BY_DELETE_ALIGNED,
	BY_DELETE_ARRAY_ALIGNED,
	BY_DELETE_SIZED_ALIGNED,
};

struct site {
	const char *name;
	/* Allocates; tells every allocation but what it does not see (the
	 * inside of libc); returns what it keeps, or NULL. */
	void *(*run)(struct site *site);
	size_t size; /* a prime of its own */
	enum by by;
	bool hidden; /* its allocations are libc's: only what it holds is known */
	uint64_t alloc_objects, alloc_bytes, live_objects, live_bytes;
};

/* p was allocated by the site. Returns p. */
void *told(struct site *site, void *p);

extern struct site cxx_sites[];
extern const size_t n_cxx_sites;
void cxx_delete(const struct site *site, void *p);

#ifdef __cplusplus
}
#endif
#endif
