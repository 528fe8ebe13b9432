/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *e, enum err_status status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	e->status = status;
	return -1;
}

static enum err_status
status_of_errno(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return ERR_DENIED;
	case ESRCH:
		return ERR_GONE;
	default:
		return ERR_FAILED;
	}
}

int
err_errno(struct err *e, const char *fmt, ...)
{
	int error = errno;
	size_t used;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof e->text - used, ": %s",
	    strerror(error));
	e->status = status_of_errno(error);
	return -1;
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char rest[sizeof e->text];
	size_t used;
	va_list ap;

	memcpy(rest, e->text, sizeof rest);
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof e->text - used, ": %s", rest);
	return -1;
}
