/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
request_parameter(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->n_parameters; i++)
		if (strcmp(r->parameters[i].name, name) == 0)
			return r->parameters[i].value != NULL ?
			    r->parameters[i].value : "";
	return NULL;
}

void
answer_free(struct answer *a)
{
	buf_free(&a->body);
}

void
answer_error(struct answer *a, int status, const char *fmt, ...)
{
	struct answer fresh = ANSWER_INIT;
	char text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	answer_free(a);
	*a = fresh;
	a->status = status;
	a->pprof_error = true;
	buf_printf(&a->body, "%s\n", text);
}

void
answer_err(struct answer *a, const struct err *e)
{
	int status = 500;

	if (e->status == ERR_GONE)
		status = 404;
	else if (e->status == ERR_DENIED)
		status = 403;
	else if (e->status == ERR_USAGE)
		status = 400;
	answer_error(a, status, "%s", e->text);
}
