/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "encode/prom.h"
#include "base/escape.h"
#include "base/xalloc.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct family {
	const struct metric_family *is;
	struct buf samples; /* labels and values, a line each; no names */
};

struct metrics {
	struct family *families;
	size_t n, cap;
};

struct metrics *
metrics_new(void)
{
	return xcalloc(1, sizeof(struct metrics));
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		buf_free(&m->families[i].samples);
	free(m->families);
	free(m);
}

static struct family *
family_of(struct metrics *m, const struct metric_family *f)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->families[i].is == f)
			return &m->families[i];
	m->families = xgrow(m->families, m->n, &m->cap, sizeof *m->families);
	m->families[m->n] = (struct family){ f, BUF_INIT };
	return &m->families[m->n++];
}

/* Both formats: backslash, quote and line feed have escapes; other controls
 * stand for themselves, and what is not UTF-8 must not be there. */
static void
label_value(struct buf *out, const char *value)
{
	struct buf clean = BUF_INIT;

	escape_utf8(&clean, value);
	for (const char *s = buf_text(&clean); *s != '\0'; s++) {
		if (*s == '\\' || *s == '"')
			buf_printf(out, "\\%c", *s);
		else if (*s == '\n')
			buf_puts(out, "\\n");
		else
			buf_add(out, s, 1);
	}
	buf_free(&clean);
}

static void
number(struct buf *out, double value)
{
	char text[64], *comma;

	if (isnan(value)) {
		buf_puts(out, "NaN");
	} else if (isinf(value)) {
		buf_puts(out, value > 0 ? "+Inf" : "-Inf");
	} else if (fabs(value) < 1e15 && value == floor(value)) {
		buf_printf(out, "%lld", (long long)value);
	} else {
		snprintf(text, sizeof text, "%.17g", value);
		/* The program runs in the user's locale. */
		if ((comma = strchr(text, *localeconv()->decimal_point)) !=
		    NULL)
			*comma = '.';
		buf_puts(out, text);
	}
}

void
metrics_add(struct metrics *m, const struct metric_family *f,
    const struct metric_label *labels, double value)
{
	struct buf *out = &family_of(m, f)->samples;
	const char *before = "{";

	for (; labels != NULL && labels->name != NULL; labels++) {
		if (labels->value == NULL)
			continue;
		buf_printf(out, "%s%s=\"", before, labels->name);
		label_value(out, labels->value);
		buf_puts(out, "\"");
		before = ",";
	}
	buf_puts(out, *before == ',' ? "} " : " ");
	number(out, value);
	buf_puts(out, "\n");
}

/* OpenMetrics names a counter's family without the _total of its samples. */
static int
family_length(const struct metric_family *f, bool open)
{
	size_t n = strlen(f->name);

	if (open && f->counter && n > 6 &&
	    strcmp(f->name + n - 6, "_total") == 0)
		n -= 6;
	return (int)n;
}

static void
help(struct buf *out, const char *text, bool open)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			buf_puts(out, "\\\\");
		else if (*text == '\n')
			buf_puts(out, "\\n");
		else if (*text == '"' && open)
			buf_puts(out, "\\\"");
		else
			buf_add(out, text, 1);
	}
	buf_puts(out, "\n");
}

void
metrics_write(const struct metrics *m, bool open, struct buf *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct metric_family *f = m->families[i].is;
		const char *s = buf_text(&m->families[i].samples);
		int n = family_length(f, open);

		buf_printf(out, "# HELP %.*s ", n, f->name);
		help(out, f->help, open);
		buf_printf(out, "# TYPE %.*s %s\n", n, f->name,
		    f->counter ? "counter" : "gauge");
		while (*s != '\0') {
			size_t line = strcspn(s, "\n") + 1;

			buf_puts(out, f->name);
			buf_add(out, s, line);
			s += line;
		}
	}
	if (open)
		buf_puts(out, "# EOF\n");
}
