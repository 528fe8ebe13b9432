/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cmd/trim.h"
#include "base/units.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOST 1000000 /* percent: ten thousand times what is live */

int
trim_parse_percent(const char *text, uint64_t *percent, struct err *e)
{
	uint64_t n = 0, scale = KNOB_PERCENT;
	const char *s = text;

	if (strcmp(text, "off") == 0) {
		*percent = KNOB_OFF;
		return 0;
	}
	for (; isdigit((unsigned char)*s) && n <= MOST; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	if (s == text || n > MOST)
		goto bad;
	n *= KNOB_PERCENT;
	if (*s == '.') {
		const char *from = ++s;

		for (; isdigit((unsigned char)*s); s++)
			n += (uint64_t)(*s - '0') * (scale /= 10);
		if (s == from)
			goto bad;
	}
	if (*s == '%')
		s++;
	if (*s != '\0' || n > MOST * KNOB_PERCENT)
		goto bad;
	*percent = n;
	return 0;
bad:
	return err_set(e, ERR_USAGE,
	    "\"%s\" is not a percentage of the live heap: 0 to %d, as 100 or "
	    "12.5, or off",
	    text, MOST);
}

char *
trim_percent_text(char out[32], uint64_t percent)
{
	int n;

	if (percent == KNOB_OFF) {
		snprintf(out, 32, "off");
		return out;
	}
	n = snprintf(out, 32, "%llu.%03llu",
	    (unsigned long long)(percent / KNOB_PERCENT),
	    (unsigned long long)(percent % KNOB_PERCENT));
	while (out[n - 1] == '0')
		n--;
	if (out[n - 1] == '.')
		n--;
	snprintf(out + n, 32 - (size_t)n, "%%");
	return out;
}

enum {
	COL_SEQ,
	COL_AGE,
	COL_CAUSE,
	COL_BEFORE,
	COL_AFTER,
	COL_RETURNED,
	COL_LIVE,
	COL_DURATION,
	COL_WORK,
	COL_LONGEST,
	COL_FAULTS,
	COL_END,
	COL_COUNT,
};

static const struct column columns[COL_COUNT] = {
	[COL_SEQ] = { "seq", "NR", CELL_ID, "number of the trim", false,
	    false },
	[COL_AGE] = { "age", "AGO", CELL_DURATION, "since it ended", false,
	    false },
	[COL_CAUSE] = { "cause", "CAUSE", CELL_TEXT,
	    "what asked for it: the knob, the limit, or an order", true,
	    false },
	[COL_BEFORE] = { "before", "BEFORE", CELL_BYTES,
	    "resident memory before", false, false },
	[COL_AFTER] = { "after", "AFTER", CELL_BYTES,
	    "resident memory after", false, false },
	[COL_RETURNED] = { "returned", "RETURNED", CELL_BYTES,
	    "what went back to the kernel", false, false },
	[COL_LIVE] = { "live", "LIVE", CELL_BYTES,
	    "heap that is held, as estimated", false, false },
	[COL_DURATION] = { "duration", "TOOK", CELL_DURATION,
	    "from beginning to end, rests included", false, false },
	[COL_WORK] = { "work", "WORK", CELL_DURATION,
	    "processor time that it took", false, false },
	[COL_LONGEST] = { "longest", "LONGEST", CELL_DURATION,
	    "the longest of these calls: no thread waited longer for it",
	    false, false },
	[COL_FAULTS] = { "faults", "FAULTS", CELL_COUNT,
	    "minor page faults of the process in the second after", false,
	    false },
	[COL_END] = { "end", "END", CELL_TEXT, "how it ended", true, true },
};

static const char *
end_of(const struct knob_receipt *r)
{
	return r->no_seed ? "no arena within reach" :
	    r->stopped	  ? "knob switched off" :
	    r->grew	  ? "the heap grew" :
	    r->overran	  ? "over the stall budget" :
	    r->exhausted  ? "all there was" :
			    "enough";
}

struct table *
trim_receipts(const struct knob *k)
{
	struct table *t = table_new(columns, COL_COUNT);
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	for (size_t i = k->n_receipts; i-- > 0;) {
		const struct knob_receipt *r = &k->receipts[i];

		table_row(t);
		table_u64(t, COL_SEQ, r->seq);
		table_u64(t, COL_AGE, ns > r->time_ns ? ns - r->time_ns : 0);
		table_text(t, COL_CAUSE, r->cause);
		if (r->before != 0 && r->after != 0) {
			table_u64(t, COL_BEFORE, r->before);
			table_u64(t, COL_AFTER, r->after);
			table_i64(t, COL_RETURNED,
			    (int64_t)(r->before - r->after));
		}
		table_u64(t, COL_LIVE, r->live);
		table_u64(t, COL_DURATION, r->duration_ns);
		table_u64(t, COL_WORK, r->work_ns);
		table_u64(t, COL_LONGEST, r->longest_ns);
		if (r->faults != KNOB_UNKNOWN)
			table_u64(t, COL_FAULTS, r->faults);
		table_text(t, COL_END, end_of(r));
	}
	return t;
}
