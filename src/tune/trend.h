/* SPDX-License-Identifier: MIT */
/*
 * Where a number is going: a straight line through its samples by least
 * squares, and when it will meet a limit. How sure that is comes from how far
 * the samples are from the line.
 */
#ifndef ULLAGE_TUNE_TREND_H
#define ULLAGE_TUNE_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fewer samples make no trend. */
#define TREND_SAMPLES_MIN 5

#define TREND_TEXT_MAX 80

struct trend_sample {
	int64_t time; /* nanoseconds, any origin */
	double value;
};

struct trend {
	struct trend_sample *samples; /* owned; in the order of time */
	size_t n, cap;
};

#define TREND_INIT { NULL, 0, 0 }

enum trend_verdict {
	TREND_TOO_FEW,	/* not enough samples, or all of one moment */
	TREND_FULL,	/* it has met the limit */
	TREND_STABLE,	/* the slope is no more than its error explains */
	TREND_FALLING,	/* it moves away from the limit */
	TREND_GROWING,	/* it grows, and there is no limit to meet */
	TREND_FULL_IN,	/* it will meet it in `left` */
};

struct trend_answer {
	enum trend_verdict verdict;
	double slope, slope_error; /* per second; standard error */
	/* Nanoseconds from the last sample, and their standard error;
	 * for TREND_FULL_IN alone. */
	int64_t left, left_error;
};

void trend_free(struct trend *t);
void trend_add(struct trend *t, int64_t time, double value);

/* Forgets what is older than `window` before the last sample. */
void trend_trim(struct trend *t, int64_t window);

/*
 * The verdict for a limit; limit < 0 is none. `grain` is the step in which the
 * value can change (1 for counts, 4096 for pages): no fit is surer than that.
 */
struct trend_answer trend_ask(const struct trend *t, double limit,
    double grain);

/* "in 3m 20s +- 40s" with the real sign if `unicode`, "stable", ... */
char *trend_text(char out[TREND_TEXT_MAX], const struct trend_answer *a,
    bool unicode);

#endif
