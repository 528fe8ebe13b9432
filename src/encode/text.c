/* SPDX-License-Identifier: MIT */
/*
 * A profile as a table for people: sites by flat value, each with its share,
 * what is below it, and where it is. For any profile type; words and units
 * come from the value that is shown.
 */
#include "config.h"

#include "base/escape.h"
#include "base/units.h"
#include "encode/encode.h"
#include "encode/values.h"
#include "profile/top.h"

#include <ctype.h>
#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 5	/* before SITE */
#define SITE_MIN 24	/* columns; narrower terminals get long lines */
#define NAME_WIDE 48	/* where names end when there is no width to fit */

struct drawing {
	const struct profile *p;
	const struct encode_options *o;
	const struct top *t;
	size_t type;
	int objects;  /* index of the count beside it, or -1 */
	double whole; /* 100% */
	size_t width[FIELDS];
	bool prefixed[FIELDS]; /* some number of it ends in a prefix */
	struct buf *out;
};

static const char *
unit(const struct drawing *d)
{
	return profile_text(d->p, d->p->types[d->type].unit);
}

/* 100% of a difference is all that changed, as in go tool pprof. */
static double
whole_of(const struct profile *p, size_t type)
{
	double whole = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		whole += fabs((double)p->samples[i].values[type]);
	return whole;
}

static const char *
share(const struct drawing *d, int64_t value, char out[UNITS_MAX])
{
	if (d->whole == 0)
		return strcpy(out, "-");
	return units_percent(out, (double)value / d->whole);
}

/* Texts of the number columns of one row. */
static void
fields(const struct drawing *d, const struct top_row *r,
    char out[FIELDS][UNITS_MAX])
{
	int64_t flat = r->flat[d->type], cum = r->cum[d->type];

	value_text(out[0], flat, unit(d));
	share(d, flat, out[1]);
	value_text(out[2], cum, unit(d));
	share(d, cum, out[3]);
	out[4][0] = '\0';
	if (d->objects >= 0)
		units_count(out[4], r->flat[d->objects]);
}

/* "OBJECTS" of inuse_objects. */
static void
headings(const struct drawing *d, char out[FIELDS][UNITS_MAX])
{
	static const char *const fixed[] = { "FLAT", "%", "CUM", "%", "" };
	const char *name, *last;
	size_t i;

	for (i = 0; i < FIELDS; i++)
		strcpy(out[i], fixed[i]);
	if (d->objects < 0)
		return;
	name = profile_text(d->p, d->p->types[d->objects].type);
	last = strrchr(name, '_');
	last = last != NULL ? last + 1 : name;
	for (i = 0; i < UNITS_MAX - 1 && last[i] != '\0'; i++)
		out[4][i] = (char)toupper((unsigned char)last[i]);
	out[4][i] = '\0';
}

static size_t
shown_rows(const struct drawing *d)
{
	return d->o->rows != 0 && d->o->rows < d->t->n ? d->o->rows : d->t->n;
}

static bool
ends_in(const char *text, int is(int))
{
	size_t len = strlen(text);

	return len != 0 && is((unsigned char)text[len - 1]);
}

/* Numbers stand on their units: "812" leaves room below "61.0M". */
static void
align(const struct drawing *d, char text[FIELDS][UNITS_MAX])
{
	for (size_t k = 0; k < FIELDS; k++)
		if (d->prefixed[k] && ends_in(text[k], isdigit))
			strcat(text[k], " ");
}

static void
measure(struct drawing *d)
{
	char text[FIELDS][UNITS_MAX];

	headings(d, text);
	for (size_t k = 0; k < FIELDS; k++)
		d->width[k] = strlen(text[k]);
	for (size_t i = 0; i < shown_rows(d); i++) {
		fields(d, &d->t->rows[i], text);
		for (size_t k = 0; k < FIELDS; k++)
			d->prefixed[k] |= ends_in(text[k], isalpha);
	}
	for (size_t i = 0; i < shown_rows(d); i++) {
		fields(d, &d->t->rows[i], text);
		align(d, text);
		for (size_t k = 0; k < FIELDS; k++)
			if (strlen(text[k]) > d->width[k])
				d->width[k] = strlen(text[k]);
	}
}

/* The numbers, each flush right; returns the columns used. */
static size_t
put_fields(const struct drawing *d, char text[FIELDS][UNITS_MAX])
{
	size_t used = 0;

	for (size_t k = 0; k < FIELDS; k++) {
		if (d->width[k] == 0)
			continue;
		buf_printf(d->out, "%s%*s", used == 0 ? "" : "  ",
		    (int)d->width[k], text[k]);
		used += d->width[k] + (used == 0 ? 0 : 2);
	}
	buf_puts(d->out, "  ");
	return used + 2;
}

static void
end_line(struct buf *out)
{
	while (out->len > 0 && out->bytes[out->len - 1] == ' ')
		out->len--;
	buf_puts(out, "\n");
}

/* Name at the left, place at the right edge; the name gives way first. */
static void
put_site(const struct drawing *d, const struct top_row *r, size_t used)
{
	const char *place = *r->where != '\0' ? r->where :
	    strncmp(r->name, r->module, strlen(r->module)) != 0 ? r->module :
								   "";
	struct buf right = BUF_INIT;
	size_t room = SIZE_MAX, right_width, name_width, name_room;

	if (d->o->columns != 0) {
		room = d->o->columns > used ? d->o->columns - used : 0;
		if (room < SITE_MIN)
			room = SITE_MIN;
	}
	right_width = escape_cut(&right, place, room / 2);
	name_room = room - right_width - (right_width != 0 ? 2 : 0);
	name_width = escape_cut(d->out, r->name, name_room);
	if (right_width != 0) {
		size_t edge = d->o->columns != 0 ? room - right_width :
		    name_width + 2 > NAME_WIDE	 ? name_width + 2 :
						   NAME_WIDE;

		buf_fill(d->out, ' ', edge - name_width);
		if (d->o->color)
			buf_puts(d->out, "\033[2m");
		buf_add(d->out, right.bytes, right.len);
		if (d->o->color)
			buf_puts(d->out, "\033[0m");
	}
	buf_free(&right);
	end_line(d->out);
}

/* "live 612M ±14M in 1,234 sites over 30s" */
static void
put_summary(const struct drawing *d)
{
	const char *plus_minus =
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "\xc2\xb1" : "+-";
	double error = d->p->stderror[d->type];
	char text[UNITS_MAX];
	size_t sites = 0;

	for (size_t i = 0; i < d->t->n; i++)
		sites += d->t->rows[i].flat[d->type] != 0;
	value_words(d->out, d->p, d->type);
	buf_printf(d->out, " %s",
	    value_text(text, d->t->total[d->type], unit(d)));
	if (error >= 0 && error < 9e18)
		buf_printf(d->out, " %s%s", plus_minus,
		    value_text(text, (int64_t)(error + 0.5), unit(d)));
	buf_printf(d->out, " in %s %s", units_count(text, (int64_t)sites),
	    sites == 1 ? "site" : "sites");
	if (d->p->duration_ns > 0)
		buf_printf(d->out, " over %s",
		    units_duration(text, d->p->duration_ns));
	buf_puts(d->out, "\n");
}

static void
put_rest(const struct drawing *d)
{
	size_t shown = shown_rows(d), rest = d->t->n - shown;
	char text[UNITS_MAX], percent[UNITS_MAX];
	int64_t flat = 0;

	if (rest == 0)
		return;
	for (size_t i = shown; i < d->t->n; i++)
		flat = profile_sum(flat, d->t->rows[i].flat[d->type]);
	buf_printf(d->out, "\nand %s more with ",
	    units_count(text, (int64_t)rest));
	buf_printf(d->out, "%s, %s; -n 0 shows all\n",
	    value_text(text, flat, unit(d)), share(d, flat, percent));
}

static int
write_text(struct buf *out, const struct profile *p,
    const struct encode_options *o, struct err *e)
{
	struct drawing d = { .p = p, .o = o, .out = out };
	char text[FIELDS][UNITS_MAX];
	struct top *t;
	size_t used;

	if (value_type(p, o, &d.type, e) < 0)
		return -1;
	d.objects = value_objects(p, d.type);
	d.whole = whole_of(p, d.type);
	d.t = t = top_build(p, d.type, true);
	measure(&d);
	put_summary(&d);
	if (t->n != 0) {
		buf_puts(out, "\n");
		if (o->color)
			buf_puts(out, "\033[1m");
		headings(&d, text);
		put_fields(&d, text);
		buf_puts(out, "SITE");
		if (o->color)
			buf_puts(out, "\033[0m");
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < shown_rows(&d); i++) {
		fields(&d, &t->rows[i], text);
		align(&d, text);
		used = put_fields(&d, text);
		put_site(&d, &t->rows[i], used);
	}
	put_rest(&d);
	top_free(t);
	return 0;
}

const struct encoder encode_text = {
	.name = "text",
	.extensions = " .txt ",
	.content_type = "text/plain; charset=utf-8",
	.help = "a table of sites by flat value, as wide as the terminal",
	.write = write_text,
};
