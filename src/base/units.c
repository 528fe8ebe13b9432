/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Three significant digits; 999.5 and more moves on to the next prefix. */
static char *
scaled(char out[UNITS_MAX], int64_t value, double base)
{
	static const char prefixes[] = " kMGTPE";
	double v = fabs((double)value);
	const char *sign = value < 0 ? "-" : "";
	size_t i = 0;

	if (v < base && v < 1000.0) {
		snprintf(out, UNITS_MAX, "%s%.0f", sign, v);
		return out;
	}
	while (v >= 999.5 && prefixes[i + 1] != '\0') {
		v /= base;
		i++;
	}
	snprintf(out, UNITS_MAX, "%s%.*f%c", sign,
	    v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, prefixes[i]);
	return out;
}

char *
units_bytes(char out[UNITS_MAX], int64_t bytes)
{
	return scaled(out, bytes, 1024.0);
}

char *
units_count(char out[UNITS_MAX], int64_t count)
{
	return scaled(out, count, 1000.0);
}

char *
units_duration(char out[UNITS_MAX], int64_t ns)
{
	const char *sign = ns < 0 ? "-" : "";
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	uint64_t s = v / 1000000000u;

	if (v == 0)
		snprintf(out, UNITS_MAX, "0s");
	else if (v < 1000u)
		snprintf(out, UNITS_MAX, "%s%uns", sign, (unsigned)v);
	else if (v < 1000000u)
		snprintf(out, UNITS_MAX, "%s%uus", sign, (unsigned)(v / 1000));
	else if (s == 0)
		snprintf(out, UNITS_MAX, "%s%ums", sign,
		    (unsigned)(v / 1000000));
	else if (s < 60)
		snprintf(out, UNITS_MAX, "%s%us", sign, (unsigned)s);
	else if (s < 3600)
		snprintf(out, UNITS_MAX, "%s%um %us", sign, (unsigned)(s / 60),
		    (unsigned)(s % 60));
	else if (s < 86400)
		snprintf(out, UNITS_MAX, "%s%uh %um", sign,
		    (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	else
		snprintf(out, UNITS_MAX, "%s%llud %uh", sign,
		    (unsigned long long)(s / 86400),
		    (unsigned)(s / 3600 % 24));
	return out;
}

char *
units_percent(char out[UNITS_MAX], double fraction)
{
	double p = fraction * 100.0;

	if (p == 0.0)
		snprintf(out, UNITS_MAX, "0%%");
	else if (fabs(p) < 0.1)
		snprintf(out, UNITS_MAX, "<0.1%%");
	else
		snprintf(out, UNITS_MAX, "%.1f%%", p);
	return out;
}

/* Splits "1.5m" into 1.5 and "m". Refuses signs, hex, inf and nan. */
static bool
split(const char *text, double *value, const char **suffix)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return false;
	errno = 0;
	*value = strtod(text, &end);
	if (errno != 0 || end == text)
		return false;
	*suffix = end;
	return true;
}

bool
units_parse_bytes(const char *text, uint64_t *bytes)
{
	static const char letters[] = "kmgt";
	const char *suffix, *at;
	double v;

	if (!split(text, &v, &suffix))
		return false;
	if (*suffix != '\0') {
		at = strchr(letters, tolower((unsigned char)*suffix));
		if (at == NULL)
			return false;
		v *= pow(1024.0, (double)(at - letters + 1));
		suffix++;
		if (strcasecmp(suffix, "") != 0 &&
		    strcasecmp(suffix, "b") != 0 &&
		    strcasecmp(suffix, "ib") != 0)
			return false;
	}
	if (!(v < 18446744073709549568.0) || v != floor(v))
		return false;
	*bytes = (uint64_t)v;
	return true;
}

bool
units_parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} scale[] = {
		{ "", 1e9 },
		{ "ms", 1e6 },
		{ "s", 1e9 },
		{ "m", 60e9 },
		{ "h", 3600e9 },
		{ "d", 86400e9 },
	};
	const char *suffix;
	double v;

	if (!split(text, &v, &suffix))
		return false;
	for (size_t i = 0; i < sizeof scale / sizeof scale[0]; i++) {
		if (strcmp(suffix, scale[i].name) != 0)
			continue;
		v *= scale[i].ns;
		if (!(v < 9.2e18))
			return false;
		*ns = (uint64_t)(v + 0.5);
		return true;
	}
	return false;
}

bool
units_parse_number(const char *text, uint64_t min, uint64_t max,
    uint64_t *value)
{
	char *end;
	unsigned long long v;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v < min || v > max)
		return false;
	*value = v;
	return true;
}
