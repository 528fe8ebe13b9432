/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/trend.h"
#include "base/units.h"
#include "base/xalloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A slope counts from this many of its standard errors on. */
#define SURE 3.0

/* What lies further ahead than this many seconds is not worth a warning. */
#define HORIZON (365.0 * 86400.0)

void
trend_free(struct trend *t)
{
	free(t->samples);
	*t = (struct trend)TREND_INIT;
}

void
trend_add(struct trend *t, int64_t time, double value)
{
	/* A clock that stands still or goes back adds nothing. */
	if (t->n > 0 && time <= t->samples[t->n - 1].time)
		return;
	t->samples = xgrow(t->samples, t->n, &t->cap, sizeof *t->samples);
	t->samples[t->n++] = (struct trend_sample){ time, value };
}

void
trend_trim(struct trend *t, int64_t window)
{
	size_t old = 0;

	while (old < t->n &&
	    t->samples[t->n - 1].time - t->samples[old].time > window)
		old++;
	if (old == 0)
		return;
	t->n -= old;
	memmove(t->samples, t->samples + old, t->n * sizeof *t->samples);
}

struct line {
	double slope, slope_error;
	double level; /* at the last sample */
};

/* Seconds before the last sample: small numbers, and the level is there. */
static double
seconds(const struct trend *t, size_t i)
{
	return (double)(t->samples[i].time - t->samples[t->n - 1].time) / 1e9;
}

/* What the residuals of a fit add up to. */
struct residuals {
	double squares;	   /* of each */
	double neighbours; /* each times the one before */
	double steps;	   /* squares of the differences between neighbours */
};

/* Neighbours more alike than this are taken for a walk. */
#define WALK 0.6

/*
 * The variance of a sample around the line. Where neighbours are alike, they
 * say less than as many independent ones: counts that arrivals drive wander.
 * So it is raised by Quenouille's factor, the bias that a fitted line leaves in
 * the likeness of a short series put back; and if it looks like a random walk,
 * to what makes the slope's variance 6/5 of a step's over n.
 */
static double
variance(const struct residuals *r, double n)
{
	double v = r->squares / (n - 2), alike, walk;

	if (!(r->squares > 0))
		return 0;
	alike = r->neighbours / r->squares;
	alike += (2 + 4 * alike) / n;
	alike = alike < 0 ? 0 : alike > 0.95 ? 0.95 : alike;
	v *= (1 + alike) / (1 - alike);
	walk = 0.1 * n * n * r->steps / (n - 1);
	return alike > WALK && walk > v ? walk : v;
}

static bool
fit(const struct trend *t, double grain, struct line *line)
{
	double n = (double)t->n, x = 0, y = 0, xx = 0, xy = 0, last = 0;
	struct residuals r = { 0, 0, 0 };

	for (size_t i = 0; i < t->n; i++) {
		x += seconds(t, i);
		y += t->samples[i].value;
	}
	x /= n;
	y /= n;
	for (size_t i = 0; i < t->n; i++) {
		double dx = seconds(t, i) - x;

		xx += dx * dx;
		xy += dx * (t->samples[i].value - y);
	}
	if (!(xx > 0))
		return false;
	line->slope = xy / xx;
	line->level = y - line->slope * x;
	for (size_t i = 0; i < t->n; i++) {
		double d = t->samples[i].value -
		    (line->level + line->slope * seconds(t, i));

		r.squares += d * d;
		if (i != 0) {
			r.neighbours += d * last;
			r.steps += (d - last) * (d - last);
		}
		last = d;
	}
	/* Rounding to a grain alone has a variance of its square / 12. */
	line->slope_error =
	    sqrt((variance(&r, n) + grain * grain / 12) / xx);
	return isfinite(line->slope) && isfinite(line->slope_error);
}

static int64_t
ns(double s)
{
	return s < 9.2e9 ? (int64_t)(s * 1e9) : INT64_MAX;
}

struct trend_answer
trend_ask(const struct trend *t, double limit, double grain)
{
	struct trend_answer a = { TREND_TOO_FEW, NAN, NAN, 0, 0 };
	struct line line;
	double now, left;

	if (t->n > 0 && limit >= 0 && t->samples[t->n - 1].value >= limit)
		a.verdict = TREND_FULL;
	if (t->n < TREND_SAMPLES_MIN || !fit(t, grain, &line))
		return a;
	a.slope = line.slope;
	a.slope_error = line.slope_error;
	if (a.verdict == TREND_FULL)
		return a;
	a.verdict = TREND_STABLE;
	if (fabs(line.slope) < SURE * line.slope_error)
		return a;
	a.verdict = line.slope < 0 ? TREND_FALLING : TREND_GROWING;
	if (line.slope < 0 || limit < 0)
		return a;
	now = t->samples[t->n - 1].value;
	left = (limit - now) / line.slope;
	if (left > HORIZON) {
		a.verdict = TREND_STABLE;
		return a;
	}
	a.verdict = TREND_FULL_IN;
	a.left = ns(left);
	a.left_error = ns(left * line.slope_error / line.slope);
	return a;
}

char *
trend_text(char out[TREND_TEXT_MAX], const struct trend_answer *a,
    bool unicode)
{
	static const char *const texts[] = {
		[TREND_TOO_FEW] = "not enough samples",
		[TREND_FULL] = "full",
		[TREND_STABLE] = "stable",
		[TREND_FALLING] = "falling",
		[TREND_GROWING] = "growing",
	};
	char left[UNITS_MAX], error[UNITS_MAX];

	if (a->verdict != TREND_FULL_IN) {
		snprintf(out, TREND_TEXT_MAX, "%s", texts[a->verdict]);
		return out;
	}
	snprintf(out, TREND_TEXT_MAX, "in %s %s %s",
	    units_duration(left, a->left), unicode ? "\302\261" : "+-",
	    units_duration(error, a->left_error));
	return out;
}
