/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/assignment.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/units.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longer words are cut in complaints. */
#define SHOWN_MAX 48

/* What somebody typed, made safe and short for a sentence. */
struct shown {
	char text[SHOWN_MAX * 4 + 4];
};

static struct shown
show(const char *text)
{
	struct buf b = BUF_INIT;
	struct shown s;

	escape_cut(&b, text, SHOWN_MAX);
	snprintf(s.text, sizeof s.text, "%s", buf_text(&b));
	buf_free(&b);
	return s;
}

int
resource_parse(const char *name, struct err *e)
{
	int id = resource_find(name);

	if (id >= 0)
		return id;
	err_set(e, ERR_USAGE,
	    "there is no resource \"%s\"; did you mean %s?", show(name).text,
	    resource_nearest(name));
	return -1;
}

/* ---- one number -------------------------------------------------------------- */

static bool
all_digits(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

static int
bad_value(enum limit_id id, const char *text, const char *why, struct err *e)
{
	return err_set(e, ERR_USAGE, "\"%s\" is no value for %s: %s",
	    show(text).text, resources[id].name, why);
}

static int
parse_size(enum limit_id id, const char *text, uint64_t *value, struct err *e)
{
	if (units_parse_bytes(text, value))
		return 0;
	if (isdigit((unsigned char)text[0]) &&
	    text[strspn(text, "0123456789.kKmMgGtTiIbB")] == '\0')
		return bad_value(id, text,
		    "it is not a whole number of bytes below 2^64 (as 512k)",
		    e);
	return bad_value(id, text,
	    "it takes bytes (as 8388608 or 8m) or unlimited", e);
}

/* A number with a suffix that a count, or a time, does not take. */
static int
bad_count(enum limit_id id, const char *text, struct err *e)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = limit_unit_name(resources[id].unit);

	if (digits == 0 || text[digits] == '\0')
		return bad_value(id, text,
		    "it takes a number or unlimited", e);
	if (strchr("kKmMgGtT", text[digits]) != NULL &&
	    resources[id].unit == LIMIT_COUNT)
		return bad_value(id, text,
		    "it is a count, and only sizes take k, m and g; write the "
		    "number out",
		    e);
	return err_set(e, ERR_USAGE,
	    "\"%s\" is no value for %s: it takes a plain number of %s",
	    show(text).text, resources[id].name,
	    resources[id].unit == LIMIT_COUNT ? "things" : unit);
}

static int
parse_number(enum limit_id id, const char *text, uint64_t *value,
    struct err *e)
{
	if (strcmp(text, "unlimited") == 0) {
		*value = LIMIT_INFINITY;
		return 0;
	}
	if (text[0] == '-' && all_digits(text + 1))
		return bad_value(id, text,
		    "it is negative; write unlimited for no limit", e);
	if (strcasecmp(text, "infinity") == 0 || strcasecmp(text, "inf") == 0)
		return bad_value(id, text, "write unlimited for no limit", e);
	if (all_digits(text)) {
		/* The largest number is what the kernel calls unlimited. */
		if (units_parse_number(text, 0, LIMIT_INFINITY - 1, value))
			return 0;
		return bad_value(id, text,
		    "it is too large; write unlimited for no limit", e);
	}
	if (resources[id].unit == LIMIT_BYTES)
		return parse_size(id, text, value, e);
	return bad_count(id, text, e);
}

static int
parse_wanted(enum limit_id id, const char *text, bool soft, struct wanted *w,
    struct err *e)
{
	w->value = 0;
	if (*text == '\0') {
		w->how = WANT_KEEP;
		return 0;
	}
	if (strcmp(text, "max") == 0) {
		if (!soft)
			return bad_value(id, text,
			    "max is the hard limit, so only a soft one can "
			    "become it",
			    e);
		w->how = WANT_MAX;
		return 0;
	}
	w->how = WANT_VALUE;
	return parse_number(id, text, &w->value, e);
}

/* ---- the whole ------------------------------------------------------------------- */

/* No valid one is as long: two numbers and the longest name. */
#define TEXT_MAX 128

int
assignment_parse(const char *text, struct assignment *a, struct err *e)
{
	char copy[TEXT_MAX], *value, *hard;
	int id;

	memset(a, 0, sizeof *a);
	if (strlen(text) >= sizeof copy)
		return err_set(e, ERR_USAGE,
		    "\"%s\" is too long for RESOURCE=VALUE", show(text).text);
	strcpy(copy, text);
	if ((value = strchr(copy, '=')) == NULL)
		return err_set(e, ERR_USAGE,
		    "\"%s\" is not RESOURCE=VALUE (as nofile=4096:)",
		    show(text).text);
	*value++ = '\0';
	if ((id = resource_parse(copy, e)) < 0)
		return -1;
	a->resource = (enum limit_id)id;
	if ((hard = strchr(value, ':')) != NULL)
		*hard++ = '\0';
	if (*value == '\0' && (hard == NULL || *hard == '\0'))
		return err_set(e, ERR_USAGE,
		    "%s= needs a value: BOTH, SOFT:HARD, SOFT: or :HARD",
		    copy);
	if (parse_wanted(a->resource, value, true, &a->soft, e) < 0)
		return -1;
	if (hard != NULL)
		return parse_wanted(a->resource, hard, false, &a->hard, e);
	/* One value is for both; max leaves the hard one. */
	if (a->soft.how == WANT_VALUE)
		a->hard = a->soft;
	return 0;
}

int
assignments_check(const struct assignment *list, size_t n, struct err *e)
{
	bool seen[LIMIT_RESOURCES] = { false };

	for (size_t i = 0; i < n; i++) {
		if (seen[list[i].resource])
			return err_set(e, ERR_USAGE, "%s is set twice",
			    resources[list[i].resource].name);
		seen[list[i].resource] = true;
	}
	return 0;
}

int
assignment_apply(const struct assignment *a, const struct limit *old,
    struct limit *new, struct err *e)
{
	const char *name = resources[a->resource].name;
	char soft[LIMIT_TEXT_MAX], hard[LIMIT_TEXT_MAX];

	*new = *old;
	if (a->hard.how == WANT_VALUE)
		new->hard = a->hard.value;
	if (a->soft.how == WANT_VALUE)
		new->soft = a->soft.value;
	else if (a->soft.how == WANT_MAX)
		new->soft = new->hard;
	if (new->soft <= new->hard)
		return 0;
	limit_exact(soft, new->soft);
	limit_exact(hard, new->hard);
	if (a->soft.how == WANT_KEEP)
		return err_set(e, ERR_USAGE,
		    "the hard limit of %s cannot go below its soft limit, "
		    "which is %s; lower both with %s=%s:%s",
		    name, soft, name, hard, hard);
	return err_set(e, ERR_USAGE,
	    "the soft limit of %s cannot be %s, above the hard limit of %s; "
	    "%s=%s sets both, %s=max: goes as far as the hard one",
	    name, soft, hard, name, soft, name);
}

/* ---- numbers as text -------------------------------------------------------------- */

char *
limit_exact(char out[LIMIT_TEXT_MAX], uint64_t value)
{
	if (value == LIMIT_INFINITY)
		snprintf(out, LIMIT_TEXT_MAX, "unlimited");
	else
		snprintf(out, LIMIT_TEXT_MAX, "%llu",
		    (unsigned long long)value);
	return out;
}

char *
limit_text(char out[LIMIT_TEXT_MAX], enum limit_id id, uint64_t value)
{
	char digits[LIMIT_TEXT_MAX], size[UNITS_MAX];
	size_t len, at = 0;

	limit_exact(digits, value);
	if (value != LIMIT_INFINITY && resources[id].unit == LIMIT_BYTES) {
		snprintf(out, LIMIT_TEXT_MAX, "%s",
		    units_bytes(size,
			value < INT64_MAX ? (int64_t)value : INT64_MAX));
		return out;
	}
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i != 0 && (len - i) % 3 == 0 && value != LIMIT_INFINITY)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}
