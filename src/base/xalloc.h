/* SPDX-License-Identifier: MIT */
/*
 * Memory of the program. These die with a sentence when there is none left:
 * a profiler that cannot hold a few megabytes has nothing better to do.
 * Never used in agent/.
 */
#ifndef ULLAGE_BASE_XALLOC_H
#define ULLAGE_BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, nonnull, returns_nonnull));
char *xasprintf(const char *fmt, ...)
    __attribute__((malloc, format(printf, 1, 2), returns_nonnull));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((malloc, format(printf, 1, 0), returns_nonnull));

/*
 * Makes room for one more element of `size` bytes in *array, which holds n of
 * *cap; the capacity doubles.
 */
void *xgrow(void *array, size_t n, size_t *cap, size_t size)
    __attribute__((nonnull(3), returns_nonnull));

#endif
