/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tune/plan.h"

#include <math.h>
#include <string.h>

/* Fewer, or over a smaller range, do not make a line. */
#define SAMPLES_MIN 4
#define RANGE_MIN 10.0
#define RANGE_PART 0.05

#define COUNTS_MIN 0.5

const struct plan_metric_row plan_metrics[PLAN_METRICS] = {
    [METRIC_RSS] = {"resident memory", true,
	"memory of the process, swapped out or not"},
    [METRIC_HEAP] = {"live heap", true, "by the agent's estimate"},
    [METRIC_BUFFERS] = {"socket buffers", true,
	"kernel memory of what waits in sockets"},
    [METRIC_OBJECTS] = {"socket objects", true,
	"kernel memory of the sockets themselves"},
    [METRIC_DATA] = {"data", true, "private writable mappings"},
    [METRIC_SPACE] = {"address space", true, "all mappings"},
    [METRIC_FDS] = {"descriptors", false, "open descriptors"},
    [METRIC_THREADS] = {"threads", false, "threads"},
    [METRIC_MAPS] = {"mappings", false, "mappings"},
    [METRIC_OUTGOING] = {"outgoing", false,
	"connections made to the busiest address"},
    [METRIC_WATCHES] = {"epoll watches", false, "descriptors that are watched"},
};

static const enum plan_metric metric_of_unit[] = {
    [PLAN_CONNECTIONS] = PLAN_METRICS, /* none */
    [PLAN_FDS] = METRIC_FDS,
    [PLAN_THREADS] = METRIC_THREADS,
};

static bool
all_known(const struct plan_sample *samples, size_t n, enum plan_metric k)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(samples[i].of[k]))
			return false;
	return true;
}

/*
 * Least squares. The errors are those of independent residuals; samples of a
 * heap that grows in steps are not quite that, so they are a lower bound.
 */
static void
fit_line(const struct plan_sample *samples, size_t n, enum plan_metric k,
    struct plan_cost *c)
{
	double x = 0, y = 0, xx = 0, xy = 0, rest = 0;

	for (size_t i = 0; i < n; i++) {
		x += samples[i].at / (double)n;
		y += samples[i].of[k] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		double dx = samples[i].at - x;

		xx += dx * dx;
		xy += dx * (samples[i].of[k] - y);
	}
	c->how = COST_FITTED;
	/* Of what never moves, not even rounding may make a slope. */
	c->each = fabs(xy / xx) * (samples[n - 1].at + 1) < 1e-9 * (y + 1)
		      ? 0
		      : xy / xx;
	c->fixed = y - c->each * x;
	for (size_t i = 0; i < n; i++) {
		double d =
		    samples[i].of[k] - c->fixed - c->each * samples[i].at;

		rest += d * d;
	}
	rest /= (double)(n - 2);
	c->each_error = sqrt(rest / xx);
	c->fixed_error = sqrt(rest * (1 / (double)n + x * x / xx));
}

/*
 * Of threads and descriptors nobody can say what part of the memory is
 * theirs. Of connections one can say a most; but where there is not even one
 * for two of them (threads, mappings) it is more likely that there will never
 * be more, and that is not known either.
 */
static void
average(struct plan_model *m, enum plan_metric k)
{
	struct plan_cost *c = &m->of[k];

	if (m->unit != PLAN_CONNECTIONS || m->at <= 0 || !isfinite(c->now) ||
	    (!plan_metrics[k].bytes && c->now > 0 &&
		c->now / m->at < COUNTS_MIN))
		return;
	c->how = COST_AVERAGE;
	c->each = c->now / m->at;
}

/*
 * The same samples of the heap are there at every look, so the looks agree
 * with each other even where they are wrong together; the line does not see
 * that. What grew is uncertain by the error of the estimate itself.
 */
static void
add_sampling_error(struct plan_model *m, double error)
{
	struct plan_cost *c = &m->of[METRIC_HEAP];

	if (c->how == COST_FITTED && isfinite(error))
		c->each_error =
		    hypot(c->each_error, error / (m->most - m->least));
}

void
plan_fit(struct plan_model *m, enum plan_unit unit,
    const struct plan_sample *samples, size_t n)
{
	const struct plan_sample *last = &samples[n - 1];

	memset(m, 0, sizeof *m);
	m->unit = unit;
	m->at = m->least = m->most = last->at;
	m->samples = n;
	for (size_t i = 0; i < n; i++) {
		m->least = fmin(m->least, samples[i].at);
		m->most = fmax(m->most, samples[i].at);
	}
	m->fitted = n >= SAMPLES_MIN &&
		    m->most - m->least >= fmax(RANGE_MIN, RANGE_PART * m->most);
	for (int k = 0; k < PLAN_METRICS; k++) {
		struct plan_cost *c = &m->of[k];

		c->now = last->of[k];
		c->each = c->each_error = c->fixed = c->fixed_error =
		    PLAN_UNKNOWN;
		if (metric_of_unit[unit] == (enum plan_metric)k) {
			c->how = COST_GIVEN;
			c->each = 1;
			c->each_error = c->fixed = c->fixed_error = 0;
		} else if (m->fitted &&
			   all_known(samples, n, (enum plan_metric)k)) {
			fit_line(samples, n, (enum plan_metric)k, c);
		} else {
			average(m, (enum plan_metric)k);
		}
	}
	add_sampling_error(m, last->heap_error);
}

double
plan_predict(const struct plan_model *m, enum plan_metric metric, double n,
    double *error)
{
	const struct plan_cost *c = &m->of[metric];

	*error = 0;
	if (c->how == COST_UNKNOWN)
		return PLAN_UNKNOWN;
	/* The average goes through the present state as well. */
	if (c->how == COST_FITTED)
		*error = c->each_error * fabs(n - m->at);
	return c->now + c->each * (n - m->at);
}

bool
plan_grows(const struct plan_cost *c)
{
	return c->how != COST_UNKNOWN && c->each > 0 &&
	       c->each > 2 * c->each_error;
}
