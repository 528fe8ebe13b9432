/* SPDX-License-Identifier: MIT */
/*
 * What the server asks of the program: it knows no processes itself.
 *
 * The functions are called from several threads at once. Every one that takes
 * a pid fails with ERR_GONE for a process that is not served, or not any more.
 */
#ifndef ULLAGE_SERVE_SOURCE_H
#define ULLAGE_SERVE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "encode/plot.h"
#include "encode/prom.h"
#include "profile/profile.h"
#include "table/table.h"

struct source_kind {
	const char *name;
	const char *summary; /* a phrase */
};

/* A table of a page. The title is a phrase; help may be NULL. */
typedef void source_section_fn(void *arg, const char *title,
    const char *help, const struct table *t);

/* A plot of a page, or if that is NULL a bar of n parts, with its title. */
typedef void source_plot_fn(void *arg, const struct plot *plot,
    const char *title, const struct plot_part *parts, size_t n);

/* An address that has a name. */
typedef void source_symbol_fn(void *arg, uint64_t address, const char *name);

struct source {
	void *arg;

	/* Kinds of profiles that can be had; ends with a row without name. */
	const struct source_kind *kinds;

	/* The pids that are served now, ascending. Owned by the caller. */
	int (*pids)(void *arg, int32_t **pids, size_t *n, struct err *e);

	/* Its name; not escaped. */
	int (*name)(void *arg, int32_t pid, char out[64], struct err *e);

	/* A profile with names. Owned by the caller. */
	struct profile *(*profile)(void *arg, int32_t pid, const char *kind,
	    struct err *e);

	/* The same of its processor time from now on, for so long or until
	 * *stop is set. *busy: one is being made already. */
	struct profile *(*cpu)(void *arg, int32_t pid, uint64_t duration_ns,
	    const volatile int *stop, bool *busy, struct err *e);

	/* Arguments, each with the NUL at its end. */
	int (*cmdline)(void *arg, int32_t pid, struct buf *out, struct err *e);

	/* Calls back with the name of the function at each address that has
	 * one, in their order. */
	int (*symbols)(void *arg, int32_t pid, const uint64_t *addresses,
	    size_t n, source_symbol_fn *fn, void *fn_arg, struct err *e);

	/* Everything that is measured, of all processes. */
	void (*metrics)(void *arg, struct metrics *m);

	/* The table of the processes; its first column is the pid. Owned by
	 * the caller. */
	struct table *(*overview)(void *arg);

	/* The plots of one process; brief is the one that matters most. */
	int (*plots)(void *arg, int32_t pid, bool brief, source_plot_fn *fn,
	    void *fn_arg, struct err *e);

	/* The tables of one process, in the order of the page. */
	int (*sections)(void *arg, int32_t pid, source_section_fn *fn,
	    void *fn_arg, struct err *e);
};

#endif
