/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "agent/keeper_rule.h"
#include "abi/segment.h"

static uint64_t
over(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* live * percent / (100 * ULL_TRIM_ONE), saturating. */
static uint64_t
share(uint64_t live, uint64_t percent)
{
	const uint64_t whole = 100 * ULL_TRIM_ONE;
	uint64_t n;

	if (percent == ULL_TRIM_OFF ||
	    __builtin_mul_overflow(live / whole, percent, &n) ||
	    __builtin_add_overflow(n, live % whole * percent / whole, &n))
		return UINT64_MAX;
	return n;
}

uint64_t
keeper_allowance(const struct keeper_view *v)
{
	uint64_t n = share(v->live, v->percent);

	return n > KEEPER_FLOOR ? n : KEEPER_FLOOR;
}

uint64_t
keeper_want(const struct keeper_view *v, bool *by_limit)
{
	uint64_t kept = over(over(v->anonymous, v->live), v->base);
	uint64_t allowance = keeper_allowance(v), want = 0, too_much;

	*by_limit = false;
	/* Down to half of what is allowed, so that the next free does not
	 * start another trim. */
	if (kept > allowance)
		want = kept - allowance / 2;
	if (v->limit == 0 || v->rss <= v->limit - v->limit / 20)
		return want;
	too_much = over(v->rss, v->limit - v->limit / 10);
	if (too_much > kept)
		too_much = kept;
	if (too_much > want && too_much >= KEEPER_FLOOR / 4) {
		want = too_much;
		*by_limit = true;
	}
	return want;
}

uint64_t
keeper_base(const struct keeper_view *v, bool exhausted)
{
	uint64_t rest = over(v->anonymous, v->live);

	return exhausted || rest < v->base ? rest : v->base;
}

bool
keeper_statm(const char *text, uint64_t *rss, uint64_t *anonymous)
{
	uint64_t fields[3];

	*rss = *anonymous = 0;
	for (int i = 0; i < 3; i++) {
		uint64_t n = 0;

		if (*text < '0' || *text > '9')
			return false;
		for (; *text >= '0' && *text <= '9'; text++)
			if (n < UINT64_MAX >> 17)
				n = n * 10 + (uint64_t)(*text - '0');
		if (*text != ' ' || n >= UINT64_MAX >> 17)
			return false;
		text++;
		fields[i] = n;
	}
	*rss = fields[1] * 4096;
	*anonymous = over(fields[1], fields[2]) * 4096;
	return true;
}

void
keeper_pace_begin(struct keeper_pace *p, uint64_t now)
{
	*p = (struct keeper_pace){ .pause = KEEPER_PAUSE_LEAST,
		.credit = KEEPER_CREDIT,
		.since = now };
}

/* ns until the credit is not below zero any more. */
static uint64_t
pay(struct keeper_pace *p, uint64_t now, uint64_t work)
{
	uint64_t earned = over(now, p->since) / 100;
	uint64_t most = (uint64_t)(KEEPER_CREDIT - p->credit);

	p->credit += (int64_t)(earned < most ? earned : most);
	p->since = now;
	if (work > KEEPER_PAUSE_MOST / 100)
		work = KEEPER_PAUSE_MOST / 100;
	p->credit -= (int64_t)work;
	return p->credit < 0 ? (uint64_t)-p->credit * 100 : 0;
}

uint64_t
keeper_pace_next(struct keeper_pace *p, uint64_t now, uint64_t work,
    bool overran)
{
	uint64_t pause = p->pause, broke = pay(p, now, work);

	if (overran) {
		p->overruns++;
		p->in_row++;
		pause = pause < KEEPER_PAUSE_MOST / 2 ? pause * 2 :
							KEEPER_PAUSE_MOST;
	} else {
		p->in_row = 0;
		pause = pause / 2 > KEEPER_PAUSE_LEAST ? pause / 2 :
							 KEEPER_PAUSE_LEAST;
	}
	p->pause = pause;
	return now + (broke > pause ? broke : pause);
}

bool
keeper_pace_on(const struct keeper_pace *p)
{
	return p->in_row < KEEPER_OVERRUNS;
}
