/* SPDX-License-Identifier: MIT */
/* ullage plan: what breaks first on the way to N. */
#include "config.h"

#include "base/output.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/plan_page.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define LOOKS 20		  /* over --seconds */
#define PAUSE_MIN_NS 100000000ull /* between two of them */

static const struct option_spec plan_options[] = {
    {'c', "connections", OPT_NUMBER, "N", "plan for N connections", false},
    {0, "fds", OPT_NUMBER, "N", "plan for N descriptors", false},
    {0, "threads", OPT_NUMBER, "N", "plan for N threads", false},
    {'d', "seconds", OPT_DURATION, "N",
	"watch for N seconds while the number changes", false},
    {0, "json", OPT_FLAG, NULL, "write JSON", false},
    OPTION_END,
};

/* ---- measuring ----------------------------------------------------------- */

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
wait_until(uint64_t ns)
{
	struct timespec at = {
	    (time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static int
watch(struct plan *p, struct err *e)
{
	uint64_t start = now_ns(), end = start + p->watched_ns;
	uint64_t pause = p->watched_ns / LOOKS, next = start;
	struct plan_sample *samples = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (pause < PAUSE_MIN_NS)
		pause = PAUSE_MIN_NS;
	for (;;) {
		rc = plan_measure(p->t, p->unit, &p->shape, e);
		if (rc < 0)
			break;
		samples = xgrow(samples, n, &cap, sizeof *samples);
		samples[n++] = p->shape.sample;
		next += pause;
		if (next > end)
			break;
		/* A look that took long eats into its pause. */
		if (next > now_ns())
			wait_until(next);
		else
			next = now_ns();
	}
	if (rc == 0)
		plan_fit(&p->model, p->unit, samples, n);
	free(samples);
	return rc;
}

static int
parse_goal(const struct options *o, struct plan *p, struct err *e)
{
	int given = 0;

	for (int u = PLAN_CONNECTIONS; u <= PLAN_THREADS; u++)
		if (option_given(o, plan_unit_names[u])) {
			given++;
			p->unit = (enum plan_unit)u;
			p->goal =
			    (double)option_value(o, plan_unit_names[u], 0);
		}
	if (given != 1)
		return err_set(e, ERR_USAGE,
		    "say how many of what: one of --connections N, --fds N "
		    "and --threads N");
	if (p->goal < 1 || p->goal > 1e12)
		return err_set(e, ERR_USAGE,
		    "a plan is for 1 to 1,000,000,000,000 %s",
		    plan_unit_words[p->unit]);
	p->watched_ns = option_value(o, "seconds", 0);
	return 0;
}

/* ---- the command --------------------------------------------------------- */

static int
plan_run(const struct cmd *cmd, struct options *o, struct err *e)
{
	struct plan p = {.t = NULL};
	struct buf out = BUF_INIT;
	struct target *t;
	int rc;

	(void)cmd;
	if (parse_goal(o, &p, e) < 0 ||
	    (t = target_find(operand(o, 0), e)) == NULL)
		return -1;
	p.t = t;
	rc = watch(&p, e);
	if (rc == 0)
		rc = plan_facts_read(t, &p.facts, e);
	if (rc == 0 && !target_is_same(t))
		rc = err_set(e, ERR_GONE, "process %d ended meanwhile", t->pid);
	if (rc == 0) {
		p.facts.backlog = p.shape.backlog;
		plan_obstacles(&p.model, &p.facts, p.goal, &p.obstacles);
		if (option_given(o, "json"))
			plan_write_json(&p, &out);
		else
			plan_write_text(&p, &out);
		rc = output_write(NULL, out.bytes, out.len, e);
	}
	plan_obstacles_free(&p.obstacles);
	buf_free(&out);
	target_free(t);
	return rc;
}

const struct cmd cmd_plan = {
    .name = "plan",
    .operands = "PID",
    .summary = "tell what breaks first on the way to N connections",
    .details = "Measures what one connection (descriptor, thread) costs "
	       "the process as it is, and ranks the limits and ceilings "
	       "on the way to N, each with the command that moves it.",
    .options = {plan_options, common_options},
    .min_operands = 1,
    .max_operands = 1,
    .run = plan_run,
};
