/* SPDX-License-Identifier: MIT */
/*
 * Files as the target sees them. Its folders may be another mount namespace
 * and its files another person's: a path is resolved inside that root,
 * absolute symbolic links included, only regular files are opened, and
 * nothing waits (a FIFO would).
 */
#ifndef ULLAGE_SYMBOL_ROOTED_H
#define ULLAGE_SYMBOL_ROOTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing larger is looked into: sections are read into memory. */
#define ROOTED_FILE_MAX (UINT64_C(4) << 30)

struct rooted {
	char *path; /* "" or "/proc/PID/root" */
	int fd;	    /* of that folder; -1 if it is ours, or is gone */
	bool ours;  /* the same folder as our own "/" */
};

void rooted_open(struct rooted *r, const char *path);
void rooted_close(struct rooted *r);

/* A descriptor of a regular file, or -1. The path must be absolute. */
int rooted_file(const struct rooted *r, const char *path);

/* The same in our own root, for /proc/PID/exe and our own debug files. */
int rooted_own_file(const char *path);

/* The same without following a symbolic link in the last component. */
int rooted_file_nofollow(const struct rooted *r, const char *path);

#endif
