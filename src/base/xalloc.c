/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
need(void *p)
{
	if (p == NULL) {
		fputs("ullage: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

void *
xmalloc(size_t size)
{
	return need(malloc(size ? size : 1));
}

void *
xcalloc(size_t n, size_t size)
{
	return need(calloc(n ? n : 1, size ? size : 1));
}

void *
xrealloc(void *p, size_t n, size_t size)
{
	return need(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *
xstrdup(const char *s)
{
	return need(strdup(s));
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	return need(vasprintf(&s, fmt, ap) < 0 ? NULL : s);
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

void *
xgrow(void *array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return need(array);
	*cap = *cap ? *cap * 2 : 16;
	return xrealloc(array, *cap, size);
}
