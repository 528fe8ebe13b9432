/* SPDX-License-Identifier: MIT */
/*
 * Errors of the program: a sentence and the exit status that it deserves.
 *
 * A function that can fail takes `struct err *e` last and returns -1 or NULL.
 * Only cmd/ turns an err into words for a person; modules never print and
 * never exit. A sentence says what failed, on what, and what to do next.
 */
#ifndef ULLAGE_BASE_ERR_H
#define ULLAGE_BASE_ERR_H

/* The exit statuses of every command; part of the interface. */
enum err_status {
	ERR_FAILED = 1,
	ERR_USAGE = 2,
	ERR_GONE = 3,	/* no such process, or it ended meanwhile */
	ERR_DENIED = 4, /* not permitted */
};

struct err {
	enum err_status status;
	char text[512];
};

/* Records a sentence; always returns -1, so that a failure is one line. */
int err_set(struct err *e, enum err_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), nonnull(1, 3)));

/* The same, ending in ": <strerror(errno)>"; the status follows errno. */
int err_errno(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* Puts "prefix: " before what is there; returns -1. */
int err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

#endif
